"""Propensities of pairwise comparisons: the probability of an action among those who got it or were its control.

Notation. In a wave with actions a, b, ... a unit is drawn for a with probability p_a, and is control with p_0 = 1 - (p_a + p_b + ...).
Only those treated with a and the controls are compared, so that the propensity of the comparison is

    e_a = p_a / (p_a + p_0)

A control has one row for each action that it is a control for, with the probability of that action, and p_0 follows from its rows. A
treated unit has one row: its p_0 is that of the controls with the same p_a. Three arms at 1/3 each therefore weigh 1/2, and with a
single action e_a = p_a.
"""

from __future__ import annotations

import polars as pl

from relkit.errors import TableError

NEAR = 9
"""Digits to which propensities are equal."""
_SOURCE = "assignments.propensity"


def with_pairwise(rows: pl.DataFrame, action_id: str | None = None) -> pl.DataFrame:
    """Return assignments with `pairwise`, the propensity of the comparison of their action with control.

    Args:
        rows: unit_id, customer_id, wave_id, action_id, arm (treated or control) and propensity, of all actions of some waves.
        action_id: the action whose rows are returned, and must be clear; None for all.

    Raises:
        TableError: probabilities of a unit add up to more than one, or leave none for control; or the control share of treated units
            is not known, or not unique.

    Examples:
        >>> wave = {"unit_id": ["a", "b", "c", "c"], "customer_id": ["a", "b", "c", "c"], "wave_id": ["w"] * 4, "propensity": [1 / 3] * 4}
        >>> drawn = pl.DataFrame(
        ...     wave | {"action_id": ["men", "women", "men", "women"], "arm": ["treated", "treated", "control", "control"]}
        ... )
        >>> with_pairwise(drawn)["pairwise"].round(6).to_list()
        [0.5, 0.5, 0.5, 0.5]
    """
    is_control = pl.col("arm") == "control"
    own = pl.when(is_control).then(1 - pl.col("propensity").filter(is_control).sum().over("unit_id", "customer_id", "wave_id"))
    alone = pl.col("action_id").n_unique().over("wave_id") == 1
    found = rows.with_columns(control_share=pl.when(alone).then(1 - pl.col("propensity")).otherwise(own))
    found = found if action_id is None else found.filter(pl.col("action_id") == action_id)
    _refuse(found.filter(pl.col("control_share") < -(10.0**-NEAR)), "the probabilities of its actions add up to more than 1")
    shared = found if found["control_share"].null_count() == 0 else _with_control_shares(found)
    share = pl.col("control_share").clip(lower_bound=0.0)
    pairwise = (pl.col("propensity") / (pl.col("propensity") + share)).round(NEAR + 3)
    return shared.with_columns(pairwise=pairwise).drop("control_share")


def _with_control_shares(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with the control share of each treated unit: that of the controls with the same propensity."""
    cell = ["wave_id", "action_id", "same"]
    keyed = rows.with_columns(same=pl.col("propensity").round(NEAR))
    share = pl.col("control_share")
    known = keyed.filter(pl.col("arm") == "control").group_by(cell)
    counts = known.agg(theirs=share.min(), shares=share.round(NEAR).n_unique())
    found = keyed.join(counts, on=cell, how="left", maintain_order="left")
    lacking = pl.col("control_share").is_null()
    _refuse(found.filter(lacking & pl.col("shares").is_null()), "no control of the wave has the same propensity for the action")
    _refuse(found.filter(lacking & (pl.col("shares") > 1)), "controls with the same propensity differ in that of the other actions")
    return found.with_columns(pl.coalesce("control_share", "theirs").alias("control_share")).drop("same", "theirs", "shares")


def _refuse(rows: pl.DataFrame, why: str) -> None:
    if rows.is_empty():
        return
    wave, action, propensity = rows.select("wave_id", "action_id", "propensity").row(0)
    raise TableError(
        f"{len(rows):,} units have no control share in a wave of several actions: {why} "
        f"(first: wave {wave}, action {action}, propensity {propensity:g}).",
        where=_SOURCE,
        remedy="Give the probability of the row's own action, and to each control one row for each action that it is a control for.",
    )
