"""Excel workbooks: every cell as text, days in ISO form."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import xlsxwriter

from relkit.errors import TableError
from relkit.tables.opened_file import ReadOptions
from relkit.tables.workbook import open_workbook

HEADER = ["no", "code", "at", "on", "amount", "flag"]
ROW = [17850, "00042", datetime(2010, 12, 1, 8, 26, tzinfo=UTC).replace(tzinfo=None), date(2010, 12, 2), 1234567.891, True]


def workbook(folder, **sheets):
    path = folder / "shop.xlsx"
    book = xlsxwriter.Workbook(path)
    day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                sheet.write(i, j, value, day if isinstance(value, date) else None)
    book.close()
    return path


def test_cells_are_texts_as_they_were_written(tmp_path):
    opened = open_workbook(workbook(tmp_path, Sales=[HEADER, ROW, ["", None, None, None, 2.5, False]]), ReadOptions())
    assert opened.columns == tuple(HEADER)
    assert opened.detected == ""
    first, second = opened.frame.collect().rows()
    assert first == (1, "17850", "00042", "2010-12-01 08:26:00", "2010-12-02 00:00:00", "1234567.891", "true")
    assert second == (2, None, None, None, None, "2.5", "false")


def test_the_first_sheet_is_taken_and_noted_unless_one_is_given(tmp_path):
    path = workbook(tmp_path, Sales=[["a"], [1]], Notes=[["b"], [2]])
    assert open_workbook(path, ReadOptions()).detected == "sheet 'Sales' of 2 (the others: Notes)"
    chosen = open_workbook(path, ReadOptions(sheet="Notes"))
    assert (chosen.detected, chosen.columns) == ("", ("b",))


def test_lines_above_the_header_and_sheets_without_one(tmp_path):
    path = workbook(tmp_path, Sales=[["Export"], ["a", "b"], [1, 2], [3, 4]])
    above = open_workbook(path, ReadOptions(skip_lines=1))
    assert (above.columns, above.frame.collect().rows()) == (("a", "b"), [(1, "1", "2"), (2, "3", "4")])
    named = open_workbook(path, ReadOptions(skip_lines=2, header=False, columns=("x", "y")))
    assert (named.columns, named.frame.collect().rows()) == (("x", "y"), [(1, "1", "2"), (2, "3", "4")])


def test_what_is_no_workbook_is_refused(tmp_path):
    (tmp_path / "shop.xlsx").write_bytes(b"hello")
    with pytest.raises(TableError, match=r"shop\.xlsx: it is not an Excel workbook \(XLSX\)\. Save it again from Excel"):
        open_workbook(tmp_path / "shop.xlsx", ReadOptions())
    with pytest.raises(TableError, match="there is no such file"):
        open_workbook(tmp_path / "none.xlsx", ReadOptions())


def test_a_sheet_that_is_not_there_or_has_no_row(tmp_path):
    path = workbook(tmp_path, Sales=[["a"], [1]], Empty=[["a"]], Blank=[])
    with pytest.raises(TableError, match="unknown sheet 'sale'; did you mean 'Sales'"):
        open_workbook(path, ReadOptions(sheet="sale"))
    for name, others in (("Empty", "Sales, Blank"), ("Blank", "Sales, Empty")):
        with pytest.raises(TableError, match=rf"sheet {name}: the sheet has no row of data\. Choose another `sheet`: {others}\."):
            open_workbook(path, ReadOptions(sheet=name))
    with pytest.raises(TableError, match=r"the sheet has no row of data\. Ask for it again with its rows"):
        open_workbook(workbook(tmp_path, Empty=[["a"]]), ReadOptions())
