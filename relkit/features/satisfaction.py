"""Satisfaction: the last recommendation score and whether a complaint is open.

Only answers to the question `nps` on a scale of 0 to 10 count (also the scale if none is given), hot
and cold alike: one customer's last word, never an average of the two modes. A case is open until it is
repaired; a repair after the cutoff has not happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.known_rows import known_rows

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


def last_scores(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id, last_nps (0 to 10) and nps_age_days (since the answer) of those who answered by `as_of`.

    Of answers at the same instant the lower score counts.

    Raises:
        TableError: there is no surveys table.
    """
    rows = known_rows(tables, "surveys", as_of, "customer_id", "answered_at", "question", "score", "scale_min", "scale_max")
    on_scale = pl.col("scale_min").fill_null(0.0).eq(0.0) & pl.col("scale_max").fill_null(10.0).eq(10.0)
    answers = rows.filter(
        pl.col("question").str.to_lowercase() == "nps", pl.col("customer_id").is_not_null(), pl.col("score").is_between(0.0, 10.0), on_scale
    ).collect(engine="streaming")
    last = answers.sort(["customer_id", "answered_at", "score"], descending=[False, False, True]).unique(
        "customer_id", keep="last", maintain_order=True
    )
    age = (pl.lit(as_of.day) - as_of.business_day("answered_at")).dt.total_days()
    return last.select("customer_id", pl.col("score").alias("last_nps"), age.cast(pl.Int32).alias("nps_age_days"))


def open_cases(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id and open_cases (number) of customers with a case open at `as_of`.

    Raises:
        TableError: there is no cases table.
    """
    rows = known_rows(tables, "cases", as_of, "customer_id", "repaired_at")
    is_open = pl.col("repaired_at").is_null() | (pl.col("repaired_at") >= as_of.cutoff)
    counted = rows.filter(is_open).group_by("customer_id").agg(pl.len().cast(pl.Int32).alias("open_cases"))
    return counted.collect(engine="streaming").sort("customer_id")
