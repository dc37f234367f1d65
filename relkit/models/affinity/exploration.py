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
    explore = compiled(_explore, _nearby, _nearest)
    explore(pairs.offsets, pairs.items, in_last, near.items, near.values, popular, min(most, items), allowed, offsets, found, values)
    c = int(offsets[-1])
    return Explored(offsets, found[0, :c], values[0, :c], values[1, :c], values[2, :c], found[1, :c])


def _nearby(
    own: Integers,
    in_last: NDArray[np.bool_],
    neighbours: Integers,
    similarities: Singles,
    state: NDArray[np.int8],
    sums: Singles,
    cause: Integers,
    touched: Integers,
) -> int:
    """Add up the similarities to a customer's products by neighbour, and return the number of neighbours touched."""
    count = 0
    for at in range(len(own)):
        for k in range(neighbours.shape[1]):
            j = neighbours[own[at], k]
            if j < 0:
                break
            if state[j] < 0:
                continue
            if state[j] == 0:
                state[j] = 1
                touched[count] = j
                count += 1
            value = similarities[own[at], k]
            sums[0, j] += value
            if in_last[at]:
                sums[1, j] += value
            if value > sums[2, j]:
                sums[2, j], cause[j] = value, own[at]
    return count


def _nearest(touched: Integers, total: Singles, found: Integers) -> int:
    """Fill the neighbours with the largest sums, the largest first, and return their number; ties go by product."""
    kept, most = 0, len(found)
    for j in touched:
        at = kept if kept < most else most - 1
        if kept == most and (total[j] < total[found[at]] or (total[j] == total[found[at]] and j > found[at])):
            continue
        while at > 0 and (total[j] > total[found[at - 1]] or (total[j] == total[found[at - 1]] and j < found[at - 1])):
            found[at] = found[at - 1]
            at -= 1
        found[at] = j
        kept = min(kept + 1, most)
    return kept


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

    A product is barred (-1), free (0), touched (1) or listed (2).
    """
    p = len(allowed)
    sums, cause, touched = np.zeros((3, p), np.float32), np.full(p, -1, np.int32), np.empty(p, np.int32)
    free = np.where(allowed, 0, -1).astype(np.int8)
    state, used = free.copy(), 0
    for u in range(len(offsets) - 1):
        theirs = own[offsets[u] : offsets[u + 1]]
        state[theirs] = -1
        count = _nearby(theirs, in_last[offsets[u] : offsets[u + 1]], neighbours, similarities, state, sums, cause, touched)
        stop = used + _nearest(touched[:count], sums[0], found[0, used : used + most])
        for at in range(used, stop):
            state[found[0, at]] = 2
        for j in popular:
            if 0 <= state[j] < 2:
                found[0, stop] = j
                stop += 1
        for at in range(used, stop):
            j = found[0, at]
            found[1, at], values[0, at], values[1, at], values[2, at] = cause[j], sums[0, j], sums[1, j], sums[2, j]
        for j in touched[:count]:
            sums[0, j], sums[1, j], sums[2, j], cause[j], state[j] = 0.0, 0.0, 0.0, -1, free[j]
        for j in theirs:
            state[j] = free[j]
        starts[u + 1] = used = stop
