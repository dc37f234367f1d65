"""Fitted models and features in, score table out.

    score_model(fitted, features, as_of=day, source=version)        what the model's `score` returns
    future_margin(orders, value, features, ...)                     orders x order value x margin rate, discounted

A row that lacks something the model must know is not scored: `scorable` sets it aside, to be counted and said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.errors import ParameterError
from relkit.models.lifetime_value.discounted_value import discounted_orders
from relkit.scores.score_table import days_of_months, to_long

if TYPE_CHECKING:
    from datetime import date

    from relkit.contracts import Contract
    from relkit.models.base import CustomerScorer
    from relkit.models.lifetime_value.gamma_gamma import FittedGammaGamma
    from relkit.models.lifetime_value.purchase_model import FittedPurchaseModel
    from relkit.scores.score_table import Source

HORIZON_DAYS = 90
HORIZON_MONTHS = 24
ANNUAL_DISCOUNT_RATE = 0.10


def scorable(features: pl.DataFrame, needs: Contract) -> tuple[pl.DataFrame, int]:
    """Return the rows that have all a model must know, and how many were set aside.

    A column that is absent altogether is left to the model's own contract, which names it.

    Examples:
        >>> from relkit.contracts import Column, Contract
        >>> needs = Contract(name="m", key=(), columns=(Column(name="monthly_amount", dtype=pl.Float64, required=True, nullable=False),))
        >>> kept, aside = scorable(pl.DataFrame({"customer_id": ["a", "b"], "monthly_amount": [10.0, None]}), needs)
        >>> kept["customer_id"].to_list(), aside
        (['a'], 1)
    """
    must = [column.name for column in needs.columns if not column.nullable and column.name in features.columns]
    kept = features.drop_nulls(must) if must else features
    return kept, len(features) - len(kept)


def score_model(
    fitted: CustomerScorer, features: pl.DataFrame, *, as_of: date, source: Source, horizon_days: int = HORIZON_DAYS
) -> pl.DataFrame:
    """Return the score table of one model.

    Args:
        fitted: a fitted model that scores customers.
        features: one row a customer, as of `as_of`, with the columns the model needs.
        as_of: day of the features.
        source: the version of the model.
        horizon_days: how far ahead, for the scores that look ahead.

    Raises:
        TableError: a column is missing or impossible, or a score is.
    """
    return to_long(fitted.score(features, horizon_days=horizon_days), as_of=as_of, source=source)


def future_margin(
    orders: FittedPurchaseModel,
    value: FittedGammaGamma,
    features: pl.DataFrame,
    *,
    as_of: date,
    source: Source,
    margin_rate: float,
    horizon_months: int = HORIZON_MONTHS,
    annual_discount_rate: float = ANNUAL_DISCOUNT_RATE,
) -> pl.DataFrame:
    """Return the score table of future_margin_<months>m: what each customer's coming orders are worth today.

    It is the expected orders of the horizon, each discounted from its own day, times the expected order value,
    times the margin rate. The two models suppose that spend does not go with the number of orders.

    Args:
        orders: the model of how often customers buy.
        value: the model of how much an order brings.
        features: one row a customer, with the columns that both need.
        as_of: day of the features.
        source: the versions of both models.
        margin_rate: margin over net amount, in [0, 1].
        horizon_months: how far ahead; a month is a twelfth of 365.25 days.
        annual_discount_rate: 0.10 for 10 % a year.

    Raises:
        ParameterError: a margin rate outside [0, 1], or a horizon of less than a month.
    """
    if not 0 <= margin_rate <= 1:
        raise ParameterError(f"margin_rate is {margin_rate}; it must lie in [0, 1].", where="margin_rate", remedy="Write 0.30 for 30 %.")
    if horizon_months < 1:
        raise ParameterError(f"horizon_months is {horizon_months}; it must be at least 1.", where="horizon_months")
    coming = discounted_orders(orders, features, days_of_months(horizon_months), annual_discount_rate).to_series(1)
    worth = value.score(features)["expected_order_value"]
    wide = pl.DataFrame({"customer_id": features["customer_id"], f"future_margin_{horizon_months}m": coming * worth * margin_rate})
    return to_long(wide, as_of=as_of, source=source)
