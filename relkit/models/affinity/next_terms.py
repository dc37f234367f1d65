"""Terms from which the chance of a product in a customer's next basket is computed, for products he has and for new ones.

The logit of the chance is linear in terms of three kinds: of the product, of the customer, and of both. Terms of products and of
customers are added up once each, so that a candidate costs two look-ups and its own terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.models.affinity.exploration import EACH_LITTLE, NEAR_LITTLE
from relkit.models.affinity.habits import FAST, SLOW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.models.affinity.exploration import Explored
    from relkit.models.affinity.habits import Pairs
    from relkit.models.affinity.histories import Histories, Integers
    from relkit.models.affinity.product_figures import ProductFigures

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

PRIOR_TIMES = 3.0
"""Intervals of the product's mean that are added to a customer's own."""
LONGEST_DUE = 2.5
"""Largest distance from the usual interval, in logarithms; farther ones count as that."""
_LITTLE = 1e-7
DEFAULT_GAP_DAYS = 30.0
"""Usual gap between baskets if nobody has two."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Candidates with their terms.

    Attributes:
        customers: shape (c,), ascending.
        items: shape (c,).
        of_products: terms of shape (p,).
        of_customers: terms of shape (n,).
        own: terms of shape (c,).
    """

    customers: Counts
    items: Integers
    of_products: Mapping[str, Floats]
    of_customers: Mapping[str, Floats]
    own: Mapping[str, Floats]

    @property
    def names(self) -> tuple[str, ...]:
        """The terms, in order."""
        return (*self.of_products, *self.of_customers, *self.own)

    def matrix(self, rows: NDArray[np.bool_] | slice = slice(None)) -> Floats:
        """Return ones and the terms as columns, shape (rows, 1 + k)."""
        items, customers = self.items[rows], self.customers[rows]
        columns = [np.ones(len(items))]
        columns += [values[items] for values in self.of_products.values()]
        columns += [values[customers] for values in self.of_customers.values()]
        columns += [values[rows] for values in self.own.values()]
        return np.column_stack(columns)

    def logits(self, coefficients: Floats) -> Floats:
        """Return the linear predictor of every candidate, shape (c,); coefficients are those of `matrix`."""
        product, customer, own = self.parts(coefficients)
        found = product[self.items] + customer[self.customers]
        for weight, values in zip(own, self.own.values(), strict=True):
            found += weight * values
        return np.asarray(found)

    def parts(self, coefficients: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the parts of the linear predictor.

        Args:
            coefficients: those of `matrix`.

        Returns:
            The constant with the terms of products, shape (p,); the terms of customers, shape (n,); the weights of the others.
        """
        weights = dict(zip(self.names, coefficients[1:], strict=True))
        product = sum((weights[name] * values for name, values in self.of_products.items()), np.zeros(1))
        customer = sum((weights[name] * values for name, values in self.of_customers.items()), np.zeros(1))
        return np.asarray(coefficients[0] + product), np.asarray(customer), np.array([weights[name] for name in self.own])


def next_days(histories: Histories, now: int | None, usual_gap_days: float) -> Floats:
    """Return the day on which each customer is expected back, shape (n,): a mean gap after the last basket, not before `now`.

    Args:
        histories: of n customers.
        now: the first day possible; None for any.
        usual_gap_days: the gap of customers with fewer than two baskets.
    """
    gaps = _gaps(histories)
    expected = histories.last_days + np.where(np.isnan(gaps), usual_gap_days, gaps)
    return np.asarray(expected if now is None else np.maximum(expected, now))


def usual_gap(histories: Histories) -> float:
    """Return the mean over the customers with two baskets or more of the mean days between theirs."""
    gaps = _gaps(histories)
    known = gaps[~np.isnan(gaps)]
    return float(known.mean()) if len(known) else DEFAULT_GAP_DAYS


def _gaps(histories: Histories) -> Floats:
    """Return the mean days between each customer's baskets, shape (n,); NaN with fewer than two."""
    several = histories.baskets > 1
    gaps = np.full(histories.customers, np.nan)
    span = histories.last_days[several] - histories.days[histories.offsets[:-1][several]]
    gaps[several] = span / (histories.baskets[several] - 1)
    return gaps


def own_intervals(pairs: Pairs, figures: ProductFigures) -> Floats:
    """Return the customer's mean interval between purchases of each of his products, shrunk to that of the product, in days."""
    times = pairs.counts - 1
    mean = (pairs.last_days - pairs.first_days + PRIOR_TIMES * figures.interval_days[pairs.items]) / (times + PRIOR_TIMES)
    return np.asarray(np.maximum(mean, 0.5))


def repeat_candidates(histories: Histories, pairs: Pairs, figures: ProductFigures, expected: Floats) -> Candidates:
    """Return the products that customers have, with the terms of a repeat purchase.

    Args:
        histories: of n customers.
        pairs: their products.
        figures: of all products.
        expected: shape (n,), day of each customer's next basket.
    """
    customers, items = pairs.customers, pairs.items
    number = histories.baskets[customers]
    baskets, counts = number.astype(float), pairs.counts.astype(float)
    again = figures.again[items]
    since_days = np.maximum(expected[customers] - pairs.last_days, 0.5)
    due = np.clip(np.log(since_days / own_intervals(pairs, figures)), -LONGEST_DUE, LONGEST_DUE)
    frequency = np.log((counts + again) / (baskets + 1))
    once = (counts == 1).astype(float)
    own = {
        "frequency": frequency,
        "frequency_since_first": np.log((counts - 1 + 2 * again) / (baskets - 1 - pairs.first_orders + 2)),
        "frequency_slow": np.log((pairs.slow + 0.2 * again) / (_weight(SLOW, number) + 0.2)),
        "frequency_fast": np.log((pairs.fast + 0.05) / (_weight(FAST, number) + 0.05)),
        "baskets_since": np.log1p(baskets - 1 - pairs.last_orders),
        "days_since": np.log1p(since_days),
        "overdue": np.maximum(due, 0.0),
        "due_squared": due**2,
        "bought_once": once,
        "bought_once_again": once * np.log(again),
        "frequency_baskets": frequency * np.log(baskets),
    }
    return Candidates(customers, items, _of_products(figures), _of_customers(histories, pairs), own)


def new_candidates(histories: Histories, pairs: Pairs, found: Explored, figures: ProductFigures) -> Candidates:
    """Return the candidates that customers do not have, with the terms of a first purchase; arguments as for `repeat_candidates`."""
    customers = found.customers
    near = found.near.astype(float)
    kinds = np.maximum(np.diff(pairs.offsets), 1)[customers]
    own = {
        "near": np.log(near + NEAR_LITTLE),
        "near_last_basket": np.log(found.near_last.astype(float) + NEAR_LITTLE),
        "nearest": np.log(found.nearest.astype(float) + NEAR_LITTLE),
        "near_each": np.log(near / kinds + EACH_LITTLE),
        "not_near": (near == 0).astype(float),
    }
    of_customers = _of_customers(histories, pairs) | {"products": np.log1p(np.diff(pairs.offsets))}
    return Candidates(customers, found.items, _of_products(figures), of_customers, own)


def _of_products(figures: ProductFigures) -> dict[str, Floats]:
    return {
        "popularity": np.log(figures.popularity + _LITTLE),
        "popularity_recent": np.log(figures.recent + 0.05 * figures.popularity + _LITTLE),
        "bought_again": np.log(figures.again),
    }


def _of_customers(histories: Histories, pairs: Pairs) -> dict[str, Floats]:
    baskets, lines = histories.baskets.astype(float), np.diff(histories.offsets)
    return {
        "basket_size": np.log((lines + 1) / (baskets + 1)),
        "baskets": np.log1p(baskets),
        "new_share": (np.diff(pairs.offsets) + 1) / (lines + 2),
    }


def _weight(rate: float, baskets: Integers) -> Floats:
    """Return the decayed count of a product that was in every basket; each number of baskets, of which there are few, is computed once."""
    each = np.arange(baskets.max(initial=0) + 1, dtype=np.float64)
    return np.asarray(((1 - rate**each) / (1 - rate))[baskets])
