"""Tables written chunk by chunk, each into one Parquet file, so that memory holds one chunk at a time."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

ROWS_A_GROUP = 250_000


class Parts:
    """Parquet files under way: `add` frames by table, then `finish`.

    Attributes:
        folder: where the finished files go; they wait in a folder within it until all are whole.
        rows: rows added, by table.
    """

    def __init__(self, folder: Path) -> None:
        """Make the folder; what is in it under the names of our tables is replaced by `finish`."""
        self.folder = folder
        self.rows: dict[str, int] = {}
        self._writers: dict[str, Any] = {}
        self._waiting = folder / ".parts"
        shutil.rmtree(self._waiting, ignore_errors=True)
        self._waiting.mkdir(parents=True)

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Add rows to a table; every frame of a table has the same columns."""
        from pyarrow.parquet import ParquetWriter

        rows = frame.to_arrow()
        if table not in self._writers:
            self._writers[table] = ParquetWriter(
                self._waiting / f"{table}.parquet", rows.schema, compression="zstd", write_statistics=False
            )
        self._writers[table].write_table(rows, row_group_size=ROWS_A_GROUP)
        self.rows[table] = self.rows.get(table, 0) + len(frame)

    def finish(self) -> dict[str, Path]:
        """Put the files in place, one a table, and return their paths."""
        made = {}
        for table, writer in self._writers.items():
            writer.close()
            made[table] = self._waiting.joinpath(f"{table}.parquet").replace(self.folder / f"{table}.parquet")
        shutil.rmtree(self._waiting)
        return made
