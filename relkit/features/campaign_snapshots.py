"""Outcomes of units drawn that customer snapshots declare (`role: outcome`): the last snapshot of each window.

The outcome is that of the last snapshot after the draw within the response window, or, where there is none, within the post window; if
every unit has a later one in the post window, that is its outcome at the end of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.campaign_sums import AFTER
from relkit.features.known_rows import known_rows
from relkit.features.snapshot_outcomes import OUTCOME

if TYPE_CHECKING:
    from relkit.features.campaign_windows import Windows
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


def outcome_columns(tables: TableSet) -> tuple[str, ...]:
    """Return the attributes of customer snapshots that are outcomes: numbers and truth values."""
    if not tables.has("customer_snapshots"):
        return ()
    schema = tables.scan("customer_snapshots").collect_schema()
    declared = tables.facts.attributes
    return tuple(
        name
        for name, dtype in schema.items()
        if declared.get(name, {}).get("role") == OUTCOME and (dtype.is_numeric() or dtype == pl.Boolean)
    )


def snapshot_outcomes(tables: TableSet, as_of: AsOf, draws: pl.DataFrame, windows: Windows) -> pl.DataFrame:
    """Return unit, the outcomes of its snapshots (X and X_after), and is_followed: whether there is one in each of the two windows.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        draws: unit, customer_id, drawn_on.
        windows: of the campaign.
    """
    columns = outcome_columns(tables)
    rows = known_rows(tables, "customer_snapshots", as_of).select("customer_id", "as_of", pl.col(columns).cast(pl.Float64))
    mine = rows.filter(pl.any_horizontal(pl.col(columns).is_not_null())).collect(engine="streaming")
    near = mine.join(draws.select("unit", "customer_id", "drawn_on"), on="customer_id")
    since = (pl.col("as_of") - pl.col("drawn_on")).dt.total_days()
    after = near.with_columns(since=since).filter(pl.col("since").is_between(1, windows.length_days)).sort("unit", "since")
    is_early = pl.col("since") <= windows.response_days
    within = [pl.coalesce(pl.col(name).filter(is_early).last(), pl.col(name).last()).alias(name) for name in columns]
    later = [pl.col(name).last().alias(name + AFTER) for name in columns]
    return after.group_by("unit", maintain_order=True).agg(*within, *later, is_followed=(~is_early).any() & is_early.any())
