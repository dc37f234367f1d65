"""Errors of a model's expected purchases on a holdout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import TableError
from relkit.metrics.purchases import compare
from relkit.models.lifetime_value.order_calibration import OrderCalibration, learnt
from relkit.models.lifetime_value.purchases import meet_outcomes
from relkit.models.lifetime_value.purchases_ahead import PurchasesAhead

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = NDArray[np.float64]


class ExpectsPurchases(Protocol):
    """A fitted model with expected purchases."""

    @property
    def expected_purchases(self) -> Callable[[pl.DataFrame, float], Floats]:
        """Function of features and days: the purchases expected of each customer in so many days, shape (n,)."""


def judge_purchases(fitted: ExpectsPurchases, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
    """Return the errors per customer, the totals and the correlation, as `relkit.metrics.purchases.compare` names them.

    For a model of orders, brier_of_own_order_probability is that of buying at all in the holdout, before any calibration.

    Args:
        fitted: the model, fitted up to the calibration date.
        features: as of the calibration date.
        outcomes: customer_id, holdout_purchases (purchase days) and holdout_days, the same on every row.

    Raises:
        TableError: holdout_days differs between rows, a column is missing, or no customer is in both.
    """
    both = meet_outcomes(features, outcomes, ("holdout_purchases", "holdout_days"))
    lengths = both["holdout_days"].unique()
    if len(lengths) != 1:
        raise TableError("holdout_days differs between rows.", where="outcomes of the holdout", remedy="Judge one holdout at a time.")
    actual, days = both["holdout_purchases"].cast(pl.Float64).to_numpy(), float(lengths[0])
    found = compare(actual, fitted.expected_purchases(both, days), of="repeat_purchases")
    if isinstance(fitted, PurchasesAhead):
        own = fitted.order_probability(both, days, calibrated=False)
        found["brier_of_own_order_probability"] = float(np.mean((own - (actual > 0)) ** 2))
    return found


def taught_by(fitted: PurchasesAhead, features: pl.DataFrame, outcomes: pl.DataFrame) -> OrderCalibration | None:
    """Return the calibration of the order probability learnt from a holdout; None if too few bought in it, or too few did not.

    Args:
        fitted: the model, fitted up to the calibration date, without the holdout.
        features: as of the calibration date.
        outcomes: customer_id, holdout_purchases and holdout_days.

    Raises:
        TableError: a column is missing, or no customer is in both.
    """
    both = meet_outcomes(features, outcomes, ("holdout_purchases", "holdout_days")).sort("customer_id")
    days, x = int(both["holdout_days"][0]), both["repeat_purchases"].to_numpy()
    own = fitted.order_probability(both, days, calibrated=False)
    return learnt(own, (both["holdout_purchases"] > 0).to_numpy(), x, days=days, calibrated_from=fitted.info.as_of)
