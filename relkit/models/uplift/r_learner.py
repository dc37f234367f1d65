"""R learner: the effect that explains residual outcomes by residual treatment (Nie and Wager 2021, eq. 4; Robinson 1988).

Both residuals are from expectations of other folds, so that errors in either hardly reach the effect. The effect minimises the squared
residual, i.e. a weighted regression of (y - m) / (w - e) with weights (w - e)^2.

    fitted = RLearner(outcome="margin").fit(rows, as_of=day)
    fitted.effects(rows)                                    customer_id, action_id, uplift, low, high
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from relkit.models.uplift.effects import Effect
from relkit.models.uplift.fitted_effects import FittedEffects
from relkit.models.uplift.learner import EffectLearner
from relkit.models.uplift.shrunken import shrunken
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.models.uplift.nuisances import Units


@dataclass(frozen=True, kw_only=True)
class RLearner(EffectLearner):
    """Settings of the R learner."""

    name: ClassVar[str] = "uplift.r_learner"
    label = Text("effect by residuals (R)", "effet par résidus (R)")
    purpose = Text(
        "R learner: the effect of an action on each customer, from what remains of outcome and treatment once both were forecast.",
        "Apprenant R : l’effet d’une action sur chaque client, à partir de ce qui reste du résultat et du traitement une fois prévus.",
    )

    def learn(self, units: Units) -> Effect:
        """Return the effect that explains the residuals."""
        without, with_it = units.expected
        e, apart = units.propensity, units.treated - units.propensity
        rest = units.outcome - (1 - e) * without - e * with_it
        return Effect(form="direct", responses=(shrunken(units.boosting, len(units)).regress(units.flat, rest / apart, np.square(apart)),))

    def fitted_class(self) -> type[FittedRLearner]:
        """Return the class of its fitted model."""
        return FittedRLearner


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedRLearner(FittedEffects):
    """Fitted R learner."""

    name: ClassVar[str] = "uplift.r_learner"

    settings: RLearner
