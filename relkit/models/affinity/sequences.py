"""Sequence rules: customers who bought A and within some days B, in a later basket.

A customer counts once: from his first purchase of A, B must be bought for the first time after that day and within `within_days`. Only
customers observed for so long after A are counted, as one who bought A yesterday has had no time for B. A rule's lift is its
confidence over the share of those customers who would buy B in as many days whatever they bought before: the share of all customers,
each from his first basket of any product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.metrics.intervals import share_bounds
from relkit.models.compiling import compiled
from relkit.scalars import check_scalar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.models.affinity.habits import Pairs
    from relkit.models.affinity.histories import Histories, Integers, Offsets

WHERE = "sequence rules"
MOST_PRODUCTS = 4_000
"""Most products whose sequences are counted, the most bought first: counts are dense."""


@dataclass(frozen=True, eq=False)
class SequenceCounts:
    """Counts of customers.

    Attributes:
        products: shape (p,), positions of the products counted.
        after: shape (p, p), customers who bought the column's product within the days after the row's.
        observed: shape (p,), customers observed for so long after their first purchase of it.
        within: shape (p,), customers who bought it for the first time within the days after their first basket, but not in it.
        customers: observed for so long after their first basket.
    """

    products: Integers
    after: Integers
    observed: NDArray[np.int64]
    within: NDArray[np.int64]
    customers: int


def count_sequences(histories: Histories, pairs: Pairs, items: int, *, within_days: int, now: int) -> SequenceCounts:
    """Return the counts of customers who bought one product within some days after another.

    Args:
        histories: of the customers.
        pairs: their products.
        items: number of products.
        within_days: longest time from the first purchase of A to that of B.
        now: last day observed.
    """
    sold = np.bincount(pairs.items, minlength=items)
    kept = np.sort(np.argsort(-sold, kind="stable")[:MOST_PRODUCTS]).astype(np.int32)
    place = np.full(items, -1, np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    after, of_each = np.zeros((len(kept), len(kept)), np.int32), np.zeros((2, items), np.int64)
    first, earliest = _first_days(histories), now - within_days
    count = compiled(_count_after)
    count(pairs.offsets, pairs.items, place, pairs.first_days, first, within_days, earliest, after, of_each)
    observed, within = of_each[:, kept]
    return SequenceCounts(kept, after, observed, within, int(((first >= 0) & (first <= earliest)).sum()))


def sequence_rules(counts: SequenceCounts, names: pl.Series, *, least: int = 20, least_lift: float = 0.0) -> pl.DataFrame:
    """Return the rules with enough customers, the highest lift first.

    Args:
        counts: made by `count_sequences`.
        names: product_id by position.
        least: fewest customers who bought both.
        least_lift: smallest lift.

    Returns:
        first_product, then_product, count (customers who bought both, in this order), first_count (customers observed after the first),
        confidence with its Wilson bounds (confidence_lower, confidence_upper), expected (share of customers who buy the second within as
        many days of their first basket), lift; ties by product_id.
    """
    check_scalar(least, "least", ge=1, where=WHERE)
    a, b = np.nonzero(counts.after >= least)
    both, first = counts.after[a, b].astype(float), counts.observed[a].astype(float)
    confidence = both / first
    expected = counts.within[b] / max(counts.customers, 1)
    low, high = share_bounds(confidence, first)
    lift = np.divide(confidence, expected, out=np.full(len(a), np.nan), where=expected > 0)
    frame = pl.DataFrame(
        {
            "first_product": names.gather(counts.products[a]),
            "then_product": names.gather(counts.products[b]),
            "count": both.astype(np.int64),
            "first_count": first.astype(np.int64),
            "confidence": confidence,
            "confidence_lower": low,
            "confidence_upper": high,
            "expected": expected,
            "lift": lift,
        }
    ).with_columns(pl.col("lift").fill_nan(None))
    kept = frame.filter(pl.col("lift").is_null() | (pl.col("lift") >= least_lift))
    return kept.sort("lift", "first_product", "then_product", descending=[True, False, False], nulls_last=True)


def _first_days(histories: Histories) -> NDArray[np.int64]:
    """Return the day of each customer's first basket; -1 without one."""
    some = np.diff(histories.offsets) > 0
    first = np.full(histories.customers, -1, np.int64)
    first[some] = histories.days[histories.offsets[:-1][some]]
    return first


def _count_after(
    offsets: Offsets,
    items: Integers,
    places: Integers,
    first_days: Integers,
    began: NDArray[np.int64],
    within: int,
    earliest: int,
    after: Integers,
    of_each: NDArray[np.int64],
) -> None:
    """Count the customers whose first purchase of one product came within the days after that of another, or of anything; and all."""
    for u in range(len(offsets) - 1):
        for a in range(offsets[u], offsets[u + 1]):
            day, place = first_days[a], places[items[a]]
            of_each[1, items[a]] += 0 <= began[u] <= earliest and 0 < day - began[u] <= within
            if day > earliest:
                continue
            of_each[0, items[a]] += 1
            if place < 0:
                continue
            for b in range(a + 1, offsets[u + 1]):  # pairs are in the order of their first purchase
                if first_days[b] - day > within:
                    break
                if places[items[b]] >= 0 and first_days[b] > day:
                    after[place, places[items[b]]] += 1
