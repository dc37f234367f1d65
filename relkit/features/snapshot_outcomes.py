"""Outcomes declared in customer snapshots (`role: outcome`): who took a product after the day of the snapshot.

A row has what was known of the customer on its day and, in one column for each product, whether the customer then took it. With several
days, the outcome of a row counts as known once the horizon has passed, and a customer who took a product on an earlier day holds it. With
a single day all outcomes that are not empty count as known. Rows without an id of their customer, whose key a mapping makes of file and
row, are in the order of the file, which counts as an order of time: models are judged on its last rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.features.customer_drivers import attribute_driver
from relkit.features.known_rows import known_rows, marked_as_test
from relkit.features.snapshot_covariates import covariates_of
from relkit.features.snapshots import attribute_as_of
from relkit.periods import RowHoldout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.periods import AsOf, DrawnHoldout, Holdout
    from relkit.tables.table_set import TableSet

OUTCOME = "outcome"
JUDGED_SHARE, SEED = 0.3, 20250630
"""Share of the rows held out if all are of one day."""
_PRODUCTS = pl.List(pl.String)


def outcomes_of(tables: TableSet) -> tuple[str, ...]:
    """Return the attributes of customer_snapshots that are outcomes of yes or no: the products."""
    given = tables.scan("customer_snapshots").collect_schema() if tables.has("customer_snapshots") else {}
    roles = {name: entry.get("role") for name, entry in tables.facts.attributes.items()}
    return tuple(name for name, dtype in given.items() if roles.get(name) == OUTCOME and dtype == pl.Boolean)


def has_outcomes(tables: TableSet) -> bool:
    """Return whether the mapping declares an outcome."""
    return bool(outcomes_of(tables))


def known_later(tables: TableSet, as_of: AsOf) -> tuple[str, ...]:  # noqa: ARG001 same signature as the functions of tables and a cutoff
    """Return the attributes of snapshots that are known only after the outcome, as the mapping declares."""
    declared = tables.facts.attributes
    return tuple(sorted(name for name, entry in declared.items() if entry.get("known_at") == "later"))


def outcome_rows(tables: TableSet, as_of: AsOf, *, horizon_days: int) -> pl.DataFrame:
    """Return one row per snapshot whose outcome is known at `as_of`, in the order of time.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        horizon_days: after which the outcome of a row is known, if there are several days.

    Returns:
        customer_id, the drivers, `held` and `taken` (lists of products), sequence (rank of the row's moment; absent if all rows are of one
        day and have ids of customers).
    """
    rows = _rows(tables, as_of)
    if not is_one_day(tables):
        rows = rows.filter(pl.col("as_of") <= as_of.minus(days=horizon_days).day)
    return rows.filter(pl.col("taken").is_not_null()).drop("as_of")


def rows_to_score(tables: TableSet, as_of: AsOf, *, horizon_days: int) -> pl.DataFrame:
    """Return the last snapshot of each customer, in order of customer_id: customer_id, the drivers and `held`.

    A product whose outcome is known by then is held by those who took it.
    """
    rows = _rows(tables, as_of)
    is_known = pl.lit(is_one_day(tables)) | (pl.col("as_of") <= as_of.minus(days=horizon_days).day)
    now = pl.when(is_known & pl.col("taken").is_not_null()).then(pl.col("held").list.set_union("taken")).otherwise("held")
    last = rows.with_columns(held=now).sort("customer_id", "as_of").unique("customer_id", keep="last", maintain_order=True)
    return last.drop("as_of", "taken", "sequence", strict=False)


def outcomes_after(tables: TableSet, split: Holdout | DrawnHoldout, *, horizon_days: int) -> pl.DataFrame:
    """Return customer_id and `taken` of each row that is judged; null if its outcome is not known at the end of the holdout."""
    rows = _rows(tables, split.calibration).sort("customer_id", "as_of").unique("customer_id", keep="last", maintain_order=True)
    passed = pl.col("as_of") <= split.end.minus(days=horizon_days).day
    taken = pl.col("taken") if is_one_day(tables) else pl.when(passed).then("taken")
    return rows.select("customer_id", taken.alias("taken"))


def held_out(tables: TableSet, as_of: AsOf, *, horizon_days: int) -> RowHoldout | None:
    """Return the holdout of rows if all are of one day; None if there are later days.

    Rows in the order of a file: its last ones; customers: a share drawn at random.
    """
    if not is_one_day(tables):
        return None
    return RowHoldout(calibration=as_of, days=horizon_days, share=JUDGED_SHARE, seed=SEED, in_order=is_file_order(tables))


def to_learn(rows: pl.DataFrame, split: Holdout | DrawnHoldout | None = None) -> pl.DataFrame:
    """Return the rows that a model learns from: without those held out."""
    return rows.filter(~_is_held_out(rows, split)) if isinstance(split, RowHoldout) else rows


def to_judge(rows: pl.DataFrame, split: Holdout | DrawnHoldout) -> pl.DataFrame:
    """Return the rows that a model is judged on."""
    return rows.filter(_is_held_out(rows, split)) if isinstance(split, RowHoldout) else rows


def is_one_day(tables: TableSet) -> bool:
    """Return whether all snapshots are of one day: a file of results, not a history."""
    return tables.scan("customer_snapshots").select(pl.col("as_of").n_unique() == 1).collect().item() is True


def is_file_order(tables: TableSet) -> bool:
    """Return whether rows have no id of a customer, so that their order is that of the file."""
    return "customer_snapshots" in tables.facts.numbered


def _is_held_out(rows: pl.DataFrame, split: RowHoldout) -> pl.Series:
    if split.in_order:
        last = rows["sequence"].to_numpy() >= np.quantile(rows["sequence"].to_numpy(), 1 - split.share)
        return pl.Series("is_held_out", last)
    everybody = rows["customer_id"].unique().sort()
    drawn = everybody.filter(np.random.default_rng(split.seed).random(len(everybody)) >= 1 - split.share)
    return rows["customer_id"].is_in(drawn.implode())


def _rows(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the snapshots known at a cutoff, in the order of time, with their outcomes."""
    rows = known_rows(tables, "customer_snapshots", as_of).filter(~pl.col("customer_id").is_in(marked_as_test(tables).implode()))
    products, drivers = outcomes_of(tables), covariates_of(tables)
    taken = _taken(products).alias("taken")
    read = rows.select("customer_id", "as_of", *(attribute_as_of(name, tables, as_of) for name in drivers), taken)
    found = _in_order(read.collect(engine="streaming"), tables)
    return _since_the_day(found, drivers).with_columns(_held(found))


def _taken(products: Sequence[str]) -> pl.Expr:
    """Return the products taken, as a list; null if the outcome of some is not known."""
    lists = pl.concat_list([pl.when(pl.col(name)).then(pl.lit(name)) for name in products]).list.drop_nulls()
    return pl.when(pl.all_horizontal(pl.col(name).is_not_null() for name in products)).then(lists).cast(_PRODUCTS)


def _in_order(rows: pl.DataFrame, tables: TableSet) -> pl.DataFrame:
    """Return rows in order of time, with their rank in it if they have one."""
    if not is_one_day(tables):
        return rows.sort("as_of", "customer_id").with_columns(sequence=pl.col("as_of").rank("dense").cast(pl.Int64))
    if not is_file_order(tables):
        return rows.sort("customer_id")
    place = rows["customer_id"].str.extract_groups(r"^(?<file>.*):(?<row>\d+)$").struct
    placed = rows.with_columns(file=place.field("file"), row=place.field("row").cast(pl.Int64)).sort("file", "row")
    return placed.drop("file", "row").with_columns(sequence=pl.int_range(pl.len(), dtype=pl.Int64))


def _since_the_day(rows: pl.DataFrame, drivers: Sequence[str]) -> pl.DataFrame:
    """Return the rows with dates as days from the day of each, and each driver under a name of its own."""
    from relkit.periods import AsOf

    kept = [rows[name] for name in rows.columns if name not in drivers]
    made = []
    for name in drivers:
        series = rows[name]
        renamed = attribute_driver(series.clear(), AsOf.parse("2000-01-01")).name
        made.append(((series - rows["as_of"]).dt.total_days().cast(pl.Int32) if series.dtype == pl.Date else series).alias(renamed))
    return pl.DataFrame([*kept, *made])


def _held(rows: pl.DataFrame) -> pl.Series:
    """Return the products that each row's customer took on an earlier day, as lists."""
    nothing = pl.Series("held", [[]], dtype=_PRODUCTS).new_from_index(0, len(rows))
    if rows["as_of"].n_unique() < 2:
        return nothing
    each = rows.select("customer_id", "as_of", "taken").explode("taken", empty_as_null=True).drop_nulls()
    if each.is_empty():
        return nothing
    first = each.group_by("customer_id", "taken").agg(pl.col("as_of").min().alias("first_on"))
    places = (
        rows.select("customer_id", "as_of")
        .with_row_index("place")
        .join(first, on="customer_id")
        .filter(pl.col("first_on") < pl.col("as_of"))
    )
    lists = places.sort("place", "taken").group_by("place", maintain_order=True).agg(held=pl.col("taken"))
    found = rows.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("place")).join(lists, on="place", how="left", maintain_order="left")
    return found["held"].fill_null(pl.Series([[]], dtype=_PRODUCTS))
