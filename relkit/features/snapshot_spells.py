"""Customer snapshots as spells: tenure of each customer, and whether the customer has left.

A company that delivers a datamart, one row per customer, and no contracts declares in its mapping which attribute is the tenure, with
its unit, and which states that the customer has left (`role: tenure`, `role: ended`). Each stay of a customer is then a spell, as
a contract is, with `contract_id` the customer's id (a second stay has the suffix " (2)").

Several snapshots. A stay begins when the customer is first observed, at the tenure then reached (`entry_days`: those who left before
were never observed, so the customer was not yet at risk), and from there on days are counted by the dates of the snapshots,
which are finer than a tenure in months or years. It ends with the first snapshot that says so. A tenure that falls, or a customer
who returns, begins another stay. Customers missing from the last snapshot without having left are censored at the
last one that contains them. Customers who had left when first observed were never at risk under observation, and are left out.

One snapshot. Every customer counts from the first day of the tenure (`entry_days` 0), including those who have left. This is right
if the file has every customer there ever was; if those who left long ago are missing, lifetimes look too long, and a remark says so.
A tenure in whole weeks, months or years states an interval of ages: `relkit.features.tenure_ages` places each customer within it.

An age of 0 has no day at risk: nothing is learnt from it, and those still there are scored as new customers.

Covariates are those of the last snapshot that found the customer there (attributes of a customer who has left give away the event), or
of the only one. `relkit.features.snapshot_covariates` decides which attributes may be covariates.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.errors import TableError
from relkit.features.known_rows import known_rows, marked_as_test
from relkit.features.snapshot_covariates import SPELL, covariates_of, with_role
from relkit.features.snapshots import attribute_as_of
from relkit.features.spells import main_contracts
from relkit.features.tenure_ages import DAYS, at_middle, count_of, middle, placed
from relkit.periods import DrawnHoldout

if TYPE_CHECKING:
    from relkit.periods import AsOf, Holdout
    from relkit.tables.table_set import TableSet

JUDGED_SHARE, SEED = 0.3, 20250630
"""Share of customers drawn for the holdout, if there are no later days."""
REACHED = 0.5
"""Drawn customers are judged up to the age that this share of all was observed to reach: later on, few represent many."""


def has_snapshot_spells(tables: TableSet) -> bool:
    """Return whether the mapping declares, for the snapshots, the tenure and whether a customer has left."""
    return with_role(tables, "tenure") is not None and with_role(tables, "ended") is not None


def snapshot_spells(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return one row per stay that was observed for some time, or goes on.

    Returns:
        In order of customer_id and time: customer_id, contract_id, is_active (in the last snapshot, and has not left), duration_days,
        event, entry_days, ended_on (day of the snapshot that first reported it; null with a single snapshot, which does not tell
        when), end_reason, from_middle_days (of the age, from the middle of the ages that a tenure in whole units states), then the
        covariates, truth values as 0 and 1; the attribute with the role monthly_amount has that name.
    """
    watched = stays(tables, as_of).filter((pl.col("entry_days") < pl.col("duration_days")) | pl.col("is_active"))
    return with_covariates(watched, tables, as_of)


def with_covariates(spells: pl.DataFrame, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the columns of spells, and the covariates of the snapshot of the day `described_on` of each."""
    names = {name: "monthly_amount" if name == with_role(tables, "monthly_amount") else name for name in covariates_of(tables)}
    names = {name: f"snapshot_{new}" if new in SPELL else new for name, new in names.items()}
    rows = known_rows(tables, "customer_snapshots", as_of)
    schema = rows.collect_schema()
    values = [
        attribute_as_of(name, tables, as_of).alias(new).cast(schema[name] if schema[name] in {pl.String, pl.Date} else pl.Float64)
        for name, new in names.items()
    ]
    attributes = rows.select("customer_id", "as_of", *values).rename({"as_of": "described_on"}).collect(engine="streaming")
    found = spells.select(*SPELL, "described_on").join(attributes, on=["customer_id", "described_on"], how="left", maintain_order="left")
    return found.drop("described_on")


def stays(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return one row per stay known at `as_of`, including those never observed at risk.

    Returns:
        In order of customer_id and time: the columns of a spell, stay, first_on and tenure (day of its first snapshot, and the age
        then), placed_days (from the tenure to the middle of the ages that it states, see `relkit.features.tenure_ages`),
        first_ended (it had ended by then), described_on (day of the snapshot whose attributes count), last_on (day of its last
        snapshot), is_in_view (in the last snapshot of all).

    Raises:
        TableError: there is no customer_snapshots table, or its mapping does not declare the tenure of customers.
    """
    rows = tenure_snapshots(tables, as_of)
    if rows.is_empty():
        return _folded(rows, as_of.day, is_one=False)
    found = _folded(rows, rows["as_of"].max(), is_one=rows["as_of"].n_unique() == 1)
    counts = count_of(tables, as_of)
    if counts is None:
        return found
    tenure, ended = found["tenure"].to_numpy(), found["event"].to_numpy()
    ages, middles = placed(tenure, ended, found["customer_id"], counts), middle(tenure, counts)
    return found.with_columns(
        duration_days=pl.Series(ages),
        placed_days=pl.Series(middles - tenure),
        from_middle_days=pl.Series(np.where(ended, 0.0, ages - middles)),
    )


def scored_contracts(spells: pl.DataFrame) -> pl.DataFrame:
    """Return one running stay a customer, at the middle of the ages that its tenure states."""
    return at_middle(main_contracts(spells))


def tenure_snapshots(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the snapshots that give a customer's tenure and whether the customer has left, in order of customer and day.

    Returns:
        customer_id, as_of, tenure (days), ended, reason, stay (a number shared by the snapshots of one stay).

    Raises:
        TableError: as `stays` does.
    """
    rows = known_rows(tables, "customer_snapshots", as_of)
    tenure, ended, reason = (with_role(tables, role) for role in ("tenure", "ended", "end_reason"))
    if tenure is None or ended is None:
        lacking = "tenure" if tenure is None else "ended"
        none = f"no attribute of customer_snapshots has the role {lacking}."
        raise TableError(none, where=str(tables.folder), remedy="Give it one in the mapping file, under attributes.")
    days = DAYS[tables.facts.attributes[tenure]["unit"]]
    rows = rows.select(
        "customer_id",
        "as_of",
        tenure=pl.when(pl.col(tenure) >= 0).then(pl.col(tenure).cast(pl.Float64) * days),
        ended=pl.col(ended),
        reason=pl.lit(None, pl.String) if reason is None else pl.col(reason),
    )
    says = pl.col("ended").is_not_null() & (pl.col("ended") | pl.col("tenure").is_not_null())
    kept = rows.filter(says & ~pl.col("customer_id").is_in(marked_as_test(tables).implode()))
    is_same = (pl.col("customer_id") == pl.col("customer_id").shift(1)).fill_null(value=False)
    came_back = ~pl.col("ended") & (pl.col("ended").shift(1) | (pl.col("tenure") < pl.col("tenure").shift(1)).fill_null(value=False))
    begins = ~is_same | came_back.fill_null(value=False)
    return kept.collect(engine="streaming").sort("customer_id", "as_of").with_columns(stay=begins.cum_sum())


def _folded(rows: pl.DataFrame, last_day: object, *, is_one: bool) -> pl.DataFrame:
    """Return the rows of each stay as one."""
    there, gone = ~pl.col("ended"), pl.col("ended")
    each = rows.group_by("stay", maintain_order=True).agg(
        pl.col("customer_id").first(),
        first_on=pl.col("as_of").first(),
        last_on=pl.col("as_of").last(),
        seen_on=pl.col("as_of").filter(there).last(),
        gone_on=pl.col("as_of").filter(gone).first(),
        tenure=pl.col("tenure").first(),
        first_ended=pl.col("ended").first(),
        end_reason=pl.col("reason").filter(gone).drop_nulls().first(),
    )
    number = pl.int_range(1, pl.len() + 1).over("customer_id")
    watched = (pl.coalesce("gone_on", "last_on") - pl.col("first_on")).dt.total_days().cast(pl.Float64)
    return each.drop_nulls("tenure").with_columns(
        contract_id=pl.when(number == 1).then("customer_id").otherwise(pl.format("{} ({})", "customer_id", number)),
        duration_days=pl.col("tenure") + watched,
        event=pl.col("gone_on").is_not_null(),
        placed_days=pl.lit(0.0),
        from_middle_days=pl.lit(0.0),
        entry_days=pl.lit(0.0) if is_one else pl.col("tenure"),
        ended_on=pl.lit(None, pl.Date) if is_one else pl.col("gone_on"),
        described_on=pl.coalesce("seen_on", "first_on"),
        is_in_view=pl.col("last_on") == last_day,
        is_active=(pl.col("last_on") == last_day) & pl.col("gone_on").is_null(),
    )


def spells_at_risk(spells: pl.DataFrame) -> pl.DataFrame:
    """Return the spells that were observed for some time: nothing can be learnt from the others."""
    return spells.filter(pl.col("entry_days") < pl.col("duration_days"))


def drawn_holdout(tables: TableSet, as_of: AsOf) -> DrawnHoldout | None:
    """Return the holdout of customers drawn at random, if only one snapshot is known; None if there are later days."""
    days = known_rows(tables, "customer_snapshots", as_of, "as_of").unique().collect(engine="streaming")
    if len(days) != 1:
        return None
    spells = spells_at_risk(snapshot_spells(tables, as_of))
    if spells.is_empty():
        return None
    reached = float(np.quantile(spells["duration_days"].to_numpy(), 1 - REACHED, method="higher"))
    return DrawnHoldout(calibration=as_of, days=int(np.ceil(reached)), share=JUDGED_SHARE, seed=SEED)


def to_learn(spells: pl.DataFrame, split: Holdout | DrawnHoldout | None = None) -> pl.DataFrame:
    """Return the spells that a model learns from: those at risk, without the customers drawn to judge it."""
    learnt = spells_at_risk(spells)
    return learnt.filter(~_is_drawn(learnt, split)) if isinstance(split, DrawnHoldout) else learnt


def to_judge(spells: pl.DataFrame, split: Holdout | DrawnHoldout) -> pl.DataFrame:
    """Return the rows that a model is judged on: current customers, or those drawn, from their first day on."""
    if not isinstance(split, DrawnHoldout):
        return scored_contracts(spells)
    learnt = spells_at_risk(spells)
    drawn = learnt.filter(_is_drawn(learnt, split))
    return drawn.with_columns(duration_days=pl.lit(0.0), event=pl.lit(value=False), is_active=pl.lit(value=True))


def _is_drawn(spells: pl.DataFrame, split: DrawnHoldout) -> pl.Series:
    """Return a mask of the spells of drawn customers, by a hash of each id: neither the other customers nor the order of rows matter."""
    key, below = split.seed.to_bytes(8, "little", signed=True), int(split.share * 2**64).to_bytes(8, "big")
    drawn = [blake2b(customer.encode(), digest_size=8, key=key).digest() < below for customer in spells["customer_id"].to_list()]
    return pl.Series(drawn, dtype=pl.Boolean)


def snapshot_outcomes(tables: TableSet, split: Holdout | DrawnHoldout) -> pl.DataFrame:
    """Return the outcome of each of `to_judge`: customer_id, contract_id, duration_days and event.

    Customers drawn are followed from their first day to the age at which the holdout ends.
    """
    if isinstance(split, DrawnHoldout):
        spells = spells_at_risk(snapshot_spells(tables, split.calibration))
        in_time = pl.col("duration_days") <= split.days
        drawn = spells.filter(_is_drawn(spells, split))
        return drawn.select(
            "customer_id", "contract_id", pl.col("duration_days").clip(upper_bound=float(split.days)), pl.col("event") & in_time
        )
    before = scored_contracts(snapshot_spells(tables, split.calibration))
    before = before.select("customer_id", "contract_id", pl.col("duration_days").alias("age"))
    after = stays(tables, split.end).select("contract_id", "duration_days", "event")
    moved = stays(tables, split.calibration).select("contract_id", "placed_days")
    joined = before.join(moved, on="contract_id", maintain_order="left").join(after, on="contract_id", maintain_order="left")
    # Days are counted from the age at calibration, also if only that snapshot was known then.
    joined = joined.with_columns(pl.col("duration_days") + pl.col("placed_days"))
    return joined.select("customer_id", "contract_id", pl.max_horizontal("duration_days", "age").alias("duration_days"), "event")
