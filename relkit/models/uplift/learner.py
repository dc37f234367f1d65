"""Settings that all learners of effects share, and their fit: one model for each action, on the same columns.

A learner adds one verb, `learn`: the effect that it finds in units. Everything else is done once here: rows and columns, folds and
propensity, the line that sets effects to their level, and their intervals.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from relkit.errors import TableError
from relkit.models.affinity.customer_design import CustomerDesign, reasons_aside, set_aside_remark, usable
from relkit.models.base import FitInfo, HoldoutMetric, ModelFacts, fingerprint
from relkit.models.uplift.action_effects import ActionEffects, Line, between
from relkit.models.uplift.family import DRAWN_UNITS, UPLIFTS
from relkit.models.uplift.judging import judge_effects
from relkit.models.uplift.nuisances import Units, folds_of, propensity_line
from relkit.models.uplift.packed_effects import PackedEffects
from relkit.models.uplift.responses import Boosting, beside
from relkit.models.uplift.unit_rows import UnitRows, check_names, chosen_actions, needs_of
from relkit.remarks import Remark, french
from relkit.scalars import check_scalar
from relkit.score_kinds import column_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    import polars as pl

    from relkit.contracts import Contract
    from relkit.models.uplift.effects import Effect
    from relkit.models.uplift.fitted_effects import FittedEffects

Floats = NDArray[np.float64]

RESPONSE_WINDOW_DAYS, POST_WINDOW_DAYS = 28, 56
"""Days from the draw in which a response counts, and after them in which it may turn out to have been pulled forward."""
FEWEST_UNITS = 50
RARE, FEW_ALONE = 0.05, 0.01
"""Estimated probability below which an arm is rare for a unit, and the share of such units that is no cause for concern."""
MEASURED_ROWS = 5_000
"""Most rows on which the differences between fits are measured, and the mean of the only fit."""
NO_COVARIANCE = np.zeros((0, 0))


@dataclass(frozen=True, kw_only=True)
class EffectLearner(ModelFacts):
    """Settings of a learner of effects.

    Attributes:
        actions: whose effects are learnt; by default all with enough units.
        outcome: the measure whose rows it learns from.
        response_window_days: from the draw, in which a response counts.
        post_window_days: after these, in which orders that were only pulled forward are missing.
        features: columns to learn from; by default all that can be used.
        known_later: features known only after the draw, never used.
        folds: into which units are drawn, so that levels and intervals rest on rows that were not fitted to; 0 for the learner as
            textbooks have it, without either.
        trees: of the gradient boosting.
        leaves: most leaves of a tree.
        learning_rate: factor of each tree.
        fewest_in_leaf: fewest rows of a leaf.
        fewest_units: that each arm must have for an action to be learnt.
        seed: of all draws.
    """

    family: ClassVar[str] = "uplift"
    name: ClassVar[str]
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="dr_loss", direction="lower")
    role, reads = UPLIFTS, DRAWN_UNITS
    figures = ("uplift_gain", "uplift_by_group", "uplift_calibration")
    check_settings: ClassVar[Mapping[str, Any]] = {
        "response_window_days": 20,
        "post_window_days": 40,
        "features": ("age", "plan"),
        "trees": 4,
        "folds": 2,
    }

    actions: tuple[str, ...] = ()
    outcome: str = "margin"
    response_window_days: int = RESPONSE_WINDOW_DAYS
    post_window_days: int = POST_WINDOW_DAYS
    features: tuple[str, ...] = ()
    known_later: tuple[str, ...] = ()
    folds: int = 5
    trees: int = 60
    leaves: int = 7
    learning_rate: float = 0.1
    fewest_in_leaf: int = 20
    fewest_units: int = FEWEST_UNITS
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            ParameterError: a number out of range, a name that comes twice, a feature that is no feature.
        """
        for setting, names in {"actions": self.actions, "features": self.features}.items():
            check_names(setting, names)
        least = {"response_window_days": 1, "post_window_days": 0, "folds": 0, "trees": 1, "leaves": 2, "fewest_in_leaf": 1}
        for name, low in (least | {"fewest_units": 10, "seed": 0}).items():
            check_scalar(getattr(self, name), name, ge=low, where=self.name)
        check_scalar(self.learning_rate, "learning_rate", gt=0, le=1, where=self.name)
        if self.folds == 1:
            check_scalar(self.folds, "folds", ge=2, where=self.name, remedy="One fold has no others to learn from; 0 is for none.")

    @property
    def horizon_days(self) -> int:
        """Days after the draw over which effects are counted."""
        return self.response_window_days + self.post_window_days

    @property
    def target(self) -> str:
        """Name of the forecast; models of another outcome or window are not comparable."""
        return f"{self.outcome} over {self.horizon_days} days"

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads: those of the draw, and the features if they are named."""
        return needs_of(self.features, where=self.name)

    @property
    def boosting(self) -> Boosting:
        """The base learner."""
        return Boosting(
            trees=self.trees, leaves=self.leaves, learning_rate=self.learning_rate, fewest_in_leaf=self.fewest_in_leaf, seed=self.seed
        )

    def learn(self, units: Units) -> Effect:
        """Return the effect that the learner finds in units."""
        raise NotImplementedError

    def fitted_class(self) -> type[FittedEffects]:
        """Return the class of its fitted model."""
        raise NotImplementedError

    def fits(self, units: Units) -> tuple[tuple[Effect, ...], Floats]:
        """Return the effects found without each fold, and for each row that of the fit without its own, shape (n,)."""
        return fits_of(self, units)

    def effects_of(self, units: Units, action: str, subject: str) -> ActionEffects:
        """Return the effect of an action."""
        effects, forecast = self.fits(units)
        centre = float(forecast.mean())
        line, losses = Line(level=centre, slope=1.0, raw_slope=1.0, covariance=NO_COVARIANCE), {}
        if self.folds:
            line = Line.fitted(forecast - centre, units.scores, units.cluster)
            losses = {self.learner: float(np.mean((units.scores - line.of(forecast - centre)) ** 2))}
        return action_effects(
            units,
            action,
            subject,
            learners=(self.learner,),
            weights=np.ones(1),
            centres=np.array([centre]),
            effects=effects,
            line=line,
            dr_losses=losses,
        )

    @property
    def learner(self) -> str:
        """Name of the learner among others."""
        return self.name.partition(".")[2]

    def fit(self, features: pl.DataFrame, *, as_of: date) -> Any:
        """Return the fitted model.

        Args:
            features: one row per unit, wave and action: customer_id, cluster_id, wave_id, action_id, treated, propensity, outcome,
                then features as of the draw.
            as_of: last day whose facts were used.

        Raises:
            TableError: a column is missing or invalid, or no feature can be used.
            ParameterError: an action is named that nobody was drawn for.
            NotEnoughEventsError: no action has enough units in both arms.
        """
        rows = UnitRows.read(features, features=self.features, left_out=self.known_later, where=self.name)
        actions, aside = chosen_actions(rows, self.actions, fewest=self.fewest_units, where=self.name)
        frame, unusable = usable(rows.features)
        if not frame.width:
            raise TableError(
                f"no feature can be used: {reasons_aside(unusable)}.", where=self.name, remedy="Give features that differ among customers."
            )
        is_estimated = any(rows.of(action).propensity is None for action in actions)
        design = CustomerDesign.of(frame, where=self.name, bent=is_estimated)
        subjects = column_parts(actions)
        learnt = {action: self._units(rows.of(action), design) for action in actions}
        models = tuple(self.effects_of(units, action, subjects[action]) for action, units in learnt.items())
        return self.fitted_class()(
            settings=self,
            info=FitInfo(
                as_of=as_of,
                rows=len(rows),
                log_likelihood=None,
                converged=True,
                seed=self.seed,
                fingerprint=fingerprint(rows.own.hstack(rows.features)),
                remarks=tuple(_remarks(learnt, models, aside, unusable)),
            ),
            features=design.covariates,
            low=design.low,
            high=design.high,
            centre=design.centre,
            spread=design.spread,
            models=models,
        )

    def judge(self, fitted: FittedEffects, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return the metrics of each action and their means (see `judge_effects`)."""
        return judge_effects(fitted, features, outcomes)

    def _units(self, rows: UnitRows, design: CustomerDesign) -> Units:
        """Return the units of an action as arrays."""
        frame, known = rows.features.select(design.names), rows.propensity
        return Units(
            flat=design.flat(frame),
            curved=design.curved(frame) if known is None else np.zeros((len(rows), 0)),
            treated=rows.treated,
            outcome=rows.outcome,
            known_propensity=known,
            cluster=rows.cluster,
            fold=folds_of(rows.cluster, self.folds, self.seed),
            folds=self.folds,
            boosting=self.boosting,
        )


def fits_of(learner: EffectLearner, units: Units) -> tuple[tuple[Effect, ...], Floats]:
    """Return the effects that a learner finds without each fold, and for each row that of the fit without its own, shape (n,).

    Without folds there is one fit, and the forecasts are its own, of some rows.
    """
    if not units.folds:
        effect, some = learner.learn(units), slice(None, None, -(-len(units) // MEASURED_ROWS))
        return (effect,), effect.of(units.flat[some], units.propensity[some])
    units.scores  # noqa: B018 estimated once from all folds, and passed on to the parts
    effects, forecast = [], np.empty(len(units))
    for others, own in units.parts():
        effect = learner.learn(units.only(others))
        forecast[own] = effect.of(units.flat[own], units.propensity[own])
        effects.append(effect)
    return tuple(effects), forecast


def action_effects(
    units: Units,
    action: str,
    subject: str,
    *,
    learners: tuple[str, ...],
    weights: Floats,
    centres: Floats,
    effects: tuple[Effect, ...],
    line: Line,
    dr_losses: dict[str, float],
) -> ActionEffects:
    """Return the record of an action's effect, with what judging it needs besides."""
    response = units.boosting.fit(beside(units.flat, units.treated), units.outcome) if units.folds else None
    found = ActionEffects(
        action=action,
        subject=subject,
        units=len(units),
        treated=int(units.treated.sum()),
        share=float(units.propensity.mean()),
        learners=learners,
        weights=weights,
        centres=centres,
        packed=PackedEffects.of(effects),
        line=line,
        unrest=0.0,
        dr_losses=dr_losses,
        propensity_line=np.zeros(0) if units.known_propensity is not None else propensity_line(units.curved, units.treated),
        response=response,
    )
    if len(effects) == len(learners):
        return found
    some = slice(None, None, -(-len(units) // MEASURED_ROWS))
    return replace(found, unrest=float(between(found.fits(units.flat[some], units.curved[some])).mean()))


def _remarks(
    learnt: Mapping[str, Units], models: tuple[ActionEffects, ...], aside: Mapping[str, str], unusable: Mapping[str, str]
) -> Iterator[Remark]:
    if aside:
        told = "; ".join(f"{action} has {why}" for action, why in aside.items())
        yield Remark("actions_not_learnt", f"Not learnt: {told}.", f"Sans modèle, faute d’unités en nombre suffisant : {', '.join(aside)}.")
    if unusable:
        yield set_aside_remark(unusable)
    if drawn := [action for action, units in learnt.items() if units.known_propensity is None]:
        yield Remark(
            "propensity_estimated",
            f"The probability of being treated was not recorded for {', '.join(drawn)}: it was estimated from the features, so that "
            "effects are right only if these explain who was treated.",
            f"La probabilité d’être traité n’est pas enregistrée pour {', '.join(drawn)} : elle est estimée à partir des variables, et "
            "les effets ne sont justes que si celles-ci expliquent qui a été traité.",
        )
    for action, units in learnt.items():
        if units.known_propensity is None and (alone := int((np.abs(units.propensity - 0.5) > 0.5 - RARE).sum())):
            yield from _hardly_overlap(action, alone, len(units))
    if same := [model.action for model in models if model.line.slope == 0]:
        yield Remark(
            "no_difference_found",
            f"No difference among customers was found in the effect of {', '.join(same)}: everybody has the mean effect.",
            f"L’effet de {', '.join(same)} ne diffère pas de façon mesurable d’un client à l’autre : chacun reçoit l’effet moyen.",
        )


def _hardly_overlap(action: str, alone: int, units: int) -> Iterator[Remark]:
    """Yield the remark on units that hardly anybody of the other arm is like, if they are more than a few."""
    if alone > FEW_ALONE * units:
        yield Remark(
            "arms_hardly_overlap",
            f"Hardly anybody is like {alone:,} of {units:,} units of {action} in the other arm: by their features nearly all such "
            "units were treated, or nearly none. Their effects are extrapolated, and no interval shows by how much they may be wrong.",
            f"Pour {french(alone)} unités sur {french(units)} de {action}, presque personne ne leur ressemble dans l’autre groupe : "
            "leurs effets sont extrapolés, et aucun intervalle ne dit de combien ils peuvent être faux.",
        )
