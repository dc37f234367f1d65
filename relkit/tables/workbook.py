"""Excel workbooks (XLSX): one sheet, its first row names the columns, all cells as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.errors import TableError
from relkit.tables.opened_file import OpenedFile
from relkit.tables.schemas import ROW

if TYPE_CHECKING:
    from pathlib import Path

    from fastexcel import ExcelReader

    from relkit.tables.opened_file import ReadOptions


def _book(path: Path) -> ExcelReader:
    import fastexcel

    if not path.is_file():
        raise TableError("there is no such file.", where=str(path), remedy="Check the path.")
    try:
        return fastexcel.read_excel(str(path))
    except fastexcel.FastExcelError as error:
        raise TableError(
            "it is not an Excel workbook (XLSX).", where=str(path), remedy="Save it again from Excel, or export CSV."
        ) from error


def sheets(path: Path) -> list[str]:
    """Return the names of the sheets of a workbook, in their order."""
    return list(_book(path).sheet_names)


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
    names = None if header or not options.columns else list(options.columns)
    first = options.skip_lines if header else None
    sheet = book.load_sheet(name, header_row=first, column_names=names, skip_rows=None if header else options.skip_lines, dtypes="string")
    frame = sheet.to_polars()
    if not len(frame):
        choice = f"Choose another `sheet`: {', '.join(others)[:80]}." if others else "Ask for it again with its rows."
        raise TableError("the sheet has no row of data.", where=f"{path}, sheet {name}", remedy=choice)
    detected = "" if options.sheet or not others else f"sheet {name!r} of {len(book.sheet_names)} (the others: {', '.join(others)[:80]})"
    text = frame.with_columns(pl.all().cast(pl.String))
    return OpenedFile(
        name=path.name,
        frame=text.with_row_index(ROW, offset=1).lazy(),
        columns=tuple(frame.columns),
        detected=detected,
        is_text=True,
    )
