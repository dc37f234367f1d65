"""Scores of a model's forecast of purchases on a holdout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import TableError
from relkit.metrics.count_scores import crps_and_medians
from relkit.metrics.forecasts import Forecast
from relkit.metrics.purchases import compare
from relkit.models.base import HoldoutMetric
from relkit.models.lifetime_value.order_calibration import OrderCalibration, learnt
from relkit.models.lifetime_value.purchases import meet_outcomes
from relkit.models.lifetime_value.purchases_ahead import PurchasesAhead

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = NDArray[np.float64]

HOLDOUT_METRIC = HoldoutMetric(name="crps_repeat_purchases", direction="lower")
"""The score by which versions of models of orders are compared: a proper one, in orders; that of means alone rewards understating."""
WHOLE_DISTRIBUTIONS = 5_000
"""Customers of whom the whole distribution of a forecast is computed, for its CRPS and its median."""
SCORED = ("log_score", "crps", "mae_of_median", "poisson_deviance")
"""Scores of a holdout besides the errors of the means."""


class ExpectsPurchases(Protocol):
    """A fitted model with expected purchases."""

    @property
    def expected_purchases(self) -> Callable[[pl.DataFrame, float], Floats]:
        """Function of features and days: the purchases expected of each customer in so many days, shape (n,)."""


def judge_purchases(fitted: ExpectsPurchases, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
    """Return the errors per customer, the totals and the correlation, as `relkit.metrics.purchases.compare` names them.

    A model of orders also has log_score_, crps_, mae_of_median_ and poisson_deviance_repeat_purchases (`relkit.metrics.forecasts`), the
    CRPS and the median on 5,000 customers drawn from all if there are more, and brier_of_own_order_probability, that of buying at all
    in the holdout before any calibration.

    Args:
        fitted: the model, fitted up to the calibration date.
        features: as of the calibration date.
        outcomes: customer_id, holdout_purchases (purchase days) and holdout_days, the same on every row.

    Raises:
        TableError: holdout_days differs between rows, a column is missing, or no customer is in both.
    """
    both = meet_outcomes(features, outcomes, ("holdout_purchases", "holdout_days")).sort("customer_id")
    lengths = both["holdout_days"].unique()
    if len(lengths) != 1:
        raise TableError("holdout_days differs between rows.", where="outcomes of the holdout", remedy="Judge one holdout at a time.")
    actual, days = both["holdout_purchases"].cast(pl.Float64).to_numpy(), float(lengths[0])
    if not isinstance(fitted, PurchasesAhead):
        return compare(actual, fitted.expected_purchases(both, days), of="repeat_purchases")
    forecast = forecast_of(fitted, both, days) if fitted.has_distribution else None
    expected = fitted.expected_purchases(both, days) if forecast is None else forecast.expected
    found, own = compare(actual, expected, of="repeat_purchases"), fitted.order_probability(both, days, calibrated=False)
    found["brier_of_own_order_probability"] = float(np.mean((own - (actual > 0)) ** 2))
    if forecast is not None:
        scores = forecast.measures(both["holdout_purchases"].to_numpy())
        found |= {f"{name}_repeat_purchases": scores[name] for name in SCORED}
    return found


def forecast_of(fitted: Any, rows: pl.DataFrame, days: float, *, whole: NDArray[np.bool_] | None = None) -> Forecast:
    """Return a model's forecast of customers for the days ahead, with the probability it gave to what they did.

    Args:
        fitted: a model with expected_purchases and purchases_probability.
        rows: its features with holdout_purchases, sorted by customer_id if customers are drawn.
        days: horizon, in days.
        whole: customers of whom the whole distribution is computed, shape (n,); 5,000 drawn from all by default.
    """
    actual = rows["holdout_purchases"].cast(pl.Int64).to_numpy()
    asked = np.flatnonzero(drawn_rows(len(rows)) if whole is None else whole)
    sample = rows[asked] if len(asked) < len(rows) else rows

    def probability(which: NDArray[np.intp], m: NDArray[np.int64]) -> Floats:
        # Each row is asked for several numbers, and a customer may be in a frame once.
        repeated = sample[which].with_columns(customer_id=pl.int_range(pl.len()))
        return np.asarray(fitted.purchases_probability(repeated, m, days))

    crps, median = np.full((2, len(rows)), np.nan)
    crps[asked], median[asked] = crps_and_medians(actual[asked], probability)
    return Forecast(
        expected=fitted.expected_purchases(rows, days),
        probability=fitted.purchases_probability(rows, actual, days),
        crps=crps,
        median=median,
    )


def drawn_rows(n: int, most: int = WHOLE_DISTRIBUTIONS) -> NDArray[np.bool_]:
    """Return a mask of at most `most` of n rows, drawn at random with a fixed seed.

    Examples:
        >>> int(drawn_rows(10, 4).sum()), bool(drawn_rows(3, 4).all())
        (4, True)
    """
    mask = np.ones(n, dtype=bool)
    if n > most:
        mask[np.random.default_rng(0).permutation(n)[most:]] = False
    return mask


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
