"""Offers on products as of a day: for each product the offer to use in a cross-sell, and its cost.

An offer counts if it can be used on the day and is limited to the product or to one of its categories; one that is limited to neither is
an offer on anything, not on a product. One on the product itself comes before one on a category; of several the cheapest counts. An
offer without a unit cost is left out, as its cost is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.product_facts import CATEGORIES

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

_READ = {"offer_id": pl.String, "unit_cost": pl.Float64, "product_id": pl.String, "category": pl.String}
_DAYS = {"starts_on": pl.Date, "ends_on": pl.Date}


def product_offers(tables: TableSet, as_of: AsOf, products: pl.DataFrame) -> pl.DataFrame:
    """Return product_id, offer_id and unit_cost (currency per use) of the products with an offer on the day, in order of product_id.

    Args:
        tables: the company; without an offers table no product has one.
        as_of: the day.
        products: product_id and category_1 to category_3.
    """
    offers = _usable(tables, as_of)
    own = offers.filter(pl.col("product_id").is_not_null()).with_columns(is_own=pl.lit(value=True))
    general = offers.filter(pl.col("product_id").is_null()).drop("product_id")
    of_category = [
        products.select("product_id", category=name).join(general, on="category").with_columns(is_own=pl.lit(value=False))
        for name in CATEGORIES
    ]
    wanted = ["product_id", "offer_id", "unit_cost", "is_own"]
    found = pl.concat([frame.select(wanted) for frame in (own, *of_category)])
    first = found.sort(["product_id", "is_own", "unit_cost", "offer_id"], descending=[False, True, False, False])
    return first.unique("product_id", keep="first", maintain_order=True).drop("is_own")


def _usable(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the offers that can be used on the day and whose cost is known."""
    if not tables.has("offers"):
        return pl.DataFrame(schema=_READ)
    rows = tables.scan("offers")
    there = rows.collect_schema().names()
    given = {name: pl.col(name) if name in there else pl.lit(None, dtype) for name, dtype in (_READ | _DAYS).items()}
    starts, ends = pl.col("starts_on"), pl.col("ends_on")
    running = (starts.is_null() | (starts <= as_of.day)) & (ends.is_null() | (ends >= as_of.day))
    return rows.select(**given).filter(running, pl.col("unit_cost").is_not_null()).select(*_READ).collect()
