"""Histories cut into opportunities of equal length, the input of discrete-time models.

Opportunity j of a customer covers the days ((j - 1) period, j period] after the first purchase. In the notation of the
literature n of them are over, x of these had a purchase, and t_x is the last that did. One that is not over yet
is left out, with the purchases in it: having had none so far does not mean that it will have none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

# Share of a period: quotients of days miss whole numbers by rounding only.
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class OpportunityCounts:
    """Number of customers with each (x, t_x, n).

    Attributes:
        x: opportunities with a purchase, shape (m,).
        t_x: the last of them, 0 without one, shape (m,).
        n: opportunities that are over, shape (m,).
        customers: number of customers that each row stands for, shape (m,).

    Examples:
        >>> three = OpportunityCounts.of(np.array([1, 0, 1]), np.array([2, 0, 2]), np.array([6, 6, 6]))
        >>> three.x.tolist(), three.customers.tolist()
        ([0, 1], [1.0, 2.0])
    """

    x: Counts
    t_x: Counts
    n: Counts
    customers: Floats

    @classmethod
    def of(cls, x: Counts, t_x: Counts, n: Counts, customers: Floats | None = None) -> OpportunityCounts:
        """Return the counts with each triple once, in ascending order.

        Args:
            x: opportunities with a purchase, shape (m,).
            t_x: the last of them, shape (m,).
            n: opportunities that are over, shape (m,).
            customers: number of customers that each row stands for; one by default.
        """
        side = int(n.max(initial=0)) + 1
        key, which = np.unique((x * side + t_x) * side + n, return_inverse=True)
        both, each = np.divmod(key, side)
        return cls(*np.divmod(both, side), each, np.bincount(which, weights=customers, minlength=len(key)).astype(np.float64))


@dataclass(frozen=True, eq=False)
class Opportunities:
    """The opportunities of each customer.

    Attributes:
        x: opportunities with a purchase, shape (m,).
        t_x: the last of them, 0 without one, shape (m,).
        n: opportunities that are over, shape (m,).
        under_way: share of the next one that is over, in [0, 1), shape (m,).
        purchases: purchase days in the opportunities that are over, of all customers.
        left_out: purchase days in those that are not.
        customers: number of customers that each row stands for, shape (m,).
    """

    x: Counts
    t_x: Counts
    n: Counts
    under_way: Floats
    purchases: float
    left_out: float
    customers: Floats

    @classmethod
    def of(cls, histories: pl.DataFrame, period_days: float, weights: Floats | None = None) -> Opportunities:
        """Return the opportunities of checked histories.

        Args:
            histories: observed_days, repeat_ages_days, one row per customer.
            period_days: length of an opportunity.
            weights: number of customers that each row stands for, shape (m,); one by default.

        Examples:
            >>> seen = pl.DataFrame({"observed_days": [24.0], "repeat_ages_days": [[3.0, 7.0, 8.0, 22.0]]})
            >>> made = Opportunities.of(seen, 7.0)
            >>> made.x.tolist(), made.t_x.tolist(), made.n.tolist(), made.under_way.round(3).tolist(), made.left_out
            ([2], [2], [3], [0.429], 1.0)
        """
        gone = histories["observed_days"].cast(pl.Float64).to_numpy() / period_days
        n = np.floor(gone + _ROUNDING).astype(np.int64)
        times = histories["repeat_ages_days"].list.len().to_numpy()
        who = np.repeat(np.arange(len(n)), times)
        ages = histories["repeat_ages_days"].explode(empty_as_null=False).cast(pl.Float64).to_numpy()
        which = np.maximum(np.ceil(ages / period_days - _ROUNDING), 1).astype(np.int64)
        over = which <= n[who]
        customers = np.ones(len(n)) if weights is None else weights
        left_out = float(customers[who[~over]].sum())
        who, which = who[over], which[over]
        first = np.ones(len(who), dtype=bool)
        first[1:] = (who[1:] != who[:-1]) | (which[1:] != which[:-1])
        t_x = np.zeros(len(n), dtype=np.int64)
        t_x[who] = which  # ages ascend, so that the last one remains
        x = np.bincount(who[first], minlength=len(n)).astype(np.int64)
        return cls(x, t_x, n, np.maximum(gone - n, 0.0), float(customers[who].sum()), left_out, customers)

    @property
    def taken(self) -> float:
        """Opportunities with a purchase, of all customers."""
        return float(self.customers @ self.x)

    @property
    def counts(self) -> OpportunityCounts:
        """Number of customers with each triple."""
        return OpportunityCounts.of(self.x, self.t_x, self.n, self.customers)
