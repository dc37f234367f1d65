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

from relkit.models.affinity.item_places import ItemPlaces

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
    fits = k * (k - 1) // 2 * np.dtype(np.int32).itemsize <= triangle_bytes
    first, second, counts = _by_triangle(baskets, new, k, least) if fits or least == 0 else _by_rows(baskets, new, codes, least)
    return Pairs(codes[first], codes[second], counts)


def _by_triangle(baskets: Baskets, new: Codes, k: int, least: int) -> tuple[Ints, Ints, Ints]:
    counts = _kernels()[0](baskets.offsets, baskets.items, new, k)
    at = np.flatnonzero(counts >= least)
    starts = _row_starts(k)
    first = np.searchsorted(starts, at, side="right") - 1
    return first, at - starts[first] + first + 1, counts[at].astype(np.int64)


def _row_starts(k: int) -> Ints:
    """Return the position in the triangle at which each item's row begins; shape (k,)."""
    rows = np.arange(k, dtype=np.int64)
    return rows * (2 * k - rows - 1) // 2


def _by_rows(baskets: Baskets, new: Codes, codes: Codes, least: int) -> tuple[Ints, Ints, Ints]:
    places = ItemPlaces.of(baskets.with_codes(new, baskets.names[codes]))
    first, second, counts = _kernels()[1](places.ended, places.places, places.starts, least).T
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


def fill_rows(ended: Any, places: Any, starts: Any, least: Any) -> Any:
    """Count pairs one item at a time, from its places. Compiled by numba."""
    k = len(starts) - 1
    pairs = np.empty((1024, 3), np.int64)
    row, met = np.zeros(k, np.int32), np.empty(k, np.int32)
    found = 0
    for i in range(k):
        often = often_met(row, met, fill_row(ended, places[starts[i] : starts[i + 1]], row, met), least)
        if found + often > len(pairs):
            wide = np.empty((2 * (found + often), 3), np.int64)
            wide[:found] = pairs[:found]
            pairs = wide
        for j in met[:often]:
            pairs[found, 0], pairs[found, 1], pairs[found, 2] = i, j, row[j]
            row[j] = 0
            found += 1
    return pairs[:found].copy()


def fill_row(ended: Any, places: Any, row: Any, met: Any) -> Any:
    """Count the items that follow the places of one; list those met and return their number. Compiled by numba."""
    others = 0
    for place in places:
        at = place + 1
        while ended[at] >= 0:
            code = ended[at]
            if row[code] == 0:
                met[others] = code
                others += 1
            row[code] += 1
            at += 1
    return others


def often_met(row: Any, met: Any, others: Any, least: Any) -> Any:
    """List the items met often enough, ascending, forget the others, and return their number. Compiled by numba."""
    often = 0
    for which in range(others):
        code = met[which]
        if row[code] >= least:
            met[often] = code
            often += 1
        else:
            row[code] = 0
    met[:often].sort()
    return often


@cache
def _kernels() -> tuple[Callable[..., Any], ...]:
    import numba
    from numba.extending import register_jitable

    for part in (fill_row, often_met):
        register_jitable(part)
    return tuple(numba.njit(cache=True, nogil=True)(kernel) for kernel in (fill_triangle, fill_rows))
