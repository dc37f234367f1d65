"""Usual quantities: how much of a product a basket contains, for a customer or for all buyers of the product.

The quantity that a customer usually buys of a product is the mean over the customer's baskets of the last 12 months that contain it. If
there is none, it is the mean over all baskets of these months that contain it; if there is none either, one unit. A line without
a quantity counts as one unit; lines of a basket are added. Returns do not reduce it: money ahead is net of expected returns elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.coded_lines import all_known_lines, buyers
from relkit.features.id_codes import codes_among
from relkit.features.known_rows import YEAR_DAYS, within

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

ONE_UNIT = 1.0


def usual_quantities(tables: TableSet, as_of: AsOf, pairs: pl.DataFrame) -> pl.Series:
    """Return the usual quantity of each pair of a customer and a product, above 0, in units of the product.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        pairs: customer_id and product_id (text), each pair once.

    Raises:
        TableError: there is no transactions table.
    """
    coded = pairs.select(
        customer=codes_among(buyers(tables)["customer_id"], pairs["customer_id"]),
        product=pl.col("product_id").cast(pl.Categorical),
    )
    baskets = _baskets(tables, as_of, coded["product"].unique()).with_columns(_pair())
    rows = coded.with_columns(_pair())
    mean = pl.col("quantity").mean()
    theirs = baskets.lazy().join(rows.lazy().select("pair"), on="pair", how="semi")
    own = theirs.group_by("pair").agg(own=mean).collect(engine="streaming")
    everybody = baskets.group_by("product").agg(everybody=mean)
    joined = rows.join(own, on="pair", how="left", maintain_order="left").join(everybody, on="product", how="left", maintain_order="left")
    return joined.select(pl.coalesce("own", "everybody", pl.lit(ONE_UNIT)).round(6).alias("usual_quantity")).to_series()


def _pair() -> pl.Expr:
    """Return one number for a customer and a product: joins by one key cost half as much."""
    return (pl.col("customer").cast(pl.UInt64) * (1 << 32) + pl.col("product").to_physical().cast(pl.UInt64)).alias("pair")


def _baskets(tables: TableSet, as_of: AsOf, products: pl.Series) -> pl.DataFrame:
    """Return customer, product and quantity, one row per basket of 12 months and product."""
    lines = all_known_lines(tables, as_of).filter(
        pl.col("product_id").is_in(products.implode()),
        pl.col("line_kind") == "sale",
        within("occurred_at", as_of, YEAR_DAYS),
        ~pl.col("customer").is_in(_tests(tables).implode()).fill_null(value=False),
    )
    quantity = pl.col("quantity").fill_null(ONE_UNIT)
    sums = lines.group_by("customer", "basket", product="product_id").agg(quantity=quantity.sum())
    return sums.filter(pl.col("quantity") > 0).collect(engine="streaming")


def _tests(tables: TableSet) -> pl.Series:
    """Return the codes of test accounts."""
    return buyers(tables)["is_test"].arg_true().cast(pl.UInt32)
