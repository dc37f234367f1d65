"""Returns, each with the sale it belongs to.

A return is a line of kind return, or a cancel not covered by the sales of the same customer, day and product: the others are taken
off the purchase itself (`relkit.features.purchase_days`). It belongs to the line that `return_of` names; if that is not given, or not
known, to the customer's last earlier sale of the product; else of the same amount; else to the customer's last earlier sale. One without
an earlier sale, because the history starts later, belongs to none, and says nothing about the known sales.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.known_rows import known_rows, marked_as_test
from relkit.tables.kept import kept

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

_READ = ("customer_id", "occurred_at", "transaction_line_id", "product_id", "net_amount", "line_kind", "return_of")
_CELL = ["customer_id", "day", "product_id"]
_ALIKE = {"product": ["customer_id", "product_id"], "amount": ["customer_id", "cents"], "customer": ["customer_id"]}
"""Ways to find the sale of a return if no line is named, the surest first: the columns in which it equals the return."""
_SCHEMA = {
    "customer_id": pl.String,
    "day": pl.Date,
    "product_id": pl.String,
    "amount": pl.Float64,
    "sale_day": pl.Date,
    "link": pl.String,
}


def sale_lines(tables: TableSet, as_of: AsOf, *kinds: str) -> pl.LazyFrame:
    """Return the lines of these kinds of identified customers known at `as_of`: customer_id, day, product_id, amount, line_id and more."""
    return (
        known_rows(tables, "transactions", as_of, *_READ)
        .filter(pl.col("customer_id").is_not_null(), pl.col("line_kind").is_in(kinds))
        .select(
            "customer_id",
            as_of.business_day("occurred_at").alias("day"),
            "product_id",
            pl.col("net_amount").fill_null(0.0).alias("amount"),
            pl.col("transaction_line_id").alias("line_id"),
            "line_kind",
            "return_of",
        )
    )


def returned_sales(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return one row per return known at `as_of`, test accounts left out; no row if the data have none.

    Returns:
        customer_id, day, product_id (of the sale if the return has none), amount (above 0), sale_day (null without an earlier
        sale), link (how the sale was found: line, product, amount or customer; null if it was not).

    Raises:
        TableError: there is no transactions table.
    """
    return kept(tables, "returned_sales", lambda: _returned(tables, as_of), as_of)


def _returned(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    back = sale_lines(tables, as_of, "return", "cancel").with_columns(amount=-pl.col("amount")).collect(engine="streaming")
    if len(back):
        back = back.filter(~pl.col("customer_id").is_in(marked_as_test(tables).implode()))
    if back.is_empty():
        return pl.DataFrame(schema=_SCHEMA)
    sold = sale_lines(tables, as_of, "sale")
    return _linked(_of_later_days(back, sold).filter(pl.col("amount") > 0), sold)


def _of_later_days(back: pl.DataFrame, sold: pl.LazyFrame) -> pl.DataFrame:
    """Return the returns without those cancelled on the day of the sale."""
    cancels = back.filter(line_kind="cancel")
    same_day = (
        sold.join(cancels.select(_CELL).unique().lazy(), on=_CELL, how="semi", nulls_equal=True)
        .group_by(_CELL)
        .agg(sold=pl.col("amount").sum())
        .collect(engine="streaming")
    )
    own = cancels.join(same_day, on=_CELL, how="anti", nulls_equal=True)
    sums = cancels.group_by(_CELL, maintain_order=True).agg(pl.col("amount").sum())
    beyond = sums.join(same_day, on=_CELL, how="inner", nulls_equal=True)
    beyond = beyond.select(*_CELL, amount=(pl.col("amount") - pl.col("sold")).round(6), line_kind=pl.lit("cancel"))
    return pl.concat([back.filter(line_kind="return"), own, beyond], how="diagonal").select(*_CELL, "amount", "line_kind", "return_of")


def _linked(back: pl.DataFrame, sold: pl.LazyFrame) -> pl.DataFrame:
    """Return the returns with the day of their sale and how it was found."""
    rows = back.with_row_index("row").with_columns(cents=_cents())
    found = _by_line(rows, sold)
    lacking = rows.join(found, on="row", how="anti")
    parts = [found]
    if len(lacking):
        theirs = sold.join(lacking.select("customer_id").unique().lazy(), on="customer_id", how="semi")
        sales = theirs.select(*_CELL, cents=_cents()).unique().collect(engine="streaming")
        for link, by in _ALIKE.items():
            parts.append(_last_before(lacking, sales.drop_nulls(by), by, link))
            lacking = lacking.join(parts[-1], on="row", how="anti")
    linked = rows.join(pl.concat(parts, how="diagonal"), on="row", how="left", maintain_order="left")
    return linked.select("customer_id", "day", pl.coalesce("product_id", "sold_as").alias("product_id"), "amount", "sale_day", "link")


def _by_line(rows: pl.DataFrame, sold: pl.LazyFrame) -> pl.DataFrame:
    """Return row, sale_day, sold_as (the product) and link of the returns whose sale is named and known."""
    named = rows.drop_nulls("return_of").select("row", "customer_id", "day", line_id="return_of")
    lines = sold.join(named.select("line_id").unique().lazy(), on="line_id", how="semi").select(
        "line_id", "customer_id", sale_day="day", sold_as="product_id"
    )
    joined = named.join(lines.collect(engine="streaming"), on=["line_id", "customer_id"]).filter(pl.col("sale_day") <= pl.col("day"))
    return joined.unique("row", keep="first").select("row", "sale_day", "sold_as", link=pl.lit("line"))


def _cents() -> pl.Expr:
    return (pl.col("amount") * 100).round().cast(pl.Int64)


def _last_before(rows: pl.DataFrame, sales: pl.DataFrame, by: list[str], link: str) -> pl.DataFrame:
    """Return row, sale_day and link of the returns with an earlier sale that equals them in `by`: its last day."""
    # A cancel that exceeds the sales of its day belongs to an earlier one.
    until = pl.when(pl.col("line_kind") == "cancel").then(pl.col("day").dt.offset_by("-1d")).otherwise("day")
    days = sales.select(*by, "day").unique().sort("day").with_columns(sale_day="day")
    sought = rows.drop_nulls(by).select("row", *by, until=until).sort("until")
    found = sought.join_asof(days, left_on="until", right_on="day", by=by, strategy="backward", check_sortedness=False)
    return found.drop_nulls("sale_day").select("row", "sale_day", link=pl.lit(link))
