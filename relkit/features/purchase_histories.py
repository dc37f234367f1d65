"""The individual purchase days of every customer, for models that need more than x, t_x and T.

A summary does not show whether purchases come at regular intervals, in which period of the year, or in how many of the
seasons; this adds the ages at which a customer came back to the summary of `purchases`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.purchase_days import purchase_days
from relkit.features.purchases import purchase_summary

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


def purchase_histories(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the repeat-purchase summary of every identified customer who had bought by `as_of`, and the days themselves.

    Returns:
        One row per customer, in order of customer_id: the columns of `purchase_summary`, and repeat_ages_days
        (list of f64, ascending): days from the first purchase to each repeat purchase; empty without one.

    Raises:
        TableError: there is no transactions table.
    """
    return with_repeat_ages(purchase_summary(tables, as_of), purchase_days(tables, as_of))


def with_repeat_ages(summary: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Add the list of ages at which each customer came back to a summary.

    Args:
        summary: customer_id, first_order_on.
        days: customer_id, day; one row per purchase day, a customer's days in ascending order.

    Examples:
        >>> from datetime import date
        >>> summary = pl.DataFrame({"customer_id": ["a", "b"], "first_order_on": [date(2025, 1, 1), date(2025, 1, 5)]})
        >>> seen = {"customer_id": ["a", "a", "b"], "day": [date(2025, 1, 1), date(2025, 1, 8), date(2025, 1, 5)]}
        >>> with_repeat_ages(summary, pl.DataFrame(seen))["repeat_ages_days"].to_list()
        [[7.0], []]
    """
    by_customer = days.group_by(pl.col("customer_id").cast(pl.String), maintain_order=True).agg("day")
    age = (pl.element() - pl.element().first()).dt.total_days().cast(pl.Float64)
    ages = by_customer.select("customer_id", pl.col("day").list.eval(age).list.slice(1).alias("repeat_ages_days"))
    return summary.join(ages, on="customer_id", how="left", maintain_order="left", validate="1:1")
