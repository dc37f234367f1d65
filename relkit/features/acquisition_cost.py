"""Acquisition cost of a customer, from the table of costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


def acquisition_cost(tables: TableSet, as_of: AsOf) -> float | None:
    """Return the cost of acquiring a customer in force on the day of `as_of`, or None if none is declared.

    It is the cost with scope `acquisition` that names no source of customers; if each source has its own, their
    mean, as nothing records which customer came from which source.
    """
    if not tables.has("costs"):
        return None
    costs = tables.scan("costs").filter(pl.col("scope") == "acquisition").collect()
    for name, holds in (("valid_from", pl.col("valid_from") <= as_of.day), ("valid_to", pl.col("valid_to") >= as_of.day)):
        if name in costs.columns:
            costs = costs.filter(pl.col(name).is_null() | holds)
    if "scope_id" in costs.columns and len(general := costs.filter(pl.col("scope_id").is_null())):
        costs = general
    return float(costs["amount"].mean()) if len(costs) else None  # type: ignore[arg-type]
