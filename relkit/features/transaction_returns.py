"""Amounts returned of each transaction, as known at a cutoff.

A return that names a sale line is taken off the transaction of that line. Another one belongs to the day of sale to which
`relkit.features.returned_sales` links it, and a cancel on the day of the sale to that day: it is taken off the customer's transactions of
the day, in proportion to what they sold of the product. What names no product is taken off all that was sold that day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.journey_people import code_of, customer_names
from relkit.features.known_rows import known_rows
from relkit.features.returned_sales import returned_sales
from relkit.features.sale_conditions import meeting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

_BACK = ("return", "cancel")
_KEY = ["customer", "transaction"]
_CELL = ["customer_id", "day", "product_id"]


def returned_amounts(tables: TableSet, as_of: AsOf, baskets: pl.DataFrame, condition: str = "") -> NDArray[np.float64] | None:
    """Return the amount returned of each transaction; None if the data have no returns.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        baskets: customer (code) and transaction (hash of its id), one row each.
        condition: expression that restricts the sale lines of which returns are counted; empty for all.
    """
    if not _has_returns(tables):
        return None
    lines = _sold(tables, as_of, condition)
    parts = [_of_named_lines(tables, as_of, lines), _of_days(tables, as_of, lines)]
    taken = pl.concat(parts).group_by(_KEY).agg(pl.col("taken").sum())
    return baskets.select(_KEY).join(taken, on=_KEY, how="left", maintain_order="left")["taken"].fill_null(0.0).to_numpy()


def _has_returns(tables: TableSet) -> bool:
    if "line_kind" not in tables.columns("transactions"):
        return False
    return bool(tables.scan("transactions").select(pl.col("line_kind").is_in(_BACK).any()).collect(engine="streaming").item())


def _sold(tables: TableSet, as_of: AsOf, condition: str) -> pl.LazyFrame:
    """Return the known sale lines of identified customers, with `counts`, true for those that meet the condition."""
    read = tables.columns("transactions")
    rows = known_rows(tables, "transactions", as_of, *read).filter(pl.col("line_kind") == "sale", pl.col("customer_id").is_not_null())
    marked = rows.with_columns(counts=pl.lit(value=True))
    if condition:
        met = meeting(rows.select(read), condition).select("transaction_line_id", counts=pl.lit(value=True))
        marked = rows.join(met, on="transaction_line_id", how="left").with_columns(pl.col("counts").fill_null(value=False))
    return marked.select(
        "customer_id",
        code_of(customer_names(tables)).alias("customer"),
        pl.col("transaction_id").hash().alias("transaction"),
        as_of.business_day("occurred_at").alias("day"),
        pl.col("product_id") if "product_id" in read else pl.lit(None, pl.String).alias("product_id"),
        pl.col("net_amount").fill_null(0.0).alias("amount"),
        line_id="transaction_line_id",
        counts="counts",
    )


def _returned(tables: TableSet, as_of: AsOf, *columns: str) -> pl.LazyFrame:
    """Return the known returns and cancels of identified customers, the amount above 0."""
    rows = known_rows(tables, "transactions", as_of, *columns, "customer_id", "occurred_at", "net_amount", "line_kind")
    back = rows.filter(pl.col("line_kind").is_in(_BACK), pl.col("customer_id").is_not_null())
    return back.with_columns(day=as_of.business_day("occurred_at"), taken=-pl.col("net_amount").fill_null(0.0))


def _of_named_lines(tables: TableSet, as_of: AsOf, lines: pl.LazyFrame) -> pl.DataFrame:
    """Return customer, transaction and taken of the returns whose sale line is named, known and the same customer's."""
    back = _returned(tables, as_of, "return_of", "product_id").filter(pl.col("return_of").is_not_null())
    of_earlier_days = back.filter(line_kind="cancel").join(lines, on=_CELL, how="anti", nulls_equal=True)
    named = pl.concat([back.filter(line_kind="return"), of_earlier_days])
    theirs = lines.select(*_KEY, "counts", "customer_id", sale_day="day", return_of="line_id")
    found = theirs.join(named.select("return_of", "customer_id", "day", "taken"), on=["return_of", "customer_id"])
    return found.filter(pl.col("counts"), pl.col("sale_day") <= pl.col("day")).select(*_KEY, "taken").collect(engine="streaming")


def _of_days(tables: TableSet, as_of: AsOf, lines: pl.LazyFrame) -> pl.DataFrame:
    """Return customer, transaction and taken of the other returns, each shared out over the transactions of its day."""
    linked = returned_sales(tables, as_of).filter(pl.col("sale_day").is_not_null(), pl.col("link") != "line")
    later = linked.select("customer_id", pl.col("sale_day").alias("day"), "product_id", taken="amount")
    cells = pl.concat([later, _cancelled(tables, as_of, lines)]).group_by(_CELL).agg(pl.col("taken").sum())
    days = lines.join(cells.select("customer_id", "day").unique().lazy(), on=["customer_id", "day"], how="semi")
    sold = days.collect(engine="streaming")
    products, whole = cells.drop_nulls("product_id"), cells.filter(pl.col("product_id").is_null()).drop("product_id")
    return pl.concat([_shared(sold, products, _CELL), _shared(sold, whole, _CELL[:2])])


def _shared(sold: pl.DataFrame, cells: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return customer, transaction and taken of amounts by cell, in proportion to the sales of the cell that count."""
    total = pl.col("amount").sum().over(by)
    found = sold.join(cells, on=by).with_columns(share=pl.when(total > 0).then(pl.col("amount") / total).otherwise(0.0))
    return found.filter("counts").select(*_KEY, taken=pl.col("taken") * pl.col("share"))


def _cancelled(tables: TableSet, as_of: AsOf, lines: pl.LazyFrame) -> pl.DataFrame:
    """Return the cells of cancels on the day of the sale; what exceeds the sales of the day belongs to an earlier one."""
    cancels = _returned(tables, as_of, "product_id").filter(line_kind="cancel").group_by(_CELL).agg(pl.col("taken").sum())
    sales = lines.group_by(_CELL).agg(sold=pl.col("amount").sum())
    both = cancels.join(sales, on=_CELL, nulls_equal=True)
    return both.select(*_CELL, taken=pl.min_horizontal("taken", "sold")).filter(pl.col("taken") > 0).collect(engine="streaming")
