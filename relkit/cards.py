"""Cards that objects show in a cell of a notebook: a title, sentences, facts and small tables.

    shown(Card("survival.cox").with_facts("Settings", {...}).with_rows("Estimates", fitted.summary().to_dicts()))

Colours are those of the notebook, light or dark; every text is escaped; no card has data on a single customer.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MOST_ROWS = 40
"""Largest number of rows shown in a table."""
CARD = "border-left:3px solid #2a78d6;padding:0.1em 0 0.1em 0.9em;margin:0.3em 0;max-width:60em;line-height:1.45"
HEAD = "font-weight:600;font-size:1.05em"
SECTION = "margin-top:0.6em;font-size:0.85em;opacity:0.7;letter-spacing:0.03em"
TABLE = "border-collapse:collapse;font-size:0.92em;font-variant-numeric:tabular-nums"
CELL = "padding:0.15em 1.2em 0.15em 0;border:none;background:transparent"
WARNED = "margin:0.2em 0;padding-left:0.6em;border-left:2px solid #d97a1f"


@dataclass(frozen=True)
class Card:
    """The content of a card.

    Attributes:
        title: first line.
        sentences: the paragraphs below it.
        warnings: marked sentences that need attention.
        sections: heading and HTML of each table.
    """

    title: str
    sentences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sections: tuple[tuple[str, str], ...] = ()

    def warned(self, warnings: Iterable[str]) -> Card:
        """Return the card with warnings."""
        return replace(self, warnings=(*self.warnings, *warnings))

    def with_facts(self, heading: str, facts: Mapping[str, Any]) -> Card:
        """Return the card with names and values, one per line; facts of several things are a table each, one row per thing."""
        plain = {name: value for name, value in facts.items() if not _is_nested(value)}
        card = self._with(heading, _table((), [(name, written(value)) for name, value in plain.items()]))
        for name, parts in facts.items():
            card = card if name in plain else card.with_rows(f"{heading}: {name}", _as_rows(name, parts))
        return card

    def with_rows(self, heading: str, rows: Sequence[Mapping[str, Any]]) -> Card:
        """Return the card with a table, one column per key of the first row."""
        if not rows:
            return self
        names = tuple(rows[0])
        cells = [[written(row.get(name)) for name in names] for row in rows[:MOST_ROWS]]
        more = f"<div>{len(rows) - MOST_ROWS:,} more</div>" if len(rows) > MOST_ROWS else ""
        return self._with(heading, _table(names, cells) + more)

    def _with(self, heading: str, html: str) -> Card:
        return replace(self, sections=(*self.sections, (heading, html))) if html else self


def shown(card: Card) -> str:
    """Return a card as HTML.

    Examples:
        >>> "a &lt;b&gt;" in shown(Card("a <b>", ("Two sentences.",)).with_facts("Counts", {"rows": 1200}))
        True
    """
    parts = [f'<div style="{HEAD}">{escape(card.title)}</div>']
    parts += [f"<div>{escape(sentence)}</div>" for sentence in card.sentences]
    parts += [f'<div style="{WARNED}">{escape(warning)}</div>' for warning in card.warnings]
    parts += [f'<div style="{SECTION}">{escape(heading)}</div>{html}' for heading, html in card.sections]
    return f'<div class="relkit-card" style="{CARD}">{"".join(parts)}</div>'


def written(value: Any) -> str:
    """Return a value as people read it: numbers with four significant digits and separators, lists with commas.

    Examples:
        >>> written(1234567), written(0.000123456), written(12.3456), written(None), written(("a", "b"))
        ('1,234,567', '0.0001235', '12.35', '–', 'a, b')
    """
    if value is None or value != value:  # noqa: PLR0124 (not a number)
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return _number(value)
    return _several(value)


def settings_of(settings: Any) -> dict[str, Any]:
    """Return the settings of a model by name, without empty ones."""
    if not is_dataclass(settings):
        return {}
    found = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return {name: value for name, value in found.items() if value not in (None, (), {}, [])}


class FittedCard:
    """Mixin of fitted models: they show their settings, the rows fitted, estimates with intervals, and notes."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        fitted: Any = self
        info = fitted.info
        card = Card(fitted.name, (f"Fitted to {info.rows:,} rows as of {info.as_of}.",)).warned(info.notes)
        if not info.converged:
            card = card.warned(("The optimiser did not converge.",))
        facts = {} if info.log_likelihood is None else {"log_likelihood": info.log_likelihood}
        card = card.with_facts("Settings", settings_of(fitted.settings)).with_facts("Fit", facts)
        return shown(card.with_rows("Estimates, with 95 % intervals", fitted.summary().to_dicts()))


def _several(value: Any) -> str:
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(written(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {written(part)}" for name, part in value.items())
    return value.as_posix() if isinstance(value, Path) else str(value)


def _number(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if value and abs(value) < 1000:
        return f"{value:.4g}"
    return f"{value:,.0f}" if abs(value) >= 100_000 else f"{value:,.1f}"


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict) and any(isinstance(part, dict) for part in value.values())


def _as_rows(name: str, parts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row per part, without columns that are empty for all parts or nested."""
    rows = [{name: key, **(part if isinstance(part, dict) else {"value": part})} for key, part in parts.items()]
    columns = dict.fromkeys(column for row in rows for column, value in row.items() if value != {} and not isinstance(value, dict))
    return [{column: row.get(column) for column in columns} for row in rows] if len(columns) > 1 else []


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    head = "".join(_cell("th", name, at) for at, name in enumerate(names))
    body = "".join("<tr>" + "".join(_cell("td", cell, at) for at, cell in enumerate(row)) + "</tr>" for row in rows)
    return f'<table style="{TABLE}">{f"<thead><tr>{head}</tr></thead>" if head else ""}<tbody>{body}</tbody></table>'


def _cell(tag: str, text: str, at: int) -> str:
    side = "right" if (at and _is_number(text)) or (tag == "th" and at) else "left"
    return f'<{tag} style="{CELL};text-align:{side}">{escape(text)}</{tag}>'


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").replace("-", "").replace("e", "").isdigit() or text == "–"
