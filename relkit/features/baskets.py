"""Baskets: products bought together, and how wide and how varied each customer's baskets are.

A basket is a transaction with a sale line that was known at the cutoff; what was later returned was in the
basket all the same. Quantities are no measure of a basket's width (litres of fuel, metres of cloth), so
width is counted in different products. Windows named 12m are the 365 business days that end on the cutoff.

Features are counted by the codes of `relkit.features.coded_lines`, in arrays: each basket has one customer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.features.coded_lines import known_lines, named
from relkit.features.known_rows import YEAR_DAYS, known_rows, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

_READ = ("customer_id", "transaction_id", "product_id", "occurred_at", "quantity", "net_amount", "line_kind")


def _sale_lines(tables: TableSet, as_of: AsOf) -> pl.LazyFrame:
    return known_rows(tables, "transactions", as_of, *_READ).filter(pl.col("line_kind") == "sale")


def basket_products(tables: TableSet, as_of: AsOf, *, since: AsOf | None = None) -> pl.LazyFrame:
    """Return one row per basket and product, lazily and in no fixed order.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        since: baskets after this cutoff only; None for all.

    Returns:
        customer_id (null if the buyer is not identified), transaction_id, product_id, quantity (null
        where not given), net_amount.
    """
    lines = _sale_lines(tables, as_of).filter(pl.col("product_id").is_not_null())
    if since is not None:
        lines = lines.filter(pl.col("occurred_at") >= since.cutoff)
    quantity = pl.when(pl.col("quantity").count() > 0).then(pl.col("quantity").sum().round(6))
    return lines.group_by("customer_id", "transaction_id", "product_id").agg(quantity, pl.col("net_amount").sum().round(6))


def basket_features(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return one row per customer with a basket in the 12 months that end at `as_of`.

    Returns:
        In order of customer_id: customer_id, baskets_12m, products_per_basket_12m (mean number of
        different products), distinct_products_12m, top_category_12m (of products.category_1, by amount;
        ties go to the first by name), top_category_share_12m (its share of the amount of products with a
        category). Null where lines have no product, or products no category.

    Raises:
        TableError: there is no transactions table.
    """
    return named(coded_baskets(tables, as_of), tables)


def coded_baskets(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the same with customer, the code of `relkit.features.coded_lines.buyers`, in place of customer_id; errors are the same."""
    read = known_lines(tables, as_of).filter(pl.col("line_kind") == "sale", within("occurred_at", as_of, YEAR_DAYS))
    lines = read.select("customer", "basket", "product_id", "net_amount").collect(engine="streaming")
    product = lines.lazy().filter(pl.col("product_id").is_not_null())
    amounts = product.group_by("customer", "product_id").agg(pl.col("net_amount").sum().round(6)).collect(engine="streaming")
    table = _counted(lines.drop("net_amount"), amounts["customer"])
    return table.join(_top_categories(amounts, tables, as_of), on="customer", how="left", maintain_order="left")


def _counted(lines: pl.DataFrame, bought: pl.Series) -> pl.DataFrame:
    """Return the counts of each customer with a basket, in order.

    Args:
        lines: customer, basket, product_id of each sale line.
        bought: customer of each customer and product, once.
    """
    customers, baskets = lines["customer"].to_numpy(), lines["basket"].to_numpy()
    size = int(customers.max()) + 1 if len(lines) else 0
    owners = np.full(int(baskets.max()) + 1 if len(lines) else 0, size, np.uint32)
    owners[baskets] = customers
    pairs = _baskets_of_products(lines)
    first = np.diff(pairs, prepend=pairs[:1] ^ 1) != 0  # one pair for each basket with a known product
    every = np.bincount(owners[owners < size], minlength=size)
    products, known = (np.bincount(owners[found], minlength=size) for found in (pairs, pairs[first]))
    variety = np.bincount(bought.to_numpy(), minlength=size)
    counts = pl.DataFrame({"baskets_12m": every, "known": known, "products": products, "distinct_products_12m": variety})
    return (
        counts.with_row_index("customer")
        .filter(pl.col("baskets_12m") > 0)
        .select(
            "customer",
            pl.col("baskets_12m").cast(pl.Int32),
            pl.when(pl.col("known") > 0).then(pl.col("products") / pl.col("known")).alias("products_per_basket_12m"),
            pl.when(pl.col("distinct_products_12m") > 0).then(pl.col("distinct_products_12m").cast(pl.Int32)),
        )
    )


def _baskets_of_products(lines: pl.DataFrame) -> NDArray[np.uint64]:
    """Return the basket of each basket and known product, in order: a basket occurs as often as it has different products."""
    known = lines.drop_nulls("product_id")
    keys = (known["basket"].to_numpy().astype(np.uint64) << np.uint64(32)) + known["product_id"].to_physical().to_numpy()
    keys.sort()  # in place; a group-by of the pairs takes four times as long
    found: NDArray[np.uint64] = keys[np.diff(keys, prepend=keys[:1] ^ np.uint64(1)) != 0] >> np.uint64(32)
    return found


def _top_categories(amounts: pl.DataFrame, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return each customer's largest category, from amounts by customer and product."""
    if not tables.has("products"):
        nobody = amounts.clear().select("customer")
        return nobody.with_columns(top_category_12m=pl.lit(None, pl.String), top_category_share_12m=pl.lit(None, pl.Float64))
    versions = known_rows(tables, "products", as_of, "product_id", "valid_from", "category_1").collect().sort("product_id", "valid_from")
    products = versions.unique("product_id", keep="last").select("product_id", pl.col("category_1").alias("top_category_12m"))
    by_category = (
        amounts.lazy()
        .join(products.lazy().with_columns(pl.col("product_id").cast(amounts.schema["product_id"])), on="product_id")
        .filter(pl.col("top_category_12m").is_not_null())
        .group_by("customer", "top_category_12m")
        .agg(pl.col("net_amount").sum().round(6))
    )
    return (
        by_category.group_by("customer")
        .agg(pl.col("net_amount").sum().round(6).alias("total"), pl.col("net_amount").max().alias("largest"))
        .join(by_category, on="customer")
        .filter(pl.col("net_amount") == pl.col("largest"))
        .group_by("customer", "total", "largest")
        .agg(pl.col("top_category_12m").min())
        .select(
            "customer",
            "top_category_12m",
            pl.when(pl.col("total") > 0).then(pl.col("largest") / pl.col("total")).alias("top_category_share_12m"),
        )
        .collect(engine="streaming")
    )
