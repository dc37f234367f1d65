"""Control totals by month next to those of the previous check: part of the page of a check."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from relkit.reports.check_words import SAME
from relkit.reports.plain_table import PlainTable, code
from relkit.reports.sparkline import sparkline
from relkit.tables.control_totals import UNDATED, ControlTotal, whole
from relkit.tables.falls import ROWS, falls, is_complete

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
        totals = tuple(ControlTotal(**total) for total in check["controls"].get(table, ()))
        past = before.totals(table) if before is not None else ()
        fallen = falls(table, past, totals, most=check["max_fall_share"])
        for source in dict.fromkeys(total.source for total in (*totals, *past)):
            sides = [{total.month: total for total in part if total.source == source} for part in (totals, past)]
            own = {(fall.month, fall.what) for fall in fallen if fall.source == source}
            parts.append(_SourceTotals(table, source, sides[0], sides[1], own, currency, words).html())
    return words.section("controls", "".join(parts), "controls_intro") if parts else ""


@dataclass(frozen=True, eq=False)
class _SourceTotals:
    """The totals of a source in a table, by month, now and at the previous check; and those that fell, by month and what."""

    table: str
    source: str
    now: Mapping[str, ControlTotal]
    before: Mapping[str, ControlTotal]
    fallen: set[tuple[str, str]]
    currency: str
    words: CheckWords

    def html(self) -> str:
        """Return the table under its name, with the course of the months."""
        name = code(self.table) if self.source == self.table else f"{code(self.table)} – {code(self.source)}"
        wholes = self._whole(self.now), self._whole(self.before)
        last = self._row(self.words.say("total"), *wholes)
        if len(self._months) == 1:
            return f"<h3>{name}</h3>{PlainTable(self._heads, [last], {0}, alarmed=self._alarmed([], at=0)).html()}"
        rows = [self._month_row(month, wholes[1]) for month in self._months]
        older, latest, shown = rows[:-MONTHS_SHOWN], rows[-MONTHS_SHOWN:], self._months[-MONTHS_SHOWN:]
        alarmed = self._alarmed(shown, at=len(latest))
        table = PlainTable(self._heads, [*latest, last], {0}, has_total=True, alarmed=alarmed)
        return f"<h3>{name}{self._line()}</h3>{table.html()}{self._folded(older)}"

    @cached_property
    def _months(self) -> list[str]:
        return sorted({*self.now, *self.before}, key=lambda month: (month == UNDATED, month))

    @cached_property
    def _money(self) -> str | None:
        return next((column for total in (*self.now.values(), *self.before.values()) for column in total.money), None)

    @property
    def _heads(self) -> list[str]:
        heads = [self.words.head(name) for name in ("month", "rows", "rows_before", "change")]
        if self._money is not None:
            heads += [f"{self._money}, {self.currency}", self.words.head("before", what=self._money), self.words.head("change")]
        return self._compared(heads)

    def _compared(self, cells: list[str]) -> list[str]:
        """Return the cells of a row; without a check before, those that compare with it are left out."""
        return cells if self.before else [cell for place, cell in enumerate(cells) if place in {0, 1, 4}]

    def _whole(self, side: Mapping[str, ControlTotal]) -> ControlTotal | None:
        return whole(side.values(), self.source)

    def _alarmed(self, months: Sequence[str], *, at: int) -> list[tuple[int, int]]:
        """Return the places of changes that are falls: those of the months, and those of the whole in row `at`."""
        columns = {ROWS: 3, self._money: 6}
        places = {month: place for place, month in enumerate(months) if month != UNDATED} | {UNDATED: at}
        return [(places[month], columns[what]) for month, what in self.fallen if month in places and what in columns]

    def _month_row(self, month: str, own: ControlTotal | None) -> list[str]:
        """Return the row of a month; of one that the previous check saw in part, a change is shown only if it is a fall."""
        now, before = self.now.get(month), self.before.get(month)
        row = self._row(month or self.words.say("undated"), now, before)
        if before is not None and own is not None and month == (own.last or "")[:7] and not is_complete(month, own):
            for what, column in ((ROWS, 3), (self._money, 6)):
                if what is not None and (month, what) not in self.fallen and row[column] != SAME:
                    row[column] = self.words.say("in_part")
        return row

    def _row(self, label: str, now: ControlTotal | None, before: ControlTotal | None) -> list[str]:
        cells = [escape(label), *self._pair(_rows(now), _rows(before), self.words.count)]
        if self._money is None:
            return self._compared(cells)
        amounts = [None if total is None else total.money.get(self._money) for total in (now, before)]
        return self._compared(cells + self._pair(amounts[0], amounts[1], self.words.money))

    def _pair(self, now: float | None, before: float | None, write: Callable[[float], str]) -> list[str]:
        """Return a total, the one before, and the change between them if it has a meaning."""
        change = self.words.signed((now or 0.0) / before - 1.0) if before is not None and before > 0 else ""
        return ["" if now is None else write(now), "" if before is None else write(before), change]

    def _line(self) -> str:
        dated = [month for month in self._months if month != UNDATED]
        label = f"{self.words.head('rows')}: {dated[0]} – {dated[-1]}"
        return sparkline([self.now[month].rows if month in self.now else 0 for month in dated], label)

    def _folded(self, rows: list[list[str]]) -> str:
        if not rows:
            return ""
        summary = f"{self.words.say('months_before')} ({len(rows)})"
        return f"<details><summary>{summary}</summary>{PlainTable(self._heads, rows, {0}).html()}</details>"


def _rows(total: ControlTotal | None) -> float | None:
    return None if total is None else float(total.rows)
