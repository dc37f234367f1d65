"""Columns by which units drawn may be segmented: what was known of each on the day of its draw, and nothing later.

The country, region, language and type of the customer, the orders before the draw, and the attributes of the last snapshot up to the draw
that may be used for profiling (`relkit.features.snapshot_covariates`).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from relkit.errors import ParameterError
from relkit.features.segments import candidates
from relkit.features.snapshot_covariates import covariates_of
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.tables.table_set import TableSet

PERSON = ("type", "country", "region", "language")
"""Columns of the customers table that segment as they are."""
BEFORE = {"pre_orders": Text("Orders before the draw", "Commandes avant le tirage")}
"""Covariates of the units that segment as well, with their names."""


def drawn_segments(tables: TableSet, units: pl.DataFrame, columns: Sequence[str] = ()) -> pl.DataFrame:
    """Return one row per unit, in the order of `units`, with the columns that segment it.

    Args:
        tables: the company.
        units: customer_id and drawn_on, and further columns of `relkit.features.campaign_units`.
        columns: those wanted; by default all that make at least two groups.

    Raises:
        ParameterError: a wanted column is not known as of the draw.
    """
    found = units.select("customer_id", "drawn_on", *(pl.col(name).cast(pl.Int64) for name in BEFORE if name in units.columns))
    found = _with_snapshots(_with_person(found, tables), tables).drop("customer_id", "drawn_on")
    for name in columns:
        if name not in found.columns:
            raise ParameterError.unknown("segment", name, found.columns, where="segment")
    return found.select(columns or candidates(found))


def _with_person(units: pl.DataFrame, tables: TableSet) -> pl.DataFrame:
    if not tables.has("customers"):
        return units
    given = [name for name in PERSON if name in tables.columns("customers")]
    people = tables.scan("customers").select("customer_id", *given).unique("customer_id", keep="last").collect()
    return units.join(people, on="customer_id", how="left", maintain_order="left")


def _with_snapshots(units: pl.DataFrame, tables: TableSet) -> pl.DataFrame:
    """Return the units with the attributes of the last snapshot of each customer up to the draw, as known then."""
    if not tables.has("customer_snapshots"):
        return units
    names = [name for name in covariates_of(tables) if name not in units.columns]
    given = tables.columns("customer_snapshots")
    recorded = pl.col("recorded_at").dt.date() if "recorded_at" in given else pl.lit(None, pl.Date)
    rows = tables.scan("customer_snapshots").select("customer_id", "as_of", *names, known_on=pl.coalesce(recorded, "as_of"))
    mine = rows.join(units.lazy().select("customer_id").unique(), on="customer_id", how="semi").collect(engine="streaming")
    placed = units.with_row_index("_at").join(mine, on="customer_id", how="inner")
    before = placed.filter((pl.col("as_of") <= pl.col("drawn_on")) & (pl.col("known_on") <= pl.col("drawn_on")))
    last = before.sort("_at", "as_of").unique("_at", keep="last", maintain_order=True).select("_at", *names)
    joined = units.with_row_index("_at").join(last, on="_at", how="left", maintain_order="left").drop("_at")
    return joined.with_columns(_from_its_day(name, tables) for name in names)


def _from_its_day(name: str, tables: TableSet) -> pl.Expr:
    """Return an attribute, null at draws before the day from which it is known."""
    known_at = tables.facts.attributes.get(name, {}).get("known_at", "as_of")
    if known_at == "as_of":
        return pl.col(name)
    return pl.when(pl.col("drawn_on") >= date.fromisoformat(known_at)).then(name).alias(name)
