"""Control totals by month next to those of the previous check: part of the page of a check."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from relkit.reports.plain_table import PlainTable, code
from relkit.reports.sparkline import sparkline
from relkit.tables.control_totals import UNDATED, ControlTotal, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from relkit.reports.check_words import CheckWords
    from relkit.tables.check_history import CheckEntry

MONTHS_SHOWN = 13
"""Latest months that are shown at once; earlier ones unfold."""


def totals_section(check: Mapping[str, Any], before: CheckEntry | None, currency: str, words: CheckWords) -> str:
    """Return a table for each source of each table.

    Args:
        check: the content of check.json.
        before: the check to which it was compared; None if there is none.
        currency: ISO code of the sums.
        words: of the language.
    """
    parts = []
    for table in dict.fromkeys([*check["controls"], *(before.tables if before is not None else ())]):
        totals = [ControlTotal(**total) for total in check["controls"].get(table, ())]
        past = before.totals(table) if before is not None else ()
        for source in dict.fromkeys(total.source for total in (*totals, *past)):
            sides = [{total.month: total for total in part if total.source == source} for part in (totals, past)]
            name = code(table) if source == table else f"{code(table)} – {code(source)}"
            parts.append(_of_source(name, sides[0], sides[1], currency, words))
    return words.section("controls", "".join(parts), "controls_intro") if parts else ""


def _of_source(name: str, now: Mapping[str, ControlTotal], before: Mapping[str, ControlTotal], currency: str, words: CheckWords) -> str:
    months = sorted({*now, *before}, key=lambda month: (month == UNDATED, month))
    money = next((column for total in (*now.values(), *before.values()) for column in total.money), None)
    wholes = [whole(side.values(), next(iter(side.values())).source) if side else None for side in (now, before)]
    rows = [_row(month or words.say("undated"), now.get(month), before.get(month), money, words) for month in months]
    last, heads = _row(words.say("total"), wholes[0], wholes[1], money, words), _heads(money, currency, words)
    if len(rows) == 1:
        return f"<h3>{name}</h3>{PlainTable(heads, [last if months == [UNDATED] else rows[0]], {0}).html()}"
    older, latest = rows[:-MONTHS_SHOWN], rows[-MONTHS_SHOWN:]
    dated = [month for month in months if month != UNDATED]
    label = f"{words.head('rows')}: {dated[0]} – {dated[-1]}" if dated else ""
    line = sparkline([now[month].rows if month in now else 0 for month in dated], label)
    return f"<h3>{name}{line}</h3>{PlainTable(heads, [*latest, last], {0}, has_total=True).html()}{_folded(heads, older, words)}"


def _folded(heads: list[str], rows: list[list[str]], words: CheckWords) -> str:
    if not rows:
        return ""
    return f"<details><summary>{words.say('months_before')} ({len(rows)})</summary>{PlainTable(heads, rows, {0}).html()}</details>"


def _heads(money: str | None, currency: str, words: CheckWords) -> list[str]:
    heads = [words.head(name) for name in ("month", "rows", "rows_before", "change")]
    return heads + ([f"{money}, {currency}", words.head("before", what=money), words.head("change")] if money else [])


def _row(label: str, now: ControlTotal | None, before: ControlTotal | None, money: str | None, words: CheckWords) -> list[str]:
    rows = [None if total is None else float(total.rows) for total in (now, before)]
    cells = [escape(label), *_pair(rows[0], rows[1], words.count, words)]
    if money:
        amounts = [None if total is None else total.money.get(money) for total in (now, before)]
        cells += _pair(amounts[0], amounts[1], words.money, words)
    return cells


def _pair(now: float | None, before: float | None, write: Callable[[float], str], words: CheckWords) -> list[str]:
    """Return a total, the one before, and the change between them if it has a meaning."""
    change = words.signed((now or 0.0) / before - 1.0) if before is not None and before > 0 else ""
    return ["" if now is None else write(now), "" if before is None else write(before), change]
