"""Baskets: products bought together, and how wide and how varied each customer's baskets are.

A basket is a transaction with a sale line that was known at the cutoff; what was later returned was in the
basket all the same. Quantities are no measure of a basket's width (litres of fuel, metres of cloth), so
width is counted in different products. Windows named 12m are the 365 business days that end on the cutoff.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.coded_lines import buyers
from relkit.features.known_rows import YEAR_DAYS, known_rows, within

if TYPE_CHECKING:
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
    lines = _coded_lines(tables, as_of).lazy()
    product = pl.col("product_id")
    amounts = (
        lines.filter(product.is_not_null())
        .group_by("customer_id", "product_id")
        .agg(pl.col("net_amount").sum().round(6))
        .collect(engine="streaming")
    )
    variety = amounts.lazy().group_by("customer_id").agg(pl.len().cast(pl.Int32).alias("distinct_products_12m"))
    joined = _widths(lines).join(variety, on="customer_id", how="left").collect(engine="streaming")
    table = joined.join(_top_categories(amounts, tables, as_of), on="customer_id", how="left").sort("customer_id")
    return table.with_columns(pl.col("customer_id").cast(pl.String))


def _widths(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Return each customer's number of baskets and of different products in the baskets with a known product.

    Distinct rows are counted; counting distinct values within each group takes four times as long.
    """
    known = lines.filter(pl.col("product_id").is_not_null()).select("customer_id", "basket", "product_id").unique()
    products = known.group_by("customer_id").agg(products=pl.len())
    baskets_known = known.select("customer_id", "basket").unique().group_by("customer_id").agg(baskets_known=pl.len())
    baskets = lines.select("customer_id", "basket").unique().group_by("customer_id").agg(baskets_12m=pl.len().cast(pl.Int32))
    both = baskets.join(products, on="customer_id", how="left").join(baskets_known, on="customer_id", how="left")
    return both.select("customer_id", "baskets_12m", products_per_basket_12m=pl.col("products") / pl.col("baskets_known"))


def _coded_lines(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the sale lines of 12 months of identified customers, with integer codes for texts; customer_id is an ordered Enum."""
    lines = _sale_lines(tables, as_of).filter(pl.col("customer_id").is_not_null(), within("occurred_at", as_of, YEAR_DAYS))
    run = pl.struct("customer_id", "transaction_id").rle_id().alias("basket")
    read = lines.select("customer_id", "transaction_id", "product_id", "net_amount").collect()
    read = read.with_columns(
        pl.col("customer_id").cast(pl.Enum(buyers(tables)["customer_id"])), pl.col("product_id").cast(pl.Categorical), run
    )
    heads = read.filter(pl.col("basket").is_first_distinct())["transaction_id"]
    if heads.n_unique() == len(heads):  # the lines of each basket are contiguous
        return read.drop("transaction_id")
    return read.with_columns(basket=pl.col("transaction_id").cast(pl.Categorical).to_physical()).drop("transaction_id")


def _top_categories(amounts: pl.DataFrame, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return each customer's largest category, from amounts by customer and product."""
    if not tables.has("products"):
        ids = amounts.clear().select("customer_id")
        return ids.with_columns(top_category_12m=pl.lit(None, pl.String), top_category_share_12m=pl.lit(None, pl.Float64))
    versions = known_rows(tables, "products", as_of, "product_id", "valid_from", "category_1").collect().sort("product_id", "valid_from")
    products = versions.unique("product_id", keep="last").select("product_id", pl.col("category_1").alias("top_category_12m"))
    by_category = (
        amounts.lazy()
        .join(products.lazy().with_columns(pl.col("product_id").cast(pl.Categorical)), on="product_id")
        .filter(pl.col("top_category_12m").is_not_null())
        .group_by("customer_id", "top_category_12m")
        .agg(pl.col("net_amount").sum().round(6))
    )
    return (
        by_category.group_by("customer_id")
        .agg(pl.col("net_amount").sum().round(6).alias("total"), pl.col("net_amount").max().alias("largest"))
        .join(by_category, on="customer_id")
        .filter(pl.col("net_amount") == pl.col("largest"))
        .group_by("customer_id", "total", "largest")
        .agg(pl.col("top_category_12m").min())
        .select(
            "customer_id",
            "top_category_12m",
            pl.when(pl.col("total") > 0).then(pl.col("largest") / pl.col("total")).alias("top_category_share_12m"),
        )
        .collect(engine="streaming")
    )
