"""Alarms of a check: what changed for the worse since the previous one, sources that are stale, and declared rules that are exceeded.

They are warnings that reports carry; with `relkit check --gate` they fail the check.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from relkit.remarks import Remark, french
from relkit.tables.column_drift import ColumnDrift, column_drift
from relkit.tables.control_totals import UNDATED
from relkit.tables.falls import ROWS, Fall, falls, vanished
from relkit.tables.findings import counted
from relkit.tables.freshness import Stale, stale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from relkit.tables.check_history import CheckEntry
    from relkit.tables.control_totals import ControlTotal
    from relkit.tables.findings import TableReport
    from relkit.tables.own_rules import RuleReport

MOST_LISTED = 4
"""Most months or columns that a sentence lists."""

Totals = dict[str, tuple["ControlTotal", ...]]


def changes(totals: Totals, columns: Mapping[str, Mapping[str, str]], before: CheckEntry | None, *, most: float) -> list[Remark]:
    """Return remarks on totals that fell, sources that vanished and columns that changed since the previous check.

    Args:
        totals: control totals, by table.
        columns: types of the columns, by source.
        before: the previous check; None if this is the first.
        most: largest share, in [0, 1), by which a total may fall.
    """
    if before is None:
        return []
    remarks = []
    for table in before.tables:
        old, new = before.totals(table), totals.get(table, ())
        remarks += [_vanished(table, source, before) for source in vanished(old, new)]
        for _, fallen in groupby(falls(table, old, new, most=most), key=lambda fall: fall.source):
            remarks.append(_fallen(list(fallen), before))
    return remarks + [_drifted(drift, before) for drift in column_drift(before.columns, columns)]


def damaged_history(lines: int) -> list[Remark]:
    """Return the remark on lines of the history that could not be read; none if there are none."""
    if not lines:
        return []
    plural = "s" * (lines > 1)
    return [
        Remark(
            "history_damaged",
            f"The history of checks has {counted(lines, 'line')} that cannot be read, now set aside in its folder; "
            "the others are compared.",
            f"L’historique des contrôles contient {french(lines)} ligne{plural} illisible{plural}, "
            f"mise{plural} à part dans son dossier ; les autres contrôles servent de comparaison.",
        )
    ]


def stale_sources(totals: Totals, allowed: Mapping[str, int], today: date) -> list[Remark]:
    """Return the sources whose newest row is older than declared; arguments as for `freshness.stale`."""
    return [_stale(found) for found in stale((total for part in totals.values() for total in part), allowed, today)]


def exceeded_rules(reports: Mapping[str, TableReport]) -> list[Remark]:
    """Return the declared rules that more rows break than are allowed, those that stop the check excepted."""
    return [
        _exceeded(table, rule)
        for table, report in reports.items()
        for rule in report.own_rules
        if rule.is_exceeded and rule.severity != "stop"
    ]


def _fallen(fallen: Sequence[Fall], before: CheckEntry) -> Remark:
    first = fallen[0]
    listed = fallen[:MOST_LISTED]
    more = len(fallen) - len(listed)
    others = f", and {more} more" if more else "", f", et {more} de plus" if more else ""
    return Remark(
        "control_totals_fell",
        f"{_of(first, ': ')} has less than at the check of {before.at:%Y-%m-%d}: {'; '.join(map(_fall_en, listed))}{others[0]}. "
        "Check that the export is complete; if it is meant to have less, raise max_fall_share under controls in the mapping file.",
        f"{_of(first, ' : ')} contient moins que lors du contrôle du {before.at:%d/%m/%Y} : "
        f"{' ; '.join(map(_fall_fr, listed))}{others[1]}. Vérifiez que l’export est complet ; si c’est voulu, relevez max_fall_share sous "
        "controls dans le fichier de correspondance.",
    )


def _of(fall: Fall, mark: str) -> str:
    """Return table and source; the table alone if its source has its name."""
    return fall.table if fall.table == fall.source else f"{fall.table}{mark}{fall.source}"


def _fall_en(fall: Fall) -> str:
    when = " a complete month" if fall.is_mean else f" of {fall.month}" if fall.month != UNDATED else " in all"
    return f"{fall.what}{when} {_figure(fall, fall.before)} before, {_figure(fall, fall.now)} now ({-fall.share:.0%})"


def _fall_fr(fall: Fall) -> str:
    when = "par mois complet" if fall.is_mean else f"de {fall.month}" if fall.month != UNDATED else "en tout"
    what = "lignes" if fall.what == ROWS else fall.what
    digits = 0 if fall.what == ROWS else 2
    return f"{what} {when} {french(fall.before, digits)} avant, {french(fall.now, digits)} maintenant ({french(-100 * fall.share)} %)"


def _figure(fall: Fall, value: float) -> str:
    return f"{value:,.0f}" if fall.what == ROWS else f"{value:,.2f}"


def _vanished(table: str, source: str, before: CheckEntry) -> Remark:
    rows = sum(total.rows for total in before.totals(table) if total.source == source)
    return Remark(
        "source_vanished",
        f"{table}: {source} had {counted(rows)} at the check of {before.at:%Y-%m-%d} and has none now. "
        "Check that its files were delivered.",
        f"{table} : {source} avait {_lignes(rows)} lors du contrôle du {before.at:%d/%m/%Y} et n’en a plus aucune. Vérifiez que ses "
        "fichiers ont bien été livrés.",
    )


def _drifted(drift: ColumnDrift, before: CheckEntry) -> Remark:
    english = [f"new {_named(drift.came, 'and')}"] if drift.came else []
    english += [f"gone {_named(drift.went, 'and')}"] if drift.went else []
    english += [f"{name} was {old} and is {new}" for name, old, new in drift.changed[:MOST_LISTED]]
    french_parts = [f"en plus {_named(drift.came, 'et')}"] if drift.came else []
    french_parts += [f"en moins {_named(drift.went, 'et')}"] if drift.went else []
    french_parts += [f"{name} était {old} et est {new}" for name, old, new in drift.changed[:MOST_LISTED]]
    return Remark(
        "columns_changed",
        f"{drift.source}: its columns changed since the check of {before.at:%Y-%m-%d}: {'; '.join(english)}. "
        "Check that the mapping still reads what is meant.",
        f"{drift.source} : ses colonnes ont changé depuis le contrôle du {before.at:%d/%m/%Y} : "
        f"{' ; '.join(french_parts)}. "
        "Vérifiez que la correspondance lit toujours ce qu’il faut.",
    )


def _named(names: Sequence[str], word: str) -> str:
    listed, more = ", ".join(names[:MOST_LISTED]), len(names) - MOST_LISTED
    return f"{listed} {word} {more} {'more' if word == 'and' else 'de plus'}" if more > 0 else listed


def _stale(found: Stale) -> Remark:
    allowed, plural = found.allowed_days, "s" * (found.allowed_days > 1)
    day, jour = (f"{found.newest}", f"{found.newest:%d/%m/%Y}") if found.newest else ("", "")
    english = f"its newest row is of {day}" if found.newest else "none of its rows has a day"
    said_fr = f"sa ligne la plus récente date du {jour}" if found.newest else "aucune de ses lignes n’a de date"
    limit = counted(allowed, "day")
    return Remark(
        "source_is_stale",
        f"{found.source}: {english}; it may be {limit} old at most. Check that the latest files were delivered.",
        f"{found.source} : {said_fr} ; l’âge maximal déclaré est de {allowed} jour{plural}. Vérifiez que les derniers fichiers ont bien "
        "été livrés.",
    )


def _exceeded(table: str, rule: RuleReport) -> Remark:
    share, allowed = (_percent(value) for value in (rule.share, rule.allowed_share))
    out, dehors = ("; they are in quarantine", " ; elles sont en quarantaine") if rule.severity == "quarantine" else ("", "")
    reason, raison = (f" {_ended(text)}" if text else "" for text in (rule.reason.en, rule.reason.fr))
    verb, verbe = ("breaks", "enfreint") if rule.broken == 1 else ("break", "enfreignent")
    return Remark(
        "own_rule_exceeded",
        f"{table}: {rule.broken:,} of {counted(rule.judged)} {verb} the rule {rule.name} ({share}%, at most {allowed}% are allowed){out}."
        f"{reason}",
        f"{table} : {_lignes(rule.broken)} sur {french(rule.judged)} {verbe} la règle {rule.name} ({_comma(share)} %, au plus "
        f"{_comma(allowed)} % sont admis){dehors}.{raison}",
    )


def _lignes(rows: int) -> str:
    return f"{french(rows)} ligne{'s' * (rows > 1)}"


def _percent(share: float) -> str:
    """Return a share as a percentage with as many digits as it takes to tell it from zero.

    Examples:
        >>> _percent(0.25), _percent(0.00012), _percent(0.0)
        ('25', '0.012', '0')
    """
    return f"{100 * share:.3g}"


def _comma(number: str) -> str:
    return number.replace(".", ",")


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(".") else f"{sentence}."
