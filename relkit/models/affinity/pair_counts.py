"""Counts of pairs of items: in how many baskets each two meet.

With few items the counts lie in one triangle of 32-bit integers, filled in a single pass over the baskets. With many items such a
triangle would not fit in the cache, nor at last in memory: the counts are then made one item at a time, from the baskets that contain
it, in one row that is emptied again (the row-wise product X'X of Gustavson 1978). Memory is bounded by the baskets and by the pairs
returned, whatever the number of items.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.models.affinity.baskets import Baskets

Codes = NDArray[np.int32]
Ints = NDArray[np.int64]

TRIANGLE_BYTES = 64 << 20
"""Largest triangle that is filled at once: beyond it rows are faster, and need no more memory than the pairs they find."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of items that meet often enough, in ascending order of both.

    Attributes:
        first, second: codes of the items, first below second; (m,) int32.
        counts: baskets with both; (m,) int64.
    """

    first: Codes
    second: Codes
    counts: Ints

    def __len__(self) -> int:
        return len(self.counts)


def count_pairs(baskets: Baskets, least: int, *, triangle_bytes: int = TRIANGLE_BYTES) -> Pairs:
    """Return the pairs of items that meet in at least `least` baskets, with 0 all pairs of items.

    Args:
        baskets: n baskets.
        least: smallest count returned.
        triangle_bytes: largest triangle to fill at once; 0 counts by rows.

    Examples:
        >>> import polars as pl
        >>> from relkit.models.affinity.baskets import Baskets
        >>> found = count_pairs(Baskets.of(pl.Series([["a", "b", "c"], ["a", "b"], ["c"]])), 2)
        >>> found.first.tolist(), found.second.tolist(), found.counts.tolist()
        ([0], [1], [2])
    """
    often = baskets.counts >= max(least, 1)
    codes = np.flatnonzero(often).astype(np.int32)
    new = np.where(often, np.cumsum(often) - 1, -1).astype(np.int32)
    k = len(codes)
    if k * (k - 1) * 2 <= triangle_bytes or least == 0:
        made = _by_triangle(baskets, new, k, least)
    else:
        made = _by_rows(baskets, new, k, least)
    return Pairs(codes[made[0]], codes[made[1]], made[2])


def _by_triangle(baskets: Baskets, new: Codes, k: int, least: int) -> tuple[Any, Any, Ints]:
    counts = _kernels()[0](baskets.offsets, baskets.items, new, k)
    at = np.flatnonzero(counts >= least)
    starts = _row_starts(k)
    first = np.searchsorted(starts, at, side="right") - 1
    return first, at - starts[first] + first + 1, counts[at].astype(np.int64)


def _row_starts(k: int) -> Ints:
    """Return the position in the triangle at which each item's row begins; shape (k,)."""
    rows = np.arange(k, dtype=np.int64)
    return rows * (2 * k - rows - 1) // 2


def _by_rows(baskets: Baskets, new: Codes, k: int, least: int) -> tuple[Any, Any, Ints]:
    first, second, counts = _kernels()[1](baskets.offsets, baskets.items, new, baskets.counts, k, least)
    return first, second, counts


def fill_triangle(offsets: Any, items: Any, new: Any, k: Any) -> Any:
    """Count all pairs in one pass; element (i, j) of row i is at i (2k - i - 1) / 2 + j - i - 1. Compiled by numba."""
    counts = np.zeros(k * (k - 1) // 2, np.int32)
    longest = 0
    for basket in range(len(offsets) - 1):
        longest = max(longest, offsets[basket + 1] - offsets[basket])
    own = np.empty(longest, np.int64)
    for basket in range(len(offsets) - 1):
        size = 0
        for at in range(offsets[basket], offsets[basket + 1]):
            code = new[items[at]]
            if code >= 0:
                own[size] = code
                size += 1
        for left in range(size - 1):
            i = own[left]
            row = i * (2 * k - i - 1) // 2 - i - 1
            for right in range(left + 1, size):
                counts[row + own[right]] += 1
    return counts


def fill_rows(offsets: Any, items: Any, new: Any, item_counts: Any, k: Any, least: Any) -> Any:
    """Count pairs one item at a time, through a list of the item's places; -1 ends each basket. Compiled by numba."""
    starts = np.zeros(k + 1, np.int64)
    for code in range(len(new)):
        if new[code] >= 0:
            starts[new[code] + 1] = item_counts[code]
    for i in range(k):
        starts[i + 1] += starts[i]
    ended = np.empty(starts[k] + len(offsets) - 1, np.int32)
    places = np.empty(starts[k], np.int64)
    filled = starts.copy()
    to = 0
    for basket in range(len(offsets) - 1):
        for at in range(offsets[basket], offsets[basket + 1]):
            code = new[items[at]]
            if code >= 0:
                ended[to] = code
                places[filled[code]] = to
                filled[code] += 1
                to += 1
        ended[to] = -1
        to += 1
    first, second, counts = np.empty(1024, np.int32), np.empty(1024, np.int32), np.empty(1024, np.int64)
    row = np.zeros(k, np.int32)
    met = np.empty(k, np.int32)
    found = 0
    for i in range(k):
        others = 0
        for place in places[starts[i] : starts[i + 1]]:
            at = place + 1
            while ended[at] >= 0:
                if row[ended[at]] == 0:
                    met[others] = ended[at]
                    others += 1
                row[ended[at]] += 1
                at += 1
        if found + others > len(counts):
            room = 2 * (found + others)
            grown = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int64)
            grown[0][:found], grown[1][:found], grown[2][:found] = first[:found], second[:found], counts[:found]
            first, second, counts = grown
        often = 0
        for which in range(others):
            j = met[which]
            if row[j] >= least:
                met[often] = j
                often += 1
            else:
                row[j] = 0
        met[:often].sort()
        for j in met[:often]:
            first[found], second[found], counts[found] = i, j, row[j]
            row[j] = 0
            found += 1
    return first[:found].copy(), second[:found].copy(), counts[:found].copy()


@cache
def _kernels() -> tuple[Callable[..., Any], ...]:
    import numba

    return tuple(numba.njit(cache=True, nogil=True)(kernel) for kernel in (fill_triangle, fill_rows))
