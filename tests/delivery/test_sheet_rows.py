"""Rows written as whole texts have the cells that XlsxWriter writes one by one."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest
import xlsxwriter
from openpyxl import load_workbook
from xlsxwriter.utility import xl_col_to_name

from relkit.delivery.sheet_rows import write_rows

if TYPE_CHECKING:
    from pathlib import Path

FRAME = pl.DataFrame(
    {
        "text": ["a", None, "<b> & 'c' \"d\"", " spaced ", "line\nbreak", "bell\x07 _x0041_", "é€🙂", ""],
        "number": [1.5, -0.0, None, 1e-9, 1e21, 0.1, 123456789.123, 3.0],
        "whole": [1, None, -3, 0, 2**40, 5, 6, 7],
        "day": [date(2025, 6, 30), None, date(1999, 12, 31), *[date(2000, 3, 1)] * 5],
        "flag": [True, False, None, True, False, True, False, None],
    }
)


def book(path: Path, frame: pl.DataFrame, batch: int | None) -> Path:
    """Write a header and a frame: in batches of rows, or cell by cell as the library does."""
    made = xlsxwriter.Workbook(str(path), {"constant_memory": True, "default_date_format": "yyyy-mm-dd"})
    sheet = made.add_worksheet("Rows")
    formats = [made.add_format({"num_format": form}) for form in ("@", "0.00", "0", "yyyy-mm-dd", "0")]
    for at, name in enumerate(frame.columns):
        sheet.write_string(0, at, name)
    if batch is None:
        writers = (sheet.write_string, sheet.write_number, sheet.write_number, sheet.write_datetime, sheet.write_boolean)
        for row, values in enumerate(frame.iter_rows(), 1):
            for at, (write, value) in enumerate(zip(writers, values, strict=True)):
                if value is not None:
                    write(row, at, value, formats[at])
    else:
        for start in range(0, len(frame), batch):
            write_rows(sheet, frame[start : start + batch], start + 1, formats)
    made.add_worksheet("After").write_string(0, 0, "end")
    made.close()
    return path


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_the_cells_are_those_of_the_library(tmp_path: Path, batch: int) -> None:
    own, theirs = (load_workbook(book(tmp_path / f"{n}.xlsx", FRAME, n)).worksheets for n in (batch, None))
    for mine, other in zip(own, theirs, strict=True):
        assert mine.dimensions == other.dimensions
        for ours, expected in zip(mine.iter_rows(), other.iter_rows(), strict=True):
            assert [(c.value, c.data_type, c.number_format) for c in ours] == [(c.value, c.data_type, c.number_format) for c in expected]


def test_no_rows_are_no_rows(tmp_path: Path) -> None:
    assert load_workbook(book(tmp_path / "a.xlsx", FRAME.clear(), 10)).worksheets[0].max_row <= 1


def test_columns_have_letters_as_a_spreadsheet_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "wide.xlsx"
    made = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    plain = made.add_format()
    write_rows(made.add_worksheet(), pl.DataFrame({str(at): [at] for at in range(703)}), 0, [plain] * 703)
    made.close()
    sheet = load_workbook(path).worksheets[0]
    assert [sheet[f"{name}1"].value for name in ("A", "Z", "AA", "AZ", "BA", "ZZ", "AAA")] == [0, 25, 26, 51, 52, 701, 702]
    assert xl_col_to_name(16_383) == "XFD"  # the last column of a sheet
