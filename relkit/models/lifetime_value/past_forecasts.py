"""Forecasts of totals at past origins beside what then came, and the bounds of a total that follow from their errors.

    past = PastForecasts(horizons=(90, 90), origins=(date(2025, 3, 31), date(2024, 12, 31)), ...)
    past.bounds(1200.0, days=90)          # of a total of 1,200 orders in 90 days

The variance of a model's parameters says how well they are known if the model is right; how far totals of the model are from what
comes is another matter, and much more. The errors of past origins show it, on the logarithm of the total. A few of them are too
few to be trusted alone, so they are averaged with a prior spread that weighs as much as `PRIOR_ORIGINS` origins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from relkit.errors import ParameterError
from relkit.units import LEVEL

Floats = NDArray[np.float64]

PRIOR_ORIGINS = 3
"""Past origins that the prior spread is worth."""
PRIOR_SPREADS = {28: 0.17, 90: 0.16, 180: 0.15}
"""Standard deviation of the logarithm of a total's error by horizon in days, on real shops (see docs/evidence.md)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PastForecasts:
    """Totals forecast at past origins, and what came; each model was fitted with what was known at the origin.

    Attributes:
        horizons: days of each forecast, shape (k,).
        origins: last day known to each, k of them, the newest first within a horizon.
        forecast: orders, shape (k,).
        came: orders, shape (k,).
        forecast_money: value of the orders, shape (k,); NaN where it was not forecast.
        came_money: the same as it came, shape (k,).

    Examples:
        >>> days = (date(2025, 3, 31), date(2025, 2, 28))
        >>> orders = {"forecast": np.array([90.0, 130.0]), "came": np.array([100.0, 100.0])}
        >>> money = dict.fromkeys(("forecast_money", "came_money"), np.full(2, np.nan))
        >>> past = PastForecasts(horizons=np.array([90.0, 90.0]), origins=days, **orders, **money)
        >>> past.errors(90).round(3).tolist()  # the older origin overlaps with the newer one
        [0.105]
        >>> [round(end) for end in past.bounds(1000.0, days=90)]
        [656, 1523]
    """

    horizons: Floats
    origins: tuple[date, ...]
    forecast: Floats
    came: Floats
    forecast_money: Floats
    came_money: Floats

    def errors(self, days: float) -> Floats:
        """Return ln(came / forecast) of origins that do not overlap, the newest first, at the horizon nearest to `days`."""
        if not len(self.horizons):
            return np.empty(0)
        nearest = self.horizons[np.abs(np.log(self.horizons / days)).argmin()]
        found: list[float] = []
        earliest: date | None = None
        for k in sorted(np.flatnonzero(self.horizons == nearest), key=lambda k: self.origins[k], reverse=True):
            if earliest is not None and self.origins[k] + timedelta(days=float(nearest)) > earliest:
                continue
            if self.forecast[k] > 0 and self.came[k] > 0:
                found.append(float(np.log(self.came[k] / self.forecast[k])))
                earliest = self.origins[k]
        return np.array(found)

    def bounds(self, total: float, *, days: float, orders: float | None = None, level: float = LEVEL) -> tuple[float, float]:
        """Return the bounds of a total that is forecast for the next `days`.

        Args:
            total: orders or money.
            days: horizon.
            orders: orders behind the total, if it is money.
            level: probability that the bounds contain what comes.
        """
        reach = reach_of(self.errors(days), days=days, orders=total if orders is None else orders, level=level)
        return total / reach, total * reach


def reach_of(errors: Floats, *, days: float, orders: float, level: float = LEVEL) -> float:
    """Return the factor by which a total may be too high or too low.

    Args:
        errors: logarithms of past errors, shape (m,), of origins that do not overlap; may be empty.
        days: horizon.
        orders: number of orders forecast, whose own chance counts as that of a Poisson number.
        level: probability that the total times or divided by the factor contains what comes.

    Raises:
        ParameterError: the horizon, the orders or the level is out of range.

    Examples:
        >>> round(reach_of(np.array([0.1, -0.2, 0.05]), days=90, orders=5000), 2)
        1.43
    """
    if not (days > 0 and orders >= 0 and 0 < level < 1):
        raise ParameterError(
            f"days {days}, orders {orders} and level {level} must be positive, the level below 1.", where="bounds of a total"
        )
    weight = PRIOR_ORIGINS + len(errors)
    spread = np.interp(np.log(days), np.log(list(PRIOR_SPREADS)), list(PRIOR_SPREADS.values()))
    variance = (PRIOR_ORIGINS * spread**2 + float(errors @ errors)) / weight + 1 / max(orders, 1.0)
    return float(np.exp(stats.t.ppf((1 + level) / 2, weight) * np.sqrt(variance)))
