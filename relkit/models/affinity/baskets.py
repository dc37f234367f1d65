"""Baskets as integers: the items of each basket in a row, distinct and ascending, with the offsets of the baskets.

    baskets = Baskets.of(pl.Series([["milk", "bread"], ["milk"], []]))
    baskets.n                 2: a basket without an item is none
    baskets.names[baskets.items[baskets.offsets[0]:baskets.offsets[1]]]

Item codes are positions in `names`, which are in ascending order of the text, so that an order of codes is one of names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Callable

Codes = NDArray[np.int32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Baskets:
    """Baskets with at least one item.

    Attributes:
        offsets: position of the first item of each basket, and the number of items; (n + 1,) int64.
        items: codes of the items, ascending within a basket and distinct; (offsets[-1],) int32.
        names: name of each code, ascending; a Series of text.
        empty: rows without any item, which are no baskets.
        nameless: items without a name that were left out.
        repeated: items that a basket contained more than once, beyond the first.
    """

    offsets: Ints
    items: Codes
    names: pl.Series
    empty: int = 0
    nameless: int = 0
    repeated: int = 0
    _counts: list[Ints] = field(default_factory=list, repr=False)

    @classmethod
    def of(cls, lists: pl.Series) -> Baskets:
        """Read a column of lists of text, categories or enumerated values.

        Raises:
            TableError: the column contains no lists of names.

        Examples:
            >>> read = Baskets.of(pl.Series([["b", "a", "a"], [], ["c", None]]))
            >>> read.n, read.offsets.tolist(), read.items.tolist(), read.names.to_list()
            (2, [0, 2, 3], [0, 1, 2], ['a', 'b', 'c'])
            >>> read.empty, read.nameless, read.repeated
            (1, 1, 1)
        """
        flat, lengths = _flat(lists)
        nameless = flat.null_count()
        if nameless:
            lengths = lists.list.drop_nulls().list.len()
            flat = flat.drop_nulls()
        codes, names = _coded(flat)
        return cls._made(lengths.to_numpy().astype(np.int64), codes, names, nameless)

    @classmethod
    def _made(cls, lengths: Ints, codes: Codes, names: pl.Series, nameless: int) -> Baskets:
        full = lengths > 0
        offsets = np.concatenate(([0], np.cumsum(lengths[full])))
        kept, tidy = tidied(offsets, codes)
        empty = int(len(lengths) - full.sum())
        return cls(kept, tidy, names, empty, nameless, len(codes) - len(tidy))

    @property
    def n(self) -> int:
        """The number of baskets."""
        return len(self.offsets) - 1

    @property
    def sizes(self) -> Ints:
        """Number of different items of each basket, shape (n,)."""
        return np.diff(self.offsets)

    @property
    def counts(self) -> Ints:
        """Number of baskets that contain each item, shape (len(names),)."""
        if not self._counts:
            self._counts.append(np.bincount(self.items, minlength=len(self.names)))
        return self._counts[0]

    def where(self, kept: NDArray[np.bool_]) -> Baskets:
        """Return the baskets that are kept, with the same codes and names.

        Examples:
            >>> Baskets.of(pl.Series([["a"], ["b", "c"]])).where(np.array([False, True])).items.tolist()
            [1, 2]
        """
        sizes = self.sizes
        items = self.items[np.repeat(kept, sizes)]
        return Baskets(np.concatenate(([0], np.cumsum(sizes[kept]))), items, self.names)

    def with_codes(self, new: Codes, names: pl.Series) -> Baskets:
        """Return the baskets with new codes of the items, those below zero left out; a basket may become empty.

        Args:
            new: the new code of each code, shape (len(names),).
            names: of the new codes.

        Examples:
            >>> less = Baskets.of(pl.Series([["a"], ["b", "c"]])).with_codes(np.array([-1, 1, 0], np.int32), pl.Series(["c", "b"]))
            >>> less.offsets.tolist(), less.items.tolist()
            ([0, 0, 2], [0, 1])
        """
        codes = new[self.items]
        kept = codes >= 0
        ends = np.concatenate(([0], np.cumsum(kept)))
        offsets, items = tidied(ends[self.offsets], codes[kept])
        return Baskets(offsets, items, names)


def tidied(offsets: Ints, items: Codes) -> tuple[Ints, Codes]:
    """Return offsets and items of baskets whose items are ascending and distinct.

    Examples:
        >>> tidied(np.array([0, 3, 4]), np.array([2, 1, 2, 0], np.int32))
        (array([0, 2, 3]), array([1, 2, 0], dtype=int32))
    """
    if _are_tidy(offsets, items):
        return offsets, items
    made: tuple[Ints, Codes] = _compiled()(offsets, items.copy())
    return made


def _are_tidy(offsets: Ints, items: Codes) -> bool:
    rises = items[1:] > items[:-1]
    starts = offsets[1:-1]
    rises[starts[(starts > 0) & (starts < len(items))] - 1] = True
    return bool(rises.all())


def tidy_rows(offsets: Any, items: Any) -> Any:
    """Sort the items of each basket in place and drop repeated ones; compiled by numba."""
    ends = np.empty_like(offsets)
    ends[0] = 0
    to = 0
    for basket in range(len(offsets) - 1):
        start, end = offsets[basket], offsets[basket + 1]
        if end - start > 32:
            items[start:end].sort()
        else:
            for at in range(start + 1, end):
                item, to_left = items[at], at - 1
                while to_left >= start and items[to_left] > item:
                    items[to_left + 1] = items[to_left]
                    to_left -= 1
                items[to_left + 1] = item
        for at in range(start, end):
            if at == start or items[at] != items[at - 1]:
                items[to] = items[at]
                to += 1
        ends[basket + 1] = to
    return ends, items[:to].copy()


@cache
def _compiled() -> Callable[..., Any]:
    import numba

    compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True)(tidy_rows)
    return compiled


def _flat(lists: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return all items in a row and the number of items of each basket."""
    dtype: Any = lists.dtype
    inner = dtype.inner if dtype == pl.List else None
    if inner is None or inner not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        raise TableError(
            f"{lists.name} is {dtype}, expected List(String): the items of each basket.",
            where="receipts",
            remedy="Give lists of names; cast numbers to text.",
        )
    lists = lists.cast(pl.List(pl.String)) if inner == pl.Null else lists
    return lists.explode(empty_as_null=False, keep_nulls=False), lists.list.len().fill_null(0)


def _coded(flat: pl.Series) -> tuple[Codes, pl.Series]:
    """Return the position of each item among the sorted names, and the names present."""
    if flat.dtype == pl.String:
        names = flat.unique().sort()
        return flat.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int32), names
    names, physical = _present(flat)
    order = names.arg_sort().to_numpy()
    physical = physical[order]
    new = np.zeros(int(physical.max()) + 1 if len(physical) else 0, np.int32)
    new[physical] = np.arange(len(physical), dtype=np.int32)
    return new[flat.to_physical().to_numpy()], names[order]


def _present(flat: pl.Series) -> tuple[pl.Series, NDArray[np.int64]]:
    """Return the names that occur in a column of categories, and their physical codes."""
    dtype: Any = flat.dtype
    if dtype == pl.Enum:
        physical = np.flatnonzero(np.bincount(flat.to_physical().to_numpy(), minlength=1))
        return dtype.categories.gather(physical), physical
    present = flat.unique()
    return present.cast(pl.String), present.to_physical().to_numpy().astype(np.int64)
