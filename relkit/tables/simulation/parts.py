"""Tables written chunk by chunk and put together at the end, so that memory holds one chunk at a time."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

ROWS_A_GROUP = 250_000


class Parts:
    """Parquet files under way: `add` frames by table, then `finish`.

    Attributes:
        folder: where the finished files go; parts wait in a folder within it.
        rows: rows added, by table.
    """

    def __init__(self, folder: Path) -> None:
        """Make the folder; what is in it under the names of our tables is replaced by `finish`."""
        self.folder = folder
        self.rows: dict[str, int] = {}
        self._parts: dict[str, list[Path]] = {}
        self._waiting = folder / ".parts"
        shutil.rmtree(self._waiting, ignore_errors=True)
        self._waiting.mkdir(parents=True)

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Add rows to a table; every frame of a table has the same columns."""
        parts = self._parts.setdefault(table, [])
        path = self._waiting / f"{table}-{len(parts):05d}.parquet"
        frame.write_parquet(path, compression="lz4", statistics=False, row_group_size=ROWS_A_GROUP)
        parts.append(path)
        self.rows[table] = self.rows.get(table, 0) + len(frame)

    def finish(self) -> dict[str, Path]:
        """Write one file a table and return their paths."""
        made = {}
        for table, parts in self._parts.items():
            path = self.folder / f"{table}.parquet"
            pl.scan_parquet(parts).sink_parquet(path, row_group_size=ROWS_A_GROUP, maintain_order=True)
            made[table] = path
        shutil.rmtree(self._waiting)
        return made
