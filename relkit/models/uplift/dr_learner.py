"""DR learner: a regression of doubly robust scores on the features (Kennedy 2023).

Each unit's score is an unbiased measurement of its effect, if either the propensity or the expected outcomes are right. They come from
other folds; an estimated propensity is a plain logistic regression held away from 0 and 1, as one calibrated to a fold gives weights
without bound on another. The scores are far noisier than outcomes, so that the regression is of few leaves with many rows each.

    fitted = DrLearner(outcome="margin").fit(rows, as_of=day)
    fitted.effects(rows)                                    customer_id, action_id, uplift, low, high
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from relkit.models.uplift.effects import Effect
from relkit.models.uplift.fitted_effects import FittedEffects
from relkit.models.uplift.learner import EffectLearner
from relkit.models.uplift.shrunken import shrunken
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.models.uplift.nuisances import Units


@dataclass(frozen=True, kw_only=True)
class DrLearner(EffectLearner):
    """Settings of the DR learner."""

    name: ClassVar[str] = "uplift.dr_learner"
    competes = True
    label = Text("effect by doubly robust scores (DR)", "effet par scores doublement robustes (DR)")
    purpose = Text(
        "DR learner: the effect of an action on each customer, regressed on doubly robust scores that measure it without bias.",
        "Apprenant DR : l’effet d’une action sur chaque client, par régression de scores doublement robustes qui le mesurent sans biais.",
    )

    def learn(self, units: Units) -> Effect:
        """Return the regression of the doubly robust scores."""
        return Effect(form="direct", responses=(shrunken(units.boosting, len(units)).regress(units.flat, units.scores),))

    def fitted_class(self) -> type[FittedDrLearner]:
        """Return the class of its fitted model."""
        return FittedDrLearner


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedDrLearner(FittedEffects):
    """Fitted DR learner."""

    name: ClassVar[str] = "uplift.dr_learner"

    settings: DrLearner
