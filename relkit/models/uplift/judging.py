"""Judging of effects on units that were drawn later, or that were not learnt from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import NotEnoughEventsError, TableError
from relkit.models.uplift.unit_rows import ACTION, CLUSTER, CUSTOMER, KEY, OUTCOME, PROPENSITY, TREATED, UnitRows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relkit.models.uplift.action_effects import ActionEffects
    from relkit.models.uplift.unit_rows import Codes, Flags

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Judged:
    """The units of one action with their forecast effects.

    Attributes:
        action: its id.
        subject: the same as part of a name.
        uplift: forecast effect, shape (n,).
        treated: shape (n,).
        outcome: shape (n,).
        propensity: of being treated, shape (n,).
        expected: outcomes forecast without and with the action, each shape (n,); None if they were not fitted.
        cluster: group of each row, shape (n,).
    """

    action: str
    subject: str
    uplift: Floats
    treated: Flags
    outcome: Floats
    propensity: Floats
    expected: tuple[Floats, Floats] | None
    cluster: Codes

    @property
    def scores(self) -> Floats:
        """The doubly robust scores, shape (n,)."""
        return robust_scores(self.outcome, self.treated, self.propensity, self.expected)


def robust_scores(outcome: Floats, treated: Flags, propensity: Floats, expected: tuple[Floats, Floats] | None) -> Floats:
    """Return the doubly robust scores of rows, shape (n,); without expected outcomes those of the mean of each arm."""
    without, with_it = expected or tuple(np.full(len(outcome), outcome[treated == arm].mean()) for arm in (False, True))
    found: Floats = (
        with_it - without + (outcome - np.where(treated, with_it, without)) * np.where(treated, 1 / propensity, -1 / (1 - propensity))
    )
    return found


def judged_units(fitted: Any, features: pl.DataFrame, outcomes: pl.DataFrame) -> tuple[Judged, ...]:
    """Return the units of each action with their forecasts; actions of which an arm is empty are left out.

    Args:
        fitted: fitted effects.
        features: rows with the features, by customer_id (and wave_id and action_id if they have them).
        outcomes: treated, outcome, action_id and propensity of the same units, by the same columns.

    Raises:
        TableError: a column is missing or invalid.
        NotEnoughEventsError: no action of the model has units in both arms.
    """
    rows = UnitRows.read(_with_outcomes(features, outcomes), features=tuple(each.name for each in fitted.features), where="outcomes")
    found = tuple(
        _judged(fitted, model, own)
        for model in fitted.models
        if len(own := rows.of(model.action)) and own.treated.any() and not own.treated.all()
    )
    if not found:
        raise NotEnoughEventsError(
            f"nobody in the holdout was drawn into both arms of {', '.join(fitted.actions)}.",
            where="outcomes",
            remedy="Give a holdout with a wave of the action, treated units and controls.",
        )
    return found


def judge_effects(fitted: Any, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
    """Return the metrics of the effects of each action (`_<action>` at the end of the name) and their means.

    - dr_loss, the mean squared distance from the doubly robust score of each unit: its differences between models are those of their
      squared errors, and its level is mostly noise;
    - mean_uplift, as forecast, and mean_effect, as observed.

    Args:
        fitted: fitted effects.
        features: rows with the features.
        outcomes: what was drawn and what came of it.
    """
    judged = judged_units(fitted, features, outcomes)
    measured = {each.subject: dict(_measured(each)) for each in judged}
    found = {f"{name}_{subject}": value for subject, metrics in measured.items() for name, value in metrics.items()}
    for name in next(iter(measured.values())):
        found[name] = float(np.mean([metrics[name] for metrics in measured.values()]))
    return found | {"actions": float(len(judged)), "units": float(sum(len(each.outcome) for each in judged))}


def _measured(each: Judged) -> Iterator[tuple[str, float]]:
    scores = each.scores
    yield "dr_loss", float(np.mean((scores - each.uplift) ** 2))
    yield from (("mean_uplift", float(each.uplift.mean())), ("mean_effect", float(scores.mean())))


def _judged(fitted: Any, model: ActionEffects, rows: UnitRows) -> Judged:
    flat, curved = fitted.columns(rows.features)
    known = rows.propensity
    return Judged(
        action=model.action,
        subject=model.subject,
        uplift=model.uplift(flat, curved)[0],
        treated=rows.treated,
        outcome=rows.outcome,
        propensity=model.propensity(curved, len(rows)) if known is None else known,
        expected=None
        if model.response is None
        else (model.response.with_arm(flat, treated=False), model.response.with_arm(flat, treated=True)),
        cluster=rows.cluster,
    )


def _with_outcomes(features: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of units drawn, with their features and with what came of them."""
    if absent := [column.name for column in (CUSTOMER, ACTION, TREATED, OUTCOME) if column.name not in outcomes.columns]:
        raise TableError(f"column {absent[0]!r} is missing.", where="outcomes", remedy="Give treated and outcome of each unit and action.")
    drawn = outcomes.select(name for name in (*KEY, CLUSTER.name, TREATED.name, PROPENSITY.name, OUTCOME.name) if name in outcomes.columns)
    keys = [name for name in KEY if name in features.columns and name in drawn.columns]
    own = features.drop([name for name in drawn.columns if name not in keys and name in features.columns])
    return own.with_columns(pl.col(keys).cast(pl.String)).join(drawn.with_columns(pl.col(keys).cast(pl.String)), on=keys, how="inner")
