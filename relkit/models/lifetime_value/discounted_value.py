"""Present value of orders still to come: expected repeat orders, discounted.

Convention: a rate of 10 % a year means that an order in a year counts 1 / 1.10, and one in t days
1.10^(-t / 365.25): continuous discounting at delta = ln(1 + rate) / 365.25 a day. Every order is discounted from
its own moment, not from the end of its month.

With E(t) the orders expected in (T, T + t], integration by parts gives

    sum of discounted orders = e^(-delta h) E(h) + delta * integral from 0 to h of e^(-delta t) E(t) dt

and Gauss-Legendre quadrature does the integral on the closed form of E: no monthly loop, no loss of digits.
Money enters later: multiply by the expected value of an order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import ParameterError
from relkit.units import DAYS_PER_YEAR

Floats = NDArray[np.float64]
Expected = Callable[[float], Floats]
"""Expected orders within a number of days."""

# Enough for ten digits over ten years, even if nearly all orders come in the first days.
_NODES = 32
_ENDLESS_NODES = 160


class Orders(Protocol):
    """A fitted model of purchases."""

    def expected_purchases(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the purchases expected of each customer in the `days` after the as-of day, shape (n,)."""


@runtime_checkable
class OverPairs(Protocol):
    """A model in which the later purchases of customers alive are the same for many of them."""

    def over_pairs(self, features: pl.DataFrame, value: Callable[[Expected], Floats]) -> tuple[Floats, Floats]:
        """Return P(alive) of each customer, and `value` of the purchases expected of those alive in so many days."""


def discounted_orders(fitted: Orders, features: pl.DataFrame, horizon_days: float, annual_discount_rate: float) -> pl.DataFrame:
    """Return customer_id and discounted_orders_<horizon>d, one row per row of `features`.

    Args:
        fitted: a fitted purchase model.
        features: the columns that the model needs, as of any day.
        horizon_days: horizon within which orders count, in days.
        annual_discount_rate: 0.10 for 10 % a year; 0 gives the expected orders.

    Raises:
        ParameterError: a horizon or a rate below zero.
    """
    if not 0 <= horizon_days < np.inf:
        raise ParameterError(f"horizon_days is {horizon_days}; it must be 0 or more.", where="discounted_orders")
    delta = daily_rate(annual_discount_rate, where="discounted_orders")
    orders = _expected(fitted, features, lambda expected: _discounted(expected, float(horizon_days), delta))
    return pl.DataFrame({"customer_id": features["customer_id"], f"discounted_orders_{horizon_days:g}d": orders})


def dert(fitted: Orders, features: pl.DataFrame, annual_discount_rate: float) -> pl.DataFrame:
    """Return customer_id and discounted_orders: all orders still to come, without a horizon, each discounted from its own moment.

    Known as DERT, discounted expected residual transactions (Fader, Hardie and Lee 2005, RFM and CLV, eq. 2). By parts
    it is delta * integral of e^(-delta t) E(t) dt, for any model; their closed form for the Pareto/NBD agrees to nine digits.

    Args:
        fitted: a fitted purchase model.
        features: the columns that the model needs, as of any day.
        annual_discount_rate: 0.10 for 10 % a year. A continuous rate of delta a week is e^(delta 365.25 / 7) - 1.

    Raises:
        ParameterError: a rate that is not above zero, with which orders without a horizon have no finite sum.
    """
    delta = daily_rate(annual_discount_rate, endless=True, where="dert")
    nodes, weights = np.polynomial.legendre.leggauss(_ENDLESS_NODES)
    # t = e^w - 1 in days: expectations vary as powers of 1 + t / scale. Beyond delta t = 60 nothing counts.
    reach = np.log1p(60 / delta) / 2
    days = np.expm1(reach * (nodes + 1))
    share = delta * np.exp(-delta * days) * (days + 1) * reach * weights

    def endless(expected: Expected) -> Floats:
        return np.asarray(sum(part * expected(float(day)) for day, part in zip(days, share, strict=True)))

    orders = _expected(fitted, features, endless)
    return pl.DataFrame({"customer_id": features["customer_id"], "discounted_orders": orders})


def daily_rate(annual_discount_rate: float, *, endless: bool = False, where: str) -> float:
    """Return delta = ln(1 + rate) / 365.25, the continuous discount rate per day.

    Args:
        annual_discount_rate: 0.10 for 10 % a year.
        endless: whether there is no horizon: the rate must then be above zero.
        where: the caller, for the message.

    Raises:
        ParameterError: the rate is too low, or infinite.

    Examples:
        >>> round(365.25 * daily_rate(0.10, where="example"), 6)
        0.09531
    """
    if not 0 <= annual_discount_rate < np.inf or (endless and annual_discount_rate == 0):
        must = "above 0 without a horizon" if endless else "0 or more"
        raise ParameterError(
            f"annual_discount_rate is {annual_discount_rate}; it must be {must}.", where=where, remedy="Write 0.10 for 10 % a year."
        )
    return float(np.log1p(annual_discount_rate) / DAYS_PER_YEAR)


def _expected(fitted: Orders, features: pl.DataFrame, total: Callable[[Expected], Floats]) -> Floats:
    """Return `total` of each customer's expectation as a function of days, shape (n,).

    A model that can factors out the probability of being alive, so that the costly part is computed once for all who buy alike.
    """
    if not isinstance(fitted, OverPairs):
        return total(lambda days: fitted.expected_purchases(features, days))
    alive, orders = fitted.over_pairs(features, total)
    return alive * orders


def _discounted(expected: Expected, horizon: float, delta: float) -> Floats:
    """Return each customer's discounted sum of what `expected(days)` counts, shape (n,)."""
    total: Floats = np.exp(-delta * horizon) * expected(horizon)
    if delta == 0:
        return total
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    # t = h s^2 crowds the nodes near zero, where E bends most for customers who buy often.
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        days = horizon * node**2
        total = total + delta * np.exp(-delta * days) * (2 * horizon * node * weight) * expected(days)
    return total
