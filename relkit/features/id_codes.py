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
    starts = ids.ne_missing(ids.shift(1))
    if len(ids):
        starts[0] = True
    heads = ids.filter(starts)
    names = heads.drop_nulls().unique().sort()
    codes = heads.cast(pl.Enum(names)).to_physical().cast(pl.UInt32)  # narrower for few ids
    return names, codes.gather(starts.cum_sum() - 1)
