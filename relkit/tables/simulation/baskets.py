"""Orders split into lines: products, quantities and margins; the lines of an order add up to its value to the cent.

The order's value is drawn first and split at random, whatever the products, so that the spend model holds
exactly and a customer's expected margin rate is the mean of the categories' rates under the customer's
tastes. Quantities follow: the nearest whole number of units at list price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.tables.simulation.assortment import (
    BASE_SHARES,
    BUNDLE_SHARE,
    CATEGORIES,
    MARGIN_RATES,
    PRODUCTS_A_CATEGORY,
    STORES,
    popularity,
    prices,
)
from relkit.tables.simulation.parameters import TASTE_SPREAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.tables.simulation.clock import Floats, Ints
    from relkit.tables.simulation.market import Market
    from relkit.tables.simulation.parameters import Disturbances
    from relkit.tables.simulation.purchases import Orders

MORE_LINES = 1.4
"""Mean number of lines beyond the first (Poisson, at most 7 more)."""
MOST_LINES = 8


@dataclass(frozen=True, eq=False)
class Tastes:
    """Preferences of customers for products and places, one row each.

    Attributes:
        affinity: probability of each category for a line, shape (n, 8), rows add up to 1.
        online: probability that an order is not placed in a store, shape (n,).
        store: position of the usual store, shape (n,).
    """

    affinity: Floats
    online: Floats
    store: Ints

    @property
    def margin_rate(self) -> Floats:
        """Expected margin over net amount at list price, shape (n,)."""
        return np.asarray(self.affinity @ np.array(MARGIN_RATES))


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of orders, in the order of the orders.

    Attributes:
        order: position of the order.
        rank: place in the order, from 0.
        category: position of the category.
        product: rank of the product in its category.
        cents: amount in cents at list price.
        discount: deducted, cents.
        price_level: prices over those of the first day.
    """

    order: Ints
    rank: Ints
    category: Ints
    product: Ints
    cents: Ints
    discount: Ints
    price_level: Floats

    def __len__(self) -> int:
        return len(self.order)

    @property
    def position(self) -> Ints:
        """Position of the product in `product_ids`."""
        return self.category * PRODUCTS_A_CATEGORY + self.product


def draw_tastes(rng: np.random.Generator, n: int, spread: float = TASTE_SPREAD) -> Tastes:
    """Return the tastes of `n` customers: softmax of the base shares' logs plus normal noise of standard deviation `spread`."""
    logs = np.log(BASE_SHARES) + rng.normal(0, spread, (n, len(CATEGORIES)))
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return Tastes(
        affinity=weights / weights.sum(axis=1, keepdims=True),
        online=rng.beta(1.2, 1.8, n),
        store=rng.integers(0, STORES, n),
    )


def draw_lines(
    rng: np.random.Generator,
    orders: Orders,
    tastes: Tastes,
    market: Market,
    planted: Disturbances,
    moved: Callable[[Ints, Ints], Ints] | None = None,
) -> Lines:
    """Return the lines of the orders; a line's category follows the customer's tastes and sometimes brings its bundle partner.

    Args:
        rng: source of the draws.
        orders: the orders.
        tastes: of their customers.
        market: promotions and prices.
        planted: disturbances.
        moved: takes the order and the category of each line, and returns the categories that an action makes of them.
    """
    number = np.minimum(1 + rng.poisson(MORE_LINES, len(orders)), MOST_LINES)
    starts = np.cumsum(number) - number
    order = np.repeat(np.arange(len(orders)), number)
    rank = np.arange(len(order)) - starts[order]
    limits = np.cumsum(tastes.affinity, axis=1)[:, :-1].astype(np.float32)
    u = rng.random(len(order), dtype=np.float32)
    category = (limits[orders.customer[order]] < u[:, None]).sum(axis=1)
    product = np.searchsorted(np.cumsum(popularity())[:-1], rng.random(len(order)), side="right")
    category, product = _bundled(rng, rank, category, product)
    cents = _without_duplicates(order, category * PRODUCTS_A_CATEGORY + product, _split(rng, orders.amount, number, starts, order))
    promoted = market.promoted_categories(orders.day)[order]
    category = _cannibalised(rng, category, promoted, planted)
    category = category if moved is None else moved(order, category)
    discount = np.where(category == promoted, np.round(cents * planted.promotion_discount), 0).astype(np.int64)
    return Lines(order, rank, category, product, cents, discount, market.price_levels(orders.day)[order])


def _cannibalised(rng: np.random.Generator, category: Ints, promoted: Ints, planted: Disturbances) -> Ints:
    """Move lines of the sibling of a promoted category to it."""
    sibling = np.flatnonzero((promoted >= 0) & (category == promoted + 1))
    moved = sibling[rng.random(len(sibling)) < planted.cannibalised_share]
    category = category.copy()
    category[moved] = promoted[moved]
    return category


def _bundled(rng: np.random.Generator, rank: Ints, category: Ints, product: Ints) -> tuple[Ints, Ints]:
    """Let the second line of an order be the bundle partner of the first; the share of each category is unchanged."""
    leads = np.flatnonzero((rank == 0) & (product == 0))
    leads = leads[(leads + 1 < len(rank))]
    leads = leads[rank[leads + 1] == 1]
    leads = leads[rng.random(len(leads)) < BUNDLE_SHARE]
    category, product = category.copy(), product.copy()
    category[leads + 1], product[leads + 1] = category[leads], 1
    return category, product


def _split(rng: np.random.Generator, amount: Floats, number: Ints, starts: Ints, order: Ints) -> Ints:
    """Return cents of each line: shares are Dirichlet(3, ..., 3), rounded so that the lines add up to the order."""
    cents = np.round(amount * 100).astype(np.int64)
    weights = rng.standard_gamma(3.0, len(order))
    sums = np.cumsum(weights)
    base = np.concatenate([[0.0], sums])[starts]
    total = sums[starts + number - 1] - base
    edges = np.round((sums - base[order]) / total[order] * cents[order]).astype(np.int64)
    before = np.concatenate([[0], edges[:-1]])
    before[starts] = 0
    return np.asarray(edges - before)


def _without_duplicates(order: Ints, position: Ints, cents: Ints) -> Ints:
    """Return the cents with one moved between identical lines of an order: no line is a duplicate of another."""
    by_line = np.lexsort((cents, position, order))
    first, second = by_line[:-1], by_line[1:]
    equal = (order[first] == order[second]) & (position[first] == position[second]) & (cents[first] == cents[second]) & (cents[first] > 0)
    apart = cents.copy()
    np.subtract.at(apart, first[equal], 1)
    np.add.at(apart, second[equal], 1)
    return apart


def quantities(lines: Lines) -> Floats:
    """Return whole units, at least one, that the lines' amounts come nearest to at list price."""
    return np.maximum(np.round(lines.cents / 100 / (prices()[lines.position] * lines.price_level)), 1.0)


def margins(lines: Lines) -> Floats:
    """Return the margin of each line, currency, to the cent: the category's rate at list price, less our half of the discount."""
    return np.asarray(np.round(lines.cents * np.array(MARGIN_RATES)[lines.category] - lines.discount / 2) / 100)
