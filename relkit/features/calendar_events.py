"""Events of the company's calendar: periods that move all customers, for models that follow the calendar.

Each kind of event (promotion, sales_season, holiday, price_change, stock_out, closure or the company's own) is one covariate,
whatever its scope: its effect is the average over all customers. A row without an end lasts one day. Future events count as
well if they had been recorded by the cutoff; a row without a recording time was declared beforehand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


def declared_events(tables: TableSet, as_of: AsOf) -> tuple[dict[str, Any], ...]:
    """Return name, starts_on, ends_on of every event known at `as_of`, in order of name and day; none without a calendar.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
    """
    if not tables.has("calendar"):
        return ()
    rows = tables.scan("calendar")
    names = rows.collect_schema().names()
    if "recorded_at" in names:
        rows = rows.filter(pl.col("recorded_at").is_null() | (pl.col("recorded_at") < as_of.cutoff))
    kind = pl.col("kind").str.strip_chars().str.replace_all(r"\s+", "_")
    ends = pl.coalesce("ends_on", "starts_on") if "ends_on" in names else pl.col("starts_on")
    # Names with this prefix belong to the model's own season.
    name = pl.when(kind.str.starts_with("season")).then(pl.format("event_{}", kind)).otherwise(kind).alias("name")
    found = rows.select(name, "starts_on", ends.alias("ends_on")).unique().sort("name", "starts_on", "ends_on").collect()
    return tuple(found.to_dicts())
