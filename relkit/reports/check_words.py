"""Words, numbers and days of the page of a check in one language, and the frame of its sections."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from relkit.remarks import french
from relkit.reports.check_page_texts import HEADS, TEXTS
from relkit.reports.plain_table import PlainTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

_WORDS = frozenset({"source", "table", "file", "rule", "history", "first", "remedy", "severity", "checked", "passed"})
SAME = "="
"""Change of a figure that has not changed."""
_LISTS = frozenset({"came", "went", "changed"})
"""Columns that are no numbers."""


@dataclass(frozen=True)
class CheckWords:
    """The writing of one language.

    Attributes:
        language: en or fr.

    Examples:
        >>> english = CheckWords("en")
        >>> english.count(1200), english.money(1.5), english.share(0.0123), english.day("2025-06-30"), english.signed(-0.5)
        ('1,200', '1.50', '1.2%', '2025-06-30', '−50%')
    """

    language: str

    @property
    def is_french(self) -> bool:
        """True for French."""
        return self.language == "fr"

    def say(self, name: str, **words: object) -> str:
        """Return a text of the page."""
        return TEXTS[name].filled(**words)[self.language]

    def head(self, name: str, **words: object) -> str:
        """Return the head of a column."""
        return HEADS[name].filled(**words)[self.language]

    def count(self, value: float) -> str:
        """Return a whole number."""
        return french(value) if self.is_french else f"{value:,.0f}"

    def money(self, value: float) -> str:
        """Return an amount to the cent."""
        return french(value, 2) if self.is_french else f"{value:,.2f}"

    def share(self, value: float) -> str:
        """Return a share as a percentage, with as many digits as it takes to tell it from zero."""
        if 0 < abs(value) < 0.00005:
            return "< 0,01 %" if self.is_french else "< 0.01%"
        digits = 0 if value == 0 or abs(value) >= 0.1 else 1 if abs(value) >= 0.01 else 2
        return f"{french(100 * value, digits)} %" if self.is_french else f"{100 * value:,.{digits}f}%"

    def signed(self, change: float) -> str:
        """Return a relative change with its sign; an equals sign for none."""
        if abs(change) < 0.0005:
            return SAME
        return f"{'+' if change > 0 else '−'}{self.share(abs(change))}"

    def day(self, value: date | str) -> str:
        """Return a day, given as such or as an ISO text."""
        text = str(value)[:10]
        return "/".join(reversed(text.split("-"))) if self.is_french else text

    def section(self, name: str, content: str, intro: str = "") -> str:
        """Return a section with its title and an opening sentence."""
        opening = f"<p>{escape(self.say(intro), quote=False)}</p>" if intro else ""
        return f"<section><h2>{self.say(name)}</h2>{opening}{content}</section>"

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], alarmed: Iterable[tuple[int, int]] = ()) -> str:
        """Return a table whose columns go by the names of the heads.

        Args:
            heads: names in `HEADS`.
            rows: cells as HTML.
            alarmed: places (row, column) of cells to be marked.
        """
        words = {place for place, head in enumerate(heads) if head in _WORDS | _LISTS}
        classes = {place: head for place, head in enumerate(heads) if head in {"remedy", "first", "rule"}}
        return PlainTable([self.head(head) for head in heads], rows, words, alarmed=alarmed, classes=classes).html()
