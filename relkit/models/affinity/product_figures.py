"""Figures of products, learnt from the histories of all customers: popularity, its recent value, repurchase and its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.models.compiling import compiled

if TYPE_CHECKING:
    from relkit.models.affinity.habits import Pairs
    from relkit.models.affinity.histories import Histories, Integers, Offsets

Floats = NDArray[np.float64]

PRIOR_INTERVALS = 5.0
"""Intervals of the mean of all products that are added to those observed of a product."""
PRIOR_BASKETS = 10.0
"""Baskets with the repurchase rate of all products that are added to those observed of a product."""
PRIOR_FIRSTS = 50.0
"""First baskets with the popularity of all baskets that are added to those observed."""


@dataclass(frozen=True, eq=False)
class ProductFigures:
    """Figures of p products.

    Attributes:
        customers: shape (p,), customers who bought it.
        popularity: shape (p,), share of all baskets that contain it.
        recent: shape (p,), the same with each basket weighted by its age, halved every `half_life_days`.
        interval_days: shape (p,), mean days from one purchase of it to the customer's next, shrunk to the mean of all products.
        again: shape (p,), share of a buyer's later baskets that contain it again, shrunk likewise.
        first: shape (p,), share of customers' first baskets that contain it, shrunk to `popularity`.
    """

    customers: Floats
    popularity: Floats
    recent: Floats
    interval_days: Floats
    again: Floats
    first: Floats

    @classmethod
    def of(cls, histories: Histories, pairs: Pairs, items: int, *, now: int, half_life_days: float) -> ProductFigures:
        """Return the figures of products on a day, from histories up to it."""
        counts, totals = np.zeros((3, items)), np.zeros(3)
        count = compiled(_count_baskets)
        count(histories.offsets, histories.items, histories.days, histories.orders, now, half_life_days, counts, totals)
        baskets, weighted, firsts = np.maximum(totals, 1e-300)
        popularity = counts[0] / baskets
        again, intervals = _repurchase(histories, pairs, items)
        return cls(
            customers=np.bincount(pairs.items, minlength=items).astype(float),
            popularity=popularity,
            recent=counts[1] / weighted,
            interval_days=intervals,
            again=again,
            first=(counts[2] + PRIOR_FIRSTS * popularity) / (firsts + PRIOR_FIRSTS),
        )

    def frame(self, names: pl.Series) -> pl.DataFrame:
        """Return one row per product, to be stored."""
        return pl.DataFrame({"product_id": names, **{name: getattr(self, name) for name in _COLUMNS}})

    @classmethod
    def read(cls, frame: pl.DataFrame) -> ProductFigures:
        """Return the figures of a frame made by `frame`."""
        return cls(**{name: frame[name].to_numpy(writable=True) for name in _COLUMNS})


_COLUMNS = ("customers", "popularity", "recent", "interval_days", "again", "first")


def _repurchase(histories: Histories, pairs: Pairs, items: int) -> tuple[Floats, Floats]:
    """Return the share of later baskets with the product again, and the mean interval, shrunk to those of all products."""
    totals = np.zeros((3, items))
    count = compiled(_count_later)
    own = (pairs.items, pairs.counts, pairs.first_orders, pairs.first_days, pairs.last_days)
    count(pairs.offsets, histories.baskets, *own, totals)
    times, span, chances = totals
    usual = (times.sum() + 0.5) / (chances.sum() + 10.0)
    mean = max(span.sum() / max(times.sum(), 1.0), 1.0)
    again = (times + PRIOR_BASKETS * usual) / (chances + PRIOR_BASKETS)
    return again, (span + PRIOR_INTERVALS * mean) / (times + PRIOR_INTERVALS)


def _count_later(
    offsets: Offsets,
    baskets: Integers,
    items: Integers,
    counts: Integers,
    first_orders: Integers,
    first_days: Integers,
    last_days: Integers,
    totals: Floats,
) -> None:
    """Add up by product: purchases after the first, days from the first to the last, and baskets after the first."""
    for u in range(len(offsets) - 1):
        for k in range(offsets[u], offsets[u + 1]):
            item = items[k]
            totals[0, item] += counts[k] - 1
            totals[1, item] += last_days[k] - first_days[k]
            totals[2, item] += baskets[u] - 1 - first_orders[k]


def _count_baskets(
    offsets: Offsets,
    items: Integers,
    days: Integers,
    orders: Integers,
    now: int,
    half_life: float,
    counts: Floats,
    totals: Floats,
) -> None:
    """Count baskets by product: all, weighted by age, and first ones; `totals` has the same of all products together."""
    seen = np.full(counts.shape[1], -1, np.int64)
    number = 0
    for u in range(len(offsets) - 1):
        for k in range(offsets[u], offsets[u + 1]):
            if k == offsets[u] or orders[k] != orders[k - 1]:
                number += 1
                weight = 0.5 ** (max(now - days[k], 0) / half_life)
                totals[0] += 1.0
                totals[1] += weight
                totals[2] += orders[k] == 0
            item = items[k]
            if item >= 0 and seen[item] != number:
                seen[item] = number
                counts[0, item] += 1.0
                counts[1, item] += weight
                counts[2, item] += orders[k] == 0
