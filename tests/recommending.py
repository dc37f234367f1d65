"""A stand-in for a fitted model that recommends: it ranks products by the customer's own purchases, then by those of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Collection


class ByCount:
    """Recommend what a customer has bought most, then what others have, each with a made-up probability."""

    products = pl.DataFrame({"product_id": ["mug", "pot", "tea"]})

    def recommend(
        self,
        histories: pl.DataFrame,
        *,
        top: int = 3,
        exclude: Collection[str] | None = None,
        candidates: Collection[str] | None = None,
        **_: Any,
    ) -> pl.DataFrame:
        bought = histories.explode("products").drop_nulls("products").group_by("customer_id", product_id="products").agg(own=pl.len())
        products = bought.group_by("product_id").agg(everybody=pl.col("own").sum())
        pairs = histories.select("customer_id").join(products, how="cross").join(bought, on=["customer_id", "product_id"], how="left")
        allowed = ~pl.col("product_id").is_in(list(exclude or ()))
        if candidates is not None:
            allowed &= pl.col("product_id").is_in(list(candidates))
        own = pl.col("own").fill_null(0)
        made = pairs.filter(allowed).with_columns(
            probability=(own * 10 + pl.col("everybody")) / 100,
            is_repeat=own > 0,
            reason=pl.when(own > 0).then(pl.lit("habit")).otherwise(pl.lit("popular")),
            because=pl.lit(None, pl.String),
            is_new_customer=pl.lit(value=False),
            is_new_product=pl.lit(value=False),
        )
        ranked = made.sort(["customer_id", "probability", "product_id"], descending=[False, True, False])
        ranked = ranked.with_columns(rank=pl.int_range(1, pl.len() + 1).over("customer_id")).filter(pl.col("rank") <= top)
        return ranked.drop("own", "everybody")

    def rank_customers(self, histories: pl.DataFrame, product_id: str, *, top: int | None = None, **_: Any) -> pl.DataFrame:
        found = self.recommend(histories, top=1, candidates=[product_id]).sort("probability", descending=True, maintain_order=True)
        return found.head(len(found) if top is None else top).select("customer_id", "probability", "is_repeat", "reason", "because")
