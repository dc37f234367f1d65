"""Revenue and margin of each customer, net of returns and cancels.

Fees and gift cards are no revenue. A window named 12m is the 365 business days that end on the day of
the cutoff. Sums are rounded to the sixth decimal, so that the same lines always give the same bytes. A
margin is null if the margin of any of its lines is unknown: half a margin would pass for a whole one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.coded_lines import known_lines, named
from relkit.features.known_rows import YEAR_DAYS, within
from relkit.features.margins import with_margins

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


def revenue_features(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return one row per customer with a line of any kind known at `as_of`.

    Returns:
        In order of customer_id: customer_id, past_revenue_<cur>, revenue_12m_<cur>, past_margin_<cur>,
        margin_12m_<cur> (<cur> is the currency in lower case; margins null if unknown), margin_source
        (measured if every margin is, else assumed; null if none is known).

    Raises:
        TableError: there is no transactions table.
    """
    return named(coded_revenue(tables, as_of), tables)


def coded_revenue(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the same with customer, the code of `relkit.features.coded_lines.buyers`, in place of customer_id; errors are the same."""
    counts = pl.col("line_kind").is_in(["sale", "return", "cancel"])
    is_recent = counts & within("occurred_at", as_of, YEAR_DAYS)
    lines = known_lines(tables, as_of).with_columns(is_recent.alias("recent"), counts.alias("counts"))
    margin = pl.col("margin")
    sums = (
        with_margins(lines, tables, as_of)
        .select(
            "customer",
            past_revenue=_where("counts", pl.col("net_amount")),
            revenue_12m=_where("recent", pl.col("net_amount")),
            past_margin=_where("counts", margin),
            margin_12m=_where("recent", margin),
            past_unknown=margin.is_null() & pl.col("counts"),
            recent_unknown=margin.is_null() & pl.col("recent"),
            some_known=margin.is_not_null() & pl.col("counts"),
            assumed=~pl.col("margin_is_measured") & pl.col("counts"),
        )
        .group_by("customer")
        .agg(pl.col(pl.Float64).sum().round(6), pl.col(pl.Boolean).max())
        .collect(engine="streaming")
        .sort("customer")
    )
    return _in_words(sums, tables.facts.currency.lower())


def _where(flag: str, amount: pl.Expr) -> pl.Expr:
    return pl.when(flag).then(amount.fill_null(0.0)).otherwise(0.0)


def _in_words(sums: pl.DataFrame, currency: str) -> pl.DataFrame:
    past = pl.when(~pl.col("past_unknown")).then("past_margin")
    recent = pl.when(~pl.col("recent_unknown") & pl.col("some_known")).then("margin_12m")
    source = pl.when(pl.col("assumed").fill_null(value=False)).then(pl.lit("assumed")).otherwise(pl.lit("measured"))
    return sums.select(
        "customer",
        (pl.col("past_revenue") + 0.0).alias(f"past_revenue_{currency}"),
        (pl.col("revenue_12m") + 0.0).alias(f"revenue_12m_{currency}"),
        past.alias(f"past_margin_{currency}"),
        recent.alias(f"margin_12m_{currency}"),
        pl.when(past.is_not_null() | recent.is_not_null()).then(source).alias("margin_source"),
    )
