"""Columns under any name."""

from __future__ import annotations

import polars as pl
import pytest
import xlsxwriter

from relkit.tables.file_columns import exactly, spared
from relkit.tables.reading import read_tables

STRANGE = ("_row", "_source", "_bad", "*", "^.*$", "_fields", "_stem", "^net.*$", "_index", "_ours.net_amount", "_key_0", "", "a*b", "_id")
LINES = {"transaction_line_id": ["1"], "transaction_id": ["1"], "occurred_at": ["2024-01-03"], "net_amount": ["12.5"], "customer_id": ["7"]}


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_unused_columns_of_any_name_disturb_nothing(tmp_path, form):
    names = STRANGE if form != "parquet" else tuple(name for name in STRANGE if name)
    frame = pl.DataFrame({**{name: ["x"] for name in names}, **LINES})
    path = tmp_path / f"transactions.{form}"
    if form == "csv":
        frame.write_csv(path)
    elif form == "parquet":
        frame.write_parquet(path)
    else:
        book = xlsxwriter.Workbook(path)
        sheet = book.add_worksheet()
        for place, row in enumerate([frame.columns, *frame.rows()]):
            sheet.write_row(place, 0, row)
        book.close()
    report = read_tables(tmp_path, tmp_path / "out")
    assert report.tables["transactions"].rows_kept == 1
    assert any("column '_row' read as '_row_', since '_row' is the number of the row" in note for note in report.notes)


def test_they_can_be_used_in_a_mapping(tmp_path):
    pl.DataFrame({"*": ["1", "2"], "^.*$": ["a", "b"], "_row": ["x", "y"], "n": ["1", "2"]}).write_csv(tmp_path / "till.csv")
    pl.DataFrame({"*": ["1", "2"], "_source": ["tea", "mint"]}).write_csv(tmp_path / "names.csv")
    (tmp_path / "mapping.yaml").write_text("""
sources: {till: {files: till.csv, nulls: [y]}, names: {files: names.csv}}
tables:
  transactions:
    from: till
    join: {source: names, on: {"*": "*"}}
    columns:
      transaction_line_id: {expression: "concat(_row, '-', _row_)"}
      transaction_id: {column: "*"}
      customer_id: {column: "^.*$"}
      occurred_at: {constant: 2024-01-03}
      net_amount: n
      product_id: {column: _source_}
""")
    report = read_tables(tmp_path, tmp_path / "out", max_quarantine_share=1)
    kept = pl.read_parquet(report.paths["tables"] / "transactions.parquet")
    assert kept.select("transaction_id", "customer_id", "product_id").rows()[0] == ("1", "a", "tea")
    assert kept["transaction_line_id"][0] == "1-x"


def test_names_stay_apart():
    assert spared(["_row", "_row_", "_row__"]) == ("_row___", "_row_", "_row__")
    assert spared(["a", "_id", "_rows"]) == ("a", "_id", "_rows")
    assert pl.DataFrame({"*": [1], "a": [2]}).select(exactly("*") + 1, exactly("a")).rows() == [(2, 2)]
