"""Products held and taken: rows for propensities, from contracts or from purchases.

Contracts. A product is held from the day a contract on it is known until the contract ends; one signed for a later day counts as held.
It is taken if a contract that was not known at the cutoff starts within the horizon.

Purchases. A product is held by those who ever bought it, and taken with its first purchase. Products are those that are named, by id or by
category, or the most detailed level (product, then category_3 to category_1) with at most `MOST_ITEMS` of them.

Rows to learn from are customers as of the horizon's length before the cutoff, with what they took since; rows to score are those as
of the cutoff.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.errors import TableError
from relkit.features.coded_lines import buyers, known_lines
from relkit.features.customer_drivers import contracts_known, customer_drivers
from relkit.features.known_rows import marked_as_test
from relkit.tables.kept import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from relkit.periods import AsOf, Holdout
    from relkit.tables.table_set import TableSet

MOST_ITEMS = 30
"""Most products, or categories, of the level that is chosen if none is named."""
LEVELS = ("category_3", "category_2", "category_1")
"""Categories of the products table, the most detailed first."""
_PRODUCTS = pl.List(pl.String)


def takes_contracts(tables: TableSet) -> bool:
    """Return whether contracts name their product."""
    return tables.has("contracts") and "product_id" in tables.columns("contracts")


def buys_products(tables: TableSet) -> bool:
    """Return whether lines of purchases name their product."""
    return tables.has("transactions") and "product_id" in tables.columns("transactions")


def contract_takes(tables: TableSet, since: AsOf, until: AsOf) -> pl.DataFrame:
    """Return customer_id and `taken`: the products of contracts that started after `since` and by `until`.

    Args:
        tables: the company.
        since: contracts known by then do not count.
        until: cutoff of what is known.
    """
    before = contracts_known(tables, since).select("contract_id")
    new = contracts_known(tables, until).filter(pl.col("started_on").is_between(since.day, until.day, closed="right"))
    return _listed(new.join(before, on="contract_id", how="anti"), "taken")


def contracts_held(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id and `held`: the products of contracts known at `as_of` that have not ended."""
    return _listed(contracts_known(tables, as_of).filter(pl.col("ended_on").is_null()), "held")


def items_of(tables: TableSet, products: Sequence[str] = ()) -> pl.DataFrame:
    """Return product_id and item: the product itself or its category, one row for each pair.

    Args:
        tables: the company.
        products: ids of products or names of categories; empty for the most detailed level with few enough.

    Raises:
        TableError: a name is neither a product nor a category.
    """
    sold = tables.scan("transactions").select(pl.col("product_id").drop_nulls().unique()).collect(engine="streaming")
    levels = {"product_id": sold.with_columns(item="product_id")} | _categories(tables, sold)
    if not products:
        level = next((pairs for pairs in levels.values() if pairs["item"].n_unique() <= MOST_ITEMS), None)
        return (list(levels.values())[-1] if level is None else level).sort("product_id", "item")
    pairs = pl.concat(list(levels.values())).filter(pl.col("item").is_in(list(products))).unique()
    if unknown := [name for name in products if name not in set(pairs["item"])]:
        raise TableError.unknown("product or category", unknown[0], levels["product_id"]["item"].to_list(), where="products")
    return pairs.sort("product_id", "item")


def _categories(tables: TableSet, sold: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the pairs of product and category of each level that the products table has; the last version of a product counts."""
    if not tables.has("products"):
        return {}
    given = [name for name in LEVELS if name in tables.columns("products")]
    order = ["product_id", *(["valid_from"] if "valid_from" in tables.columns("products") else [])]
    rows = tables.scan("products").select(*order, *given).collect().sort(order).unique("product_id", keep="last", maintain_order=True)
    rows = rows.join(sold, on="product_id", how="semi")
    return {name: rows.select("product_id", item=name).drop_nulls() for name in given if rows[name].null_count() < len(rows)}


def first_purchases(tables: TableSet, as_of: AsOf, products: Sequence[str] = ()) -> pl.DataFrame:
    """Return customer (position in `buyers`), item and the day of its first purchase known at `as_of`, in order."""
    if products:
        return _first(tables, as_of, products)
    return kept(tables, "first_purchases", lambda: _first(tables, as_of, ()), as_of)


def _first(tables: TableSet, as_of: AsOf, products: Sequence[str]) -> pl.DataFrame:
    pairs = items_of(tables, products).lazy().with_columns(pl.col("product_id").cast(pl.Categorical))
    lines = known_lines(tables, as_of).filter(pl.col("line_kind") == "sale", pl.col("product_id").is_not_null())
    bought = lines.filter((pl.col("quantity").fill_null(1) != 0) | (pl.col("net_amount").fill_null(0) != 0))
    each = bought.group_by("customer", "product_id").agg(pl.col("day").min())
    found = each.join(pairs, on="product_id").group_by("customer", "item").agg(pl.col("day").min())
    return found.collect(engine="streaming").sort("customer", "item")


def purchases_held(tables: TableSet, as_of: AsOf, products: Sequence[str] = ()) -> pl.DataFrame:
    """Return customer_id and `held`: the products, or categories, ever bought by `as_of`."""
    return _items(first_purchases(tables, as_of, products), tables, "held")


def purchases_taken(tables: TableSet, since: AsOf, until: AsOf, products: Sequence[str] = ()) -> pl.DataFrame:
    """Return customer_id and `taken`: those first bought after `since` and by `until`."""
    new = first_purchases(tables, until, products).filter(pl.col("day") > since.day)
    return _items(new, tables, "taken")


def _items(found: pl.DataFrame, tables: TableSet, name: str) -> pl.DataFrame:
    lists = found.group_by("customer", maintain_order=True).agg(pl.col("item").alias(name))
    ids = buyers(tables)["customer_id"].gather(lists["customer"])
    rows = lists.drop("customer").insert_column(0, ids)
    return rows.filter(~pl.col("customer_id").is_in(marked_as_test(tables).implode()))


def _listed(contracts: pl.DataFrame, name: str) -> pl.DataFrame:
    rows = contracts.drop_nulls("product_id").select("customer_id", "product_id").unique().sort("customer_id", "product_id")
    return rows.group_by("customer_id", maintain_order=True).agg(pl.col("product_id").alias(name))


def rows_to_score(tables: TableSet, as_of: AsOf, held: Callable[[TableSet, AsOf], pl.DataFrame]) -> pl.DataFrame:
    """Return the drivers of each customer known at `as_of`, then `held`; in order of customer_id."""
    return _with(customer_drivers(tables, as_of), held(tables, as_of), "held")


def rows_to_learn(
    tables: TableSet,
    as_of: AsOf,
    *,
    horizon_days: int,
    held: Callable[[TableSet, AsOf], pl.DataFrame],
    taken: Callable[[TableSet, AsOf, AsOf], pl.DataFrame],
) -> pl.DataFrame:
    """Return the drivers of each customer known `horizon_days` before `as_of`, with `held` then and `taken` since."""
    start = as_of.minus(days=horizon_days)
    return with_taken(rows_to_score(tables, start, held), taken(tables, start, as_of))


def with_taken(rows: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """Return rows with what each customer took: an empty list for those who took nothing."""
    return _with(rows, taken, "taken")


def outcomes(tables: TableSet, split: Holdout, *, horizon_days: int, taken: Callable[[TableSet, AsOf, AsOf], pl.DataFrame]) -> pl.DataFrame:
    """Return customer_id and `taken` of each customer known at the calibration, within the horizon after it; null if it ends later."""
    start = split.calibration
    everybody = customer_drivers(tables, start).select("customer_id")
    if horizon_days > split.days:
        return everybody.with_columns(taken=pl.lit(None, _PRODUCTS))
    end = start.minus(days=-horizon_days)
    return with_taken(everybody, taken(tables, start, end))


def _with(rows: pl.DataFrame, lists: pl.DataFrame, name: str) -> pl.DataFrame:
    found = rows.join(lists.cast({name: _PRODUCTS}), on="customer_id", how="left", maintain_order="left")
    return found.with_columns(pl.col(name).fill_null(pl.lit([], dtype=_PRODUCTS)))
