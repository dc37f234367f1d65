"""Columns of ages in which those that differ by rounding are one age (`relkit.metrics.near_ties`)."""

from __future__ import annotations

import numpy as np
import polars as pl

from relkit.metrics.near_ties import one_age


def with_one_age(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Return a frame in which ages of these columns that differ by rounding are equal.

    Columns that are absent or not floating-point numbers stay as they are, and so do nulls and numbers that are not finite.

    Examples:
        >>> with_one_age(pl.DataFrame({"entry_days": [0.1 + 0.2], "duration_days": [0.3]}), "entry_days", "duration_days").row(0)
        (0.3, 0.3)
    """
    there = [name for name in dict.fromkeys(columns) if frame.schema.get(name) == pl.Float64]
    given = [frame[name].fill_null(np.nan).to_numpy() for name in there]
    if not there or not len(frame):
        return frame
    fixed = one_age(*given)
    changed = {name: after for name, before, after in zip(there, given, fixed, strict=True) if after is not before}
    series = (pl.Series(name, values) for name, values in changed.items())
    return frame.with_columns(pl.when(frame[one.name].is_not_null()).then(one).alias(one.name) for one in series) if changed else frame
