"""Waves that were drawn, as the assignments state them: what there is to measure, and from which day on (`campaign_maturity`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.campaign_maturity import Maturity, maturity_of
from relkit.features.campaign_outcomes import has_sums
from relkit.features.known_rows import known_rows, marked_as_test

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

_SCHEMA = {"action_id": pl.String, "wave_id": pl.String, "drawn_on": pl.Date, "treated": pl.Int64, "control": pl.Int64}


def drawn_waves(tables: TableSet, as_of: AsOf, *, days: int) -> pl.DataFrame:
    """Return one row for each wave of each action drawn for by `as_of`, in order of action and day.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        days: days after the draw that a measurement needs.

    Returns:
        action_id, wave_id, drawn_on (business day of its last draw), treated, control (customers; test accounts and those drawn into
        both arms left out),
        ends_on (last day that the measurement needs, returns settled), is_over (whether that day is known). No rows without a table
        of assignments.
    """
    if not tables.has("assignments"):
        return _with_ends(pl.DataFrame(schema=_SCHEMA), Maturity(as_of.day, 0), days)
    known = tables.scan("assignments").filter(as_of.known("drawn_at"), ~pl.col("customer_id").is_in(marked_as_test(tables).implode()))
    if tables.facts.disagreements.get("assignments"):
        known = known.filter(pl.col("arm").n_unique().over("action_id", "wave_id", "customer_id") == 1)
    customers = pl.col("customer_id")
    counted = known.group_by("action_id", "wave_id").agg(
        drawn_on=as_of.business_day("drawn_at").max(),
        treated=customers.filter(pl.col("arm") == "treated").n_unique().cast(pl.Int64),
        control=customers.filter(pl.col("arm") == "control").n_unique().cast(pl.Int64),
    )
    waves = counted.collect(engine="streaming").sort("action_id", "drawn_on", "wave_id")
    return _with_ends(waves, maturity_of(tables, as_of), days) if has_sums(tables) else _with_ends(waves, _of_snapshots(tables, as_of), 1)


def _of_snapshots(tables: TableSet, as_of: AsOf) -> Maturity:
    """Return the time at which outcomes are known if only snapshots tell them: the day of the last one."""
    if not tables.has("customer_snapshots"):
        return Maturity(as_of.day, 0)
    last = known_rows(tables, "customer_snapshots", as_of, "as_of").select(pl.col("as_of").max()).collect().item()
    return Maturity(as_of.day if last is None else last, 0)


def _with_ends(waves: pl.DataFrame, maturity: Maturity, days: int) -> pl.DataFrame:
    ends = pl.col("drawn_on").dt.offset_by(f"{days + maturity.settle_days}d")
    return waves.with_columns(ends_on=ends, is_over=maturity.is_mature(days))
