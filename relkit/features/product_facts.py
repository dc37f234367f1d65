"""Facts of products as of a cutoff: names, categories, margin per unit, and products not to be offered, with the reason.

    facts = product_facts(tables, as_of)
    facts.filter("is_offered")                      what may be recommended
    facts.filter(~pl.col("is_offered"))             what may not, with `not_offered_because`

A product has the name, the categories and the price of its last version known at the cutoff. It is not offered if

    discontinued      `discontinued_on` of that version is the day of the cutoff or earlier;
    out_of_stock      `in_stock` of that version is no, or the calendar has a stock-out or a closure on the day of the cutoff whose scope
                      is the product or one of its categories; one without a scope names no product and excludes none;
    subscription      it is known from contracts only, or its contracts are billed among the transactions;
    fee_or_gift_card  its lines are fees or gift cards, and none is a sale.

Of several reasons the first counts. Any other product is offered, also one that is sold and has no row in `products`, and one that has a
row and has not been sold yet.

The margin per unit is, in order of trust: `unit_margin` of the version, measured or assumed as the product states (assumed if it states
nothing); the margin of the product's sales of the last 12 months (`relkit.features.margins`) over the quantity sold; else it is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.coded_lines import all_known_lines
from relkit.features.known_rows import YEAR_DAYS, known_rows, within
from relkit.features.margins import with_margins
from relkit.tables.kept import kept
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

CATEGORIES = ("category_1", "category_2", "category_3")
REASONS: Mapping[str, Text] = {
    "discontinued": Text("discontinued", "retirés de la vente"),
    "out_of_stock": Text("out of stock", "en rupture de stock"),
    "subscription": Text("sold by contract", "vendus par contrat"),
    "fee_or_gift_card": Text("fees or gift cards", "frais ou cartes cadeaux"),
}
"""Reasons why a product is not offered, in order of precedence."""
ABSENCES = ("stock_out", "stockout", "out_of_stock", "closure")
"""Kinds of calendar events during which a product or a category cannot be bought."""

_DESCRIBED = ("name", *CATEGORIES, "brand", "price", "unit_margin", "margin_source", "in_stock", "discontinued_on")


def product_facts(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return one row per product known at `as_of`, in order of product_id.

    Args:
        tables: the company.
        as_of: cutoff of what is known.

    Returns:
        product_id; name (if it has none, its narrowest category and its id), category_1 to category_3, brand, price (currency);
        unit_margin (currency per unit) and margin_source (measured, assumed), null if unknown; known_since (first day of a version or
        of a sale, null if unknown); is_offered, not_offered_because (a key of `REASONS`; null if it is offered).
    """
    return kept(tables, "facts_of_products", lambda: _facts(tables, as_of), as_of)


def _facts(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    described, sold, held = _described(tables, as_of), _sold(tables, as_of), _held(tables, as_of)
    ids = pl.concat([frame.select("product_id") for frame in (described, sold, held)]).unique().sort("product_id")
    rows = ids
    for frame in (described, sold, held):
        rows = rows.join(frame, on="product_id", how="left", maintain_order="left")
    rows = _with_margins(rows, tables, as_of)
    because = _because(tables, as_of)
    category = pl.coalesce(*reversed(CATEGORIES))
    name = pl.coalesce(pl.col("name").str.strip_chars().replace("", None), pl.format("{} {}", category, "product_id"), "product_id")
    known_since = pl.min_horizontal("described_since", "sold_since")
    made = rows.with_columns(name=name, known_since=known_since, not_offered_because=because)
    own = ("product_id", "name", *CATEGORIES, "brand", "price", "unit_margin", "margin_source", "known_since")
    return made.select(*own, pl.col("not_offered_because").is_null().alias("is_offered"), "not_offered_because")


def _described(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the last version of each product's row, and the first day of any, described_since."""
    if not tables.has("products"):
        types = dict.fromkeys(_DESCRIBED, pl.String) | dict.fromkeys(("price", "unit_margin"), pl.Float64)
        days = {"described_since": pl.Date, "discontinued_on": pl.Date}
        return pl.DataFrame(schema={"product_id": pl.String, **types, **days, "in_stock": pl.Boolean})
    versions = known_rows(tables, "products", as_of, "product_id", "valid_from", *_DESCRIBED).collect(engine="streaming")
    versions = versions.with_columns(described_since=pl.col("valid_from").min().over("product_id"))
    last = versions.sort("product_id", "valid_from", nulls_last=False, maintain_order=True).unique("product_id", keep="last")
    return last.drop("valid_from")


def _sold(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return product_id and, of its lines, is_sold, is_fee and sold_since, the day of the first sale."""
    if not tables.has("transactions"):
        return pl.DataFrame(schema={"product_id": pl.String, "is_sold": pl.Boolean, "is_fee": pl.Boolean, "sold_since": pl.Date})
    lines = all_known_lines(tables, as_of).filter(pl.col("product_id").is_not_null())
    kind = pl.col("line_kind").cast(pl.String)
    kinds = lines.group_by("product_id", "line_kind").agg(pl.col("day").min()).collect(engine="streaming")
    found = kinds.group_by("product_id").agg(
        is_sold=(kind == "sale").any(),
        is_fee=kind.is_in(["fee", "gift_card"]).any(),
        sold_since=pl.col("day").filter(kind == "sale").min(),
    )
    return found.with_columns(pl.col("product_id").cast(pl.String))


def _held(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return product_id and is_held of products that contracts name."""
    if not (tables.has("contracts") and "product_id" in tables.columns("contracts")):
        return pl.DataFrame(schema={"product_id": pl.String, "is_held": pl.Boolean})
    named = known_rows(tables, "contracts", as_of, "product_id").filter(pl.col("product_id").is_not_null()).unique()
    return named.with_columns(is_held=pl.lit(value=True)).collect(engine="streaming")


def _with_margins(rows: pl.DataFrame, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the products with unit_margin and margin_source, from their sales where the product states none."""
    declared = pl.col("unit_margin").is_not_null()
    source = pl.when(declared).then(pl.col("margin_source").fill_null("assumed"))
    unknown = rows.filter(~declared).select("product_id")
    if unknown.is_empty() or not tables.has("transactions"):
        return rows.with_columns(margin_source=source)
    of_sales = _margins_of_sales(unknown, tables, as_of)
    joined = rows.with_columns(margin_source=source).join(of_sales, on="product_id", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("unit_margin", "margin_a_unit"), pl.coalesce("margin_source", "source_of_sales"))


def _margins_of_sales(products: pl.DataFrame, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return product_id, margin_a_unit and source_of_sales (measured if every line's margin is) of the sales of 12 months."""
    lines = all_known_lines(tables, as_of).filter(
        pl.col("product_id").is_in(products["product_id"].cast(pl.Categorical).implode()),
        pl.col("line_kind").cast(pl.String) == "sale",
        pl.col("quantity").fill_null(1.0) > 0,
        within("occurred_at", as_of, YEAR_DAYS),
    )
    known = with_margins(lines, tables, as_of).filter(pl.col("margin").is_not_null())
    sums = known.group_by("product_id").agg(
        pl.col("margin").sum(), pl.col("quantity").fill_null(1.0).sum(), pl.col("margin_is_measured").all()
    )
    source = pl.when("margin_is_measured").then(pl.lit("measured")).otherwise(pl.lit("assumed"))
    made = sums.select(
        pl.col("product_id").cast(pl.String), margin_a_unit=(pl.col("margin") / pl.col("quantity")).round(6), source_of_sales=source
    )
    return made.collect(engine="streaming")


def _absent_scopes(tables: TableSet, as_of: AsOf) -> list[str]:
    """Return the scopes of the stock-outs and closures on the day of the cutoff."""
    if not (tables.has("calendar") and "scope" in tables.columns("calendar")):
        return []
    rows = tables.scan("calendar")
    names = rows.collect_schema().names()
    if "recorded_at" in names:
        rows = rows.filter(pl.col("recorded_at").is_null() | (pl.col("recorded_at") < as_of.cutoff))
    kind = pl.col("kind").str.strip_chars().str.to_lowercase().str.replace_all(r"\W+", "_")
    ends = pl.coalesce("ends_on", "starts_on") if "ends_on" in names else pl.col("starts_on")
    running = rows.filter(kind.is_in(ABSENCES), pl.col("starts_on") <= as_of.day, ends >= as_of.day)
    scopes = running.select(pl.col("scope").str.strip_chars().drop_nulls().unique().sort()).collect()["scope"]
    return [scope for scope in scopes if scope]


def _because(tables: TableSet, as_of: AsOf) -> pl.Expr:
    """Return the reason why each product is not offered; null if it is."""
    absent = _absent_scopes(tables, as_of)
    is_held, is_sold = pl.col("is_held").fill_null(value=False), pl.col("is_sold").fill_null(value=False)
    is_absent = pl.any_horizontal(pl.col(name).is_in(absent).fill_null(value=False) for name in ("product_id", *CATEGORIES))
    tests = {
        "discontinued": pl.col("discontinued_on") <= as_of.day,
        "out_of_stock": ~pl.col("in_stock").fill_null(value=True) | is_absent,
        "subscription": is_held & (pl.lit(value=tables.facts.contract_bills_in_transactions) | ~is_sold),
        "fee_or_gift_card": pl.col("is_fee") & ~is_sold,
    }
    return pl.coalesce([pl.when(test).then(pl.lit(code)) for code, test in tests.items()])
