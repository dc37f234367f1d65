"""Exploration: products that a customer has not bought, near to those that he has, or popular.

A candidate's similarity is the sum of its similarities to the customer's products; only each product's nearest neighbours count, so
that the work is that of a sparse product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.models.affinity.top_lists import best_of_each
from relkit.models.compiling import compiled

if TYPE_CHECKING:
    from relkit.models.affinity.habits import Pairs
    from relkit.models.affinity.histories import Integers, Offsets
    from relkit.models.affinity.similarity import Neighbours

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

NEAR_LITTLE, EACH_LITTLE = 1e-3, 1e-4
"""Added to similarities, and to their mean over a customer's products, before the logarithm."""
ROUNDING = 1e-3
"""Added to a bound of a linear predictor: far more than single precision loses in a sum of similarities near it."""


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

    @classmethod
    def nothing(cls, customers: int) -> Explored:
        """Return no candidates of some customers."""
        items, values = np.zeros(0, np.int32), np.zeros(0, np.float32)
        return cls(np.zeros(customers + 1, np.int64), items, values, values, values, items)

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
    explore = compiled(_explore, _workspace, _nearby, _free, _comes_after, _sink, _nearest, _listed, _forget)
    explore(pairs.offsets, pairs.items, in_last, near.items, near.values, popular, min(most, items), allowed, offsets, found, values)
    c = int(offsets[-1])
    return Explored(offsets, found[0, :c], values[0, :c], values[1, :c], values[2, :c], found[1, :c])


def _workspace(items: int) -> tuple[Singles, Integers, Integers, Integers]:
    """Return the arrays that one customer after the other uses: sums, cause, touched and open products."""
    return np.zeros((3, items), np.float32), np.full(items, -1, np.int32), np.empty(items + 1, np.int32), np.empty(items, np.int32)


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
    for at in range(min(most, len(touched))):  # numba needs seconds to compile the assignment of a slice
        found[at] = touched[at]
    if len(touched) <= most:
        return len(touched)
    for at in range(most // 2 - 1, -1, -1):
        _sink(found, at, most, total)
    for j in touched[most:]:
        if _comes_after(found[0], j, total):
            found[0] = j
            _sink(found, 0, most, total)
    return most


def _listed(
    touched: Integers, state: NDArray[np.int8], open_ones: Integers, total: Singles, popular: Integers, most: int, found: Integers
) -> int:
    """Fill a customer's candidates, the near ones and then the popular ones, and return their number."""
    stop = _nearest(open_ones[: _free(touched, state, open_ones)], total, found[:most])
    for j in found[:stop]:
        state[j] = 1
    for j in popular:
        if state[j] == 0:
            found[stop] = j
            stop += 1
    return stop


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
    sums, cause, touched, open_ones = _workspace(p)
    free = allowed.astype(np.int8) - np.int8(1)
    state, used = free.copy(), 0
    for u in range(len(offsets) - 1):
        theirs = own[offsets[u] : offsets[u + 1]]
        state[theirs] = -1
        count = _nearby(theirs, in_last[offsets[u] : offsets[u + 1]], neighbours, similarities, sums, cause, touched)
        stop = used + _listed(touched[:count], state, open_ones, sums[0], popular, most, found[0, used:])
        for at in range(used, stop):
            j = found[0, at]
            found[1, at], values[0, at], values[1, at], values[2, at] = cause[j], sums[0, j], sums[1, j], sums[2, j]
            state[j] = free[j]
        _forget(touched[:count], sums, cause)
        for j in theirs:
            state[j] = free[j]
        starts[u + 1] = used = stop


@dataclass(frozen=True, eq=False)
class Predictor:
    """The linear predictor of a first purchase, in parts.

    Attributes:
        of_products: shape (items,), the constant and the terms of products.
        of_customers: shape (n,), the terms of customers.
        weights: of the terms near, near_last_basket, nearest, near_each and not_near.
        first: shape (items,), in place of all this for customers without a basket.
    """

    of_products: Floats
    of_customers: Floats
    weights: Floats
    first: Floats


@dataclass(frozen=True, eq=False)
class Discoveries:
    """The best of the candidates of each of n customers; -1 in `items` where there are fewer than `top`.

    Attributes:
        items: shape (n, top), the best first, ties by product.
        because: shape (n, top), as for `Explored`.
        nearest: shape (n, top), as for `Explored`.
        values: shape (n, top), linear predictors.
    """

    items: Integers
    because: Integers
    nearest: Singles
    values: Floats


def discoveries(
    pairs: Pairs,
    in_last: NDArray[np.bool_],
    near: Neighbours,
    popular: Integers,
    baskets: Integers,
    predictor: Predictor,
    *,
    most: int,
    allowed: NDArray[np.bool_],
    top: int,
) -> Discoveries:
    """Return the best of the candidates that `explored` would return, which are valued and forgotten one customer at a time.

    Args:
        pairs: as for `explored`.
        in_last: as for `explored`.
        near: as for `explored`.
        popular: as for `explored`.
        baskets: shape (n,), baskets of each customer.
        predictor: values the candidates.
        most: as for `explored`.
        allowed: as for `explored`.
        top: candidates kept of each customer.
    """
    n, items = len(pairs.offsets) - 1, len(near.items)
    found, nearest, values = np.full((2, n, top), -1, np.int32), np.zeros((n, top), np.float32), np.zeros((n, top))
    discover = compiled(_discover, _workspace, _nearby, _free, _comes_after, _value, _bound, _is_among, _keep, _forget)
    discover(
        pairs.offsets,
        pairs.items,
        in_last,
        near.items,
        near.values,
        popular,
        min(most, items),
        allowed,
        baskets,
        predictor.of_products,
        predictor.of_customers,
        predictor.weights,
        predictor.first,
        found,
        nearest,
        values,
    )
    return Discoveries(found[0], found[1], nearest, values)


def _value(weights: Floats, sums: Singles, j: int, kinds: int, far: float) -> float:
    """Return the terms of a candidate and its customer, `far` if it is near to nothing.

    They are those of `relkit.models.affinity.next_terms.new_candidates`.
    """
    near = np.float64(sums[0, j])
    if near == 0:
        return far
    found: float = weights[0] * np.log(near + NEAR_LITTLE) + weights[1] * np.log(np.float64(sums[1, j]) + NEAR_LITTLE)
    found += weights[2] * np.log(np.float64(sums[2, j]) + NEAR_LITTLE) + weights[3] * np.log(near / kinds + EACH_LITTLE)
    return found


def _bound(weights: Floats, sums: Singles, near: Integers, kinds: int) -> float:
    """Return a bound of what `_value` returns for products near to a customer's, from the range of their similarities."""
    least, most = np.inf, 0.0
    for j in near:
        least, most = min(least, np.float64(sums[0, j])), max(most, np.float64(sums[0, j]))
    if most == 0:
        return 0.0
    # The largest similarity lies between the mean one and the sum, the part of the last basket between nothing and the sum.
    low, high = np.log(least + NEAR_LITTLE), np.log(most + NEAR_LITTLE)
    bound: float = weights[0] * (high if weights[0] > 0 else low)
    bound += weights[1] * (high if weights[1] > 0 else np.log(NEAR_LITTLE))
    bound += weights[2] * (high if weights[2] > 0 else np.log(least / kinds + NEAR_LITTLE))
    bound += weights[3] * np.log((most if weights[3] > 0 else least) / kinds + EACH_LITTLE)
    return bound + ROUNDING


def _is_among(item: int, near: Integers, total: Singles, most: int) -> bool:
    """Return whether a product is among the `most` nearest ones; ties go by product."""
    before = 0
    for j in near:
        before += _comes_after(item, j, total)
    return before < most


def _keep(items: Integers, values: Floats, kept: int, item: int, value: float) -> int:
    """Insert a candidate into a list of the best ones, if it is good enough, and return the length of the list."""
    top = len(items)
    if kept == top and (value < values[top - 1] or (value == values[top - 1] and item > items[top - 1])):
        return kept
    at = kept if kept < top else top - 1
    while at > 0 and (value > values[at - 1] or (value == values[at - 1] and item < items[at - 1])):
        items[at], values[at] = items[at - 1], values[at - 1]
        at -= 1
    items[at], values[at] = item, value
    return min(kept + 1, top)


def _discover(  # noqa: PLR0917 arrays of a kernel
    offsets: Offsets,
    own: Integers,
    in_last: NDArray[np.bool_],
    neighbours: Integers,
    similarities: Singles,
    popular: Integers,
    most: int,
    allowed: NDArray[np.bool_],
    baskets: Integers,
    of_products: Floats,
    of_customers: Floats,
    weights: Floats,
    first: Floats,
    found: Integers,
    nearest: Singles,
    values: Floats,
) -> None:
    """Fill the best candidates: items and because, the largest similarity, and the value."""
    p, top = len(allowed), values.shape[1]
    sums, cause, touched, open_ones = _workspace(p)
    free = allowed.astype(np.int8) - np.int8(1)
    state = free.copy()
    far = (weights[0] + weights[1] + weights[2]) * np.log(NEAR_LITTLE) + weights[3] * np.log(EACH_LITTLE) + weights[4]
    for u in range(len(offsets) - 1):
        theirs = own[offsets[u] : offsets[u + 1]]
        state[theirs] = -1
        count = _nearby(theirs, in_last[offsets[u] : offsets[u + 1]], neighbours, similarities, sums, cause, touched)
        near = open_ones[: _free(touched[:count], state, open_ones)]
        kinds, kept, is_first = max(len(theirs), 1), 0, baskets[u] == 0
        for j in popular:  # these first: next to them, most others need not be valued
            if state[j] == 0:
                value = first[j] if is_first else of_products[j] + of_customers[u] + _value(weights, sums, j, kinds, far)
                kept = _keep(found[0, u], values[u], kept, j, value)
                state[j] = 1
        most_near = _bound(weights, sums, near, kinds)
        for j in near:
            plain = of_products[j] + of_customers[u]
            if state[j] == 0 and (kept < top or plain + most_near >= values[u, top - 1]):
                value = plain + _value(weights, sums, j, kinds, far)
                if (kept < top or value >= values[u, top - 1]) and _is_among(j, near, sums[0], most):
                    kept = _keep(found[0, u], values[u], kept, j, value)
        for at in range(kept):
            found[1, u, at], nearest[u, at] = cause[found[0, u, at]], sums[2, found[0, u, at]]
        _forget(touched[:count], sums, cause)
        state[theirs], state[popular] = free[theirs], free[popular]


def _forget(touched: Integers, sums: Singles, cause: Integers) -> None:
    """Set the similarities to a customer's products back to nothing."""
    for j in touched:
        sums[0, j], sums[1, j], sums[2, j], cause[j] = 0.0, 0.0, 0.0, -1


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
