"""Customer stays split into pieces by snapshot, for models whose covariates change with tenure.

The pieces of a stay are its spell (`relkit.features.snapshot_spells`) cut at each snapshot that found the customer there: each has the
attributes of its own snapshot. The last piece of a customer who is still there has no day at risk yet: scores use it from then on.
With a single snapshot there is nothing to cut, and the pieces are the spells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.snapshot_spells import snapshot_spells, stays, tenure_snapshots, with_covariates

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


def snapshot_versions(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return one row per piece of a stay that was observed for some time, or goes on.

    Returns:
        The columns of `snapshot_spells`, in order of customer and time: entry_days and duration_days are those of the piece, event is
        true on the last piece of a stay that ended, is_active on the last of one that goes on.

    Raises:
        TableError: there is no customer_snapshots table, or its mapping does not declare the tenure of customers.
    """
    rows = tenure_snapshots(tables, as_of)
    if rows["as_of"].n_unique() < 2:
        return snapshot_spells(tables, as_of)
    there = rows.filter(~pl.col("ended")).select("stay", described_on="as_of")
    each = there.join(stays(tables, as_of).drop("described_on"), on="stay", how="inner", maintain_order="left")
    begins = pl.col("tenure") + (pl.col("described_on") - pl.col("first_on")).dt.total_days()
    until = begins.shift(-1).over("stay")
    pieces = each.with_columns(
        entry_days=begins,
        duration_days=until.fill_null(pl.col("duration_days")),
        event=pl.col("event") & until.is_null(),
        is_active=pl.col("is_active") & until.is_null(),
    )
    watched = pieces.filter((pl.col("entry_days") < pl.col("duration_days")) | pl.col("is_active"))
    return with_covariates(watched, tables, as_of)
