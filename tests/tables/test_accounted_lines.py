"""Every line is a row, a row in quarantine or a counted blank, and every cent is somewhere."""

from __future__ import annotations

import gzip
import json

import pytest

from relkit.tables.reading import read_tables
from tests.tables.accounted_lines import unaccounted

HEADER = "transaction_line_id,transaction_id,customer_id,occurred_at,net_amount,product_id\n"
GOOD = "1,1,007,2024-01-03,12.50,tea\n2,1,007,2024-01-03,3.25,\n"


def checked(folder, text, *, name="transactions.csv", mapping=""):
    (folder / "data").mkdir()
    path = folder / "data" / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    if mapping:
        (folder / "data" / "mapping.yaml").write_text(mapping, encoding="utf-8")
    report = read_tables(folder / "data", folder / "out", max_quarantine_share=1)
    assert unaccounted(folder / "out", {"transactions": [path]}) == []
    json.loads((folder / "out" / "tables" / "check.json").read_text(encoding="utf-8"))
    return report


@pytest.mark.parametrize(
    ("text", "kept", "short", "long", "blank", "remark"),
    [
        (HEADER + GOOD, 2, 0, 0, 0, None),
        (HEADER + GOOD + "3,2,007,2024-01-04\n", 2, 1, 0, 0, None),  # a status or an amount that is not there is no empty one
        (HEADER + GOOD + "3,2,007,2024-01-04,4.00\n", 2, 1, 0, 0, None),  # only the last, optional one is missing
        (HEADER + GOOD + "3,2,007,2024-01-04,4.00", 2, 1, 0, 0, "file_breaks_off"),
        (HEADER + GOOD.rstrip("\n"), 2, 0, 0, 0, None),  # no end, but whole
        (HEADER + GOOD + '3,2,007,2024-01-04,4.00,"two\nlines"\n4,2,"0\n7",2024-01-04\n', 3, 1, 0, 0, None),
        (HEADER + GOOD + "3,2,007,2024-01-04,4.00,a,,x\n", 2, 0, 1, 0, None),  # the first surplus field is empty, the next is not
        (HEADER + GOOD + "3,2,007,2024-01-04,4.00,a,,\n", 3, 0, 0, 0, None),  # delimiters at the end are no fields
        (HEADER + GOOD + "\n,,,,,\n   \n,,\n", 2, 0, 0, 4, None),
        (("\n\n" + HEADER + GOOD), 2, 0, 0, 0, None),
        ((HEADER + GOOD + "3,2\n").replace("\n", "\r\n"), 2, 1, 0, 0, None),
        ((HEADER + GOOD + "3,2\n").replace("\n", "\r"), 2, 1, 0, 0, None),
        ((HEADER + GOOD + "3,2\n").encode("utf-16"), 2, 1, 0, 0, None),
        (gzip.compress((HEADER + GOOD + "3,2").encode()), 2, 1, 0, 0, "file_breaks_off"),
        (HEADER + GOOD + '3,2,007,2024-01-04,4.00,5" x 7" frame\n4,2,0,2024-01-04,5" screen\n5,2,0,2024-01', 3, 2, 0, 0, "file_breaks_off"),
        (HEADER + GOOD + "Total,,,,15.75,\n", 2, 0, 0, 0, "row_of_totals"),
    ],
)  # fmt: skip
def test_every_line_is_a_row_a_quarantined_row_or_a_counted_blank(tmp_path, text, kept, short, long, blank, remark):
    report = checked(tmp_path, text, name="transactions.csv.gz" if text[:2] == b"\x1f\x8b" else "transactions.csv")
    counts = report.counts["sources"]["transactions"]
    assert (report.tables["transactions"].rows_kept, counts["short_lines"], counts["long_lines"], counts["blank_lines"]) == (
        kept,
        short,
        long,
        blank,
    )
    wrong = {finding.rule: finding.rows for finding in report.tables["transactions"].rules if remark != "row_of_totals"}
    assert wrong == {
        rule: rows for rule, rows in (("line: fewer fields than columns", short), ("line: more fields than columns", long)) if rows
    }
    codes = {remark.code for remark in report.remarks}
    assert codes & {"file_breaks_off", "row_of_totals"} == ({remark} if remark else set())


def test_short_lines_may_be_filled_and_those_of_a_joined_source_join_nothing(tmp_path):
    mapping = """
sources:
  transactions: {files: transactions.csv, short_lines: fill}
  names: {files: names.csv}
tables:
  transactions:
    from: transactions
    join: {source: names, on: {customer_id: no}}
    where: country <> 'x'
    columns: {transaction_line_id: transaction_line_id, transaction_id: transaction_id, customer_id: customer_id,
              occurred_at: occurred_at, net_amount: net_amount, product_id: name, currency: country}
"""
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "names.csv").write_text("no,name,country\n007,tea,EUR\n008,mint\n")
    (tmp_path / "data").rename(tmp_path / "given")
    (tmp_path / "data").mkdir()
    (tmp_path / "given" / "names.csv").rename(tmp_path / "data" / "names.csv")
    (tmp_path / "data" / "transactions.csv").write_text(
        HEADER + "1,1,007,2024-01-03,12.50\n2,1,008,2024-01-03,3.25\n3,1,007,2024-01-03,1,a,b\n"
    )
    (tmp_path / "data" / "mapping.yaml").write_text(mapping)
    report = read_tables(tmp_path / "data", tmp_path / "out", max_quarantine_share=1)
    assert [finding.rule for finding in report.tables["transactions"].rules] == ["line: more fields than columns"]
    assert "names: lines with fewer fields than there are columns: 1; they are joined to no row." in report.notes
    assert report.tables["transactions"].rows_kept == 1  # the other one has no country: the line that had it was cut short
