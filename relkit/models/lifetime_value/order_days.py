"""Order days of customers as flat arrays, from which summaries as of any earlier day follow without the tables.

    orders = OrderDays.of(histories)              columns first_order_on and repeat_ages_days
    then = orders.as_of(day)                      x, t_x and T of those who had bought by then
    orders.between(day - 90, day)                 orders of each customer in the last 90 days

Days are numbers since 1970-01-01; a fraction of a day is rounded, and a repeat is a day after the first order at least.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class OrderDays:
    """Order days of n customers.

    Attributes:
        first: day of the first order, shape (n,).
        repeats: days of the later orders, those of a customer together and in ascending order, shape (m,).
        begins: position of each customer's first repeat in `repeats`, then m, shape (n + 1,).

    Examples:
        >>> import polars as pl
        >>> from datetime import date
        >>> own = {"first_order_on": [date(1970, 1, 11), date(1970, 1, 31)], "repeat_ages_days": [[5.0, 30.0], []]}
        >>> orders = OrderDays.of(pl.DataFrame(own, schema_overrides={"repeat_ages_days": pl.List(pl.Float64)}))
        >>> orders.between(12, 40).tolist()  # the days 13 to 40
        [2, 1]
    """

    first: Ints
    repeats: Ints
    begins: Ints

    @classmethod
    def of(cls, histories: pl.DataFrame) -> OrderDays:
        """Return the order days of a frame with the columns first_order_on and repeat_ages_days."""
        first = histories["first_order_on"].to_physical().to_numpy().astype(np.int64)
        lengths = histories["repeat_ages_days"].list.len().to_numpy().astype(np.int64)
        ages = histories["repeat_ages_days"].explode().drop_nulls().to_numpy()
        repeats = np.repeat(first, lengths) + np.maximum(np.rint(ages), 1.0).astype(np.int64)
        return cls(first, repeats, np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths))))

    def between(self, after: Ints | int, until: Ints | int) -> Ints:
        """Return the orders of each customer after the day `after` up to the day `until`, shape (n,).

        Args:
            after: last day not counted; a number, or one per customer.
            until: last day counted, likewise.
        """
        firsts = (self.first > after) & (self.first <= until)
        return firsts + self._counted((self.repeats > self._each(after)) & (self.repeats <= self._each(until)))

    def as_of(self, day: int) -> PastSummary:
        """Return the summary of repeat purchases of those who had bought by the end of a day."""
        known = np.flatnonzero(self.first <= day)
        x, last = (each[known] for each in self.until(day))
        return PastSummary(known, x, last - self.first[known], day - self.first[known])

    def until(self, day: Ints | int) -> tuple[Ints, Ints]:
        """Return the repeats up to a day, and the day of the last order among them or else of the first one, each (n,).

        Args:
            day: last day counted; a number, or one per customer.
        """
        x, last = self._counted(self.repeats <= self._each(day)), self.first.copy()
        back = np.flatnonzero(x)
        last[back] = self.repeats[self.begins[back] + x[back] - 1]
        return x, last

    def daily(self, begin: int, end: int) -> Ints:
        """Return the orders of all customers on each day from `begin` to `end`, both included, shape (end - begin + 1,)."""
        days = np.concatenate((self.first, self.repeats)) - begin
        return np.bincount(days[(days >= 0) & (days <= end - begin)], minlength=end - begin + 1)

    def _each(self, day: Ints | int) -> Ints | int:
        return np.repeat(day, np.diff(self.begins)) if isinstance(day, np.ndarray) else day

    def _counted(self, which: NDArray[np.bool_]) -> Ints:
        """Return the number of each customer's repeats that are marked."""
        running: Ints = np.concatenate((np.zeros(1, np.int64), np.cumsum(which, dtype=np.int64)))
        return running[self.begins[1:]] - running[self.begins[:-1]]


@dataclass(frozen=True, eq=False)
class PastSummary:
    """Repeat purchases of those who had bought by a day.

    Attributes:
        known: positions of these customers, shape (k,).
        x: repeat purchases, shape (k,).
        t_x: age in days at the last purchase, shape (k,).
        T: age in days on the day, shape (k,).
    """

    known: Ints
    x: Ints
    t_x: Ints
    T: Ints
