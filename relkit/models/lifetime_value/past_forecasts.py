"""Forecasts of totals at past origins beside what then came, and the bounds of a total that follow from their errors.

    past = PastForecasts(horizons=(90, 90), origins=(date(2025, 3, 31), date(2024, 12, 31)), ...)
    past.spread(90).reach(1200.0)         # a total of 1,200 orders in 90 days, times or divided by this factor

The variance of a model's parameters says how well they are known if the model is right; how far totals of the model are from what
comes is another matter, and much more. The errors of past origins show it, on the logarithm of the total. A few of them are too
few to be trusted alone, so they are averaged with a prior spread (`total_spread`).

A total further ahead than any that was judged has the spread of the longest horizon that was. On two shops with the data for it, errors of
one and two years were no larger than those of half a year (see docs/evidence.md): over years the seasons cancel.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from relkit.models.lifetime_value.total_spread import TotalSpread, spread_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from relkit.models.lifetime_value.origin_totals import OriginTotals

Floats = NDArray[np.float64]


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
        >>> round(past.spread(90).reach(1000.0), 3)
        1.523
    """

    horizons: Floats
    origins: tuple[date, ...]
    forecast: Floats
    came: Floats
    forecast_money: Floats
    came_money: Floats

    @classmethod
    def of(cls, totals: Iterable[OriginTotals]) -> Self:
        """Return the forecasts of some origins, in the order of their horizons and the newest first within one."""
        found = sorted(totals, key=lambda total: (total.days, -total.origin.toordinal()))
        columns = {
            name: np.array([getattr(total, name) for total in found], dtype=float)
            for name in ("forecast", "came", "forecast_money", "came_money")
        }
        return cls(horizons=np.array([total.days for total in found], float), origins=tuple(total.origin for total in found), **columns)

    def nearest(self, days: float) -> float:
        """Return the horizon that is judged and nearest to a number of days, on the logarithm; 0 if none is."""
        return float(self.horizons[np.abs(np.log(self.horizons / days)).argmin()]) if len(self.horizons) else 0.0

    def errors(self, days: float, *, money: bool = False) -> Floats:
        """Return ln(came / forecast) of origins that do not overlap, the newest first, at the horizon nearest to `days`."""
        nearest = self.nearest(days)
        forecast, came = (self.forecast_money, self.came_money) if money else (self.forecast, self.came)
        has_error = (self.horizons == nearest) & (forecast > 0) & (came > 0)
        newest = sorted(np.flatnonzero(has_error), key=lambda k: self.origins[k], reverse=True)
        over = overlaps([(self.origins[k], nearest) for k in newest])
        return np.array([np.log(came[k] / forecast[k]) for k, overlapping in zip(newest, over, strict=True) if not overlapping])

    def known_on(self, day: date) -> PastForecasts:
        """Return the forecasts whose outcome was known on a day."""
        kept = np.array([o + timedelta(days=float(h)) <= day for o, h in zip(self.origins, self.horizons, strict=True)], dtype=bool)
        columns = {name: getattr(self, name)[kept] for name in ("horizons", "forecast", "came", "forecast_money", "came_money")}
        return PastForecasts(origins=tuple(o for o, keep in zip(self.origins, kept, strict=True) if keep), **columns)

    def spread(self, days: float, *, money: bool = False) -> TotalSpread:
        """Return the spread of a total around its forecast.

        Args:
            days: horizon of the total.
            money: whether it is a total of money; the errors of orders stand in if money was never judged.
        """
        errors = self.errors(days, money=money)
        if money and not len(errors):
            return self.spread(days)
        return spread_of(errors, days=days, judged_days=self.nearest(days), in_money=money)


def overlaps(holdouts: Sequence[tuple[date, float]]) -> list[bool]:
    """Return for each holdout, given by its origin and days, whether it overlaps with a newer one that does not.

    Args:
        holdouts: the newest first.

    Examples:
        >>> overlaps([(date(2025, 3, 31), 90.0), (date(2025, 2, 14), 90.0), (date(2024, 12, 31), 90.0)])
        [False, True, False]
    """
    found, earliest = list[bool](), None
    for day, days in holdouts:
        over = earliest is not None and day + timedelta(days=days) > earliest
        earliest = earliest if over else day
        found.append(over)
    return found


NO_PAST = PastForecasts(
    horizons=np.empty(0), origins=(), forecast=np.empty(0), came=np.empty(0), forecast_money=np.empty(0), came_money=np.empty(0)
)
