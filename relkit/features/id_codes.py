"""Codes of text ids: an id that equals the one before it is not looked up again, and most tables are in order of customer."""

from __future__ import annotations

import polars as pl


def coded_ids(ids: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the different ids in order, and the position of each id among them (u32, null for null).

    Examples:
        >>> names, codes = coded_ids(pl.Series(["b", "b", None, "a"]))
        >>> names.to_list(), codes.to_list()
        (['a', 'b'], [1, 1, None, 0])
    """
    heads, places = _runs(ids)
    named = heads.drop_nulls()
    names = named if _ascends(named) else named.unique().sort()
    return names, _looked_up(names, heads).gather(places)


def codes_among(names: pl.Series, ids: pl.Series) -> pl.Series:
    """Return the position of each id among different names (u32, null for one that is not there).

    Examples:
        >>> codes_among(pl.Series(["a", "b"]), pl.Series(["b", "b", "c", "a"])).to_list()
        [1, 1, None, 0]
    """
    heads, places = _runs(ids)
    return _looked_up(names, heads).gather(places)


def _looked_up(names: pl.Series, ids: pl.Series) -> pl.Series:
    """Return the position of each id among different names; if both are in order they are searched, which costs a fifth of hashing them."""
    known = ids.drop_nulls()
    if names.is_empty() or not (known.is_sorted() and names.is_sorted()):
        return ids.cast(pl.Enum(names), strict=False).to_physical().cast(pl.UInt32)  # narrower for few ids
    at = names.search_sorted(ids).cast(pl.UInt32)
    at = at.set(at >= len(names), len(names) - 1)
    return at.set((names.gather(at) != ids).fill_null(value=True), None)


def _ascends(ids: pl.Series) -> bool:
    """Return whether each id is later than the one before it."""
    return bool((ids > ids.shift(1)).all())


def _runs(ids: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the first id of each run of equal ones, and the number of the run of each id."""
    starts = ids.ne_missing(ids.shift(1))
    if len(ids):
        starts[0] = True
    return ids.filter(starts), starts.cum_sum() - 1
