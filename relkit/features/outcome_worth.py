"""Worth of an outcome in margin: the factor that turns the effect of an action into money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.margin_rate import margin_rate

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

MARGIN, REVENUE, ORDERS = "margin", "revenue", "orders"
"""Measures of campaigns whose worth is known."""


def outcome_worth(tables: TableSet, as_of: AsOf, customers: pl.DataFrame, outcome: str) -> pl.DataFrame | float | None:
    """Return the margin of one unit of an outcome: 1 of margin, the margin rate of revenue, of an order that of the customer's mean order.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        customers: customer_id and drivers.
        outcome: name of the measure.

    Returns:
        One number for all, or customer_id and worth; a customer without orders has the worth of the mean of all. None if it is not known.
    """
    if outcome == MARGIN:
        return 1.0
    if outcome not in (REVENUE, ORDERS) or not tables.has("transactions"):
        return None
    rate = margin_rate(tables, as_of)
    if rate is None or outcome == REVENUE:
        return None if rate is None else rate.rate
    mean = (pl.col("mean_order_value") * pl.col("orders")).sum() / pl.col("orders").sum()
    return customers.select("customer_id", worth=pl.col("mean_order_value").fill_null(mean) * rate.rate)
