"""Receipts with the categories of their products and an attribute of their customers, for rules at other levels and by segment.

Categories are in lists beside the products, one value per product in the same place, null if it has none. The attribute is a column of the
customers table, or of the last customer snapshot, as known at the cutoff.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.errors import ParameterError
from relkit.features.coded_lines import buyers
from relkit.features.known_rows import known_rows
from relkit.features.product_facts import CATEGORIES, product_facts
from relkit.features.receipts import receipts
from relkit.features.snapshots import last_snapshots, outcome_attributes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.periods import AsOf, Holdout
    from relkit.tables.table_set import TableSet


def described_receipts(tables: TableSet, as_of: AsOf, *, levels: Sequence[str] = (), by: str = "") -> pl.DataFrame:
    """Return the receipts known at `as_of` with further columns.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        levels: categories to add: category_1, category_2, category_3.
        by: attribute of the customers to add, unless the receipts have it.

    Raises:
        ParameterError: a level or attribute that the tables do not have.
    """
    found = receipts(tables, as_of)
    found = found.with_columns(_categories(found["products"], tables, as_of, level) for level in levels)
    return found if by in ("", *found.columns) else _with_attribute(found, tables, as_of, by)


def later_described_receipts(tables: TableSet, split: Holdout, *, levels: Sequence[str] = (), by: str = "") -> pl.DataFrame:
    """Return those of the days of a holdout, as known at its end; arguments as for `described_receipts`."""
    return described_receipts(tables, split.end, levels=levels, by=by).filter(pl.col("day") > split.calibration.day)


def _categories(products: pl.Series, tables: TableSet, as_of: AsOf, level: str) -> pl.Series:
    """Return the category of each product of each receipt."""
    if level not in CATEGORIES:
        raise ParameterError.unknown("level", level, ("product", *CATEGORIES), where="item_levels")
    known = product_facts(tables, as_of).select("product_id", level).drop_nulls()
    if known.is_empty():
        raise ParameterError(f"no product has a {level}.", where="item_levels", remedy="Map the categories of the products table.")
    names = known[level].unique().sort()
    kind = pl.Enum(names)
    category = pl.element().cast(pl.String).replace_strict(known["product_id"], known[level], default=None, return_dtype=pl.String)
    return products.list.eval(category.cast(kind)).alias(level)


def _with_attribute(found: pl.DataFrame, tables: TableSet, as_of: AsOf, by: str) -> pl.DataFrame:
    values = buyers(tables).join(_attributes(tables, as_of, by), on="customer_id", how="left", maintain_order="left")[by]
    return found.with_columns(values.gather(found["customer"]).alias(by))


def _attributes(tables: TableSet, as_of: AsOf, by: str) -> pl.DataFrame:
    """Return customer_id and the attribute, one row per customer."""
    of_customers = tables.columns("customers") if tables.has("customers") else ()
    if by in of_customers and by != "customer_id":
        rows = known_rows(tables, "customers", as_of, "customer_id", by).collect()
        return rows.unique("customer_id", keep="last").with_columns(pl.col(by).cast(pl.String))
    snapshots = last_snapshots(tables, as_of).drop(outcome_attributes(tables)) if tables.has("customer_snapshots") else pl.DataFrame()
    if by in snapshots.columns and by != "customer_id":
        return snapshots.select("customer_id", pl.col(by).cast(pl.String))
    known = {"channel_id", *of_customers, *snapshots.columns} - {"customer_id", "is_test"}
    raise ParameterError.unknown("column", by, known, where="by")
