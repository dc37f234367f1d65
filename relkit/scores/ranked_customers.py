"""Ranking of customers for a product, or for the best of a list of products: who is likeliest to have it in the next basket.

    ranking = CustomersFor(fitted=fitted, categories=categories, as_of=day)
    rows = ranking.best(histories, ("P0-03",), top=5_000)
    rows = ranking.best(histories, ("P0-03", "P1-00"), top=5_000)       each customer with the likelier of the two

Customers who may not be offered anything are left out of `histories` before the ranking, so that a list is as long as it can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from relkit.scores.next_products import Recommends


@dataclass(frozen=True, eq=False, kw_only=True)
class CustomersFor:
    """A ranking of customers by a model that recommends products.

    Attributes:
        fitted: the model.
        categories: category by product, by which products that nobody has bought yet are judged.
        as_of: day from which the next basket is counted.
    """

    fitted: Recommends
    categories: Mapping[str, str]
    as_of: date

    def best(self, histories: pl.DataFrame, product_ids: Sequence[str], *, top: int) -> pl.DataFrame:
        """Return the customers likeliest to have the product, or one of several, in the next basket; ties in the order of customer_id.

        Args:
            histories: customer_id and products (list of ids), one row per customer who may be offered something.
            product_ids: the product; of several, each customer has the likeliest.
            top: most customers.

        Returns:
            rank, customer_id, product_id, probability, is_repeat, reason, because.
        """
        one = product_ids[0] if len(product_ids) == 1 else None
        if one is not None and one in self.fitted.products["product_id"].cast(pl.String):
            found = self.fitted.rank_customers(histories, one, as_of=self.as_of).with_columns(product_id=pl.lit(one))
        else:
            given = tuple(product_ids)
            found = self.fitted.recommend(histories, top=1, candidates=given, categories=self.categories, as_of=self.as_of)
        return _ranked(found, top)


def _ranked(found: pl.DataFrame, top: int) -> pl.DataFrame:
    """Return the first rows with their rank."""
    texts = pl.col("customer_id", "product_id", "reason", "because").cast(pl.String)
    first = found.with_columns(texts).sort(["probability", "customer_id"], descending=[True, False]).head(top)
    return first.select(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int32).alias("rank"),
        *("customer_id", "product_id", "probability", "is_repeat", "reason", "because"),
    )
