"""Each customer's own past as regressors of a forecast: the last days, the long run, and the same season a year before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from relkit.models.lifetime_value.order_days import OrderDays

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

YEAR_DAYS, AROUND_DAYS = 364, 14
"""A year of whole weeks, and the days before and after the same days a year before that count as their season."""
SEASON_KNOWN_DAYS = YEAR_DAYS + AROUND_DAYS
"""Days that must be known so that the season of a year before is."""
REGRESSORS = ("base", "recent", "long_run", "season")
"""The regressors after the constant, in their order."""
SHARE_OF_MEAN = 0.05
"""Of the base model's mean, added to each regressor before the logarithm: no recent order is not minus infinity."""


@dataclass(frozen=True, eq=False)
class OwnPast:
    """Orders of n customers as of a day.

    Attributes:
        orders: their order days; later ones are not read.
        until: last day known; one per customer, shape (n,), or a number.
        start: first day of the history.
    """

    orders: OrderDays
    until: Ints | int
    start: int

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
        window = np.minimum(days, self.length).astype(np.int64)
        recent = self.orders.between(self.until - window, self.until) * (days / window)
        same = self._season(days) if season else np.zeros(len(recent))
        return np.asarray(recent, dtype=float), self._since / self.length * days, same

    @cached_property
    def length(self) -> Ints:
        """Days known of the history."""
        return np.asarray(np.maximum(np.asarray(self.until) - self.start + 1, 1), dtype=np.int64)

    @cached_property
    def _since(self) -> Ints:
        return self.orders.between(self.start - 1, self.until)

    def _season(self, days: float) -> Floats:
        begin = self.until - SEASON_KNOWN_DAYS
        end = np.minimum(begin + int(days) + 2 * AROUND_DAYS, self.until)
        return np.asarray(self.orders.between(begin, end) * (days / (end - begin)), dtype=float)


def regressors(base: Floats, parts: tuple[Floats, Floats, Floats], base_mean: float) -> Floats:
    """Return the columns of the regression, shape (n, 5): 1, then the logarithms of `REGRESSORS`.

    Args:
        base: orders expected by the base model, shape (n,).
        parts: those of `OwnPast.parts`.
        base_mean: of the base model.
    """
    floor = SHARE_OF_MEAN * base_mean
    return np.column_stack([np.ones(len(base)), *(np.log(part + floor) for part in (base, *parts))])
