"""Fitted effects of actions: their scores, intervals and summary, the same for all learners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.cards import FittedCard
from relkit.contracts import Contract, check
from relkit.models.affinity.customer_design import CustomerDesign
from relkit.models.affinity.takers import plain
from relkit.models.base import FitInfo  # noqa: TC001 storage reads the types of the fields
from relkit.models.covariates import Covariate  # noqa: TC001
from relkit.models.uplift.action_effects import ActionEffects  # noqa: TC001
from relkit.models.uplift.family import UPLIFT
from relkit.models.uplift.unit_rows import CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relkit.score_kinds import Score

Floats = NDArray[np.float64]

SCORED_AT_ONCE = 100_000
"""Rows whose columns are in memory at a time."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedEffects(FittedCard):
    """Fitted effects of actions.

    Attributes:
        settings: as fitted; each model declares its own.
        info: facts of the fit.
        features: the features as learnt.
        low, high: smallest and largest value learnt from, by feature, shape (c,).
        centre, spread: of the columns of regressions, shape (d,).
        models: one for each action.
    """

    name: ClassVar[str]
    format: ClassVar[int] = 1

    settings: Any
    info: FitInfo
    features: tuple[Covariate, ...]
    low: Floats
    high: Floats
    centre: Floats
    spread: Floats
    models: tuple[ActionEffects, ...]

    @property
    def needs(self) -> Contract:
        """Columns that `score` reads."""
        return Contract(name=self.name, key=(CUSTOMER.name,), columns=(CUSTOMER, *(each.declared for each in self.features)))

    @property
    def design(self) -> CustomerDesign:
        """The columns of the features."""
        return CustomerDesign(covariates=self.features, low=self.low, high=self.high, centre=self.centre, spread=self.spread)

    @property
    def actions(self) -> tuple[str, ...]:
        """Ids of the actions."""
        return tuple(model.action for model in self.models)

    @property
    def reads_with(self) -> dict[str, Any]:
        """The settings with which the rows to score are read."""
        return {
            "outcome": self.settings.outcome,
            "response_window_days": self.settings.response_window_days,
            "post_window_days": self.settings.post_window_days,
            "actions": self.actions,
        }

    @property
    def scores(self) -> tuple[Score, ...]:
        """The scores it gives, whatever horizon is asked for: it knows its own."""
        return tuple(UPLIFT.at(self.settings.horizon_days, subject=model.subject, subject_id=model.action) for model in self.models)

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:  # noqa: ARG002 it knows its own
        """Return customer_id, then uplift_<action>_<h>d of each action, in units of the outcome per customer.

        The horizon is that of the windows that were learnt, whatever `horizon_days`.
        """
        frame = check(plain(features, features.columns), self.needs)
        found = self.uplifts(frame)
        columns = [pl.Series(str(score), found[model.action][0]) for score, model in zip(self.scores, self.models, strict=True)]
        return pl.DataFrame([frame[CUSTOMER.name], *columns])

    def effects(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return customer_id, action_id, uplift, low and high: one row per customer and action, actions one after the other.

        low and high are the ends of a 95 % interval (`relkit.models.uplift.action_effects` states of what); they are null if the settings
        have no folds.
        """
        frame = check(plain(rows, rows.columns), self.needs)
        found = self.uplifts(frame)
        parts = [
            pl.DataFrame(
                [
                    frame[CUSTOMER.name],
                    pl.Series("action_id", [action], dtype=pl.String).new_from_index(0, len(frame)),
                    *(pl.Series(name, values) for name, values in zip(("uplift", "low", "high"), of_action, strict=True)),
                ]
            )
            for action, of_action in found.items()
        ]
        return pl.concat(parts).with_columns(pl.col("low", "high").fill_nan(None))

    def uplifts(self, frame: pl.DataFrame) -> dict[str, tuple[Floats, Floats, Floats]]:
        """Return for each action the effects on rows and the ends of their intervals, each shape (n,)."""
        found = {model.action: tuple(np.empty(len(frame)) for _ in range(3)) for model in self.models}
        for start, flat, curved in self._blocks(frame):
            for model in self.models:
                for whole, part in zip(found[model.action], model.uplift(flat, curved), strict=True):
                    whole[start : start + len(flat)] = part
        return found  # type: ignore[return-value]

    def columns(self, frame: pl.DataFrame) -> tuple[Floats, Floats]:
        """Return the columns of trees and of regressions, each of n rows; the latter only if a propensity was estimated."""
        design, any_estimated = self.design, any(len(model.propensity_line) for model in self.models)
        return design.flat(frame), design.curved(frame) if any_estimated else np.zeros((len(frame), 0))

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper: of each action the mean effect, and the slope of its calibration.

        The mean effect is that over the units of the fit, by doubly robust scores. A slope of 1 says that effects forecast from other
        folds were of the right size; near 0, that they hardly tell customers apart. Without folds there is the mean effect alone.
        """
        terms = [row for model in self.models for row in _terms(model)]
        schema = {"term": pl.String} | dict.fromkeys(("estimate", "std_error", "lower", "upper"), pl.Float64)
        return pl.DataFrame(terms, schema=schema, orient="row")

    def _blocks(self, frame: pl.DataFrame) -> Iterator[tuple[int, Floats, Floats]]:
        for start in range(0, len(frame), SCORED_AT_ONCE):
            yield (start, *self.columns(frame[start : start + SCORED_AT_ONCE]))


def _terms(model: ActionEffects) -> Iterator[tuple[str, float, float | None, float | None, float | None]]:
    line, z = model.line, 1.959963984540054
    values = {"mean effect": line.level, "calibration slope": line.raw_slope}
    for place, (name, value) in enumerate(values.items()):
        if line.has_interval:
            error = float(np.sqrt(line.covariance[place, place]))
            yield f"{model.subject}: {name}", value, error, value - z * error, value + z * error
        elif not place:
            yield f"{model.subject}: {name}", value, None, None, None
