"""Ranking of customers for a product, or for the best of a list of products: who is likeliest to have it in the next basket.

    rows = best_customers(fitted, histories, "P0-03", top=5_000)
    rows = best_of_candidates(fitted, histories, ("P0-03", "P1-00"), top=5_000)

Customers who may not be offered anything are left out of `histories` before the ranking, so that a list is as long as it can be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.scores.next_products import Recommends

_ORDER = {"by": ["probability", "customer_id"], "descending": [True, False]}


def best_customers(fitted: Recommends, histories: pl.DataFrame, product_id: str, *, top: int) -> pl.DataFrame:
    """Return the customers likeliest to have a product in their next basket, the likeliest first, ties in the order of customer_id.

    Args:
        fitted: a model that recommends products.
        histories: customer_id and products (list of ids), one row per customer who may be offered something.
        product_id: the product.
        top: most customers.

    Returns:
        rank, customer_id, product_id, probability, is_repeat, reason, because.
    """
    found = fitted.rank_customers(histories, product_id, top=top).with_columns(product_id=pl.lit(product_id))
    return _ranked(found, histories, top)


def best_of_candidates(fitted: Recommends, histories: pl.DataFrame, candidates: Sequence[str], *, top: int) -> pl.DataFrame:
    """Return, for the customers with the highest probability, the likeliest of some products; arguments and columns as above."""
    found = fitted.recommend(histories, top=1, candidates=tuple(candidates))
    return _ranked(found, histories, top)


def _ranked(found: pl.DataFrame, histories: pl.DataFrame, top: int) -> pl.DataFrame:
    """Return the first rows with their rank, and whether the customer has bought the product before."""
    texts = pl.col("customer_id", "product_id", "reason", "because").cast(pl.String)
    first = found.with_columns(texts).sort(**_ORDER).head(top)  # type: ignore[arg-type]
    theirs = histories.select(pl.col("customer_id").cast(pl.String), "products")
    own = theirs.join(first.select("customer_id"), on="customer_id", how="semi")
    bought = own.explode("products", empty_as_null=False).select("customer_id", product_id=pl.col("products").cast(pl.String)).unique()
    repeats = bought.with_columns(is_repeat=pl.lit(value=True))
    made = first.drop("is_repeat", strict=False).join(repeats, on=["customer_id", "product_id"], how="left", maintain_order="left")
    return made.with_columns(pl.col("is_repeat").fill_null(value=False)).select(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int32).alias("rank"),
        *("customer_id", "product_id", "probability", "is_repeat", "reason", "because"),
    )
