"""Findings of a reading: rows kept, rows quarantined by rule, and unlikely values, table by table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.remarks import Remark
    from relkit.tables.control_totals import ControlTotal
    from relkit.tables.own_rules import RuleReport
    from relkit.tables.table_set import TableFacts


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that some rows break, or something unlikely about them.

    Attributes:
        rule: e.g. "net_amount: not a number".
        rows: how many.
        source: file of the first such row.
        row: its number in that file, 1 for the first row of data.
        value: its value there, or its shape; None if there is nothing to show.
        column: column, or columns, of the file, in words.
        why: the value fails, "" if the rule says it.
        remedy: what to do, one sentence.

    Examples:
        >>> print(Finding(rule="net_amount: not a number", rows=3, source="sales.csv", row=512, value="'12,5'"))
        net_amount: not a number: 3 rows (first: row 512 of sales.csv, '12,5')
    """

    rule: str
    rows: int
    source: str = ""
    row: int | None = None
    value: str | None = None
    column: str = ""
    why: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        """Return the finding in one clause: the rule, the rows, the first of them."""
        where = f"row {self.row:,} of {self.source}" if self.row is not None else ""
        value = ": ".join(part for part in (self.value, self.why) if part)
        first = ", ".join(part for part in (where, self.column, value) if part)
        return f"{self.rule}: {counted(self.rows)}" + (f" (first: {first})" if first else "")


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """A sum of money before and after the split, to the cent.

    Attributes:
        read: sum over all rows whose amount could be read.
        kept: sum over the rows of the table.
        quarantined: sum over the rows in quarantine.
        unread_rows: rows whose amount could not be read, in none of the sums.
    """

    read: float
    kept: float
    quarantined: float
    unread_rows: int

    @property
    def balanced(self) -> bool:
        """True if the sum read equals the sums kept and quarantined, to the cent."""
        return abs(self.read - self.kept - self.quarantined) < 0.005

    def plain(self) -> dict[str, float | int | bool]:
        """Return the sums as written to JSON, in whole cents."""
        cents = {name: round(getattr(self, name), 2) for name in ("read", "kept", "quarantined")}
        return {**cents, "unread_rows": self.unread_rows, "balanced": self.balanced}


@dataclass(frozen=True, kw_only=True)
class TableReport:
    """Result of reading one table."""

    table: str
    rows_read: int
    rows_kept: int
    columns: tuple[str, ...]
    ignored: tuple[str, ...] = ()
    rules: tuple[Finding, ...] = ()
    unlikely: tuple[Finding, ...] = ()
    sums: dict[str, Reconciliation] = field(default_factory=dict)
    own_rules: tuple[RuleReport, ...] = ()
    totals: tuple[ControlTotal, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def rows_quarantined(self) -> int:
        """Number of rows that broke at least one rule."""
        return self.rows_read - self.rows_kept

    @property
    def quarantine_share(self) -> float:
        """Share of the rows read that are in quarantine, in [0, 1]."""
        return self.rows_quarantined / self.rows_read if self.rows_read else 0.0

    def sentences(self) -> tuple[str, ...]:
        """Return a line for the table, then one for each rule that some row broke.

        Examples:
            >>> TableReport(table="stores", rows_read=2, rows_kept=2, columns=("store_id",)).sentences()
            ('stores: 2 rows kept.',)
        """
        if not self.rows_quarantined:
            return (f"{self.table}: {counted(self.rows_kept)} kept.",)
        share = f"{self.quarantine_share:.2%}" if self.quarantine_share >= 0.0001 else "under 0.01%"
        head = f"{self.table}: {counted(self.rows_kept)} kept, {self.rows_quarantined:,} quarantined ({share})."
        return (head, *(f"  {finding}. {finding.remedy}".rstrip() for finding in self.rules))


@dataclass(frozen=True, kw_only=True)
class ReadReport:
    """Result of reading all tables.

    Attributes:
        passed: whether no table has more than the permitted share of faulty rows, and all sums reconcile.
        refusals: why not, one sentence per table.
        tables: the reports, in the order of the contracts.
        facts: as written to facts.json.
        headline: figures of the whole: customers, transactions, net_amount, unidentified_lines, ...
        warnings: sentences about unlikely or missing values.
        notes: on what was detected about the sources.
        remarks: those of them that affect how numbers are to be read, in both languages.
        alarms: remarks on what fell, vanished, changed or is stale, and on declared rules; they fail the check if it is a gate.
        columns: types of the columns of each source.
        counts: made by the sources and the mapping.
        paths: written; tables (folder), check (file), quarantine_<table> (files).
    """

    passed: bool
    refusals: tuple[str, ...]
    tables: dict[str, TableReport]
    facts: TableFacts
    headline: dict[str, Any]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    counts: dict[str, Any]
    paths: dict[str, Path]
    remarks: tuple[Remark, ...] = ()
    alarms: tuple[Remark, ...] = ()
    columns: dict[str, dict[str, str]] = field(default_factory=dict)


def counted(rows: int, noun: str = "row") -> str:
    """Return the number with its noun.

    Examples:
        >>> counted(1), counted(1200), counted(1, "table")
        ('1 row', '1,200 rows', '1 table')
    """
    return f"{rows:,} {noun}{'' if rows == 1 else 's'}"


def plain(report: TableReport) -> dict[str, Any]:
    """Return the report as written to JSON."""
    return {
        "rows_read": report.rows_read,
        "rows_kept": report.rows_kept,
        "rows_quarantined": report.rows_quarantined,
        "columns": list(report.columns),
        "rules": {finding.rule: _detail(finding) for finding in report.rules},
        "unlikely": {finding.rule: _detail(finding) for finding in report.unlikely},
        "sums": {name: sums.plain() for name, sums in report.sums.items()},
        "own_rules": {rule.name: rule.plain() for rule in report.own_rules},
    }


def _detail(finding: Finding) -> dict[str, Any]:
    about = ("source", "row", "column", "value", "why")
    first = {name: getattr(finding, name) for name in about} if finding.row is not None else None
    return {"rows": finding.rows, "first": first, "remedy": finding.remedy}
