"""Origins of our columns in the files, for messages in the words of whoever wrote the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from relkit.tables.date_orders import EPOCHS, SERIALS

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True, eq=False)
class ColumnReading:
    """Reading of one of our columns.

    Attributes:
        files: names of the files that it is read from.
        columns: of these files; none if it is a constant or made of the row's number.
        format: declared for a day or instant; None is ISO 8601.
        decimal: mark with which its numbers are read.
        is_open: whether no value of it describes or identifies a person, so that messages may show one.
        texts: the one column of the file, if it is one of texts as it stands.
    """

    files: tuple[str, ...]
    columns: tuple[str, ...] = ()
    format: str | None = None
    decimal: str = "."
    is_open: bool = False
    texts: pl.LazyFrame | None = None

    @property
    def spoken(self) -> str:
        """The columns of the file in words, with the declared format, "" if there are none.

        Examples:
            >>> ColumnReading(files=("till.csv",), columns=("Qty", "Price")).spoken
            'columns Qty and Price'
        """
        if not self.columns:
            return ""
        if len(self.columns) == 1:
            return f"column {self.columns[0]}" + (f' with format "{self.format}"' if self.format else "")
        return f"columns {', '.join(self.columns[:-1])} and {self.columns[-1]}"

    @property
    def is_counted(self) -> bool:
        """True if its days are counted from a first one instead of written."""
        return self.format in SERIALS or self.format in EPOCHS


Readings = dict[str, tuple[ColumnReading, ...]]
"""By column of ours, of one table; several if the table has several blocks."""


def reading_of(readings: Readings, column: str, file: str) -> ColumnReading | None:
    """Return the reading of a column from a file, None if it is not known."""
    return next((reading for reading in readings.get(column, ()) if file in reading.files), None)
