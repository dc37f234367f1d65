"""The margin of each transaction line, and whether it was measured or assumed.

In order of trust: the line's own margin_amount (measured); unit_margin of the product version of that
day times the quantity (measured or assumed, as the product says; assumed if it says nothing); the
assumed rate that the company declared times the net amount (assumed); else unknown. Before its first
version a product is taken to have had the margin of that version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.known_rows import known_rows

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


def with_margins(lines: pl.LazyFrame, tables: TableSet, as_of: AsOf) -> pl.LazyFrame:
    """Add margin (null if unknown) and margin_is_measured (null if the margin is unknown).

    Args:
        lines: day, product_id (text or categorical), quantity, net_amount, margin_amount, and any other columns.
        tables: the company, for its products and its assumed rate.
        as_of: cutoff of what is known of products.
    """
    lines = _with_unit_margins(lines, tables, as_of)
    rate = pl.lit(tables.facts.assumed_margin_rate, pl.Float64)
    own, by_unit, by_rate = pl.col("margin_amount"), pl.col("unit_margin") * pl.col("quantity"), rate * pl.col("net_amount")
    unit_measured = (pl.col("margin_source") == "measured").fill_null(value=False)
    measured = (
        pl.when(own.is_not_null()).then(pl.lit(value=True)).when(by_unit.is_not_null()).then(unit_measured).otherwise(pl.lit(value=False))
    )
    margin = pl.coalesce(own, by_unit, by_rate)
    return lines.with_columns(margin.alias("margin"), pl.when(margin.is_not_null()).then(measured).alias("margin_is_measured")).drop(
        "unit_margin", "margin_source"
    )


def _with_unit_margins(lines: pl.LazyFrame, tables: TableSet, as_of: AsOf) -> pl.LazyFrame:
    if not tables.has("products") or "unit_margin" not in tables.columns("products"):
        return lines.with_columns(pl.lit(None, pl.Float64).alias("unit_margin"), pl.lit(None, pl.String).alias("margin_source"))
    versions = known_rows(tables, "products", as_of, "product_id", "valid_from", "unit_margin", "margin_source").collect()
    versions = versions.sort("product_id", "valid_from").with_columns(pl.col("product_id").cast(lines.collect_schema()["product_id"]))
    is_only = bool(versions["product_id"].is_unique().all())
    if is_only:
        return lines.join(versions.drop("valid_from").lazy(), on="product_id", how="left")
    starts, ends = pl.col("valid_from"), pl.col("valid_from").shift(-1).over("product_id")
    is_first = pl.col("product_id").is_first_distinct()
    spans = versions.with_columns(pl.when(~is_first).then(starts).alias("from_day"), ends.alias("to_day")).drop("valid_from")
    day = pl.col("day")
    holds = (pl.col("from_day").is_null() | (day >= pl.col("from_day"))) & (pl.col("to_day").is_null() | (day < pl.col("to_day")))
    return lines.join(spans.lazy(), on="product_id", how="left").filter(holds).drop("from_day", "to_day")
