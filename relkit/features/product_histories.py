"""Product histories: what each customer bought, when, and in which basket.

A purchase is a sale line with a known product; fees, gift cards and lines of unknown products are none, and neither is a line of quantity
0 and amount 0. What a cancel or a return took out is not there: a customer's purchases of a product on a day are left out if the sum of
their amounts, less what was cancelled that day or returned later, is not above zero. A return that names no line and finds no earlier sale
of its product takes nothing out, as it cannot be known what came back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.features.coded_lines import buyers, buyers_as_customers, known_lines
from relkit.features.id_codes import enumerated
from relkit.features.known_rows import is_known
from relkit.features.returned_sales import returned_sales
from relkit.tables.kept import kept

if TYPE_CHECKING:
    from datetime import date

    from relkit.periods import AsOf, Holdout
    from relkit.tables.table_set import TableSet

_CELL = ["customer", "day", "product_id"]
_FOUND = ("line", "product")
"""The ways in which a return finds the product that it takes out."""


def product_histories(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the products bought by every customer known at `as_of`.

    Returns:
        One row per customer, in order of customer_id, test accounts left out: customer_id, products (list of an Enum), days (list of
        dates) and baskets (list of u32, equal in one basket), in order of day. The lists of a customer without purchases are empty.

    Raises:
        TableError: there is no transactions table.
    """
    return kept(tables, "product_histories", lambda: _histories(tables, as_of), as_of)


def next_baskets(tables: TableSet, split: Holdout) -> pl.DataFrame:
    """Return the first basket of each customer of the calibration period in the days that follow it.

    Returns:
        One row for each row of `product_histories(tables, split.calibration)`, in its order: customer_id, next_products (list of
        products of the first basket after the calibration that was known at its end and had products; null without one).
    """
    return kept(tables, "next_baskets", lambda: _next(tables, split), split.calibration, split.end)


def _histories(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    bought = purchases(tables, as_of)
    by_customer = (
        bought.lazy()
        .with_columns(enumerated(bought["product_id"]))  # an enumeration is written and read at the speed of its numbers
        .with_columns(pl.col("customer").set_sorted())
        .group_by("customer", maintain_order=True)
        .agg(pl.col("product_id").alias("products"), pl.col("day").alias("days"), pl.col("basket").alias("baskets"))
        .collect()
    )
    own = _of_known(_known_buyers(tables, as_of), by_customer)
    others = _without_lines(tables, as_of)
    if others.is_empty():
        return own
    empty = [pl.lit([], dtype=own.schema[name]).alias(name) for name in own.columns[1:]]
    return pl.concat([own, others.to_frame().select("customer_id", *empty)]).sort("customer_id")


def _of_known(known: pl.DataFrame, by_customer: pl.DataFrame) -> pl.DataFrame:
    """Return the lists of known customers, both in order of their codes; empty for those without a purchase."""
    lists = by_customer.columns[1:]
    if known["customer"].equals(by_customer["customer"]):  # as usual: no customer need be looked up
        return known.select("customer_id").hstack(by_customer.select(lists))
    joined = known.join(by_customer, on="customer", how="left", maintain_order="left")
    return joined.select("customer_id", *[pl.col(name).fill_null(pl.lit([], dtype=joined.schema[name])) for name in lists])


def purchases(tables: TableSet, as_of: AsOf, *, after: date | None = None) -> pl.DataFrame:
    """Return customer (code), day, basket and product_id of every purchase known at `as_of`, in order of customer and day.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        after: a business day; only purchases of later days. None for all.
    """
    lines = known_lines(tables, as_of).filter(pl.col("product_id").is_not_null())
    if after is not None:
        lines = lines.filter(pl.col("day") > after)
    sold = lines.filter(pl.col("line_kind") == "sale", (pl.col("quantity") != 0).fill_null(value=True) | (pl.col("net_amount") != 0))
    bought = sold.select("customer", "day", "basket", "product_id").collect()
    gone = _taken_out(tables, as_of, lines, bought)
    return bought if gone.is_empty() else bought.join(gone, on=_CELL, how="anti", maintain_order="left")


def _taken_out(tables: TableSet, as_of: AsOf, lines: pl.LazyFrame, bought: pl.DataFrame) -> pl.DataFrame:
    """Return the cells (customer, day, product) of which cancels of the day and later returns left nothing."""
    amount = pl.col("net_amount").fill_null(0.0)
    same_day = lines.filter(pl.col("line_kind") == "cancel").group_by(_CELL).agg(back=-amount.sum()).collect()
    back = pl.concat([same_day, _returned(tables, as_of, bought)], how="vertical_relaxed").group_by(_CELL).agg(pl.col("back").sum())
    if back.is_empty():
        return back.select(_CELL)
    sold = lines.filter(pl.col("line_kind") == "sale").join(back.lazy(), on=_CELL, how="inner", nulls_equal=False)
    cells = sold.group_by(_CELL).agg(left=(amount.sum() - pl.col("back").first()).round(6)).collect()
    return cells.filter(pl.col("left") <= 0).select(_CELL)


def _returned(tables: TableSet, as_of: AsOf, bought: pl.DataFrame) -> pl.DataFrame:
    """Return the amount that came back later of each cell, of returns that tell the product."""
    found = returned_sales(tables, as_of).filter(pl.col("link").is_in(_FOUND))
    codes = buyers(tables).select("customer_id").with_row_index("customer")
    named = (
        found.join(codes, on="customer_id")
        .group_by("customer", pl.col("sale_day").alias("day"), "product_id")
        .agg(back=pl.col("amount").sum())
    )
    return named.select("customer", "day", pl.col("product_id").cast(bought.schema["product_id"]), "back")


def _known_buyers(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return code and customer_id of the buyers known at a cutoff: by a line, or in the customers table."""
    named = buyers(tables).with_row_index("customer")
    has_line = np.zeros(len(named), np.bool_)
    has_line[known_lines(tables, as_of).select("customer").collect()["customer"].to_numpy()] = True
    rows = named.with_columns(has_line=pl.Series(has_line))
    if tables.has("customers"):
        own = buyers_as_customers(tables)
        there = own.select(is_known("customers", own.schema, as_of)).to_series() if "created_on" in own.columns else None
        rows = rows if there is None else rows.with_columns(has_line=pl.col("has_line") | (there & own["created_on"].is_not_null()))
    return rows.filter("has_line", ~pl.col("is_test")).select("customer", "customer_id")


def _without_lines(tables: TableSet, as_of: AsOf) -> pl.Series:
    """Return the customers of the customers table, known at a cutoff, who have no transaction line at all."""
    if not tables.has("customers"):
        return pl.Series("customer_id", [], pl.String)
    others = kept(tables, "customers_without_lines", lambda: _customers_without_lines(tables))
    return others.filter(is_known("customers", others.schema, as_of))["customer_id"]


def _customers_without_lines(tables: TableSet) -> pl.DataFrame:
    """Return the rows of the customers table, without test accounts, of those who have no transaction line."""
    rows = tables.scan("customers")
    if "is_test" in rows.collect_schema():
        rows = rows.filter(~pl.col("is_test").fill_null(value=False))
    return rows.join(buyers(tables).lazy().select("customer_id"), on="customer_id", how="anti").collect()


def _next(tables: TableSet, split: Holdout) -> pl.DataFrame:
    customers = product_histories(tables, split.calibration).select("customer_id")
    later = purchases(tables, split.end, after=split.calibration.day)
    first = later.filter(pl.col("basket") == pl.col("basket").first().over("customer"))
    baskets = (
        first.with_columns(pl.col("customer").set_sorted())
        .group_by("customer", maintain_order=True)
        .agg(next_products=pl.col("product_id").cast(pl.String).unique().sort())
    )
    named = baskets.with_columns(customer_id=buyers(tables)["customer_id"].gather(baskets["customer"]))
    return customers.join(named.select("customer_id", "next_products"), on="customer_id", how="left", maintain_order="left")
