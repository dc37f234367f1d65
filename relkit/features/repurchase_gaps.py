"""Days between purchases of a category by the same customer, among customers who came back."""

from __future__ import annotations

import polars as pl


def repurchase_gaps(visits: pl.DataFrame) -> pl.DataFrame:
    """Return the quartiles of the days between successive purchases, one row per category with a repeat purchase.

    Only gaps that ended are counted: of customers who bought once, and of the time since each last purchase, nothing is known yet.

    Args:
        visits: of `relkit.features.customer_visits`.

    Returns:
        category, buyers, returning (buyers with a repeat purchase), gaps (their number), lower, median and upper quartile in days (linear
        interpolation); by median, then category.

    Examples:
        >>> from datetime import date
        >>> days = [date(2025, 1, d) for d in (1, 8, 22, 1)]
        >>> repurchase_gaps(pl.DataFrame({"customer": [0, 0, 0, 1], "day": days, "category": ["tea"] * 4})).rows()
        [('tea', 2, 1, 2, 8.75, 10.5, 12.25)]
    """
    days = visits.lazy().select("customer", pl.col("category").cast(pl.String), "day").unique().sort("customer", "category", "day")
    gap = pl.col("day").diff().dt.total_days()
    same = (pl.col("customer") == pl.col("customer").shift(1)) & (pl.col("category") == pl.col("category").shift(1))
    gaps = days.with_columns(gap=pl.when(same).then(gap))
    quartiles = {
        name: pl.col("gap").quantile(at, interpolation="linear") for name, at in (("lower", 0.25), ("median", 0.5), ("upper", 0.75))
    }
    repeats = pl.col("gap").is_not_null()
    counts = {"returning": pl.col("customer").filter(repeats).n_unique(), "gaps": pl.col("gap").count()}
    table = gaps.group_by("category").agg(buyers=pl.col("customer").n_unique(), **counts, **quartiles)
    found = table.filter(pl.col("gaps") > 0).sort("median", "category").collect()
    return found.with_columns(pl.col("buyers", "returning", "gaps").cast(pl.Int64))
