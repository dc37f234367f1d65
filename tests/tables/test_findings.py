"""Findings and reports in words and in JSON."""

from __future__ import annotations

from relkit.tables.findings import Finding, Reconciliation, TableReport, counted, plain

TEXT = Finding(rule="net_amount: not a number", rows=3, source="sales.csv", row=1512, value="'12,5x'", remedy="Say how it is written.")


def test_a_finding_names_its_first_row():
    assert str(TEXT) == "net_amount: not a number: 3 rows (first: row 1,512 of sales.csv, '12,5x')"
    assert (
        str(Finding(rule="birth_year: below 1850", rows=1, source="c.csv", row=2))
        == "birth_year: below 1850: 1 row (first: row 2 of c.csv)"
    )
    assert str(Finding(rule="sum", rows=2)) == "sum: 2 rows"


def test_a_report_has_a_line_for_the_table_and_one_for_each_rule():
    report = TableReport(table="transactions", rows_read=1000, rows_kept=997, columns=("net_amount",), rules=(TEXT,))
    assert report.sentences() == (
        "transactions: 997 rows kept, 3 quarantined (0.30%).",
        "  net_amount: not a number: 3 rows (first: row 1,512 of sales.csv, '12,5x'). Say how it is written.",
    )


def test_a_share_that_rounds_to_nothing_is_not_shown_as_nothing():
    report = TableReport(table="t", rows_read=1_000_000, rows_kept=999_999, columns=(), rules=(TEXT,))
    assert report.sentences()[0] == "t: 999,999 rows kept, 1 quarantined (under 0.01%)."


def test_an_empty_table_has_no_faulty_share():
    assert TableReport(table="t", rows_read=0, rows_kept=0, columns=()).quarantine_share == 0.0


def test_sums_balance_to_the_cent():
    assert Reconciliation(read=100.0, kept=99.5, quarantined=0.5, unread_rows=0).balanced
    assert Reconciliation(read=0.1 + 0.2, kept=0.3, quarantined=0.0, unread_rows=0).balanced
    assert not Reconciliation(read=100.0, kept=99.5, quarantined=0.49, unread_rows=0).balanced


def test_json_form():
    sums = {"net_amount": Reconciliation(read=0.1 + 0.2, kept=0.3, quarantined=0.0, unread_rows=3)}
    report = TableReport(table="t", rows_read=4, rows_kept=1, columns=("net_amount",), rules=(TEXT, Finding(rule="r", rows=1)), sums=sums)
    assert plain(report) == {
        "rows_read": 4,
        "rows_kept": 1,
        "rows_quarantined": 3,
        "columns": ["net_amount"],
        "rules": {
            "net_amount: not a number": {
                "rows": 3,
                "first": {"source": "sales.csv", "row": 1512, "column": "", "value": "'12,5x'", "why": ""},
                "remedy": "Say how it is written.",
            },
            "r": {"rows": 1, "first": None, "remedy": ""},
        },
        "unlikely": {},
        "sums": {"net_amount": {"read": 0.3, "kept": 0.3, "quarantined": 0.0, "unread_rows": 3, "balanced": True}},
        "own_rules": {},
    }


def test_counted_in_the_singular_and_plural():
    assert (counted(0), counted(1), counted(2, "value")) == ("0 rows", "1 row", "2 values")
