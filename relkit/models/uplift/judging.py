"""Judging of effects on units that were drawn later, or that were not learnt from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import NotEnoughEventsError, TableError
from relkit.metrics.uplift import Ranking, aipw_scores, autoc, qini
from relkit.metrics.uplift_figures import figure_of, mean_figure
from relkit.models.uplift.unit_rows import ACTION, CLUSTER, CUSTOMER, KEY, OUTCOME, PROPENSITY, TREATED, UnitRows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from relkit.metrics.uplift_figures import UpliftFigure
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

    @cached_property
    def scores(self) -> Floats:
        """The doubly robust scores, whose mean is the effect, shape (n,)."""
        without, with_it = self.expected or (None, None)
        return aipw_scores(self.outcome, self.treated, self.propensity, without, with_it)

    def scored_as(self, other: Judged) -> Judged:
        """Return the units with the propensities and expected outcomes that another model gave them.

        Raises:
            TableError: they are not the same units.
        """
        if (self.action, len(self.outcome)) != (other.action, len(other.outcome)) or (self.outcome != other.outcome).any():
            raise TableError("the models were not judged on the same units.", where=self.action, remedy="Give them the same rows.")
        return replace(self, propensity=other.propensity, expected=other.expected)


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
    parts = ((model, rows.own[ACTION.name] == model.action) for model in fitted.models)
    cluster = rows.cluster
    found = tuple(
        _judged(fitted, model, rows.only(its), cluster[its.to_numpy()])
        for model, its in parts
        if (treated := rows.own[TREATED.name].filter(its)).any() and not treated.all()
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
    - qini and autoc, in units of the outcome per customer (`relkit.metrics.uplift`), with their 95 % intervals _low and _high;
    - mean_uplift, as forecast, and mean_effect, as observed.

    Those of all actions weigh each action by its units; a household counts once, however many of its rows are there.

    Args:
        fitted: fitted effects.
        features: rows with the features.
        outcomes: what was drawn and what came of it.
    """
    judged = judged_units(fitted, features, outcomes)
    found = {f"{name}_{each.subject}": value for each in judged for name, value in _measured((each,))}
    return found | dict(_measured(judged)) | {"actions": float(len(judged)), "units": float(sum(len(each.outcome) for each in judged))}


def figures_of(judged: Sequence[Judged]) -> dict[str, UpliftFigure]:
    """Return dr_loss, qini and autoc of the actions of a model, each action weighing by its units.

    Args:
        judged: of one model.
    """
    of_each = [_figures(each) for each in judged]
    rows = np.array([len(each.outcome) for each in judged])
    cluster = np.concatenate([each.cluster for each in judged])
    return {
        name: figure_of(
            float(rows @ [figures[name].estimate for figures in of_each]) / int(rows.sum()),
            np.concatenate([figures[name].influence for figures in of_each]),
            cluster=cluster,
        )
        for name in ("dr_loss", "qini", "autoc")
    }


def _figures(each: Judged) -> dict[str, UpliftFigure]:
    ranking, scores = Ranking.of(each.uplift), each.scores
    return {"dr_loss": mean_figure((scores - each.uplift) ** 2), "qini": qini(ranking, scores), "autoc": autoc(ranking, scores)}


def _measured(judged: Sequence[Judged]) -> Iterator[tuple[str, float]]:
    figures = figures_of(judged)
    yield "dr_loss", figures["dr_loss"].estimate
    for name in ("qini", "autoc"):
        yield from ((name, figures[name].estimate), (f"{name}_low", figures[name].low), (f"{name}_high", figures[name].high))
    yield "mean_uplift", float(np.mean(np.concatenate([each.uplift for each in judged])))
    yield "mean_effect", float(np.mean(np.concatenate([each.scores for each in judged])))


def _judged(fitted: Any, model: ActionEffects, rows: UnitRows, cluster: Codes) -> Judged:
    flat, curved = fitted.columns(rows.features)
    known, response = rows.propensity, model.response
    return Judged(
        action=model.action,
        subject=model.subject,
        uplift=model.uplift(flat, curved)[0],
        treated=rows.treated,
        outcome=rows.outcome,
        propensity=model.propensity(curved, len(rows)) if known is None else known,
        expected=None if response is None else (response.with_arm(flat, treated=False), response.with_arm(flat, treated=True)),
        cluster=cluster,
    )


def _with_outcomes(features: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of units drawn, with their features and with what came of them."""
    if absent := [column.name for column in (CUSTOMER, ACTION, TREATED, OUTCOME) if column.name not in outcomes.columns]:
        raise TableError(f"column {absent[0]!r} is missing.", where="outcomes", remedy="Give treated and outcome of each unit and action.")
    drawn = outcomes.select(name for name in (*KEY, CLUSTER.name, TREATED.name, PROPENSITY.name, OUTCOME.name) if name in outcomes.columns)
    keys = [name for name in KEY if name in features.columns and name in drawn.columns]
    own = features.drop([name for name in drawn.columns if name not in keys and name in features.columns])
    return own.with_columns(pl.col(keys).cast(pl.String)).join(drawn.with_columns(pl.col(keys).cast(pl.String)), on=keys, how="inner")
