"""A table of cells that are HTML already, for pages that are written without a notebook."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, eq=False)
class PlainTable:
    """A table for a page.

    Attributes:
        heads: of the columns, as texts.
        rows: of cells, as HTML.
        words: places of the columns that are no numbers; numbers are right-aligned.
        has_total: the last row is a total.
        alarmed: places (row, column) of cells to be marked.
        classes: further class of a column, by its place.

    Examples:
        >>> PlainTable(("Month", "Rows"), [("May", "3")], words={0}).html().count("<td")
        2
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: Iterable[int] = ()
    has_total: bool = False
    alarmed: Iterable[tuple[int, int]] = ()
    classes: Mapping[int, str] = field(default_factory=dict)

    def html(self) -> str:
        """Return the table as HTML, in the classes of the pages' style."""
        words = set(self.words)
        kinds = [self.classes.get(place, "short") if place in words else "number" for place in range(len(self.heads))]
        top = "".join(f'<th scope="col" class="{kind}">{escape(head)}</th>' for head, kind in zip(self.heads, kinds, strict=True))
        lines = "".join(self._line(at, row, kinds) for at, row in enumerate(self.rows))
        return f'<div class="summary-table"><table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>'

    def _line(self, at: int, row: Sequence[str], kinds: Sequence[str]) -> str:
        marked = {place for line, place in self.alarmed if line == at}
        cells = (
            f'<td class="{kind}{" alarm" * (place in marked)}">{cell}</td>'
            for place, (cell, kind) in enumerate(zip(row, kinds, strict=True))
        )
        last = ' class="total"' * (self.has_total and at == len(self.rows) - 1)
        return f"<tr{last}>{''.join(cells)}</tr>"


def code(name: str) -> str:
    """Return a name as code.

    Examples:
        >>> code("a<b")
        '<code>a&lt;b</code>'
    """
    return f"<code>{escape(name)}</code>"


def bullets(sentences: Iterable[str]) -> str:
    """Return texts as a list.

    Examples:
        >>> bullets(["One.", "Two & three."])
        '<ul><li>One.</li><li>Two &amp; three.</li></ul>'
    """
    return f"<ul>{''.join(f'<li>{escape(sentence, quote=False)}</li>' for sentence in sentences)}</ul>"
