"""Frames for people: rounded, labelled, in the reader's language, without groups small enough to reveal a person.

    table = SummaryTable(frame=by_decile, columns=(Shown("value_decile", "Decile"), Shown("customers", "Customers", "count"), ...), ...)

A notebook shows one by naming it on the last line of a cell; a page gets the same HTML.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from relkit.plots.style import money, number, percent
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import polars as pl

Kind = Literal["text", "count", "number", "money", "share", "date", "p_value"]

SMALLEST_GROUP = 10
"""Groups of fewer customers are not shown."""
SHORT = 26
"""Characters of a text that is not broken over two lines."""
DASH = "–"
LEAST_P = 0.001
"""Smaller p-values are not distinguished."""
HIDDEN = Text("hidden", "masqué")
MASK_NOTE = Text(
    "Groups of fewer than {smallest} are not shown, nor the one next in size where the total would give them away.",
    "Les groupes de moins de {smallest} ne sont pas montrés, ni le suivant par la taille quand le total les trahirait.",
)
MONTHS = (
    Text("January", "janvier"),
    Text("February", "février"),
    Text("March", "mars"),
    Text("April", "avril"),
    Text("May", "mai"),
    Text("June", "juin"),
    Text("July", "juillet"),
    Text("August", "août"),
    Text("September", "septembre"),
    Text("October", "octobre"),
    Text("November", "novembre"),
    Text("December", "décembre"),
)


@dataclass(frozen=True)
class Shown:
    """A column as people see it.

    Attributes:
        name: in the frame.
        label: header, with the unit if the kind does not give it.
        kind: how its values are written.
        digits: after the decimal sign.
    """

    name: str
    label: str
    kind: Kind = "text"
    digits: int = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class SummaryTable:
    """A small table of groups.

    Attributes:
        frame: one row per group.
        columns: those that are shown, in order.
        caption: of the table.
        language: en or fr.
        currency: ISO code of money columns.
        count: column with the size of each group; None for a table that is not about people.
        total: last row of the table, by column; empty for none.
        notes: below the table, one sentence each.
    """

    frame: pl.DataFrame
    columns: tuple[Shown, ...]
    caption: str = ""
    language: str = "en"
    currency: str = "EUR"
    count: str | None = None
    total: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()

    def cells(self) -> list[list[str]]:
        """Return the rows as text, small groups masked, the total last.

        Examples:
            >>> import polars as pl
            >>> groups = pl.DataFrame({"group": ["a", "b"], "n": [1200, 3], "margin": [10.5, 99.0]})
            >>> shown = (Shown("group", "Group"), Shown("n", "Customers", "count"), Shown("margin", "Margin", "money", 2))
            >>> SummaryTable(frame=groups, columns=shown, count="n").cells()
            [['a', '1,200', '€10.50'], ['b', '< 10', '–']]
        """
        hidden = self._hidden()
        rows = [self._row(row, mask) for row, mask in zip(self.frame.iter_rows(named=True), hidden, strict=True)]
        return [*rows, self._row(self.total, "")] if self.total else rows

    def _hidden(self) -> list[str]:
        """Return, for each row, what is shown instead of its size, or an empty text if the size is shown."""
        if self.count is None:
            return [""] * len(self.frame)
        return hidden_groups(self.frame[self.count].to_list(), has_total=self.total is not None, language=self.language)

    def _row(self, row: dict[str, Any], mask: str) -> list[str]:
        cells = []
        for column in self.columns:
            if mask and column.name == self.count:
                cells.append(mask)
            elif mask and column.kind not in {"text", "date"}:
                cells.append(DASH)
            else:
                cells.append(written(row.get(column.name), column, language=self.language, currency=self.currency))
        return cells

    def _repr_html_(self) -> str:
        """Return the table as HTML, for notebooks and pages."""
        rows = self.cells()
        numeric = [self._css(at, rows) for at in range(len(self.columns))]
        head = "".join(f'<th scope="col"{css}>{escape(c.label)}</th>' for c, css in zip(self.columns, numeric, strict=True))
        lines = []
        for at, row in enumerate(rows):
            last = ' class="total"' if self.total and at == len(rows) - 1 else ""
            lines.append(f"<tr{last}>" + "".join(f"<td{css}>{escape(cell)}</td>" for cell, css in zip(row, numeric, strict=True)) + "</tr>")
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        notes = "".join(f"<p>{escape(note)}</p>" for note in self._notes())
        body = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
        return (
            f'<div class="summary-table">{body}<div class="notes">{notes}</div></div>'
            if notes
            else f'<div class="summary-table">{body}</div>'
        )

    def _css(self, at: int, rows: list[list[str]]) -> str:
        """Return the class of a column: numbers are right-aligned, short texts stay on one line."""
        if self.columns[at].kind not in {"text", "date"}:
            return ' class="number"'
        return ' class="short"' if max((len(row[at]) for row in rows), default=0) <= SHORT else ""

    def _notes(self) -> tuple[str, ...]:
        masked = MASK_NOTE[self.language].format(smallest=SMALLEST_GROUP)
        return (*self.notes, masked) if any(self._hidden()) else self.notes


def hidden_groups(counts: Sequence[int | None], *, has_total: bool, language: str = "en") -> list[str]:
    """Return, for each group, what is shown instead of its size, or an empty text if the size may be shown.

    An empty group hides nobody; the size of a group may be null, if it is not stated. If only one group is hidden and a total is shown
    below, the next smallest is hidden too; otherwise the difference would give the first away.

    Examples:
        >>> hidden_groups([500, 3, 0, 40], has_total=True)
        ['', '< 10', '', 'hidden']
        >>> hidden_groups([500, 3, 0, 40], has_total=False)
        ['', '< 10', '', '']
        >>> hidden_groups([500, None], has_total=False)
        ['', '']
    """
    small = f"< {SMALLEST_GROUP}"
    sizes = [n or 0 for n in counts]
    masks = [small if 0 < n < SMALLEST_GROUP else "" for n in sizes]
    others = [at for at, n in enumerate(sizes) if n >= SMALLEST_GROUP]
    if has_total and masks.count(small) == 1 and others:
        masks[min(others, key=lambda at: sizes[at])] = HIDDEN[language]
    return masks


def written(value: Any, column: Shown, *, language: str, currency: str = "EUR") -> str:
    """Return one value as people read it; a null is a dash.

    Examples:
        >>> written(0.1234, Shown("x", "X", "share", 1), language="en")
        '12.3%'
        >>> written(None, Shown("x", "X", "count"), language="fr") == DASH
        True
    """
    if value is None or value != value:  # noqa: PLR0124  (not a number)
        return DASH
    if column.kind == "money":
        return money(float(value), currency, language, column.digits)
    if column.kind == "share":
        return percent(float(value), language, column.digits)
    if column.kind == "date":
        return day_in_words(value, language)
    if column.kind == "p_value":
        return p_value(float(value), language)
    return str(value) if column.kind == "text" else number(float(value), language, column.digits)


def p_value(value: float, language: str) -> str:
    """Return a p-value as people write it.

    Examples:
        >>> p_value(0.0321, "en"), p_value(1e-9, "fr")
        ('0.032', '< 0,001')
    """
    return f"< {number(LEAST_P, language, 3)}" if value < LEAST_P else number(value, language, 3)


def day_in_words(day: date, language: str) -> str:
    """Return a date as people write it.

    Examples:
        >>> from datetime import date
        >>> day_in_words(date(2025, 6, 1), "en"), day_in_words(date(2025, 6, 1), "fr")
        ('1 June 2025', '1er juin 2025')
    """
    first = "1er" if language == "fr" else "1"
    return f"{first if day.day == 1 else day.day} {MONTHS[day.month - 1][language]} {day.year}"


@dataclass(frozen=True)
class Headlines:
    """Opening sentences of a page, one per line."""

    sentences: tuple[str, ...]

    def _repr_html_(self) -> str:
        return '<ul class="headlines">' + "".join(f"<li>{escape(sentence)}</li>" for sentence in self.sentences) + "</ul>"


@dataclass(frozen=True)
class KeyFigures:
    """A few large numbers, each with what it counts: (value, label)."""

    figures: tuple[tuple[str, str], ...]

    def _repr_html_(self) -> str:
        tiles = (f"<div><strong>{escape(value)}</strong> <span>{escape(label)}</span></div>" for value, label in self.figures)
        return '<div class="key-figures">' + "".join(tiles) + "</div>"
