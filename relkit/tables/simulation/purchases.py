"""Orders by BG/NBD, their values by Gamma-Gamma, and the expected orders of each buyer.

A buyer's first order falls on a whole day, at its noon; repeat orders come in continuous (operational)
time after it and fall on the day of their instant. So whole days between orders, and from an
order to the end of the data, are right on average: at 765,000 buyers the rounding moves no estimate by
as much as its standard error. Orders of one customer never share a day: one that would is moved to the
next (about one in seventy), because the models count days with an order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.tables.simulation.parameters import DAYS_A_WEEK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.tables.simulation.clock import Clock, Floats, Ints
    from relkit.tables.simulation.parameters import PurchaseParameters, SpendParameters


@dataclass(frozen=True, eq=False)
class Buyers:
    """The hidden traits of buyers, one value each.

    Attributes:
        rate: orders a week while active, shape (n,).
        dropout: probability of dropping out right after a repeat order, shape (n,).
        mean_order: mean value of an order, currency, shape (n,).
    """

    rate: Floats
    dropout: Floats
    mean_order: Floats


@dataclass(frozen=True, eq=False)
class Orders:
    """Orders, grouped by customer and in order of time.

    Attributes:
        customer: position of the customer, shape (m,).
        day: day of the order, shape (m,).
        amount: value at list prices of the day, currency, to the cent, shape (m,).
        action: position of the action that brought it, -1 if spontaneous, shape (m,).
        planned: day for which it was planned, shape (m,); None if that is its day.
    """

    customer: Ints
    day: Ints
    amount: Floats
    action: Ints
    planned: Ints | None = None

    def __len__(self) -> int:
        return len(self.customer)

    def where(self, kept: NDArray[np.bool_]) -> Orders:
        """Return the orders that are kept."""
        planned = None if self.planned is None else self.planned[kept]
        return Orders(self.customer[kept], self.day[kept], self.amount[kept], self.action[kept], planned)

    @property
    def planned_day(self) -> Ints:
        """The day for which each was planned: its own unless it was pulled forward."""
        return self.day if self.planned is None else self.planned


def draw_buyers(rng: np.random.Generator, n: int, purchases: PurchaseParameters, spend: SpendParameters) -> Buyers:
    """Return `n` buyers: rate Gamma(r, alpha), dropout Beta(a, b), scale nu Gamma(q, v) and mean p / nu."""
    rate = rng.gamma(purchases.r, 1 / purchases.alpha, n)
    dropout = np.clip(rng.beta(purchases.a, purchases.b, n), 1e-9, 1.0)
    nu = rng.gamma(spend.q, 1 / spend.v, n)
    return Buyers(rate=rate, dropout=dropout, mean_order=spend.p / nu)


def draw_order_days(
    rng: np.random.Generator, buyers: Buyers, first_day: Ints, clock: Clock, end: int
) -> tuple[Ints, Ints, NDArray[np.bool_], Ints]:
    """Return customer and day of each order before `end`, first orders included, with the repeat number after which each dropped out.

    Args:
        rng: source of the draws.
        buyers: n buyers.
        first_day: day of the first order, shape (n,).
        clock: operational time.
        end: instant at which the draw stops, days.

    Returns:
        customer (m,), day (m,), whether the order is a repeat that ended the relation (m,), and the number of orders per customer (n,).
    """
    began = clock.operational(first_day + 0.5)
    room = np.maximum(clock.operational(np.array([end]))[0] - began, 0.0)
    arrivals = rng.poisson(buyers.rate / DAYS_A_WEEK * room)
    lives = rng.geometric(buyers.dropout)
    repeats = np.minimum(arrivals, lives)
    which = np.repeat(np.arange(len(repeats)), repeats)
    rank = np.arange(len(which)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    # The first order statistics of `arrivals` uniforms, without drawing those after the dropout: log(1 - U_(k)) is a sum of
    # exponentials over the number that remain (Renyi 1953).
    gaps = rng.standard_exponential(len(which)) / (arrivals[which] - rank)
    sums = np.cumsum(gaps)
    starts = np.cumsum(repeats) - repeats
    base = np.concatenate([[0.0], sums])[starts]
    share = -np.expm1(base[which] - sums)
    instants = clock.calendar(began[which] + share * room[which])
    days = np.minimum(np.floor(instants).astype(np.int64), end - 1)
    ends = rank == lives[which] - 1
    customer, day, last = _with_first(first_day, days, ends, repeats)
    return customer, distinct_days(customer, day), last, repeats + 1


def _with_first(first_day: Ints, days: Ints, ends: NDArray[np.bool_], repeats: Ints) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Put each customer's first order before the repeats."""
    orders = repeats + 1
    starts = np.cumsum(orders) - orders
    total = int(orders.sum())
    is_first = np.zeros(total, dtype=bool)
    is_first[starts] = True
    customer = np.repeat(np.arange(len(orders)), orders)
    day = np.empty(total, dtype=np.int64)
    day[is_first], day[~is_first] = first_day, days
    last = np.zeros(total, dtype=bool)
    last[~is_first] = ends
    return customer, day, last


def distinct_days(customer: Ints, day: Ints) -> Ints:
    """Return the days, with orders of one customer on the same day moved on to the next free one.

    Examples:
        >>> distinct_days(np.array([0, 0, 0, 0, 1]), np.array([3, 3, 3, 9, 1])).tolist()
        [3, 4, 5, 9, 1]
    """
    if not len(day):
        return day
    position = np.arange(len(day))
    far = int(day.max() - day.min()) + len(day) + 1
    lifted = day - position + customer * far
    return np.asarray(np.maximum.accumulate(lifted) + position - customer * far)


def draw_amounts(rng: np.random.Generator, mean_order: Floats, spend: SpendParameters) -> Floats:
    """Return one order value for each mean in `mean_order`: Gamma of shape p and that mean, to the cent, at least one cent."""
    return np.maximum(np.round(rng.standard_gamma(spend.p, len(mean_order)) * (mean_order / spend.p), 2), 0.01)


def expected_orders(rate: Floats, dropout: Floats, operational_days: float) -> Floats:
    """Return the expected orders of active customers over a stretch of operational time.

    (1 - exp(-lambda p t)) / p: Fader, Hardie and Lee 2005, eq. 9 before mixing. Zero after dropout.
    """
    return np.asarray(-np.expm1(-rate / DAYS_A_WEEK * dropout * operational_days) / dropout)
