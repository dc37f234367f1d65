"""Margin, revenue and orders of each unit drawn: before the draw, by the end of the response window, and by the end of the post window.

A window of n days begins at the instant of the draw and ends with the n-th business day after its day. Sums are cumulative: the post
window contains the response window. A day on which something was bought and kept is an order. Contracts bring their margin day by day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.contract_margins import contract_spans
from relkit.features.customer_drivers import contracts_known

if TYPE_CHECKING:
    from relkit.features.campaign_windows import Windows
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

AFTER = "_after"
"""Suffix of a measure at the end of the post window."""
PRE = "pre_"
"""Prefix of a measure over the same length of time before the draw."""
HAS_CONTRACT = "has_contract"
"""Measure of the customers with a contract that runs."""
PARTS = ("promoted", "category", "other")
"""Parts of the margin by the scope of the offer."""


def sums_of_sales(sales: pl.DataFrame, *, response_days: int, parts: bool) -> pl.DataFrame:
    """Return revenue, orders, returns and margin of each unit with sales, at the three times; 0 for what it did not have.

    Args:
        sales: rows of `relkit.features.campaign_lines.sales_around`, with `part` if `parts`.
        response_days: length of the response window.
        parts: whether margin is split by the scope of the offer.

    Returns:
        unit, pre_margin, pre_revenue, pre_orders, then of margin, revenue, orders, returns and margin_<part> both X and X_after.
    """
    response = ~pl.col("is_before") & (pl.col("since") <= response_days)
    windows = {"": response, AFTER: ~pl.col("is_before")}
    amounts = ("margin", "revenue", "returns")
    sums = [pl.col(name).filter(when).sum().round(6).alias(f"{name}{end}") for end, when in windows.items() for name in amounts]
    orders = [_orders(when).alias(f"orders{end}") for end, when in windows.items()]
    before = [pl.col(name).filter("is_before").sum().round(6).alias(f"{PRE}{name}") for name in ("margin", "revenue")]
    split = [
        pl.col("margin").filter(when & (pl.col("part") == part)).sum().round(6).alias(f"margin_{part}{end}")
        for end, when in windows.items()
        for part in (PARTS if parts else ())
    ]
    return sales.group_by("unit").agg(*before, _orders(pl.col("is_before")).alias(f"{PRE}orders"), *sums, *orders, *split)


def _orders(when: pl.Expr) -> pl.Expr:
    return pl.col("day").filter(when & pl.col("is_kept")).n_unique().cast(pl.Float64)


def contract_days(tables: TableSet, as_of: AsOf, draws: pl.DataFrame) -> pl.DataFrame:
    """Return unit, begins and stops (days since the draw, which may be below 0), daily_margin of the contracts of customers drawn."""
    spans = contract_spans(tables, as_of)
    held = draws.select("unit", "customer_id", "drawn_on").join(spans, on="customer_id")
    since = ((pl.col(name) - pl.col("drawn_on")).dt.total_days().alias(name) for name in ("begins", "stops"))
    return held.select("unit", *since, "daily_margin")


def contracts_running(tables: TableSet, as_of: AsOf, draws: pl.DataFrame, windows: Windows) -> pl.DataFrame:
    """Return unit and whether a contract of it ran on three days: at the draw (pre_has_contract), and at the end of either window.

    Units without any contract have no row; no rows without a table of contracts.
    """
    days = {PRE + HAS_CONTRACT: 0, HAS_CONTRACT: windows.response_days, HAS_CONTRACT + AFTER: windows.length_days}
    if not tables.has("contracts"):
        return pl.DataFrame(schema={"unit": pl.UInt32, **dict.fromkeys(days, pl.Boolean)})
    contracts = contracts_known(tables, as_of).select("customer_id", "started_on", "ended_on")
    held = draws.select("unit", "customer_id", "drawn_on").join(contracts, on="customer_id")
    return held.group_by("unit").agg(_runs_on(pl.col("drawn_on").dt.offset_by(f"{n}d")).any().alias(name) for name, n in days.items())


def _runs_on(day: pl.Expr) -> pl.Expr:
    return (pl.col("started_on") <= day) & (pl.col("ended_on").is_null() | (pl.col("ended_on") > day))


def sums_of_contracts(held: pl.DataFrame, *, response_days: int, length_days: int) -> pl.DataFrame:
    """Return unit and the margin of its contracts: pre_contracts, contracts, contracts_after.

    Args:
        held: rows of `contract_days`.
        response_days: length of the response window.
        length_days: length of response and post window together, and of the time before the draw.
    """
    earned = {PRE + "contracts": (-length_days, 0), "contracts": (0, response_days), "contracts" + AFTER: (0, length_days)}
    return held.group_by("unit").agg(
        (pl.col("daily_margin").fill_null(0.0) * _overlap(low, high)).sum().round(6).alias(name) for name, (low, high) in earned.items()
    )


def _overlap(low: int, high: int) -> pl.Expr:
    days = pl.min_horizontal("stops", pl.lit(high)) - pl.max_horizontal("begins", pl.lit(low))
    return days.clip(lower_bound=0)
