"""Options and result shared by the readers of the several formats."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from relkit.scratch import make_scratch

if TYPE_CHECKING:
    import polars as pl

    from relkit.remarks import Remark

FIELDS = "_fields"
"""Technical column: fields of a line in excess of the columns of its file, negative for those lacking, null for neither."""

Format = Literal["csv", "text", "fixed", "parquet", "xlsx", "duckdb", "sql"]


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """Options to read a file; None is detected, and noted.

    Attributes:
        format: csv (one delimiter), text (blanks between columns), fixed (columns at fixed places), parquet, xlsx, duckdb, sql.
        delimiter: one character.
        encoding: any that Python knows, e.g. utf-8, windows-1252, utf-16.
        decimal: the decimal mark.
        header: whether the first line names the columns.
        columns: names of the columns of a file without header.
        places: of a fixed-width file: first and last character (from 1) of each column.
        quote: the quote character; None is no quoting.
        skip_lines: lines before the header.
        fill_short: whether the fields that a short line lacks are empty, instead of the line being at fault.
        sheet: of a workbook; None is its only or first one.
        table: of a database.
        query: of a database, instead of a table: one SELECT.
        reads: folders whose files the views and the query of a DuckDB file may read, besides its own.
    """

    format: Format | None = None
    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    header: bool | None = None
    columns: tuple[str, ...] = ()
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    quote: str | None = '"'
    skip_lines: int = 0
    fill_short: bool = False
    sheet: str | None = None
    table: str | None = None
    query: str | None = None
    reads: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class OpenedFile:
    """One file, opened for reading.

    Attributes:
        name: as in `_source` and messages.
        frame: its columns, `_row`, and `_fields` for text.
        columns: its own columns.
        detected: properties detected, in words; "" if there were none to detect.
        decimal: the decimal mark found, None if no number of the sample shows one.
        is_text: whether lines can be blank, too short or too long.
        is_columnar: whether some columns can be read again without the others.
        unusable: types of the columns of which none of ours can be made, by name.
        lines_before: lines before the first row of data: the header, and those skipped.
        remarks: on what its reader should know of it: it breaks off, its last row is one of totals.
    """

    name: str
    frame: pl.LazyFrame
    columns: tuple[str, ...]
    detected: str = ""
    decimal: str | None = None
    is_text: bool = False
    is_columnar: bool = False
    unusable: dict[str, str] = field(default_factory=dict)
    lines_before: int = 0
    remarks: tuple[Remark, ...] = ()


@cache
def scratch_folder() -> Path:
    """Return a folder for converted copies, private to this process and removed when it ends."""
    folder = make_scratch()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def scratch_file(suffix: str) -> Path:
    """Return the path of a new file in the scratch folder."""
    return Path(tempfile.mkdtemp(dir=scratch_folder())) / f"copy{suffix}"
