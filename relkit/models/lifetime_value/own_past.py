"""Each customer's own past as regressors of a forecast: the last days, the long run, and the same season a year before."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from relkit.models.lifetime_value.order_days import OrderDays

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

YEAR_DAYS, AROUND_DAYS = 364, 14
"""A year of whole weeks, and the days before and after the same days a year before that count as their season."""
SEASON_KNOWN_DAYS = YEAR_DAYS + AROUND_DAYS
"""Days that must be known so that the season of a year before is."""
REGRESSORS = ("base", "recent", "long_run", "season", "boosted")
"""The regressors after the constant, in their order; the last one is `boosted_orders`'."""
SHARE_OF_MEAN = 0.05
"""Of the base model's mean, added to each regressor before the logarithm: no recent order is not minus infinity."""


@dataclass(frozen=True, eq=False)
class OwnPast:
    """Orders of n customers as of a day.

    Attributes:
        orders: their order days; later ones are not read.
        until: last day known; one per customer, shape (n,), or a number.
        start: first day of the history.
        older: mask of those who may be older than the data, shape (n,).
    """

    orders: OrderDays
    until: Ints | int
    start: int
    older: Bools
    _last: dict[int, Ints] = field(default_factory=dict, init=False, repr=False)

    @property
    def customers(self) -> int:
        """Number of customers."""
        return len(self.orders.first)

    def parts(self, days: float, *, season: bool) -> tuple[Floats, Floats, Floats]:
        """Return orders of the last `days`, of the long run and of the same season a year before, each of as many days, shape (n,).

        Where fewer days are known, their orders are scaled up.

        Args:
            days: horizon.
            season: whether the last one is wanted; else it is 0.
        """
        recent = self.last(int(days)) * (days / np.minimum(int(days), self.length))
        same = self._season(days) if season else np.zeros(len(recent))
        return np.asarray(recent, dtype=float), self.long_run(days), same

    def last(self, days: int) -> Ints:
        """Return the orders of the last `days`, as far as they are known, shape (n,)."""
        if days not in self._last:
            self._last[days] = self.orders.between(np.maximum(self.until - days, self.start - 1), self.until)
        return self._last[days]

    def long_run(self, days: float) -> Floats:
        """Return the orders of as many days at the rate of all that are known, shape (n,)."""
        return np.asarray(self._since / self.length * days)

    @cached_property
    def length(self) -> Ints:
        """Days known of the history."""
        return np.asarray(np.maximum(np.asarray(self.until) - self.start + 1, 1), dtype=np.int64)

    @cached_property
    def summary(self) -> tuple[Ints, Ints, Ints]:
        """Repeat purchases, age at the last purchase and age of each customer, days, each (n,)."""
        x, last = self.orders.until(self.until)
        return x, last - self.orders.first, np.asarray(self.until - self.orders.first, dtype=np.int64)

    @cached_property
    def _since(self) -> Ints:
        return self.orders.between(self.start - 1, self.until)

    def _season(self, days: float) -> Floats:
        begin = self.until - SEASON_KNOWN_DAYS
        end = np.minimum(begin + int(days) + 2 * AROUND_DAYS, self.until)
        return np.asarray(self.orders.between(begin, end) * (days / (end - begin)), dtype=float)


def regressors(orders: tuple[Floats, ...], base_mean: float) -> Floats:
    """Return the columns of the regression, shape (n, 6): 1, then the logarithms of `REGRESSORS`.

    Args:
        orders: of each of `REGRESSORS`, the base model first, each (n,).
        base_mean: of the base model.
    """
    floor = SHARE_OF_MEAN * base_mean
    return np.column_stack([np.ones(len(orders[0])), *(np.log(part + floor) for part in orders)])
