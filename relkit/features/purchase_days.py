"""The days on which customers bought, and for how much: what all measures of purchasing are made of.

What counts. A purchase is a business day on which an identified customer has a sale line that was known
at the edge; all lines of a day are one purchase, whatever their number or amount (a free article is a
purchase too). Fees and gift cards are neither purchase nor revenue. A return lowers revenue and margin
but undoes no purchase: the customer did come.

Cancelled the same day. A cancel line takes its amount off the sales of the same customer, business day
and product (product only where lines bear one), and never below zero. A day of which nothing is left
was no purchase. A cancel on a later day is treated as a return.

Value. The value of a purchase is the amount of its sale lines less what was cancelled that day, before
returns. Revenue net of returns is in `relkit.features.revenue`.

Sums are rounded to the sixth decimal: lines are added in no fixed order, and so the same lines always
give the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.known_rows import known_rows, marked_as_test

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

_CELL = ("customer_id", "day")


def purchase_days(tables: TableSet, as_of: AsOf, *, since: AsOf | None = None) -> pl.DataFrame:
    """Return one row a purchase, in order of customer and day, test accounts left out.

    Args:
        tables: the company.
        as_of: edge of what is known.
        since: purchases after this edge only; None for all.

    Returns:
        customer_id (an Enum of the customers present, in order), day (business day), value.

    Raises:
        TableError: there is no transactions table.
    """
    lines = _sold_and_cancelled(tables, as_of, since)
    is_sale = pl.col("line_kind") == "sale"
    cells = (
        lines.group_by(_CELL)
        .agg(pl.col("net_amount").filter(is_sale).sum().round(6).alias("value"), is_sale.any().alias("sold"), is_sale.all().alias("whole"))
        .filter("sold")
        .collect(engine="streaming")
    )
    kept = cells.filter("whole").select(*_CELL, "value")
    if len(kept) < len(cells):
        kept = pl.concat([kept, _settled(lines, cells.filter(~pl.col("whole")).select(_CELL))])
    kept = kept.filter(~pl.col("customer_id").is_in(marked_as_test(tables).implode()))
    names = kept["customer_id"].unique().sort()
    return kept.with_columns(pl.col("customer_id").cast(pl.Enum(names))).sort(_CELL)


def _sold_and_cancelled(tables: TableSet, as_of: AsOf, since: AsOf | None) -> pl.LazyFrame:
    lines = known_rows(tables, "transactions", as_of, "customer_id", "occurred_at", "product_id", "net_amount", "line_kind").filter(
        pl.col("customer_id").is_not_null(), pl.col("line_kind").is_in(["sale", "cancel"])
    )
    if since is not None:
        lines = lines.filter(pl.col("occurred_at") >= since.cutoff)
    return lines.select("customer_id", as_of.business_day("occurred_at").alias("day"), "net_amount", "line_kind", "product_id")


def _settled(lines: pl.LazyFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Return what is left of days that hold both sales and cancels, product by product."""
    is_sale, left = pl.col("line_kind") == "sale", pl.col("net_amount")
    return (
        lines.join(days.lazy(), on=_CELL, how="semi")
        .group_by(*_CELL, "product_id")
        .agg(left.sum().round(6), is_sale.any().alias("sold"), is_sale.all().alias("whole"))
        .filter(pl.col("sold") & (pl.col("whole") | (left > 0)))
        .group_by(_CELL)
        .agg(left.sum().round(6).alias("value"))
        .collect(engine="streaming")
    )


def names_of(days: pl.DataFrame) -> pl.Series:
    """Return the customers of purchase days in order: the position of a name is its code in the Enum."""
    dtype = days.schema["customer_id"]
    assert isinstance(dtype, pl.Enum)
    return dtype.categories
