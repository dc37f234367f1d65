"""Totals that a model forecasts at a past origin, in orders and in money, and what came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.models.lifetime_value.purchases import meet_outcomes

if TYPE_CHECKING:
    from datetime import date

    from relkit.models.lifetime_value.gamma_gamma import FittedGammaGamma

Floats = NDArray[np.float64]

_NONE = float("nan")


@dataclass(frozen=True, kw_only=True)
class OriginTotals:
    """Totals of one forecast of the customers known at an origin.

    Attributes:
        origin: last day known to the model.
        days: horizon.
        forecast: orders expected.
        came: orders that came.
        forecast_money: value expected of them; NaN if it was not forecast.
        came_money: value that came; NaN if it is unknown.
    """

    origin: date
    days: float
    forecast: float
    came: float
    forecast_money: float = _NONE
    came_money: float = _NONE


def totals_at(fitted: Any, features: pl.DataFrame, outcomes: pl.DataFrame, order_value: FittedGammaGamma | None = None) -> OriginTotals:
    """Return the totals of the customers known at an origin.

    Args:
        fitted: a model of orders, fitted up to the origin.
        features: as of the origin, one row per customer.
        outcomes: customer_id, holdout_purchases and holdout_days, the same on every row; holdout_mean_value for the money that came.
        order_value: the model of order values, fitted up to the origin; None if money is not forecast.

    Raises:
        TableError: a column is missing, or no customer is in both.
    """
    needed = ("holdout_purchases", "holdout_days", *(("holdout_mean_value",) if order_value else ()))
    both = meet_outcomes(features, outcomes, needed)
    expected = fitted.expected_purchases(both, float(both["holdout_days"][0]))
    return totals_of(expected, both, fitted.info.as_of, None if order_value is None else order_value.expected_order_value(both))


def totals_of(expected: Floats, both: pl.DataFrame, origin: date, order_values: Floats | None = None) -> OriginTotals:
    """Return the totals of a forecast of customers with known outcomes.

    Args:
        expected: orders of each customer, shape (n,).
        both: holdout_purchases and holdout_days of each; holdout_mean_value for the money that came.
        origin: last day known to the forecast.
        order_values: expected of each customer as of the origin, shape (n,); None if money is not forecast.
    """
    came, money = both["holdout_purchases"].cast(pl.Float64), {}
    if order_values is not None and "holdout_mean_value" in both.columns:
        money = {
            "forecast_money": float(expected @ order_values),
            "came_money": float((came * both["holdout_mean_value"].fill_null(0.0)).sum()),
        }
    days = float(both["holdout_days"][0])
    return OriginTotals(origin=origin, days=days, forecast=float(expected.sum()), came=float(came.sum()), **money)
