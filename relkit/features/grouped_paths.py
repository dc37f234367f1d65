"""Paths from a table of grouped paths, as other tools export them: "search > email > search" with its conversions.

Rows of one path, segment and period are added up. Blanks around channels do not count, nor do empty steps. Without a period nothing says
when the journeys ended, so that a cutoff leaves none out and no holdout can be judged; with one, a period counts if it began by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.path_transforms import kept_steps
from relkit.features.wanted_journeys import Wanted

if TYPE_CHECKING:
    from relkit.periods import AsOf, Holdout
    from relkit.tables.table_set import TableSet

SEPARATOR = ">"
"""Sign between channels if none is declared."""


def grouped_paths(tables: TableSet, as_of: AsOf, wanted: Wanted | None = None) -> pl.DataFrame:
    """Return the paths that models of attribution read.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        wanted: journeys that a model wants; segment and period are given if it asks for any.

    Returns:
        channels (list of Enum), conversions, nulls, value, and segment and period, if they are asked for: one row each, in order.

    Raises:
        TableError: there is no paths table.
    """
    return _summed(_rows(tables, as_of), wanted or Wanted())


def later_grouped_paths(tables: TableSet, split: Holdout, wanted: Wanted | None = None) -> pl.DataFrame:
    """Return the paths of the periods that began in the days of a holdout; columns as in `grouped_paths`."""
    rows = _rows(tables, split.end)
    if "period" not in rows.collect_schema():
        return _summed(rows.clear(), wanted or Wanted())
    return _summed(rows.filter(pl.col("period") > split.calibration.day), wanted or Wanted())


def _summed(paths: pl.LazyFrame, asked: Wanted) -> pl.DataFrame:
    """Return the rows of each path added up, with the touches and groups asked for."""
    rows = paths.with_columns(kept_steps("path", asked.touches_kept, asked.last_touches))
    groups = [name for name, wish in (("segment", asked.by), ("period", asked.period)) if wish and name in rows.collect_schema()]
    sums = rows.group_by("path", *groups).agg(pl.col("conversions", "nulls", "value").sum()).sort("path", *groups).collect()
    names = sums["path"].explode(empty_as_null=False, keep_nulls=False).unique().sort()
    channels = sums["path"].cast(pl.List(pl.Enum(names))).alias("channels")
    return sums.select(channels, "conversions", "nulls", "value", *groups)


def _rows(tables: TableSet, as_of: AsOf) -> pl.LazyFrame:
    """Return the rows known, the path as a list of channels."""
    rows = tables.scan("paths")
    given = rows.collect_schema()
    if "period" in given:
        rows = rows.filter(pl.col("period").is_null() | (pl.col("period") <= as_of.day))
    numbers = [pl.col(name).fill_null(0.0) if name in given else pl.lit(0.0).alias(name) for name in ("conversions", "nulls", "value")]
    separator = pl.col("separator").fill_null(SEPARATOR) if "separator" in given else pl.lit(SEPARATOR)
    steps = pl.col("path").fill_null("").str.split(separator).list.eval(pl.element().str.strip_chars())
    kept = steps.list.eval(pl.element().filter(pl.element() != "")).alias("path")
    return rows.select(kept, *numbers, *(name for name in ("segment", "period") if name in given))
