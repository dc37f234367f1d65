"""Measures of lists of products against what customers then bought, all products being ranked.

Recall is the share of the products bought that the list contains; NDCG (Järvelin and Kekäläinen 2002) also rewards their rank. Both are
means over customers. Repeat and first purchases are measured apart, as Li et al. (2023, ACM TOIS 41(4)) ask: lists of habits alone can
look good on average and discover nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relkit.errors import ParameterError
from relkit.units import LEVEL

Floats = NDArray[np.float64]
Items = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Bought:
    """Products that n customers bought; those of customer u are at `offsets[u]:offsets[u + 1]`.

    Attributes:
        offsets: shape (n + 1,).
        items: shape (m,), without repetition within a customer; -1 for a product that could not be recommended.
        is_repeat: shape (m,), whether the customer had bought it before.
    """

    offsets: Items
    items: Items
    is_repeat: Flags

    @property
    def counts(self) -> Items:
        """Products of each customer, shape (n,)."""
        return np.diff(self.offsets)


@dataclass(frozen=True, eq=False)
class ListMeasures:
    """Measures of lists by customer, each of shape (n,); NaN for a customer to whom one does not apply.

    Attributes:
        recall: share of the products bought that are in the list.
        ndcg: discounted gain over that of the best list.
        precision: share of the list that was bought.
        hit: 1 if anything of the list was bought.
        recall_repeat: recall among the products he had bought before.
        recall_explore: recall among those he had not.
    """

    recall: Floats
    ndcg: Floats
    precision: Floats
    hit: Floats
    recall_repeat: Floats
    recall_explore: Floats

    def means(self) -> dict[str, float]:
        """Return the mean of each over the customers to whom it applies; NaN if there are none."""
        return {name: _mean(getattr(self, name)) for name in self.__dataclass_fields__}


def list_measures(lists: Items, bought: Bought, *, k: int) -> ListMeasures:
    """Return the measures of the first k products of each list.

    Args:
        lists: shape (n, at least k), products in order; -1 where a list is shorter, which counts as a miss.
        bought: what the customers bought.
        k: length judged.

    Examples:
        >>> bought = Bought(np.array([0, 2]), np.array([4, 7]), np.array([True, False]))
        >>> measures = list_measures(np.array([[4, 5]]), bought, k=2)
        >>> float(measures.recall[0]), round(float(measures.ndcg[0]), 4), float(measures.recall_explore[0])
        (0.5, 0.6131, 0.0)
    """
    if k < 1:
        raise ParameterError(f"k is {k}; it must be at least 1.", where="list_measures")
    hits = found_in(lists[:, :k], bought)
    size = bought.counts.astype(float)
    discounts = 1 / np.log2(np.arange(2, k + 2))
    best = np.r_[0.0, np.cumsum(discounts)][np.minimum(bought.counts, k)]
    n = len(size)
    caught = _caught(lists[:, :k], bought)
    customer = np.repeat(np.arange(n), bought.counts)
    kinds = [np.bincount(customer[kind], minlength=n).astype(float) for kind in (bought.is_repeat, ~bought.is_repeat)]
    both = [np.bincount(customer[kind & caught], minlength=n) for kind in (bought.is_repeat, ~bought.is_repeat)]
    return ListMeasures(
        recall=_over(hits.sum(axis=1), size),
        ndcg=_over(hits @ discounts[: hits.shape[1]], best),
        precision=np.where(size > 0, hits.sum(axis=1) / k, np.nan),
        hit=np.where(size > 0, hits.any(axis=1), np.nan).astype(float),
        recall_repeat=_over(both[0], kinds[0]),
        recall_explore=_over(both[1], kinds[1]),
    )


def found_in(lists: Items, bought: Bought) -> Flags:
    """Return whether each place of each list has a product that the customer bought, shape of `lists`."""
    n, width = lists.shape
    most = max(int(lists.max(initial=-1)), int(bought.items.max(initial=-1))) + 2
    keys = np.repeat(np.arange(n), bought.counts) * most + bought.items
    own = (np.arange(n)[:, None] * most + lists).ravel()
    return (np.isin(own, keys) & (lists.ravel() >= 0)).reshape(n, width)


def _caught(lists: Items, bought: Bought) -> Flags:
    """Return whether each product bought is in its customer's list, shape (m,)."""
    n = len(lists)
    most = max(int(lists.max(initial=-1)), int(bought.items.max(initial=-1))) + 2
    own = (np.arange(n)[:, None] * most + lists)[lists >= 0]
    return np.isin(np.repeat(np.arange(n), bought.counts) * most + bought.items, own) & (bought.items >= 0)


def coverage(lists: Items, products: int, *, k: int) -> float:
    """Return the share of all products that are in at least one list.

    Examples:
        >>> coverage(np.array([[0, 1], [1, -1]]), 4, k=2)
        0.5
    """
    first = lists[:, :k]
    return len(np.unique(first[first >= 0])) / max(products, 1)


def novelty(lists: Items, popularity: Floats, *, k: int) -> float:
    """Return the mean surprise of the products listed, in bits: minus the binary logarithm of their share of customers.

    Args:
        lists: shape (n, at least k); -1 where a list is shorter.
        popularity: shape (products,), share of customers who bought each; above 0 for those listed.
        k: length judged.

    Examples:
        >>> novelty(np.array([[0, 1]]), np.array([0.5, 0.25]), k=2)
        1.5
    """
    first = lists[:, :k]
    listed = popularity[first[first >= 0]]
    listed = listed[listed > 0]
    return float(-np.log2(listed).mean()) if len(listed) else 0.0


@dataclass(frozen=True)
class PairedDifference:
    """Difference between two measures of the same customers, with its bounds from resamples of the customers."""

    difference: float
    lower: float
    upper: float

    @property
    def is_clear(self) -> bool:
        """True if the interval excludes 0."""
        return self.lower > 0 or self.upper < 0


def paired_difference(one: Floats, other: Floats, *, replicates: int = 2_000, level: float = LEVEL, seed: int = 0) -> PairedDifference:
    """Return the mean difference between two measures of the same customers, by the paired bootstrap.

    Resampling n differences with replacement is resampling the customers: each draw is the mean with multinomial weights.

    Args:
        one: shape (n,); customers with NaN in either are left out.
        other: shape (n,).
        replicates: resamples.
        level: of the interval.
        seed: of the resamples.

    Examples:
        >>> found = paired_difference(np.array([0.5, 0.75, 1.0]), np.array([0.25, 0.5, 0.75]))
        >>> found.difference, found.lower, found.is_clear
        (0.25, 0.25, True)
    """
    apart = (one - other)[~np.isnan(one) & ~np.isnan(other)]
    if not len(apart):
        return PairedDifference(float("nan"), float("nan"), float("nan"))
    rng, n = np.random.default_rng(seed), len(apart)
    draws = np.array([apart[rng.integers(0, n, n)].mean() for _ in range(replicates)])
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return PairedDifference(float(apart.mean()), float(low), float(high))


def _over(part: NDArray[np.generic], whole: Floats) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0))


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
