"""Similarity of products: how often the same customers buy both, scaled, and cut to each product's nearest neighbours.

Three scales of the number c of customers who bought both, with a and b customers of either and n in all:

- cosine: c / sqrt(a b);
- lift: c n / (a b), shrunk towards 1 by adding `shrink` customers who behave as if the two were independent;
- bm25: the weights of Robertson and Zaragoza (2009) for products within customers, then their cosine.

With few products all pairs are counted in one pass over the customers. With more, rows are counted one product at a time from the
customers who bought it, so that memory grows with the number of products and not with its square.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from relkit.models.compiling import compiled

if TYPE_CHECKING:
    from relkit.models.affinity.habits import Pairs
    from relkit.models.affinity.histories import Integers, Offsets

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Scale = Literal["cosine", "lift", "bm25"]

BM25_K1, BM25_B = 1.2, 0.75
FEW_PRODUCTS = 1_000
"""Most products of which all pairs are counted at once: their counts take 4 MB, and stay near the processor."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest neighbours of each of p products.

    Attributes:
        items: shape (p, k), positions of the neighbours, the nearest first; -1 where there are fewer.
        values: shape (p, k), similarities; 0 if there are fewer.
    """

    items: Integers
    values: Singles

    def of(self, item: int) -> tuple[Integers, Singles]:
        """Return positions and similarities of one product's neighbours."""
        there = self.items[item] >= 0
        return self.items[item][there], self.values[item][there]


def neighbours(pairs: Pairs, items: int, *, scale: Scale = "cosine", most: int = 100, shrink: float = 10.0, least: int = 2) -> Neighbours:
    """Return the nearest neighbours of each product among the products bought by the same customers.

    Args:
        pairs: products of customers.
        items: number of products.
        scale: of the similarity.
        most: neighbours kept of each product.
        shrink: customers added for independence (lift), or to the denominator (cosine, bm25).
        least: fewest customers in common.

    Returns:
        Ties are broken by the position of the neighbour, the smaller first.
    """
    n = len(pairs.offsets) - 1
    own = np.bincount(pairs.items, minlength=items).astype(np.float64)
    k = max(1, min(most, items - 1))
    found, values = np.full((items, k), -1, np.int32), np.zeros((items, k), np.float32)
    if scale != "bm25" and items <= FEW_PRODUCTS:
        count = compiled(_counted_at_once, _met, _inserted)
        count(pairs.offsets, pairs.items, own, n, scale == "lift", shrink, least, found, values)
        return Neighbours(found, values)
    owners, customers = _owners(pairs, items)
    if scale == "bm25":
        weights = _weights(pairs, own, n)
        norms = np.sqrt(np.bincount(pairs.items, weights=weights**2, minlength=items))
        of_pair = np.argsort(pairs.items, kind="stable")
        count = compiled(_weighted_rows, _inserted)
        count(owners, customers, weights[of_pair], pairs.offsets, pairs.items, weights, norms, shrink, least, found, values)
    else:
        count = compiled(_counted_rows, _met, _inserted)
        count(owners, customers, pairs.offsets, pairs.items, own, n, scale == "lift", shrink, least, found, values)
    return Neighbours(found, values)


def _owners(pairs: Pairs, items: int) -> tuple[Offsets, Integers]:
    """Return the customers of each product, compressed: offsets of shape (items + 1,) and customers of shape (p,)."""
    offsets = np.concatenate([[0], np.cumsum(np.bincount(pairs.items, minlength=items))])
    customers = np.empty(len(pairs.items), np.int32)
    transpose = compiled(_transpose)
    transpose(pairs.offsets, pairs.items, offsets[:-1].copy(), customers)
    return offsets, customers


def _transpose(offsets: Offsets, items: Integers, places: Offsets, customers: Integers) -> None:
    for u in range(len(offsets) - 1):
        for k in range(offsets[u], offsets[u + 1]):
            customers[places[items[k]]] = u
            places[items[k]] += 1


def _weights(pairs: Pairs, own: Floats, n: int) -> Floats:
    """Return the BM25 weight of each pair."""
    lengths = np.diff(pairs.offsets).astype(float)
    length = BM25_K1 * (1 - BM25_B + BM25_B * lengths / max(lengths.mean(), 1e-12))
    rare = np.log(1 + (n - own + 0.5) / (own + 0.5))
    counts = pairs.counts.astype(float)
    return np.asarray(rare[pairs.items] * counts * (BM25_K1 + 1) / (counts + np.repeat(length, lengths.astype(np.int64))))


def _inserted(found: Integers, values: Singles, kept: int, item: int, value: np.float32) -> int:
    """Insert a neighbour into a list of the nearest ones, if it is near enough, and return the length of the list."""
    k = len(found)
    if kept == k and (value < values[k - 1] or (value == values[k - 1] and item > found[k - 1])):
        return kept
    at = kept if kept < k else k - 1
    while at > 0 and (value > values[at - 1] or (value == values[at - 1] and item < found[at - 1])):
        found[at], values[at] = found[at - 1], values[at - 1]
        at -= 1
    found[at], values[at] = item, value
    return min(kept + 1, k)


def _counted_rows(  # noqa: PLR0917 arrays of a kernel
    owners: Offsets,
    customers: Integers,
    offsets: Offsets,
    items: Integers,
    own: Floats,
    n: int,
    is_lift: bool,  # noqa: FBT001 the kernel is compiled without keywords
    shrink: float,
    least: int,
    found: Integers,
    values: Singles,
) -> None:
    """Fill the nearest neighbours of each product, by cosine or by lift."""
    together = np.zeros(len(own), np.int32)
    touched = np.empty(len(own) + 1, np.int32)
    for i in range(len(own)):
        count = 0
        for at in range(owners[i], owners[i + 1]):
            u = customers[at]
            for other in range(offsets[u], offsets[u + 1]):
                j = items[other]
                touched[count] = j  # written again as long as the product is not new: a branch would be mispredicted
                count += together[j] == 0
                together[j] += 1
        kept = 0
        for c in range(count):
            j = touched[c]
            both = together[j]
            together[j] = 0
            if j == i or both < least:
                continue
            kept = _inserted(found[i], values[i], kept, j, _met(both, own[i], own[j], n, is_lift, shrink))


def _counted_at_once(
    offsets: Offsets,
    items: Integers,
    own: Floats,
    n: int,
    is_lift: bool,  # noqa: FBT001 the kernel is compiled without keywords
    shrink: float,
    least: int,
    found: Integers,
    values: Singles,
) -> None:
    """Fill the same from the counts of all pairs, each counted once."""
    together = np.zeros((len(own), len(own)), np.int32)
    for u in range(len(offsets) - 1):
        for one in range(offsets[u], offsets[u + 1]):
            for other in range(one + 1, offsets[u + 1]):
                together[items[one], items[other]] += 1
    for i in range(len(own)):
        kept = 0
        for j in range(len(own)):
            both = together[i, j] + together[j, i]
            if j != i and both >= least and both > 0:
                kept = _inserted(found[i], values[i], kept, j, _met(both, own[i], own[j], n, is_lift, shrink))


def _met(both: int, one: float, other: float, n: int, is_lift: bool, shrink: float) -> np.float32:  # noqa: FBT001 as above
    """Return the similarity of two products from the customers who bought both, one and the other."""
    if is_lift:
        return np.float32((both + shrink) / (one * other / n + shrink))
    return np.float32(both / (np.sqrt(one * other) + shrink))


def _weighted_rows(  # noqa: PLR0917 arrays of a kernel
    owners: Offsets,
    customers: Integers,
    owned: Floats,
    offsets: Offsets,
    items: Integers,
    weights: Floats,
    norms: Floats,
    shrink: float,
    least: int,
    found: Integers,
    values: Singles,
) -> None:
    """Fill the nearest neighbours of each product, by the cosine of weighted columns."""
    shared = np.zeros(len(norms), np.float64)
    together = np.zeros(len(norms), np.int32)
    touched = np.empty(len(norms) + 1, np.int32)
    for i in range(len(norms)):
        count = 0
        for at in range(owners[i], owners[i + 1]):
            u = customers[at]
            for other in range(offsets[u], offsets[u + 1]):
                j = items[other]
                touched[count] = j  # written again as long as the product is not new: a branch would be mispredicted
                count += together[j] == 0
                together[j] += 1
                shared[j] += owned[at] * weights[other]
        kept = 0
        for c in range(count):
            j = touched[c]
            value = np.float32(shared[j] / (norms[i] * norms[j] + shrink))
            both = together[j]
            shared[j], together[j] = 0.0, 0
            if j == i or both < least:
                continue
            kept = _inserted(found[i], values[i], kept, j, value)
