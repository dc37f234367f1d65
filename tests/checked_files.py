"""A folder of small files checked through a mapping, for tests of what a check says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.tables.reading import read_tables

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.tables.findings import ReadReport

MAPPING = """\
company: {{currency: EUR, business_zone: Europe/Paris, history_starts_on: 2023-01-01, assumed_margin_rate: 0.3{company}}}
sources: {{t: {{files: "{files}"{source}}}{sources}}}
tables:
  transactions:
    from: t
    columns: {{transaction_line_id: id, transaction_id: id, customer_id: {who}, occurred_at: {day}, net_amount: {amount}}}
{tables}"""


def checked(folder: Path, lines: str = "", **given: str) -> ReadReport:
    """Return the report on t.csv with the columns id, who, day and amount; `given` changes parts of the mapping."""
    if lines:
        (folder / "t.csv").write_text("id;who;day;amount\n" + lines, encoding="utf-8")
    parts = {"company": "", "source": "", "sources": "", "tables": "", "files": "t.csv", "who": "who", "day": "day", "amount": "amount"}
    (folder / "mapping.yaml").write_text(MAPPING.format(**{**parts, **given}), encoding="utf-8")
    return read_tables(folder, folder / "out", max_quarantine_share=1.0)


def codes(report: ReadReport) -> list[str]:
    """Return the codes of the remarks that travel with the tables."""
    return [remark.code for remark in report.remarks if remark.code != "faulty_rows_left_out"]


def revenue(report: ReadReport) -> float:
    """Return the net amount of the check's headline."""
    return float(report.headline["net_amount"])
