"""Drivers as of many days at once: one row per customer and day, such as a draw.

    drivers_at(tables, draws)                   customer_id, known_on, then the drivers known at the end of that day

Draws come on many days, and a table of all customers for each of them would be slow. Instead each customer as of a day becomes a customer
of its own: the facts known by then, shifted by whole days so that all those days are the same one. One call of `customer_drivers` on
these facts gives the same numbers as one call for each day, since drivers are counted in days from the cutoff.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from relkit.features.customer_drivers import COUNTS, SOURCES, customer_drivers
from relkit.features.known_rows import HAPPENED
from relkit.tables.table_set import TableSet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.periods import AsOf

DRAWS_AT_ONCE = 200_000
"""Customers and days whose facts are in memory at a time."""
_INSTANT = {"touchpoints": "occurred_at"} | HAPPENED
_UNUSED = {"transactions": ("transaction_line_id", "transaction_id", "return_of"), "touchpoints": ("text",), "surveys": ("comment",)}
"""Columns that no driver reads and that would be copied for each draw."""


@dataclass(frozen=True)
class _HeldTables(TableSet):
    """Tables in memory, of which nothing is kept on disk."""

    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    def scan(self, table: str) -> pl.LazyFrame:
        """Return the rows of a table."""
        return self.frames[table].lazy()


def drivers_at(tables: TableSet, draws: pl.DataFrame) -> pl.DataFrame:
    """Return the drivers of customers as of days.

    Args:
        tables: the company.
        draws: customer_id, known_on (the last day whose facts are known); repeated rows count once.

    Returns:
        customer_id, known_on, then the columns of `customer_drivers`, in order of both; null (of counts 0) for a customer who was not
        known on that day.
    """
    each = draws.select("customer_id", "known_on").unique().sort("customer_id", "known_on")
    if each.is_empty():
        return each
    day = tables.as_of(each["known_on"].max())  # type: ignore[arg-type]
    parts = [_drivers(tables, part, day) for part in each.iter_slices(DRAWS_AT_ONCE)]
    found = pl.concat(parts, how="diagonal_relaxed")
    counts = [name for name in COUNTS if name in found.columns]
    return found.with_columns(pl.col(counts).fill_null(0))


def _drivers(tables: TableSet, draws: pl.DataFrame, day: AsOf) -> pl.DataFrame:
    """Return the drivers of some draws, whose facts are shifted to one day."""
    shift = (pl.lit(day.day) - pl.col("known_on")).dt.total_days()
    drawn = draws.with_columns(shift=shift, drawn_as=pl.format("{}", pl.int_range(pl.len())))
    names = [name for name in SOURCES if tables.has(name)]
    frames = {name: _shifted(tables, name, drawn, day) for name in names}
    rows = {name: len(frame) for name, frame in frames.items()}
    facts = replace(tables.facts, rows=rows, fingerprints={}, attributes=_known_from_the_start(tables))
    found = customer_drivers(_HeldTables(tables.folder, facts, frames=frames), day).rename({"customer_id": "drawn_as"})
    return drawn.drop("shift").join(found, on="drawn_as", how="left", maintain_order="left").drop("drawn_as")


def _shifted(tables: TableSet, name: str, drawn: pl.DataFrame, day: AsOf) -> pl.DataFrame:
    """Return the facts of a table that each draw may know, under the name of the draw, with its days shifted."""
    rows = tables.scan(name).drop(_UNUSED.get(name, ()), strict=False)
    schema = rows.collect_schema()
    happened = pl.col(_INSTANT[name]) if _INSTANT[name] in schema else None
    joined = rows.join(drawn.lazy(), on="customer_id", how="inner")
    if happened is not None:  # drivers filter to the instant; here only facts of later days are dropped, as early as possible
        on = happened if schema[_INSTANT[name]] == pl.Date else happened.dt.convert_time_zone(day.zone).dt.date()
        joined = joined.filter(happened.is_null() | (on <= pl.col("known_on")))
    moved = [_moved(column, dtype, day.zone) for column, dtype in schema.items() if dtype.is_temporal() and dtype != pl.Duration]
    own = [pl.format("{}:{}", "drawn_as", "contract_id").alias("contract_id")] if "contract_id" in schema else []
    made = joined.with_columns(*_hidden(tables, name, schema), *own, customer_id="drawn_as").with_columns(*moved, *_years(schema, day))
    return made.select(schema.names()).collect(engine="streaming")


def _moved(column: str, dtype: pl.DataType, zone: str) -> pl.Expr:
    """Return a day or instant shifted by whole days of the business zone."""
    by = pl.duration(days="shift")
    if not isinstance(dtype, pl.Datetime) or dtype.time_zone is None:
        return (pl.col(column) + by).cast(dtype).alias(column)
    local = pl.col(column).dt.convert_time_zone(zone).dt.replace_time_zone(None) + by
    there, later = (
        each.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null") for each in (local, local + pl.duration(hours=1))
    )
    return pl.coalesce(there, later).dt.convert_time_zone(dtype.time_zone).cast(dtype).alias(column)


def _years(schema: pl.Schema, day: AsOf) -> list[pl.Expr]:
    """Return the year of birth, shifted so that the age on the day is that at the draw."""
    ahead = day.day.year - pl.col("known_on").dt.year()
    return [(pl.col("birth_year") + ahead).cast(schema["birth_year"])] if "birth_year" in schema else []


def _hidden(tables: TableSet, name: str, schema: pl.Schema) -> list[pl.Expr]:
    """Return the attributes of snapshots that are known from a day on, empty for draws before it."""
    if name != "customer_snapshots":
        return []
    return [
        pl.when(pl.col("known_on") >= known_from).then(pl.col(attribute)).alias(attribute)
        for attribute, known_from in _known_from(tables).items()
        if attribute in schema
    ]


def _known_from(tables: TableSet) -> dict[str, date]:
    """Return the day from which each attribute is known, of those that have one."""
    given = {name: entry.get("known_at", "as_of") for name, entry in tables.facts.attributes.items()}
    return {name: date.fromisoformat(known) for name, known in given.items() if known not in {"as_of", "later"}}


def _known_from_the_start(tables: TableSet) -> dict[str, dict[str, str]]:
    """Return the declarations of attributes without the days from which they are known, which `_hidden` has dealt with."""
    known = _known_from(tables)
    return {name: entry | ({"known_at": "as_of"} if name in known else {}) for name, entry in tables.facts.attributes.items()}
