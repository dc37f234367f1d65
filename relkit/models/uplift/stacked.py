"""Stacked effects, the default: learners that err in different ways, mixed by weights that lower the doubly robust loss.

Of an action whose propensity was recorded, three are mixed: an S learner with small trees, which ranks best where effects are small; an
X learner; and a doubly robust regression that adds up effects of single features. If most outcomes are 0, the hurdle is added and counts
for half before any data. If the propensity was not recorded, the S learner is left out: it attributes part of what explains the treatment
to the treatment. Weights are those of folds that were not fitted to, drawn towards the prior ones (`stack_weights`), so that a campaign
too small to tell learners apart gets their mean.

    fitted = Stacked(outcome="margin").fit(rows, as_of=day)
    fitted.effects(rows)                                    customer_id, action_id, uplift, low, high
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from relkit.models.uplift.action_effects import ActionEffects, Line
from relkit.models.uplift.dr_learner import DrLearner
from relkit.models.uplift.fitted_effects import FittedEffects
from relkit.models.uplift.hurdle import Hurdle
from relkit.models.uplift.learner import EffectLearner, action_effects
from relkit.models.uplift.s_learner import SLearner
from relkit.models.uplift.stack_weights import crossed, stack_weights
from relkit.models.uplift.x_learner import XLearner
from relkit.scalars import check_scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.models.uplift.effects import Effect
    from relkit.models.uplift.nuisances import Units
    from relkit.models.uplift.responses import Boosting

    Floats = NDArray[np.float64]

MOSTLY_ZERO = 0.5
"""Share of outcomes of 0 from which buying and amount are learnt apart."""
SMALL_LEAVES, MORE_TREES, STEP = 4, 2.5, 0.5
"""Leaves of the trees of the S learner and the hurdle, and their number and learning rate as multiples of those set."""


@dataclass(frozen=True)
class Member:
    """A learner of the stack.

    Attributes:
        learner: its settings.
        boosting: its base learner.
        prior: its weight without data.
    """

    learner: EffectLearner
    boosting: Boosting
    prior: float


@dataclass(frozen=True, kw_only=True)
class Stacked(EffectLearner):
    """Settings of the stack."""

    name: ClassVar[str] = "uplift.stacked"
    competes = True
    label = Text("effect by several learners", "effet par plusieurs apprenants")
    purpose = Text(
        "Stack: the effect of an action on each customer, from several learners mixed by what they forecast of units not fitted to.",
        "Combinaison : l’effet d’une action sur chaque client, par plusieurs apprenants pondérés selon leurs prévisions hors échantillon.",
    )

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            ParameterError: a number out of range; without folds there is nothing to weigh learners by.
        """
        super().__post_init__()
        check_scalar(self.folds, "folds", ge=2, where=self.name)

    def members(self, units: Units) -> tuple[Member, ...]:
        """Return the learners that are mixed."""
        base = units.boosting
        patient = replace(
            base, leaves=min(SMALL_LEAVES, base.leaves), trees=int(MORE_TREES * base.trees), learning_rate=STEP * base.learning_rate
        )
        additive = replace(base, leaves=2)
        found = [(XLearner(), base), (DrLearner(), additive)]
        if units.known_propensity is not None:
            found = [(SLearner(), patient), *found]
        if not np.mean(units.outcome == 0) >= MOSTLY_ZERO or len(np.unique(units.outcome)) == 2:
            return tuple(Member(*each, 1 / len(found)) for each in found)
        return (Member(Hurdle(), patient, 0.5), *(Member(*each, 0.5 / len(found)) for each in found))

    def effects_of(self, units: Units, action: str, subject: str) -> ActionEffects:
        """Return the effect of an action."""
        members = self.members(units)
        units.scores  # noqa: B018 estimated once, by the base learner, and passed on to the members
        fits = [member.learner.fits(units.with_boosting(member.boosting)) for member in members]
        forecasts = np.column_stack([forecast for _, forecast in fits])
        centres, prior = forecasts.mean(axis=0), np.array([member.prior for member in members])
        mixed = crossed(forecasts - centres, units.scores, prior, units.fold)
        line = Line.fitted(mixed - mixed.mean(), units.scores, units.cluster, slope_used=1.0)
        names = tuple(member.learner.learner for member in members)
        return action_effects(
            units,
            action,
            subject,
            learners=names,
            weights=stack_weights(forecasts - centres, units.scores, prior),
            centres=centres,
            effects=tuple(effect for effects, _ in fits for effect in effects),
            line=line,
            dr_losses=self._losses(units, names, forecasts - centres, mixed),
        )

    def learn(self, units: Units) -> Effect:
        """Return nothing: the stack has no effect of its own."""
        raise NotImplementedError

    def _losses(self, units: Units, names: tuple[str, ...], forecasts: Floats, mixed: Floats) -> dict[str, float]:
        """Return the doubly robust loss of each member on its own line, and of the stack, on folds that were not fitted to."""
        g, cluster = units.scores, units.cluster
        lines = [Line.fitted(forecast, g, cluster).of(forecast) for forecast in forecasts.T]
        return {
            name: float(np.mean((g - found) ** 2)) for name, found in zip((*names, self.learner), (*lines, g.mean() + mixed), strict=True)
        }

    def fitted_class(self) -> type[FittedStacked]:
        """Return the class of its fitted model."""
        return FittedStacked


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedStacked(FittedEffects):
    """Fitted stack."""

    name: ClassVar[str] = "uplift.stacked"

    settings: Stacked
