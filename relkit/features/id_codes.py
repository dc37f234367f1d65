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
    names = heads.drop_nulls().unique().sort()
    codes = heads.cast(pl.Enum(names)).to_physical().cast(pl.UInt32)  # narrower for few ids
    return names, codes.gather(places)


def codes_among(names: pl.Series, ids: pl.Series) -> pl.Series:
    """Return the position of each id among different names (u32, null for one that is not there).

    Examples:
        >>> codes_among(pl.Series(["a", "b"]), pl.Series(["b", "b", "c", "a"])).to_list()
        [1, 1, None, 0]
    """
    heads, places = _runs(ids)
    codes = heads.cast(pl.Enum(names), strict=False).to_physical().cast(pl.UInt32)
    return codes.gather(places)


def _runs(ids: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the first id of each run of equal ones, and the number of the run of each id."""
    starts = ids.ne_missing(ids.shift(1))
    if len(ids):
        starts[0] = True
    return ids.filter(starts), starts.cum_sum() - 1
