"""Counts of given sets of items in given baskets, by bitsets over the baskets of the items that occur in any of the sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.models.affinity.baskets import Baskets

Ints = NDArray[np.int64]

_CHUNK = 1 << 20
"""Baskets taken at a time, a multiple of eight: a bitset of that many takes 128 KB."""


def count_sets(baskets: Baskets, sets: Sequence[Sequence[int]]) -> Ints:
    """Return the number of baskets that contain all items of each set, shape (len(sets),).

    Args:
        baskets: n baskets.
        sets: codes of the items of each set; a code below zero is in no basket.

    Examples:
        >>> import polars as pl
        >>> from relkit.models.affinity.baskets import Baskets
        >>> count_sets(Baskets.of(pl.Series([["a", "b"], ["a"], ["a", "b", "c"]])), [(0,), (0, 1), (0, 1, 2), (-1,)]).tolist()
        [3, 2, 1, 0]
    """
    used = sorted({code for codes in sets for code in codes})
    row = {code: place for place, code in enumerate(used)}
    counts = np.zeros(len(sets), np.int64)
    for start in range(0, baskets.n, _CHUNK):
        bits = _bitsets(baskets, start, min(start + _CHUNK, baskets.n), used)
        for place, codes in enumerate(sets):
            both = np.bitwise_and.reduce(bits[[row[code] for code in codes]], axis=0)
            counts[place] += int(np.bitwise_count(both).sum(dtype=np.int64))
    return counts


def _bitsets(baskets: Baskets, start: int, end: int, codes: list[int]) -> NDArray[np.uint8]:
    """Return one row of bits per code over the baskets from `start` to `end`."""
    offsets = baskets.offsets[start : end + 1]
    items = baskets.items[offsets[0] : offsets[-1]]
    wanted = np.full(len(baskets.names) + 1, -1, np.int64)  # the last place is that of codes below zero
    wanted[[code for code in codes if code >= 0]] = [place for place, code in enumerate(codes) if code >= 0]
    mine = np.flatnonzero(wanted[items] >= 0)
    rows = wanted[items[mine]]
    basket = np.searchsorted(offsets - offsets[0], mine, side="right") - 1
    order = np.argsort(rows, kind="stable")
    ends = np.searchsorted(rows[order], np.arange(len(codes) + 1))
    bits = np.zeros((len(codes), -(-(end - start) // 8)), np.uint8)
    for place in range(len(codes)):
        there = np.zeros(end - start, np.bool_)
        there[basket[order[ends[place] : ends[place + 1]]]] = True
        bits[place] = np.packbits(there)
    return bits
