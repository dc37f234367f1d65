"""Return share deducted from money ahead, over all customers: one number, the same on every page and in every file."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from relkit.score_kinds import ScoreKind

RETURN_SHARE = ScoreKind(stem="expected_return_share", high=1.0)
RETURNS_TO_COME = ScoreKind(stem="returns_to_come")
KINDS = (RETURN_SHARE, RETURNS_TO_COME)

LOW, HIGH = 0.1, 0.9
"""Quantiles of the shares of customers that bound the reported range."""


@dataclass(frozen=True)
class ReturnsUsed:
    """The returns deducted from money ahead.

    Attributes:
        share: share of future sales, customers weighted by their expected purchases.
        low, high: first and ninth deciles of the shares of customers.
        to_come: net amount of sales already made that is still expected to be returned.
    """

    share: float
    low: float
    high: float
    to_come: float


def returns_used(customers: pl.DataFrame, *, orders: str, order_value: str) -> ReturnsUsed | None:
    """Return the share of returns in use; None if no returns are expected.

    Args:
        customers: one row per customer: expected_return_share and returns_to_come (null if not scored), and the two columns below.
        orders: column of the expected orders; customers have equal weights without it.
        order_value: column of the expected value of an order; likewise.

    Examples:
        >>> frame = pl.DataFrame({"expected_return_share": [0.1, 0.4, None], "returns_to_come": [0.0, 5.0, None], "n": [3.0, 1.0, 2.0]})
        >>> returns_used(frame, orders="n", order_value="v")
        ReturnsUsed(share=0.175, low=0.13, high=0.37, to_come=5.0)
    """
    if "expected_return_share" not in customers.columns:
        return None
    known = customers.filter(pl.col("expected_return_share").is_not_null())
    weights = [pl.col(name).fill_null(0.0) for name in (orders, order_value) if name in customers.columns]
    weighed = known.with_columns(weight=pl.fold(pl.lit(1.0), lambda all_, one: all_ * one, weights) if weights else pl.lit(1.0))
    if known.is_empty() or not float(weighed["weight"].sum()) > 0:
        return None
    share = pl.col("expected_return_share")
    found = weighed.select(
        (share * pl.col("weight")).sum() / pl.col("weight").sum(),
        low=share.quantile(LOW, "linear"),
        high=share.quantile(HIGH, "linear"),
        to_come=pl.col("returns_to_come").sum() if "returns_to_come" in known.columns else pl.lit(0.0),
    ).row(0)
    return ReturnsUsed(*(round(float(each), 6) for each in found))
