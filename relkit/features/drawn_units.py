"""Rows to learn the effect of an action from: the units drawn, the outcome of each, and its drivers on the day before the draw.

A row is a customer drawn in a wave for an action. Treated and control are those of the draw (`relkit.features.campaign_draws`), the
outcome is a measure of the campaign (`relkit.features.campaign_units`) up to the end of the post-window, or of the response window if the
measure ends there; only units whose windows have passed are learnt from. The drivers are those known at the end of the day before the
draw: nothing that the action itself could have changed.

Models are judged on the units of later waves, having learnt from those whose windows had passed by then; with too few waves, on units
drawn at random, all of a household or of another cluster together.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self

import numpy as np
import polars as pl

from relkit.errors import ParameterError, TableError
from relkit.features.campaign_draws import actions_drawn, campaign_draws
from relkit.features.campaign_units import campaign_units, mature_draws
from relkit.features.campaign_windows import POST_WINDOW_DAYS, RESPONSE_WINDOW_DAYS, Windows
from relkit.features.customer_drivers import customer_drivers
from relkit.features.drawn_drivers import drivers_at
from relkit.features.outcome_worth import MARGIN
from relkit.periods import DrawnHoldout, Holdout, UnitHoldout
from relkit.tables.kept import kept

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from typing import Any

    from relkit.features.campaign_units import CampaignUnits, MatureDraws
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

MOST_ROWS = 100_000
"""Most rows of an action that are learnt from: those of the newest waves."""
MOST_READ_ALONE = 4
"""Most waves that are measured one by one: of more, all waves are measured at once."""
JUDGED_SHARE, SEED = 0.3, 20250630
"""Share of the units that models are judged on, and the seed of the draw if it is random."""
LEAST_JUDGED_SHARE, LEAST_LEARNT_SHARE, LEAST_OF_AN_ARM = 0.15, 0.3, 100
"""Least of all rows that a split by waves must judge and learn, and least units of each arm of an action on both sides."""
OWN = ("customer_id", "cluster_id", "wave_id", "action_id", "treated", "propensity", "outcome")
"""Columns of the rows that models read and that are no drivers."""
ASIDE = ("drawn_on", "cost")
"""Columns of the rows that models do not read: the day of the draw, for splits, and what the unit cost."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The units and the outcome that a model learns from.

    Attributes:
        actions: drawn for; empty for all.
        outcome: name of the measure.
        response_window_days: from the draw to the end of the response window.
        post_window_days: from there to the end of the post-window.
    """

    actions: tuple[str, ...] = ()
    outcome: str = MARGIN
    response_window_days: int = RESPONSE_WINDOW_DAYS
    post_window_days: int = POST_WINDOW_DAYS

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Return the same as settings of a model name it; those not named have their defaults."""
        return cls(
            actions=tuple(dict.fromkeys(settings.get("actions") or ())),
            outcome=str(settings.get("outcome", cls.outcome)),
            response_window_days=int(settings.get("response_window_days", cls.response_window_days)),
            post_window_days=int(settings.get("post_window_days", cls.post_window_days)),
        )

    @property
    def days(self) -> int:
        """Length of both windows."""
        return self.response_window_days + self.post_window_days

    @property
    def digest(self) -> str:
        """A short text that differs for other units or outcomes."""
        return hashlib.sha256(repr(sorted(asdict(self).items())).encode()).hexdigest()[:12]


def has_draws(tables: TableSet) -> bool:
    """Return whether anybody was drawn for an action."""
    return bool(tables.facts.rows.get("assignments"))


def drawn_units(tables: TableSet, as_of: AsOf, wanted: Wanted) -> pl.DataFrame:
    """Return one row per customer drawn, wave and action, in this order, of the units whose windows have passed.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        wanted: the actions and the outcome.

    Returns:
        customer_id, cluster_id, wave_id, action_id, treated, propensity (of treated rather than control of the action), outcome, drawn_on,
        cost (of contacts and offers, currency), then the drivers. Of actions that are not named, those without treated units or without
        controls are left out.

    Raises:
        ParameterError: an unknown action or outcome.
        TableError: nobody was drawn, or no action has both arms.
    """
    return kept(tables, f"drawn_units_{wanted.digest}", lambda: _drawn_units(tables, as_of, wanted), as_of)


def _drawn_units(tables: TableSet, as_of: AsOf, wanted: Wanted) -> pl.DataFrame:
    parts = [_of_action(tables, as_of, action, wanted) for action in actions_of(tables, as_of, wanted)]
    rows = _with_both_arms(pl.concat(parts), wanted, as_of)
    known_on = (pl.col("drawn_on") - pl.duration(days=1)).alias("known_on")
    drivers = drivers_at(tables, rows.select("customer_id", known_on))
    found = rows.with_columns(known_on).join(drivers, on=["customer_id", "known_on"], how="left", maintain_order="left")
    return found.drop("known_on").sort("customer_id", "wave_id", "action_id")


def actions_of(tables: TableSet, as_of: AsOf, wanted: Wanted) -> tuple[str, ...]:
    """Return the actions that are learnt: those named, else all that were drawn for.

    Raises:
        ParameterError: one that is named was not drawn for.
        TableError: nobody was drawn for any.
    """
    known = actions_drawn(tables, as_of)
    for action in wanted.actions:
        if action not in known:
            raise ParameterError.unknown("action", action, known, where="actions")
    if not known:
        raise TableError(f"nobody was drawn for an action by {as_of}.", where="assignments", remedy="Choose a later day.")
    return wanted.actions or known


def _of_action(tables: TableSet, as_of: AsOf, action: str, wanted: Wanted) -> pl.DataFrame:
    """Return the rows of an action without drivers."""
    windows = {"response_window_days": wanted.response_window_days, "post_window_days": wanted.post_window_days}
    waves = _waves_to_learn(tables, as_of, action, wanted)
    found = [campaign_units(tables, as_of, action_id=action, wave_id=wave, **windows) for wave in _read_alone(waves)]
    rows = pl.concat([_rows(each, action, wanted.outcome) for each in found]).filter(pl.col("wave_id").is_in(waves))
    return _thinned(rows) if len(rows) > MOST_ROWS else rows


def _read_alone(waves: list[str]) -> list[str | None]:
    """Return the waves if they are few enough to be measured one by one; None for all waves at once."""
    return list(waves) if 0 < len(waves) <= MOST_READ_ALONE else [None]


def _waves_to_learn(tables: TableSet, as_of: AsOf, action: str, wanted: Wanted) -> list[str]:
    """Return the newest waves of an action whose units are enough to learn from."""
    drawn = mature_of(tables, as_of, action, wanted).rows
    waves = drawn.group_by("wave_id").agg(pl.len().alias("rows"), pl.col("drawn_on").max()).sort("drawn_on", "wave_id", descending=True)
    before = waves["rows"].cum_sum().shift(1, fill_value=0)
    return waves.filter(before < MOST_ROWS)["wave_id"].to_list()


def mature_of(tables: TableSet, as_of: AsOf, action: str, wanted: Wanted) -> MatureDraws:
    """Return the units drawn for an action whose windows have passed, and the counts of all."""
    windows = Windows(response_days=wanted.response_window_days, post_days=wanted.post_window_days)
    return mature_draws(tables, as_of, campaign_draws(tables, as_of, action_id=action), windows)


def _rows(units: CampaignUnits, action: str, outcome: str) -> pl.DataFrame:
    """Return the columns that models read, of the units whose outcome is known."""
    column = _column(units, outcome)
    return units.units.select(
        "customer_id",
        "cluster_id",
        "wave_id",
        action_id=pl.lit(action),
        treated=pl.col("arm") == "treated",
        propensity=pl.col("propensity").cast(pl.Float64),
        outcome=pl.col(column).cast(pl.Float64).fill_nan(None),
        drawn_on="drawn_on",
        cost=pl.lit(None, pl.Float64) if _costs_nothing_known(units) else pl.col("cost"),
    ).drop_nulls("outcome")


def _costs_nothing_known(units: CampaignUnits) -> bool:
    """Return whether no contact of the units is known, or none with a cost: their costs, all 0, then say nothing."""
    is_silent = bool(units.counts.get("contacts_without_cost")) or not units.units["is_contacted"].any()
    return is_silent and not units.units["cost"].sum()


def _column(units: CampaignUnits, outcome: str) -> str:
    """Return the column of an outcome: that of the end of the post-window, if it has one."""
    columns = {measure.column: measure.column_after or measure.column for measure in units.measures}
    if outcome == MARGIN and outcome not in columns:
        raise ParameterError(
            "no margin is known, so the effect of an action on it is not known either.",
            where="outcome",
            remedy=f"Name another outcome with --settings.outcome: {', '.join(sorted(columns))}; or declare the margin of sales.",
        )
    if outcome not in columns:
        raise ParameterError.unknown("outcome", outcome, columns, where="outcome")
    return columns[outcome]


def _thinned(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of as many clusters, drawn at random, as give about the most rows."""
    clusters = rows["cluster_id"].unique().sort()
    drawn = clusters.filter(np.random.default_rng(SEED).random(len(clusters)) < MOST_ROWS / len(rows))
    return rows.filter(pl.col("cluster_id").is_in(drawn.implode()))


def _with_both_arms(rows: pl.DataFrame, wanted: Wanted, as_of: AsOf) -> pl.DataFrame:
    """Return the rows without actions that have one arm only, unless they are named: then the model tells what it lacks."""
    if rows.is_empty():
        raise TableError(
            f"no unit drawn has a known outcome as of {as_of}: {wanted.days} days must have passed since its draw, and those in which "
            "purchases are returned.",
            where="assignments",
            remedy="Choose a later day, or shorter response_window_days and post_window_days.",
        )
    if wanted.actions:
        return rows
    compared = rows.filter(pl.col("treated").n_unique().over("action_id") > 1)
    if compared.is_empty():
        raise TableError(
            f"no action has both treated units and controls: {', '.join(rows['action_id'].unique().sort())}.",
            where="assignments",
            remedy="Draw controls: only they show what would have happened without the action.",
        )
    return compared


def drivers_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the drivers among the columns of rows drawn."""
    return rows.drop(*OWN, *ASIDE, strict=False)


def rows_to_score(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the drivers of each customer known at `as_of`, in order of customer_id."""
    return customer_drivers(tables, as_of)


def to_learn(rows: pl.DataFrame, split: Holdout | DrawnHoldout | None = None) -> pl.DataFrame:
    """Return the rows that a model learns from: with a split, those whose windows had passed before it, or who were not drawn."""
    if not isinstance(split, UnitHoldout):
        return rows.drop(ASIDE)
    if split.drawn_from is None:
        return rows.filter(~_is_drawn(rows, split)).drop(ASIDE)
    return rows.filter(pl.col("drawn_on") + pl.duration(days=split.days) < split.drawn_from).drop(ASIDE)


def to_judge(rows: pl.DataFrame, split: Holdout | DrawnHoldout) -> pl.DataFrame:
    """Return the rows that a model is judged on."""
    if not isinstance(split, UnitHoldout):
        return rows.drop(ASIDE)
    is_judged = _is_drawn(rows, split) if split.drawn_from is None else pl.col("drawn_on") >= split.drawn_from
    return rows.filter(is_judged).drop(ASIDE)


def outcomes(tables: TableSet, split: Holdout | DrawnHoldout, *, wanted: Wanted) -> pl.DataFrame:
    """Return the columns of the judged rows that are no drivers."""
    return to_judge(drawn_units(tables, split.end, wanted), split).select(OWN)


def held_out(tables: TableSet, as_of: AsOf, *, wanted: Wanted) -> UnitHoldout:
    """Return the units that models are judged on: those of later waves if the earlier ones are enough to learn from, else some drawn."""
    rows = drawn_units(tables, as_of, wanted)
    day = _first_judged(rows, wanted.days)
    share = JUDGED_SHARE if day is None else round(len(rows.filter(pl.col("drawn_on") >= day)) / len(rows), 2)
    return UnitHoldout(calibration=as_of, days=wanted.days, share=share, seed=SEED, drawn_from=day)


def _first_judged(rows: pl.DataFrame, days: int) -> date | None:
    """Return the first day of draws to judge on, the one that leaves nearest to the wanted share; None if no day leaves enough."""
    counted = rows.group_by("drawn_on", "action_id", "treated").agg(pl.len().alias("rows"))
    found = [
        (abs(share - JUDGED_SHARE), day) for day in counted["drawn_on"].unique().sort() if (share := _judged_share(counted, day, days))
    ]
    return min(found)[1] if found else None


def _judged_share(counted: pl.DataFrame, day: date, days: int) -> float:
    """Return the share of the rows that a split on a day judges; 0 if either side has too few."""
    total = int(counted["rows"].sum())
    judged, learnt = counted.filter(pl.col("drawn_on") >= day), counted.filter(pl.col("drawn_on") < day - timedelta(days=days))
    if judged["rows"].sum() < LEAST_JUDGED_SHARE * total or learnt["rows"].sum() < LEAST_LEARNT_SHARE * total:
        return 0.0
    several = counted.group_by("action_id").agg(pl.col("drawn_on").n_unique()).filter(pl.col("drawn_on") > 1)["action_id"]
    arms = [
        each.group_by("action_id", "treated").agg(pl.col("rows").sum()).filter(pl.col("rows") >= LEAST_OF_AN_ARM)
        for each in (judged, learnt)
    ]
    enough = all(len(each.filter(pl.col("action_id").is_in(several.implode()))) == 2 * len(several) for each in arms)
    return float(judged["rows"].sum() / total) if enough and len(several) else 0.0


def _is_drawn(rows: pl.DataFrame, split: UnitHoldout) -> pl.Series:
    """Return which rows belong to the clusters drawn at random."""
    clusters = rows["cluster_id"].unique().sort()
    drawn = clusters.filter(np.random.default_rng(split.seed).random(len(clusters)) < split.share)
    return rows["cluster_id"].is_in(drawn.implode())
