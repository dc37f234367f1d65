"""Attributes of the last snapshot of each customer, as known at the cutoff.

An attribute that the mapping declares as known later (an outcome of the period) is never a feature; one
that is known from a given day on is null at every cutoff before it.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from relkit.features.known_rows import known_rows
from relkit.tables.kept import kept

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

_TECHNICAL = ("customer_id", "as_of", "recorded_at")


def snapshot_attributes(tables: TableSet) -> tuple[str, ...]:
    """Return the attributes of customer_snapshots that may be features."""
    declared = tables.facts.attributes
    return tuple(
        name
        for name in tables.columns("customer_snapshots")
        if name not in _TECHNICAL and declared.get(name, {}).get("known_at", "as_of") != "later"
    )


def outcome_attributes(tables: TableSet) -> tuple[str, ...]:
    """Return the attributes that state whether and why a customer left, or what the customer took: targets of models, never features."""
    roles = {name: entry.get("role") for name, entry in tables.facts.attributes.items()}
    return tuple(name for name in snapshot_attributes(tables) if roles.get(name) in {"ended", "end_reason", "outcome"})


def last_snapshots(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id, snapshot_age_days (i32), then the attributes, of each customer's last snapshot.

    Raises:
        TableError: there is no customer_snapshots table.
    """
    return kept(tables, "last_snapshots", lambda: _last(tables, as_of), as_of)


def _last(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    rows = _with_facts(known_rows(tables, "customer_snapshots", as_of).drop("recorded_at", strict=False), tables)
    latest = rows.group_by("customer_id").agg(pl.col("as_of").max())
    age = (pl.lit(as_of.day) - pl.col("as_of")).dt.total_days().cast(pl.Int32)
    attributes = [attribute_as_of(name, tables, as_of) for name in snapshot_attributes(tables)]
    kept = rows.join(latest, on=["customer_id", "as_of"], how="semi").select("customer_id", age.alias("snapshot_age_days"), *attributes)
    return kept.collect(engine="streaming").sort("customer_id")


def _with_facts(rows: pl.LazyFrame, tables: TableSet) -> pl.LazyFrame:
    """Return the snapshots without those that hold nothing but outcomes: these say what came of a customer, not what the customer is."""
    outcomes = outcome_attributes(tables)
    others = [name for name in snapshot_attributes(tables) if name not in outcomes]
    return rows.filter(pl.any_horizontal(pl.col(others).is_not_null())) if outcomes and others else rows


def attribute_as_of(name: str, tables: TableSet, as_of: AsOf) -> pl.Expr:
    """Return an attribute, null at cutoffs before the day from which it is known."""
    known_at = tables.facts.attributes.get(name, {}).get("known_at", "as_of")
    is_known = known_at == "as_of" or date.fromisoformat(known_at) <= as_of.day
    return pl.col(name) if is_known else pl.when(pl.lit(value=False)).then(name).alias(name)
