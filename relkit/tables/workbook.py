"""Workbooks (XLSX, XLS, XLSB, ODS): one sheet, its first row names the columns, all cells as text."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import TableError
from relkit.tables.file_columns import renamed_note, spared
from relkit.tables.opened_file import OpenedFile
from relkit.tables.schemas import ROW
from relkit.tables.shown_zeros import columns_with_shown_zeros, shown_zeros
from relkit.tables.source_remarks import ends_in_totals
from relkit.tables.title_rows import is_total, rows_above_header

if TYPE_CHECKING:
    from pathlib import Path

    from fastexcel import ExcelReader

    from relkit.remarks import Remark
    from relkit.tables.opened_file import ReadOptions


_LOOKED_AT = 30
_UNNAMED = "__UNNAMED__"
"""Beginning of the names that fastexcel gives to columns without one."""


def _book(path: Path) -> ExcelReader:
    import fastexcel

    if not path.is_file():
        raise TableError("there is no such file.", where=str(path), remedy="Check the path.")
    try:
        return fastexcel.read_excel(str(path))
    except fastexcel.FastExcelError as error:
        raise TableError(
            "it is not an Excel workbook (XLSX).", where=str(path), remedy="Save it again from Excel without a password, or export CSV."
        ) from error


def sheets(path: Path) -> list[str]:
    """Return the names of the sheets of a workbook, in their order."""
    there = path.stat()
    return list(_sheets(path.resolve(), there.st_size, there.st_mtime_ns))


@cache
def _sheets(path: Path, _: int, __: int) -> tuple[str, ...]:
    return tuple(_book(path).sheet_names)


def open_workbook(path: Path, options: ReadOptions) -> OpenedFile:
    """Return a sheet of the workbook at `path`; days and instants come out in ISO form.

    Raises:
        TableError: it is missing, not a workbook, or lacks the sheet, or the sheet has no row.
    """
    book = _book(path)
    name = options.sheet or book.sheet_names[0]
    if name not in book.sheet_names:
        raise TableError.unknown("sheet", name, book.sheet_names, where=str(path))
    others = [other for other in book.sheet_names if other != name]
    header = options.header is not False
    if options.header is None and not options.columns:
        _verify_header(path, book, name, options.skip_lines)
    names = None if header or not options.columns else list(options.columns)
    first = options.skip_lines if header else None
    frame = _loaded(path, book, name, header_row=first, column_names=names, skip_rows=None if header else options.skip_lines)
    if not len(frame):
        choice = f"Choose another `sheet`: {', '.join(others)[:80]}." if others else "Ask for it again with its rows."
        raise TableError("the sheet has no row of data.", where=f"{path}, sheet {name}", remedy=choice)
    detected = "" if options.sheet or not others else f"sheet {name!r} of {len(book.sheet_names)} (the others: {', '.join(others)[:80]})"
    given = [f"column_{place}" if column.startswith(_UNNAMED) else column for place, column in enumerate(frame.columns, start=1)]
    frame.columns = spared(given)
    text = frame.with_columns(pl.all().cast(pl.String)).with_row_index(ROW, offset=1)
    totals = [row[0] for row in text.tail(3).iter_rows() if is_total(row[1:])]
    return OpenedFile(
        name=path.name,
        frame=text.lazy(),
        columns=tuple(frame.columns),
        detected=", ".join(filter(None, (detected, renamed_note(given)))),
        is_text=True,
        lines_before=options.skip_lines + header,
        remarks=(*((ends_in_totals(path.name, totals[0]),) if totals else ()), *_shown_zeros(path, name, tuple(frame.columns))),
    )


def _shown_zeros(path: Path, sheet: str, columns: tuple[str, ...]) -> tuple[Remark, ...]:
    shown = [columns[place] for place in columns_with_shown_zeros(path, sheet) if place < len(columns)]
    return (shown_zeros(path.name, tuple(shown)),) if shown else ()


def _verify_header(path: Path, book: ExcelReader, name: str, skip: int) -> None:
    """Refuse a sheet with rows above its header, with the number to skip, and one that names a column twice."""
    rows = _loaded(path, book, name, header_row=None, skip_rows=skip or None, n_rows=_LOOKED_AT).rows()
    above = rows_above_header(rows)
    if not rows:
        return
    header = [cell for cell in rows[above] if cell is not None]
    if above:
        looked = range(skip + above, skip + above + _LOOKED_AT)  # blank rows at the top are counted in skip_lines, and not shown here
        found = next((n for n in looked if _named(path, book, name, n) == header), skip + above)
        raise TableError(
            f"row {found + 1} of the sheet looks like its header, and what is above it like a title.",
            where=f"{path}, sheet {name}",
            remedy=f"Write skip_lines: {found} for this source in the mapping, or header: true if its first row is the header.",
        )
    twice = [cell for cell, times in Counter(header).items() if times > 1]
    if twice:
        raise TableError(
            f"the header names {twice[0]!r} more than once.", where=f"{path}, sheet {name}", remedy="Rename one of the columns in the file."
        )


def _named(path: Path, book: ExcelReader, name: str, row: int) -> list[str]:
    """Return the names of columns that a row of the sheet gives, none if there is no such row."""
    try:
        columns = _loaded(path, book, name, header_row=row, n_rows=1).columns
    except TableError:
        return []
    return [column for column in columns if not column.startswith(_UNNAMED)]


def _loaded(path: Path, book: ExcelReader, name: str, **how: Any) -> pl.DataFrame:
    import fastexcel

    try:
        frame: pl.DataFrame = book.load_sheet(name, dtypes="string", **how).to_polars()
    except fastexcel.FastExcelError as error:
        message = str(error).splitlines()[0].rstrip(".")
        raise TableError(f"the sheet cannot be read: {message}.", where=f"{path}, sheet {name}", remedy="Check skip_lines.") from error
    return frame
