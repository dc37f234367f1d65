"""Bounds of the totals of a scored file: of expected orders and of the margin or revenue ahead.

    bounds = TotalBounds.read(models, orders="expected_orders_90d", money="future_margin_24m")
    bounds.of_orders(1200.0), bounds.of_purchases(54_000.0, orders=900.0)

Totals of purchases are bounded by how far totals of the model of orders were off at past origins (`relkit.jobs.total_spreads` keeps the
spread with the scores). The part of running contracts has the sum of the bounds of its contracts, as if every estimate were off the same
way: how far totals of contracts were off in the past is not measured. Both parts are assumed to be off independently of each other, so the
distances of their ends add in squares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.models.lifetime_value.total_spread import TotalSpread
from relkit.units import HORIZON_DAYS

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Total:
    """A total with its bounds.

    Attributes:
        value: the total.
        low: lower bound.
        high: upper bound.
    """

    value: float
    low: float
    high: float

    def __add__(self, other: Total) -> Total:
        """Return the sum of two totals that are off independently of each other.

        Examples:
            >>> Total(100.0, 60.0, 160.0) + Total(50.0, 20.0, 130.0)
            Total(value=150.0, low=100.0, high=250.0)
        """
        value = self.value + other.value
        below, above = np.hypot(self.value - self.low, other.value - other.low), np.hypot(self.high - self.value, other.high - other.value)
        return Total(value, float(value - below), float(value + above))


@dataclass(frozen=True, kw_only=True)
class TotalBounds:
    """Spreads by which the totals of a scored file are bounded.

    Attributes:
        orders: of totals of expected orders.
        money: of totals of the margin or revenue ahead from purchases.
    """

    orders: TotalSpread
    money: TotalSpread

    @classmethod
    def read(cls, models: Mapping[str, Mapping[str, Any]], *, orders: str, money: str, days: float = HORIZON_DAYS) -> TotalBounds:
        """Return the spreads kept with scores; for scores of earlier versions, which kept none, the prior ones.

        Args:
            models: by score, its entry of `models.json`.
            orders: name of the score of orders.
            money: name of the score of margin, or of that of orders if the money is their revenue.
            days: horizon of the orders, for scores that kept no spread.

        Examples:
            >>> TotalBounds.read({}, orders="expected_orders_90d", money="future_margin_24m").orders.log_spread
            0.16
        """
        kept = (TotalSpread.of_facts(models.get(name, {}), days=days) for name in (orders, money))
        return cls(**dict(zip(("orders", "money"), kept, strict=True)))

    def of_orders(self, orders: float, *, of_segment: float = 0.0) -> Total:
        """Return a total of expected orders with its bounds.

        Args:
            orders: the total.
            of_segment: spread of a segment's own error, such as `HISTORY_SPREAD`.

        Examples:
            >>> total = TotalBounds.read({}, orders="expected_orders_90d", money="").of_orders(10_000.0)
            >>> round(total.low), round(total.high)
            (6004, 16656)
        """
        return _within(orders, self.orders, orders, of_segment)

    def of_purchases(self, money: float, *, orders: float, of_segment: float = 0.0) -> Total:
        """Return a total of money from purchases with its bounds.

        Args:
            money: the total.
            orders: number of orders of equal value that would scatter as much.
            of_segment: spread of a segment's own error.
        """
        return _within(money, self.money, orders, of_segment)


def _within(total: float, spread: TotalSpread, orders: float, of_segment: float) -> Total:
    reach = spread.reach(orders, of_segment=of_segment)
    if total >= 0:
        return Total(total, total / reach, total * reach)
    return Total(total, total * reach, total / reach)


def effective_orders(money: Any, value_of_one: Any) -> float:
    """Return the number of orders of equal value whose total scatters, on the logarithm, as much as this one.

    Orders of each customer are counted as Poisson numbers, each of the customer's own value: (sum m)^2 / sum(m v), after Kish (1965).

    Args:
        money: expected of each customer, shape (n,).
        value_of_one: money of one order of theirs, shape (n,).

    Examples:
        >>> effective_orders(np.array([100.0, 100.0]), np.array([10.0, 10.0]))
        20.0
        >>> effective_orders(np.array([100.0, 100.0]), np.array([10.0, 100.0])).__round__(1)
        3.6
    """
    scatter = float(np.abs(np.asarray(money) * np.asarray(value_of_one)).sum())
    return float(np.sum(money)) ** 2 / scatter if scatter else 0.0
