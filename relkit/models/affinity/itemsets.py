"""Frequent sets of items by size, with the counts of all their subsets at hand.

Every subset of a frequent set is frequent too. A set is therefore known by the position of its first items among the sets of one item
less, and its last item: one 64-bit key, found by binary search.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.models.affinity.grown_sets import grown_sets
from relkit.models.affinity.pair_counts import Pairs, count_pairs

if TYPE_CHECKING:
    from relkit.models.affinity.baskets import Baskets

Codes = NDArray[np.int32]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


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
        NotEnoughEventsError: there are too many sets to list.

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
            larger = grown_sets(baskets, pairs, max(least, 1), most_items)
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
