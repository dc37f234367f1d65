"""Remarks on files reach the reports in both languages."""

from __future__ import annotations

from relkit.remarks import read_remarks
from relkit.tables.reading import read_tables
from relkit.tables.source_remarks import breaks_off, ends_in_totals


def test_both_languages_name_the_file_and_the_row():
    assert "till.csv s’interrompt" in breaks_off("till.csv").fr
    assert "ligne 1\u202f200 de till.csv" in ends_in_totals("till.csv", 1200).fr


def test_they_are_written_with_the_tables(tmp_path):
    header = "transaction_line_id,transaction_id,occurred_at,net_amount\n"
    (tmp_path / "transactions.csv").write_text(f"{header}1,1,2024-01-03,2\nTotal,1,2024-01-03,2\n3,1,2024-")
    report = read_tables(tmp_path, tmp_path / "out", max_quarantine_share=1)
    codes = {remark.code for remark in read_remarks(report.paths["remarks"])}
    assert {"file_breaks_off", "row_of_totals"} <= codes
    assert any(warning.startswith("transactions.csv breaks off") for warning in report.warnings)
    assert any(warning.startswith("Row 2 of transactions.csv looks like a row of totals") for warning in report.warnings)
