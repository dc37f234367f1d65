"""Remarks from the check of the rows that affect how numbers are to be read: rows left out, copies kept, a failed check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.remarks import Remark, french
from relkit.tables.findings import counted
from relkit.tables.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.tables.findings import TableReport

LEAST_SHARE = 0.001
"""Share of a table's rows that are faulty, or copies, below which no number changes visibly."""
DUPLICATE = "duplicate line"
"""Beginning of the rule on copies."""


def remarks_on(reports: Mapping[str, TableReport], *, refused: bool) -> list[Remark]:
    """Return the remarks of a check, table by table.

    Args:
        reports: by table.
        refused: whether the check failed.
    """
    remarks = [_REFUSED] if refused else []
    for name, report in reports.items():
        if report.quarantine_share >= LEAST_SHARE:
            remarks.append(_left_out(name, report))
        copies = sum(finding.rows for finding in report.unlikely if finding.rule.startswith(DUPLICATE))
        if copies >= LEAST_SHARE * max(report.rows_kept, 1):
            remarks.append(_copies(name, copies, report.rows_kept))
        remarks += [*_disagreeing(name, report), *report.remarks]
    return remarks


def _left_out(name: str, report: TableReport) -> Remark:
    out, read = report.rows_quarantined, report.rows_read
    return Remark(
        "faulty_rows_left_out",
        f"{name}: {out:,} of {counted(read)} are faulty ({report.quarantine_share:.1%}) and count nowhere.",
        f"{name} : {french(out)} lignes sur {french(read)} sont fautives ({french(100 * report.quarantine_share, 1)} %) et ne comptent "
        "nulle part.",
    )


def _copies(name: str, copies: int, rows: int) -> Remark:
    return Remark(
        "copies_kept",
        f"{name}: {copies:,} of {counted(rows)} equal an earlier one in all but their id. They are counted as different purchases.",
        f"{name} : {french(copies)} lignes sur {french(rows)} sont identiques à une autre, à l’identifiant près. Elles comptent comme des "
        "achats différents.",
    )


def _disagreeing(name: str, report: TableReport) -> list[Remark]:
    """Return the remark on rows that disagree with an earlier one on the same fact, however few: they decide who may be contacted."""
    known = TABLES[name].disagreement if name in TABLES else None
    rows = sum(finding.rows for finding in report.unlikely if known is not None and finding.rule == known.rule)
    if known is None or not rows:
        return []
    english, spoken = f"{counted(rows)} {known.meaning['en']}", f"{french(rows)} ligne{'s' if rows > 1 else ''} {known.meaning['fr']}"
    return [Remark("rows_disagree", f"{name}: {english}.", f"{name} : {spoken}.")]


_REFUSED = Remark(
    "check_not_passed",
    "The check of the data did not pass: read the numbers with caution until the data are mended.",
    "Le contrôle des données n’est pas passé : lisez les chiffres avec prudence tant qu’elles ne sont pas corrigées.",
)
