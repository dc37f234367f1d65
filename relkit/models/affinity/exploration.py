"""Exploration: products that a customer has not bought, near to those that he has, or popular.

A candidate's similarity is the sum of its similarities to the customer's products; only each product's nearest neighbours count, so
that the work is that of a sparse product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.models.affinity.compiling import compiled
from relkit.models.affinity.top_lists import best_of_each

if TYPE_CHECKING:
    from relkit.models.affinity.habits import Pairs
    from relkit.models.affinity.histories import Integers, Offsets
    from relkit.models.affinity.similarity import Neighbours

Singles = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Explored:
    """Candidates of n customers; those of customer u are at `offsets[u]:offsets[u + 1]`.

    Attributes:
        offsets: shape (n + 1,).
        items: shape (c,).
        near: shape (c,), sum of the similarities to the customer's products.
        near_last: shape (c,), the part of it due to the products of his last basket.
        nearest: shape (c,), the largest of the similarities.
        because: shape (c,), the product of his that it belongs to; -1 for a candidate that is only popular.
    """

    offsets: Offsets
    items: Integers
    near: Singles
    near_last: Singles
    nearest: Singles
    because: Integers

    @property
    def customers(self) -> NDArray[np.int64]:
        """The customer of each candidate, shape (c,)."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


def explored(
    pairs: Pairs, in_last: NDArray[np.bool_], near: Neighbours, popular: Integers, *, most: int, allowed: NDArray[np.bool_]
) -> Explored:
    """Return the products near to those of each customer, and the popular ones, without those he has.

    Args:
        pairs: the products of each customer.
        in_last: shape (p,), whether a pair is in its customer's last basket.
        near: nearest neighbours of each product.
        popular: positions of popular products, candidates of everyone.
        most: candidates of a customer by similarity.
        allowed: shape (items,), false for products that are not to be candidates.
    """
    customers, items = len(pairs.offsets) - 1, len(near.items)
    room = customers * (min(most, items) + len(popular))
    offsets, found = np.zeros(customers + 1, np.int64), np.empty((2, room), np.int32)
    values = np.empty((3, room), np.float32)
    explore = compiled(_explore, _nearby, _free, _comes_after, _sink, _nearest)
    explore(pairs.offsets, pairs.items, in_last, near.items, near.values, popular, min(most, items), allowed, offsets, found, values)
    c = int(offsets[-1])
    return Explored(offsets, found[0, :c], values[0, :c], values[1, :c], values[2, :c], found[1, :c])


def _nearby(
    own: Integers,
    in_last: NDArray[np.bool_],
    neighbours: Integers,
    similarities: Singles,
    sums: Singles,
    cause: Integers,
    touched: Integers,
) -> int:
    """Add up the similarities to a customer's products by neighbour (sum, part of the last basket, largest); return the number touched."""
    total, last, best = sums[0], sums[1], sums[2]
    count = 0
    for at in range(len(own)):
        items, values = neighbours[own[at]], similarities[own[at]]
        for k in range(len(items)):
            j, value = items[k], values[k]
            if j < 0:
                break
            touched[count] = j  # written again as long as the neighbour is not new: a branch would be mispredicted half the time
            count += total[j] == 0
            total[j] += value
            cause[j] = own[at] if value > best[j] else cause[j]
            best[j] = max(best[j], value)
        if in_last[at]:
            for k in range(len(items)):
                if items[k] < 0:
                    break
                last[items[k]] += values[k]
    return count


def _free(touched: Integers, state: NDArray[np.int8], found: Integers) -> int:
    """Fill the neighbours that may be candidates and return their number."""
    kept = 0
    for j in touched:
        if state[j] == 0:
            found[kept] = j
            kept += 1
    return kept


def _comes_after(one: int, other: int, total: Singles) -> bool:
    """Return whether a neighbour is less near than another; ties go by product."""
    return total[one] < total[other] or (total[one] == total[other] and one > other)


def _sink(heap: Integers, at: int, size: int, total: Singles) -> None:
    """Move an element down a heap whose first element is the least near."""
    item = heap[at]
    while 2 * at + 1 < size:
        below = 2 * at + 1
        if below + 1 < size and _comes_after(heap[below + 1], heap[below], total):
            below += 1
        if not _comes_after(heap[below], item, total):
            break
        heap[at] = heap[below]
        at = below
    heap[at] = item


def _nearest(touched: Integers, total: Singles, found: Integers) -> int:
    """Fill the neighbours with the largest sums, in no order, and return their number."""
    most = len(found)
    if len(touched) <= most:
        found[: len(touched)] = touched
        return len(touched)
    found[:] = touched[:most]
    for at in range(most // 2 - 1, -1, -1):
        _sink(found, at, most, total)
    for j in touched[most:]:
        if _comes_after(found[0], j, total):
            found[0] = j
            _sink(found, 0, most, total)
    return most


def _explore(  # noqa: PLR0917 arrays of a kernel
    offsets: Offsets,
    own: Integers,
    in_last: NDArray[np.bool_],
    neighbours: Integers,
    similarities: Singles,
    popular: Integers,
    most: int,
    allowed: NDArray[np.bool_],
    starts: Offsets,
    found: Integers,
    values: Singles,
) -> None:
    """Fill the candidates: items and because; near, near_last and nearest.

    A product is barred (-1), free (0) or listed (1).
    """
    p = len(allowed)
    sums, cause, touched, open_ones = (
        np.zeros((3, p), np.float32),
        np.full(p, -1, np.int32),
        np.empty(p + 1, np.int32),
        np.empty(p, np.int32),
    )
    free = np.where(allowed, 0, -1).astype(np.int8)
    state, used = free.copy(), 0
    for u in range(len(offsets) - 1):
        theirs = own[offsets[u] : offsets[u + 1]]
        state[theirs] = -1
        count = _nearby(theirs, in_last[offsets[u] : offsets[u + 1]], neighbours, similarities, sums, cause, touched)
        ready = _free(touched[:count], state, open_ones)
        stop = used + _nearest(open_ones[:ready], sums[0], found[0, used : used + most])
        for at in range(used, stop):
            state[found[0, at]] = 1
        for j in popular:
            if state[j] == 0:
                found[0, stop] = j
                stop += 1
        for at in range(used, stop):
            j = found[0, at]
            found[1, at], values[0, at], values[1, at], values[2, at] = cause[j], sums[0, j], sums[1, j], sums[2, j]
            state[j] = free[j]
        for j in touched[:count]:
            sums[0, j], sums[1, j], sums[2, j], cause[j] = 0.0, 0.0, 0.0, -1
        for j in theirs:
            state[j] = free[j]
        starts[u + 1] = used = stop


def nearest_lists(pairs: Pairs, near: Neighbours, *, top: int) -> Integers:
    """Return the products nearest to those of each customer, without those he has, the nearest first, shape (n, top).

    This is the item-item recommender on its own: no habit, no popularity, no probability. -1 where there are fewer.

    Args:
        pairs: the products of each customer.
        near: nearest neighbours of each product.
        top: longest list.
    """
    nothing, everything = np.zeros(0, np.int32), np.ones(len(near.items), np.bool_)
    found = explored(pairs, np.zeros(len(pairs.items), np.bool_), near, nothing, most=top, allowed=everything)
    at = best_of_each(found.offsets, found.items, found.near.astype(float), np.ones(len(found.items), np.bool_), top=top)
    return np.where(at >= 0, found.items[np.maximum(at, 0)], -1).astype(np.int32) if len(found.items) else at.astype(np.int32)
