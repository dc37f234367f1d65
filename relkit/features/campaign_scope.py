"""Products that the offer of an action concerns: promoted, of the same category, or neither.

The scope is that of the offers which the contacts of the action carried: a product, or a category of any level. The same category is
that of the promoted product (its most detailed one), or the category one level above the promoted one. Sales of it that fall while the
promoted ones rise were taken from it (cannibalisation); sales of the rest that rise came along (halo).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import polars as pl

from relkit.features.known_rows import known_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

PROMOTED, CATEGORY = "promoted", "category"
_LEVELS = ("category_3", "category_2", "category_1")
"""Levels of categories, the most detailed first."""


def offers_carried(tables: TableSet, as_of: AsOf, *, action_id: str, wave_id: str | None = None) -> pl.DataFrame:
    """Return offer_id, funder, unit_cost, product_id and category of the offers that contacts of the action carried, in order."""
    columns = ("offer_id", "funder", "unit_cost", "product_id", "category")
    if not tables.has("contacts") or not tables.has("offers"):
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String) | {"unit_cost": pl.Float64})
    contacts = known_rows(tables, "contacts", as_of, "action_id", "wave_id", "offer_id").filter(pl.col("action_id") == action_id)
    if wave_id is not None:
        contacts = contacts.filter(pl.col("wave_id").is_null() | (pl.col("wave_id") == wave_id))
    carried = contacts.select(pl.col("offer_id").drop_nulls().unique())
    given = tables.columns("offers")
    kinds = {"unit_cost": pl.Float64}
    selected = [pl.col(name) if name in given else pl.lit(None, kinds.get(name, pl.String)).alias(name) for name in columns]
    return tables.scan("offers").select(selected).join(carried, on="offer_id", how="semi").collect().sort("offer_id")


def scope_of(tables: TableSet, offers: pl.DataFrame) -> pl.DataFrame | None:
    """Return product_id and part (promoted or category) of the products that offers concern; None if no offer is limited to any.

    Args:
        tables: the company.
        offers: product_id and category, null without a limit.
    """
    products = set(offers["product_id"].drop_nulls())
    categories = set(offers["category"].drop_nulls())
    if not products and not categories:
        return None
    known = _products(tables)
    levels = [name for name in _LEVELS if name in known.columns]
    by_id = pl.col("product_id").is_in(list(products))
    marked = known.with_columns(is_promoted=by_id | _any_of(pl.col(name).is_in(list(categories)) for name in levels))
    around = _categories_of(marked.filter(by_id), levels) | _categories_above(marked, levels, categories)
    beside = _any_of((pl.col(level) == name) for level, name in sorted(around)) & ~pl.col("is_promoted")
    part = pl.when("is_promoted").then(pl.lit(PROMOTED)).when(beside).then(pl.lit(CATEGORY))
    rows = marked.select("product_id", part=part).drop_nulls("part")
    unlisted = sorted(products - set(known["product_id"]))
    return pl.concat([rows, pl.DataFrame({"product_id": unlisted, "part": [PROMOTED] * len(unlisted)}, schema=rows.schema)])


def _any_of(conditions: Iterable[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(pl.lit(value=False), *(condition.fill_null(value=False) for condition in conditions))


def _products(tables: TableSet) -> pl.DataFrame:
    """Return product_id and its categories, as of its last version."""
    if not tables.has("products"):
        return pl.DataFrame(schema={"product_id": pl.String})
    given = tables.columns("products")
    order = ["product_id", *(["valid_from"] if "valid_from" in given else [])]
    rows = tables.scan("products").select(*order, *(name for name in _LEVELS if name in given)).collect().sort(order)
    return rows.unique("product_id", keep="last", maintain_order=True).sort("product_id")


def _categories_of(products: pl.DataFrame, levels: list[str]) -> set[tuple[str, str]]:
    """Return the most detailed category of each product, with its level."""
    found: set[tuple[str, str]] = set()
    for row in products.select(levels).iter_rows(named=True):
        found |= set([(level, row[level]) for level in levels if row[level] is not None][:1])
    return found


def _categories_above(products: pl.DataFrame, levels: list[str], categories: set[str]) -> set[tuple[str, str]]:
    """Return the categories one level above some categories, with their level."""
    found: set[tuple[str, str]] = set()
    for own, above in itertools.pairwise(levels):
        inside = products.filter(pl.col(own).is_in(list(categories)))
        found |= {(above, name) for name in inside[above].drop_nulls().unique()}
    return found
