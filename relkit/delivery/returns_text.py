"""What the dictionary says of the returns that a margin ahead is net of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from relkit.scores.returns_used import returns_used

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from relkit.delivery.columns import FileColumn

ENGLISH = (
    "Net of expected returns: {share} % of coming sales, from {low} % to {high} % for four customers in five, and of what is still to come "
    "back of sales already made."
)
FRENCH = (
    "Nette des retours attendus : {share} % des ventes à venir, de {low} % à {high} % pour quatre clients sur cinq, et de ce qui doit "
    "encore revenir des ventes déjà faites."
)


def with_returns_said(columns: Sequence[FileColumn], frame: pl.DataFrame, currency: str) -> list[FileColumn]:
    """Return the columns, those of a margin ahead with the share of returns in use; unchanged where nothing is expected back.

    Args:
        columns: of the file.
        frame: the values of the file.
        currency: in lower case.
    """
    orders = next((c.name for c in columns if c.score.startswith("expected_orders_")), "")
    used = returns_used(frame, orders=orders, value=f"expected_order_value_{currency}")
    if used is None:
        return list(columns)
    shares = {name: f"{100 * getattr(used, name):.1f}" for name in ("share", "low", "high")}
    english = ENGLISH.format(**shares)
    french = FRENCH.format(**{name: share.replace(".", ",") for name, share in shares.items()})
    return [
        replace(c, meaning=f"{c.meaning} {english}", meaning_fr=f"{c.meaning_fr} {french}")
        if c.score.startswith("future_margin_") and c.kind == "score" and c.bound == "value"
        else c
        for c in columns
    ]
