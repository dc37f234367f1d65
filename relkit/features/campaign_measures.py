"""Measures of a campaign: the columns by which units drawn are compared, with their labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from relkit.features.campaign_sums import AFTER, HAS_CONTRACT, PRE
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["money", "share", "count"]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A column of the units drawn that is compared between treated and control.

    Attributes:
        column: its value at the end of the response window.
        label: its name in both languages.
        kind: money (in the company's currency), share (true or false of each customer) or count.
        column_after: its value at the end of the post window; None if there is none.
        covariate: the column with the same measure before the draw; None if there is none.
        is_guardrail: whether more of it is harm.
    """

    column: str
    label: Text
    kind: Kind
    column_after: str | None = None
    covariate: str | None = None
    is_guardrail: bool = False


_LABELS: dict[str, tuple[Kind, str, str]] = {
    "margin": ("money", "Margin", "Marge"),
    "revenue": ("money", "Revenue", "Chiffre d'affaires"),
    "orders": ("count", "Orders", "Commandes"),
    "margin_promoted": ("money", "Margin of the products on offer", "Marge des produits de l'offre"),
    "margin_category": ("money", "Margin of the same category", "Marge de la même catégorie"),
    "margin_other": ("money", "Margin of all else", "Marge de tout le reste"),
    HAS_CONTRACT: ("share", "Contract running", "Contrat en cours"),
    "returns": ("money", "Returns", "Retours"),
    "unsubscribed": ("share", "Unsubscribed", "Désabonnés"),
    "complained": ("share", "Complained", "Réclamations"),
}
_WITH_COVARIATE = ("margin", "revenue", "orders", HAS_CONTRACT)
_HARM = ("returns", "unsubscribed", "complained")
_AT_THE_END = ("unsubscribed", "complained")
"""Guardrails that are counted once, over both windows."""


def measures_of(columns: Iterable[str]) -> tuple[Measure, ...]:
    """Return the measures that units have, in the order in which they are shown.

    Args:
        columns: of the units.

    Examples:
        >>> [(measure.column, measure.column_after, measure.covariate) for measure in measures_of(["margin", "margin_after", "pre_margin"])]
        [('margin', 'margin_after', 'pre_margin')]
    """
    given = set(columns)
    return tuple(_measure(name, given) for name in _LABELS if name in given)


def _measure(name: str, given: set[str]) -> Measure:
    kind, english, french = _LABELS[name]
    return Measure(
        column=name,
        label=Text(english, french),
        kind=kind,
        column_after=_if_given(name + AFTER, given) if name not in _AT_THE_END else None,
        covariate=_if_given(PRE + name, given) if name in _WITH_COVARIATE else None,
        is_guardrail=name in _HARM,
    )


def declared_measure(name: str, label: Text, kind: Kind, given: Iterable[str]) -> Measure:
    """Return the measure of an outcome that customer snapshots declare."""
    return Measure(column=name, label=label, kind=kind, column_after=_if_given(name + AFTER, set(given)))


def _if_given(name: str, given: set[str]) -> str | None:
    return name if name in given else None
