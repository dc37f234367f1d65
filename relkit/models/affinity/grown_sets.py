"""Sets of three items and more, grown from pairs by intersection of bitsets, one first item at a time.

As Zaki (2000, Eclat). The rarest item of a set comes first: the baskets that contain it are numbered from 0, and each item that meets it
often enough gets a bitset over them. Bitsets are as long as the item is frequent, so memory follows the items and not the company. A set
found is a node: the set it extends, the item added, and the count.

    Zaki, M. J. (2000), Scalable algorithms for association mining, IEEE Transactions on Knowledge and Data Engineering 12(3).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relkit.errors import NotEnoughEventsError
from relkit.models.affinity.item_places import ItemPlaces

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.models.affinity.baskets import Baskets
    from relkit.models.affinity.pair_counts import Pairs

Codes = NDArray[np.int32]
Ints = NDArray[np.int64]

MOST_SETS = 5_000_000
"""Most sets of three items and more: beyond it nobody reads them, and memory would not suffice."""
_ONES = (0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F, 0x0101010101010101)


def grown_sets(baskets: Baskets, pairs: Pairs, least: int, longest: int | None) -> list[tuple[Codes, Ints]]:
    """Return the sets and counts of three items, of four, and so on.

    Args:
        baskets: n baskets.
        pairs: the pairs that meet in at least `least` baskets.
        least: smallest count, at least 1.
        longest: most items in a set; None for no limit.

    Raises:
        NotEnoughEventsError: there are more sets than `MOST_SETS`.
    """
    order, ends, starts = _by_rarity(baskets, pairs)
    rank = np.full(len(baskets.names), -1, np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    places = ItemPlaces.of(baskets.with_codes(rank, baskets.names[order]))
    bitsets, extend = _kernels()
    local = np.full(len(order), -1, np.int64)
    nodes: list[tuple[Ints, Ints, Ints]] = []
    found = 0
    for item in np.flatnonzero(np.diff(starts) > 1).tolist():
        partners = ends[starts[item] : starts[item + 1], 1]
        bits = bitsets(places.ended, places.of_item(item), partners, local)
        parents, added, counts = extend(bits, least, longest or len(order), MOST_SETS - found)
        nodes.append((np.where(parents < 0, parents - starts[item], parents + found), partners[added], counts))
        found += len(counts)
        if found >= MOST_SETS:
            raise NotEnoughEventsError(
                f"over {MOST_SETS:,} sets of three products and more occur in at least {least:,} baskets.",
                where="itemsets",
                remedy="Raise min_support or min_count, or set max_size to 2.",
            )
    return [(np.sort(order[rows], axis=1), counts) for rows, counts in _spelt_out(ends, nodes)]


def _by_rarity(baskets: Baskets, pairs: Pairs) -> tuple[Codes, Ints, Ints]:
    """Return the items of the pairs, the rarest first, the pairs as ranks in that order, and the first pair of each item."""
    order = np.argsort(baskets.counts, kind="stable")
    in_pairs = np.zeros(len(order), np.bool_)
    in_pairs[pairs.first] = in_pairs[pairs.second] = True
    kept: Codes = order[in_pairs[order]].astype(np.int32)
    rank = np.zeros(len(in_pairs), np.int64)
    rank[kept] = np.arange(len(kept))
    ends: Ints = np.sort(np.column_stack((rank[pairs.first], rank[pairs.second])), axis=1)
    ends = ends[np.lexsort((ends[:, 1], ends[:, 0]))]
    return kept, ends, np.searchsorted(ends[:, 0], np.arange(len(kept) + 1)).astype(np.int64)


def _spelt_out(ends: Ints, nodes: list[tuple[Ints, Ints, Ints]]) -> list[tuple[Ints, Ints]]:
    """Return, by size from three, the items of each node and its count; a parent below zero is a pair."""
    if not nodes:
        return []
    parents, added, counts = (np.concatenate(parts) for parts in zip(*nodes, strict=True))
    at = np.flatnonzero(parents < 0)
    rows = np.column_stack((ends[-1 - parents[at]], added[at]))
    sizes = []
    row_of = np.full(len(parents), -1, np.int64)
    while len(at):
        sizes.append((rows, counts[at]))
        row_of[:] = -1
        row_of[at] = np.arange(len(at))
        above = np.where(parents >= 0, row_of[np.maximum(parents, 0)], -1)
        at = np.flatnonzero(above >= 0)
        rows = np.column_stack((rows[above[at]], added[at]))
    return sizes


def item_bitsets(ended: Any, places: Any, partners: Any, local: Any) -> Any:
    """Return one bitset per partner over the baskets of an item: shape (partners, words). Compiled by numba."""
    bits = np.zeros((len(partners), (len(places) + 63) // 64), np.uint64)
    for p in range(len(partners)):
        local[partners[p]] = p
    for t in range(len(places)):
        at = places[t] + 1
        while ended[at] >= 0:
            p = local[ended[at]]
            if p >= 0:
                bits[p, t >> 6] |= np.uint64(1) << np.uint64(t & 63)
            at += 1
    for p in range(len(partners)):
        local[partners[p]] = -1
    return bits


def intersect(one: Any, other: Any, into: Any) -> Any:
    """Write the intersection of two bitsets and return its population count. Compiled by numba."""
    pairs, fours, bytes_, ones = np.uint64(_ONES[0]), np.uint64(_ONES[1]), np.uint64(_ONES[2]), np.uint64(_ONES[3])
    count = np.int64(0)
    for word in range(len(one)):
        both = one[word] & other[word]
        into[word] = both
        both = both - ((both >> np.uint64(1)) & pairs)
        both = (both & fours) + ((both >> np.uint64(2)) & fours)
        both = (both + (both >> np.uint64(4))) & bytes_
        count += np.int64((both * ones) >> np.uint64(56))
    return count


def widened(array: Any, rows: Any) -> Any:
    """Return an array with room for so many rows, with the same first rows. Compiled by numba."""
    if rows <= len(array):
        return array
    wide = np.empty((2 * rows, *array.shape[1:]), array.dtype)
    old, new = array.reshape(-1), wide.reshape(-1)
    for at in range(len(old)):  # a slice would do, but numba needs seconds to compile the check of its shape
        new[at] = old[at]
    return wide


def join_class(arena: Any, own: Any, counts: Any, one: Any, base: Any, least: Any) -> Any:
    """Write the frequent intersections of a bitset with those after it in its class from row `base`; return their number.

    Compiled by numba.
    """
    fresh = 0
    for other in range(one + 1, base):
        count = intersect(arena[one], arena[other], arena[base + fresh])
        if count >= least:
            own[base + fresh, 0] = own[other, 0]
            counts[base + fresh] = count
            fresh += 1
    return fresh


def extend_sets(bits: Any, least: Any, longest: Any, most: Any) -> Any:
    """Return the nodes of all sets with a first item: parents (-1 - p for partner p), partners added, counts.

    `arena` is a stack of classes, one per depth: the bitsets that extend the set in hand. `own` has the partner and the node of each.
    Stops at `most` nodes or a little later. Compiled by numba.
    """
    size = len(bits)
    arena, own, counts = bits, np.empty((size, 2), np.int64), np.empty(size, np.int64)
    for p in range(size):
        own[p, 0], own[p, 1] = p, -1 - p
    nodes = np.empty((256, 3), np.int64)
    found, depth = 0, 0
    stack = np.zeros((min(size, longest) + 1, 3), np.int64)  # of each class: first row, rows, next row
    stack[0, 1] = size
    while depth >= 0 and found < most:
        first, rows, following = stack[depth]
        if following >= rows - 1:
            depth -= 1
            continue
        stack[depth, 2] += 1
        one, base = first + following, first + rows
        arena, own, counts = widened(arena, base + rows), widened(own, base + rows), widened(counts, base + rows)
        fresh = join_class(arena, own, counts, one, base, least)
        nodes = widened(nodes, found + fresh)
        for row in range(base, base + fresh):
            nodes[found, 0], nodes[found, 1], nodes[found, 2] = own[one, 1], own[row, 0], counts[row]
            own[row, 1] = found
            found += 1
        if depth + 3 < longest and fresh > 1:
            depth += 1
            stack[depth, 0], stack[depth, 1], stack[depth, 2] = base, fresh, 0
    return nodes[:found, 0].copy(), nodes[:found, 1].copy(), nodes[:found, 2].copy()


@cache
def _kernels() -> tuple[Callable[..., Any], ...]:
    import numba
    from numba.extending import register_jitable

    for part in (intersect, widened, join_class):
        register_jitable(part)
    return tuple(numba.njit(cache=True, nogil=True)(kernel) for kernel in (item_bitsets, extend_sets))
