"""Experiments on channels that are known at a cutoff, as the table lift_tests declares them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

SCHEMA = {
    "lift_test_id": pl.String,
    "channel_id": pl.String,
    "starts_on": pl.Date,
    "ends_on": pl.Date,
    "incremental_conversions": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "level": pl.Float64,
    "method": pl.String,
    "source": pl.String,
}
"""Columns of experiments; method and source are null if they are not stated."""


def channel_tests(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the experiments that had ended by a cutoff, in order of their days: the columns of `SCHEMA`.

    Args:
        tables: the company; without the table there are none.
        as_of: cutoff of what is known; the result of a test is known when it ends, and when it was recorded.
    """
    if not tables.has("lift_tests"):
        return pl.DataFrame(schema=SCHEMA)
    rows = tables.scan("lift_tests")
    given = rows.collect_schema().names()
    known = pl.col("ends_on") <= as_of.day
    if "recorded_at" in given:
        known &= pl.col("recorded_at").is_null() | (pl.col("recorded_at") < as_of.cutoff)
    columns = [pl.col(name).cast(dtype) if name in given else pl.lit(None, dtype).alias(name) for name, dtype in SCHEMA.items()]
    return rows.filter(known).select(columns).sort("starts_on", "ends_on", "channel_id", "lift_test_id").collect()
