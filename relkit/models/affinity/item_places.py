"""Baskets read item by item: the places of each item among the items of all baskets, one basket after the other.

From a place, the items that follow up to the end of the basket are those that meet the item and have a higher code. This is all that
counting by items needs, whether pairs or larger sets are counted.
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

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ItemPlaces:
    """Places of the items of some baskets.

    Attributes:
        ended: codes of all items, with -1 after each basket; int32.
        places: positions in `ended`, those of one item after those of another; int64.
        starts: first position in `places` of each item, and their number; (items + 1,) int64.
    """

    ended: NDArray[np.int32]
    places: Ints
    starts: Ints

    @classmethod
    def of(cls, baskets: Baskets) -> ItemPlaces:
        """Find the places of the items.

        Examples:
            >>> import polars as pl
            >>> from relkit.models.affinity.baskets import Baskets
            >>> found = ItemPlaces.of(Baskets.of(pl.Series([["a", "b"], ["b"]])))
            >>> found.ended.tolist(), found.places.tolist(), found.starts.tolist()
            ([0, 1, -1, 1, -1], [0, 1, 3], [0, 1, 3])
        """
        starts = np.concatenate(([0], np.cumsum(baskets.counts)))
        ended, places = _kernel()(baskets.offsets, baskets.items, starts)
        return cls(ended, places, starts)

    def of_item(self, code: int) -> Ints:
        """Return the places of one item, ascending."""
        return self.places[self.starts[code] : self.starts[code + 1]]


def find_places(offsets: Any, items: Any, starts: Any) -> Any:
    """Return `ended` and `places`. Compiled by numba."""
    ended = np.empty(len(items) + len(offsets) - 1, np.int32)
    places = np.empty(len(items), np.int64)
    filled = starts.copy()
    to = 0
    for basket in range(len(offsets) - 1):
        for at in range(offsets[basket], offsets[basket + 1]):
            code = items[at]
            ended[to] = code
            places[filled[code]] = to
            filled[code] += 1
            to += 1
        ended[to] = -1
        to += 1
    return ended, places


@cache
def _kernel() -> Callable[..., Any]:
    import numba

    compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True)(find_places)
    return compiled
