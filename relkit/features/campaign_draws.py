"""Units drawn for an action, as the assignments state it: the only source of treated and control.

Left out, and counted: units drawn into several arms of one wave (or the same customer under two units), customers drawn twice under
two units, test accounts, and those that the draw could not but treat, or not treat (propensity 1 or 0), who compare with nobody.
Nobody is left out for what happened after the draw: contacted or not, suppressed or not, a unit stays in the arm of its draw.

A unit is a customer, or a household, a store or another group with several customers: then each of them has a row, and the unit is
their cluster. Otherwise the cluster is the household if it is known, else the customer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from relkit.errors import ParameterError, TableError
from relkit.features.known_rows import marked_as_test
from relkit.features.pairwise_propensity import with_pairwise

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

ARM = pl.Enum(["control", "treated"])
_UNIT = ("unit_id", "customer_id")
_READ = (*_UNIT, "wave_id", "action_id", "arm", "propensity", "drawn_at")


@dataclass(frozen=True, eq=False)
class CampaignDraws:
    """Units drawn for one action.

    Attributes:
        rows: one per customer drawn and wave, in order of wave_id, unit_id, customer_id: unit_id, customer_id, cluster_id, wave_id,
            arm (Enum), propensity (of treated, in comparison with control), drawn_at, drawn_on (business day).
        counts: units left out, by reason: in_both_arms, repeated, test_accounts, certain, not_selected.
    """

    rows: pl.DataFrame
    counts: dict[str, int] = field(default_factory=dict)


def actions_drawn(tables: TableSet, as_of: AsOf) -> tuple[str, ...]:
    """Return the actions that were drawn for by `as_of`, in order; none without a table of assignments."""
    if not tables.has("assignments"):
        return ()
    return tuple(_known(tables, as_of).select(pl.col("action_id").unique().sort()).collect()["action_id"])


def campaign_draws(tables: TableSet, as_of: AsOf, *, action_id: str, wave_id: str | None = None) -> CampaignDraws:
    """Return the units drawn for an action by `as_of`, in one wave or in all.

    Raises:
        TableError: there are no assignments, an unclear propensity, or a propensity that contradicts the arm.
        ParameterError: the action or the wave was not drawn for by then.
    """
    wave_rows = _of_waves(tables, as_of, action_id, wave_id)
    together = _together(wave_rows)
    mine = with_pairwise(wave_rows.join(together, on=[*_UNIT, "wave_id"], how="anti"), action_id)
    both = _customers(together.join(wave_rows.filter(action_id=action_id), on=[*_UNIT, "wave_id"], how="semi"))
    once = mine.unique(["customer_id", "wave_id"], keep="first", maintain_order=True)
    genuine = once.filter(~pl.col("customer_id").is_in(marked_as_test(tables).implode()))
    selected = genuine.filter(pl.col("selected_if_treated"))
    _refuse_contradictions(selected)
    rows = selected.filter(pl.col("pairwise").is_between(0, 1, closed="none"))
    counts = {
        "in_both_arms": both,
        "repeated": len(mine) - len(once),
        "test_accounts": len(once) - len(genuine),
        "not_selected": len(genuine) - len(selected),
        "certain": len(selected) - len(rows),
    }
    return CampaignDraws(_ordered(rows, tables), counts)


def in_both_arms(tables: TableSet, as_of: AsOf, *, action_id: str, wave_id: str | None = None) -> pl.DataFrame:
    """Return unit_id, customer_id and wave_id of the units drawn into several arms of a wave of the action."""
    rows = _of_waves(tables, as_of, action_id, wave_id)
    found = _together(rows).join(rows.filter(action_id=action_id), on=[*_UNIT, "wave_id"], how="semi")
    return found.sort("wave_id", *_UNIT)


def _known(tables: TableSet, as_of: AsOf) -> pl.LazyFrame:
    return tables.scan("assignments").filter(as_of.known("drawn_at"))


def _of_waves(tables: TableSet, as_of: AsOf, action_id: str, wave_id: str | None) -> pl.DataFrame:
    """Return the assignments of all actions of the waves of one action, in order."""
    if not tables.has("assignments"):
        raise TableError(
            "there is no table of assignments, so nobody is known to be treated or control.",
            where="assignments",
            remedy="Customers who were not contacted without a draw are a comparison, never a control: see docs/tables.md.",
        )
    known = _known(tables, as_of)
    mine = known.filter(pl.col("action_id") == action_id)
    waves = mine.select(pl.col("wave_id").unique().sort()).collect()["wave_id"]
    if waves.is_empty():
        raise ParameterError.unknown("action", action_id, actions_drawn(tables, as_of), where="action_id")
    if wave_id is not None and wave_id not in set(waves):
        raise ParameterError.unknown("wave", wave_id, waves.to_list(), where="wave_id")
    chosen = waves if wave_id is None else pl.Series([wave_id])
    columns = known.collect_schema().names()
    selected = pl.col("selected_if_treated").fill_null(value=True) if "selected_if_treated" in columns else pl.lit(value=True)
    rows = known.filter(pl.col("wave_id").is_in(chosen.implode())).select(*_READ, selected.alias("selected_if_treated"))
    return rows.collect(engine="streaming").sort("wave_id", *_UNIT, "action_id")


def _together(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the units with more than one arm in a wave: treated with two actions, or treated and control; each customer of them once."""
    arm = pl.when(pl.col("arm") == "treated").then("action_id").otherwise(pl.lit(None, pl.String))
    marked = rows.select(*_UNIT, "wave_id", arm=arm.fill_null(""), is_control=pl.col("arm") == "control")
    several = pl.struct("arm", "is_control").n_unique() > 1
    parts = [marked.filter(several.over(name, "wave_id")).select(*_UNIT, "wave_id") for name in _UNIT]
    return pl.concat(parts).unique()


def _customers(rows: pl.DataFrame) -> int:
    return len(rows.select("customer_id", "wave_id").unique())


def _refuse_contradictions(rows: pl.DataFrame) -> None:
    treated = pl.col("arm") == "treated"
    wrong = rows.filter((treated & (pl.col("propensity") <= 0)) | (~treated & (pl.col("pairwise") >= 1)))
    if len(wrong):
        raise TableError(
            f"{len(wrong):,} units are in an arm that their propensity rules out "
            f"(first: {wrong['arm'][0]} at propensity {wrong['propensity'][0]:g}).",
            where="assignments.propensity",
            remedy="Give the probability of the row's own action at the draw, in treated and control rows alike.",
        )


def _ordered(rows: pl.DataFrame, tables: TableSet) -> pl.DataFrame:
    zone = tables.facts.business_zone
    found = _clustered(rows, tables).with_columns(
        pl.col("arm").cast(ARM),
        propensity=pl.col("pairwise"),
        drawn_on=pl.col("drawn_at").dt.convert_time_zone(zone).dt.date(),
    )
    kept = ("unit_id", "customer_id", "cluster_id", "wave_id", "arm", "propensity", "drawn_at", "drawn_on")
    return found.sort("wave_id", *_UNIT).select(kept)


def _clustered(rows: pl.DataFrame, tables: TableSet) -> pl.DataFrame:
    """Return the rows with their cluster: the unit if it is a group of customers, else the household, else the customer."""
    is_group = (pl.col("unit_id") != pl.col("customer_id")).any().over("unit_id")
    home = households(tables, rows["customer_id"]).alias("home")
    return rows.with_columns(home).with_columns(cluster_id=pl.when(is_group).then("unit_id").otherwise("home")).drop("home")


def households(tables: TableSet, customer_ids: pl.Series) -> pl.Series:
    """Return the household of each customer; the customer if it is not known."""
    if not tables.has("customers") or "household_id" not in tables.columns("customers"):
        return customer_ids
    homes = tables.scan("customers").select("customer_id", "household_id").collect(engine="streaming")
    found = customer_ids.alias("customer_id").to_frame().join(homes, on="customer_id", how="left", maintain_order="left")
    return found.select(pl.coalesce("household_id", "customer_id")).to_series()
