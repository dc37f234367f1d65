"""Visits of identified customers: the different products of each day, with their category."""

from __future__ import annotations

import polars as pl


def customer_visits(receipts: pl.DataFrame, categories: pl.DataFrame) -> pl.DataFrame:
    """Return one row per customer, day and product with a known category, in order of customer and day.

    Receipts of a day are one visit; those of unidentified buyers are left out.

    Args:
        receipts: customer_id (text or a code; null if not identified), day, products (list of ids).
        categories: product_id, category; a product without a category is left out.

    Returns:
        customer (u32, a code), day, product_id (Enum of the ids in `categories`), category (Enum, alphabetical).

    Examples:
        >>> from datetime import date
        >>> day = date(2025, 1, 1)
        >>> receipts = pl.DataFrame({"customer_id": ["x", None, "x"], "day": [day] * 3, "products": [["a", "b"], ["a"], ["a"]]})
        >>> found = customer_visits(receipts, pl.DataFrame({"product_id": ["a", "b"], "category": ["tea", None]}))
        >>> found.drop("customer").rows()
        [(datetime.date(2025, 1, 1), 'a', 'tea')]
    """
    known = (
        categories.drop_nulls()
        .unique("product_id", keep="last", maintain_order=True)
        .with_columns(pl.col("product_id", "category").cast(str))
    )
    products, names = pl.Enum(known["product_id"]), pl.Enum(known["category"].unique().sort())
    of = known.select(product=pl.col("product_id").cast(products).to_physical(), category=pl.col("category").cast(names))
    lines = (
        receipts.lazy()
        .filter(pl.col("customer_id").is_not_null())
        .select(_code("customer_id", receipts.schema).alias("customer"), "day", product_id="products")
        .explode("product_id", empty_as_null=False)
        .with_columns(pl.col("product_id").cast(pl.String).cast(products, strict=False))
        .filter(pl.col("product_id").is_not_null())
        .unique()
        .sort("customer", "day", "product_id")
        .with_columns(product=pl.col("product_id").to_physical())
        .join(of.lazy(), on="product", how="left", maintain_order="left")
    )
    return lines.select("customer", "day", "product_id", "category").collect()


def _code(column: str, schema: pl.Schema) -> pl.Expr:
    """Return a number per text; numbers, and those of an Enum, are kept."""
    ids = pl.col(column)
    if schema[column].is_integer():
        return ids.cast(pl.UInt32)
    return (ids if isinstance(schema[column], pl.Enum) else ids.cast(pl.Categorical)).to_physical().cast(pl.UInt32)
