"""Frequent sets of items by size, with the counts of all their subsets at hand.

Pairs are counted directly. Larger sets are found as by Zaki (2000, Eclat), one first item at a time, the rarest first: the baskets that
contain it are numbered from 0, each partner that meets it often enough gets a bitset over them, and sets grow by the intersection of
bitsets, counted by population count. The bitsets are as long as the item is frequent, so memory follows the item and not the company.

Every subset of a frequent set is frequent too. A set is therefore known by the position of its first items among the sets of one item
less, and its last item: one 64-bit key, found by binary search.

    Zaki, M. J. (2000), Scalable algorithms for association mining, IEEE Transactions on Knowledge and Data Engineering 12(3).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relkit.errors import NotEnoughEventsError
from relkit.models.affinity.pair_counts import Pairs, count_pairs

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.models.affinity.baskets import Baskets

Codes = NDArray[np.int32]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MOST_SETS = 5_000_000
"""Most sets of three items and more: beyond it nobody reads them, and memory would not suffice."""


@dataclass(frozen=True, eq=False)
class Itemsets:
    """Frequent sets of the same baskets.

    Attributes:
        n: number of baskets.
        items: number of item codes.
        most_items: largest size that was searched.
        rows: by size from 1, the sets, each ascending, in ascending order; (m_k, k) int32.
        counts: by size from 1, baskets with all items of the set; (m_k,) int64.
        keys: by size from 1, the search keys, ascending; (m_k,) int64.
    """

    n: int
    items: int
    most_items: int
    rows: tuple[Codes, ...]
    counts: tuple[Ints, ...]
    keys: tuple[Ints, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of sets by size from 1."""
        return tuple(len(counts) for counts in self.counts)

    def places(self, sets: Codes) -> Ints:
        """Return the position of sets of one size among those of their size; -1 if a set is not frequent.

        Args:
            sets: codes, ascending in each row; (m, k) with k of at least 1.
        """
        place = np.zeros(len(sets), np.int64)
        known = np.ones(len(sets), np.bool_)
        for size in range(1, sets.shape[1] + 1):
            if size > len(self.keys):
                return np.full(len(sets), -1, np.int64)
            place, there = _found(self.keys[size - 1], place * self.items + sets[:, size - 1])
            known &= there
        return np.where(known, place, -1)

    def without(self, apart: Flags) -> Itemsets:
        """Return the sets that contain none of the pairs marked; `apart` has one flag per pair.

        Examples:
            >>> import polars as pl
            >>> from relkit.models.affinity.baskets import Baskets
            >>> all_of_them = frequent_itemsets(Baskets.of(pl.Series([["a", "b", "c"]])), 1)
            >>> all_of_them.without(np.array([True, False, False])).sizes
            (3, 2)
        """
        kept = [np.ones(self.sizes[0], np.bool_), ~apart]
        for rows in self.rows[2:]:
            ends = combinations(range(rows.shape[1]), 2)
            kept.append(~np.any([apart[self.places(rows[:, list(end)])] for end in ends], axis=0))
        return _indexed_sets(
            self.n,
            self.items,
            self.most_items,
            [rows[mine] for rows, mine in zip(self.rows, kept, strict=False)],
            [counts[mine] for counts, mine in zip(self.counts, kept, strict=False)],
        )

    def counts_of(self, sets: Codes) -> Ints:
        """Return the counts of sets of one size; of no item, the number of baskets. All of them must be frequent."""
        size = sets.shape[1]
        return np.full(len(sets), self.n, np.int64) if size == 0 else self.counts[size - 1][self.places(sets)]

    def closed_and_maximal(self) -> list[tuple[Flags, Flags]]:
        """Return, by size, the sets without a larger one of the same count, and those without any larger one that is frequent.

        Larger sets are those found: at the largest size that was searched, every set counts as both.
        """
        flags = [(np.ones(size, np.bool_), np.ones(size, np.bool_)) for size in self.sizes]
        for size in range(2, len(self.rows) + 1):
            closed, maximal = flags[size - 2]
            for without in range(size):
                part = self.places(np.delete(self.rows[size - 1], without, axis=1))
                maximal[part] = False
                closed[part[self.counts[size - 2][part] == self.counts[size - 1]]] = False
        return flags


def frequent_itemsets(baskets: Baskets, least: int, *, most_items: int | None = None, pairs: Pairs | None = None) -> Itemsets:
    """Return the sets of items that occur in at least `least` baskets.

    Args:
        baskets: n baskets.
        least: smallest count; with 0, sets of up to two items that never occur are returned as well.
        most_items: largest size; None for all.
        pairs: the pairs at this count, if they are known.

    Raises:
        NotEnoughEventsError: there are more sets than `MOST_SETS`.

    Examples:
        >>> import polars as pl
        >>> from relkit.models.affinity.baskets import Baskets
        >>> found = frequent_itemsets(Baskets.of(pl.Series([["a", "b", "c"], ["a", "b", "c"], ["c"]])), 2)
        >>> found.sizes, found.counts[0].tolist(), found.rows[2].tolist()
        ((3, 3, 1), [2, 2, 3], [[0, 1, 2]])
    """
    singles = np.flatnonzero(baskets.counts >= least).astype(np.int32)[:, None]
    rows, counts = [singles], [baskets.counts[singles[:, 0]].astype(np.int64)]
    if most_items is None or most_items > 1:
        pairs = count_pairs(baskets, least) if pairs is None else pairs
        rows.append(np.column_stack((pairs.first, pairs.second)))
        counts.append(pairs.counts)
        if (most_items is None or most_items > 2) and len(pairs):
            larger = _larger(baskets, pairs, max(least, 1), most_items)
            rows += [sets for sets, _ in larger]
            counts += [number for _, number in larger]
    return _indexed_sets(baskets.n, len(baskets.names), most_items or max(len(baskets.names), 1), rows, counts)


def _indexed_sets(n: int, items: int, most_items: int, rows: list[Codes], counts: list[Ints]) -> Itemsets:
    """Return sets in ascending order with their keys, up to the largest size that has any."""
    made: list[tuple[Codes, Ints, Ints]] = []
    for sets, number in zip(rows, counts, strict=True):
        if made and not len(sets):
            break
        place = np.zeros(len(sets), np.int64)
        for (_, _, keys), codes in zip(made, sets.T, strict=False):
            place = np.searchsorted(keys, place * items + codes)
        key = place * items + sets[:, -1]
        order = np.argsort(key, kind="stable")
        made.append((sets[order], number[order], key[order]))
    rows_, counts_, keys_ = zip(*made, strict=True)
    return Itemsets(n, items, most_items, rows_, counts_, keys_)


def _found(keys: Ints, sought: Ints) -> tuple[Ints, Flags]:
    """Return the position of each key and whether it is there."""
    place = np.minimum(np.searchsorted(keys, sought), max(len(keys) - 1, 0))
    return place, keys[place] == sought if len(keys) else np.zeros(len(sought), np.bool_)


def _larger(baskets: Baskets, pairs: Pairs, least: int, most_items: int | None) -> list[tuple[Codes, Ints]]:
    """Return sets and counts of three items, four, and so on."""
    order = np.argsort(baskets.counts, kind="stable")
    in_pairs = np.zeros(len(order), np.bool_)
    in_pairs[pairs.first] = in_pairs[pairs.second] = True
    order = order[in_pairs[order]].astype(np.int32)
    rank = np.full(len(in_pairs), -1, np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    ranked = baskets.with_codes(rank, baskets.names[order])
    ends = np.sort(np.column_stack((rank[pairs.first], rank[pairs.second])), axis=1)
    ends = ends[np.lexsort((ends[:, 1], ends[:, 0]))]
    starts = np.searchsorted(ends[:, 0], np.arange(len(order) + 1))
    longest = min(most_items or len(order), max(len(order), 3))
    flat, sizes, counts, full = _kernel()(
        ranked.offsets, ranked.items, ranked.counts, starts, np.ascontiguousarray(ends[:, 1]), least, longest, MOST_SETS
    )
    if full:
        raise NotEnoughEventsError(
            f"over {MOST_SETS:,} sets of three products and more occur in at least {least:,} baskets.",
            where="itemsets",
            remedy="Raise min_support or min_count, or set max_size to 2.",
        )
    return _by_size(order[flat], sizes, counts)


def _by_size(flat: Codes, sizes: Ints, counts: Ints) -> list[tuple[Codes, Ints]]:
    ends = np.cumsum(sizes)
    found = []
    for size in range(3, int(sizes.max(initial=2)) + 1):
        mine = sizes == size
        at = (ends[mine] - size)[:, None] + np.arange(size)
        found.append((np.sort(flat[at], axis=1), counts[mine]))
    return found


def grow_sets(
    offsets: Any, items: Any, item_counts: Any, starts: Any, partners: Any, least: Any, longest: Any, most: Any
) -> tuple[Any, Any, Any, bool]:
    """Return all sets of at least three items, one after the other: items, sizes, counts, and whether there were too many.

    Codes are ranks, the rarest item first; `partners[starts[i]:starts[i + 1]]` are the items after i that meet it often enough.
    Compiled by numba. `arena` is a stack of classes: the bitsets of the extensions of the set in hand, one class per depth.
    """
    k = len(starts) - 1
    ended = np.empty(len(items) + len(offsets), np.int32)
    begins = np.zeros(k + 1, np.int64)
    for i in range(k):
        begins[i + 1] = begins[i] + item_counts[i]
    places = np.empty(begins[k], np.int64)
    filled = begins.copy()
    to = 0
    for basket in range(len(offsets) - 1):
        for at in range(offsets[basket], offsets[basket + 1]):
            places[filled[items[at]]] = to
            filled[items[at]] += 1
            ended[to] = items[at]
            to += 1
        ended[to] = -1
        to += 1
    flat, sizes, counts = np.empty(4096, np.int32), np.empty(1024, np.int64), np.empty(1024, np.int64)
    used, found = 0, 0
    local = np.full(k, -1, np.int64)
    arena, codes = np.empty(4096, np.uint64), np.empty(1024, np.int64)
    prefix = np.empty(longest + 1, np.int32)
    first_of, size_of, next_of = np.empty(longest + 1, np.int64), np.empty(longest + 1, np.int64), np.empty(longest + 1, np.int64)
    one = np.uint64(1)
    m1, m2, m4 = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
    h01, s1, s2, s4, s56 = np.uint64(0x0101010101010101), np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)
    for i in range(k):
        own = starts[i + 1] - starts[i]
        if own < 2:
            continue
        words = (item_counts[i] + 63) // 64
        if own * words > len(arena):
            arena = np.empty(own * words * 2, np.uint64)
        if own > len(codes):
            codes = np.empty(own * 4, np.int64)
        arena[: own * words] = 0
        for p in range(own):
            local[partners[starts[i] + p]] = p
            codes[p] = partners[starts[i] + p]
        for t in range(item_counts[i]):
            at = places[begins[i] + t] + 1
            while ended[at] >= 0:
                p = local[ended[at]]
                if p >= 0:
                    arena[p * words + (t >> 6)] |= one << np.uint64(t & 63)
                at += 1
        for p in range(own):
            local[codes[p]] = -1
        prefix[0] = i
        depth = 0
        first_of[0], size_of[0], next_of[0] = 0, own, 0
        while depth >= 0:
            mine = next_of[depth]
            if mine >= size_of[depth] - 1:
                depth -= 1
                continue
            next_of[depth] = mine + 1
            a = first_of[depth] + mine
            prefix[depth + 1] = codes[a]
            base = first_of[depth] + size_of[depth]
            fresh = 0
            others = size_of[depth] - mine - 1
            deeper = depth + 3 < longest
            if (base + others) * words > len(arena):
                wide = np.empty((base + others) * words * 2, np.uint64)
                wide[: base * words] = arena[: base * words]
                arena = wide
            if base + others > len(codes):
                longer = np.empty((base + others) * 2, np.int64)
                longer[:base] = codes[:base]
                codes = longer
            for other in range(others):
                b = a + 1 + other
                target = (base + fresh) * words
                count = 0
                for w in range(words):
                    both = arena[a * words + w] & arena[b * words + w]
                    arena[target + w] = both
                    both = both - ((both >> s1) & m1)
                    both = (both & m2) + ((both >> s2) & m2)
                    both = (both + (both >> s4)) & m4
                    count += np.int64((both * h01) >> s56)
                if count < least:
                    continue
                codes[base + fresh] = codes[b]
                fresh += 1
                if found == most:
                    return flat[:used], sizes[:found], counts[:found], True
                if used + depth + 3 > len(flat):
                    flat = np.append(flat, np.empty(len(flat), np.int32))
                if found == len(sizes):
                    sizes = np.append(sizes, np.empty(found, np.int64))
                    counts = np.append(counts, np.empty(found, np.int64))
                for d in range(depth + 2):
                    flat[used + d] = prefix[d]
                flat[used + depth + 2] = codes[b]
                used += depth + 3
                sizes[found], counts[found] = depth + 3, count
                found += 1
                if not deeper:
                    fresh = 0
            if deeper and fresh > 1:
                depth += 1
                first_of[depth], size_of[depth], next_of[depth] = base, fresh, 0
    return flat[:used].copy(), sizes[:found].copy(), counts[:found].copy(), False


@cache
def _kernel() -> Callable[..., Any]:
    import numba

    compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True)(grow_sets)
    return compiled
