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
    names = _in_order(heads.drop_nulls())
    return names, _looked_up(names, heads).gather(places)


def codes_among(names: pl.Series, ids: pl.Series) -> pl.Series:
    """Return the position of each id among different names (u32, null for one that is not there).

    Examples:
        >>> codes_among(pl.Series(["a", "b"]), pl.Series(["b", "b", "c", "a"])).to_list()
        [1, 1, None, 0]
    """
    heads, places = _runs(ids)
    return _looked_up(names, heads).gather(places)


def enumerated(ids: pl.Series) -> pl.Series:
    """Return categorical ids as an enumeration of those that occur, in order; each number is looked up once, not each id.

    Examples:
        >>> enumerated(pl.Series(["b", None, "a", "b"], dtype=pl.Categorical)).to_physical().to_list()
        [1, None, 0, 1]
    """
    codes = ids.to_physical()
    used = ids.unique().drop_nulls()
    names = used.cast(pl.String).sort()
    if names.is_empty():
        return ids.cast(pl.Enum(names))
    numbers = pl.Series([0], dtype=pl.UInt32).new_from_index(0, int(used.to_physical().max()) + 1)  # type: ignore[arg-type]
    numbers = numbers.scatter(used.to_physical(), used.cast(pl.Enum(names)).to_physical().cast(pl.UInt32))
    return numbers.gather(codes).cat.to(pl.Enum(names))


def _in_order(ids: pl.Series) -> pl.Series:
    """Return the different ids in order; those that come in order are not sorted again."""
    first, others = _split(ids)
    names = first.filter((first != first.shift(1)).fill_null(value=True))
    if others.is_empty():
        return names
    more = others.unique().sort()
    more = more.filter(_searched(names, more).is_null())
    return pl.concat([names, more]).sort() if len(more) else names


def _looked_up(names: pl.Series, ids: pl.Series) -> pl.Series:
    """Return the position of each id among different names; those in order are searched, which costs a fifth of hashing them."""
    if names.is_empty() or not names.is_sorted():
        return _hashed(names, ids)
    first, others = _split(ids)
    return _searched(names, ids) if others.is_empty() else pl.concat([_searched(names, first), _hashed(names, others)])


def _split(ids: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the ids up to the first that is before one above it, and the others; nulls may be anywhere."""
    before = ids.shift(1).forward_fill() if ids.null_count() else ids.shift(1)
    falls = (ids < before).fill_null(value=False)
    at = int(falls.arg_max() or 0) if falls.any() else len(ids)
    return ids.head(at), ids.slice(at)


def _searched(names: pl.Series, ids: pl.Series) -> pl.Series:
    """Return the positions of ids among names that are in order."""
    at = names.search_sorted(ids).cast(pl.UInt32)
    at = at.set(at >= len(names), len(names) - 1)
    return at.set((names.gather(at) != ids).fill_null(value=True), None)


def _hashed(names: pl.Series, ids: pl.Series) -> pl.Series:
    return ids.cast(pl.Enum(names), strict=False).to_physical().cast(pl.UInt32)  # narrower for few ids


def _runs(ids: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the first id of each run of equal ones, and the number of the run of each id."""
    starts = ids.ne_missing(ids.shift(1))
    if len(ids):
        starts[0] = True
    return ids.filter(starts), starts.cum_sum() - 1
