"""Sorting of packed keys: numpy's sort, or a radix sort if numba is already loaded.

Numba takes three seconds to import, which no single summary recovers; but in a process that has loaded
it (for a model), a radix sort takes a third of the time of a comparing sort.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

WORTHWHILE = 1_000_000
"""Number of keys from which the radix sort recovers the time to load its compiled form."""


def sorted_keys(keys: NDArray[Any], bits: int) -> NDArray[Any]:
    """Return unsigned integers in ascending order; the given array serves as workspace.

    Args:
        keys: (n,) unsigned integers below 2 ** bits.
        bits: number of bits that may be set.

    Examples:
        >>> sorted_keys(np.array([5, 3, 9], dtype=np.uint32), 4)
        array([3, 5, 9], dtype=uint32)
    """
    if "numba" in sys.modules and len(keys) >= WORTHWHILE:
        return _compiled()(keys, np.empty_like(keys), bits)
    keys.sort()
    return keys


def radix_sort(keys: NDArray[Any], other: NDArray[Any], bits: int) -> NDArray[Any]:
    """Sort by eight bits at a time, the lowest first, each pass stable; return the array that ends up sorted."""
    for shift in range(0, bits, 8):
        edges = np.zeros(257, np.int64)
        for key in keys:
            edges[((key >> shift) & 255) + 1] += 1
        edges = np.cumsum(edges)
        for key in keys:
            digit = (key >> shift) & 255
            other[edges[digit]] = key
            edges[digit] += 1
        keys, other = other, keys
    return keys


@cache
def _compiled() -> Callable[..., NDArray[Any]]:
    import numba

    compiled: Callable[..., NDArray[Any]] = numba.njit(cache=True, nogil=True)(radix_sort)
    return compiled
