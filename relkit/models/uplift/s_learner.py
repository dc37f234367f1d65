"""S learner: one response with the arm among its columns; the effect is the difference of its two values (Hill 2011).

Where effects are small against what else moves the outcome, one response that splits on the arm only where it pays ranks customers
better than two separate ones.

    fitted = SLearner(outcome="margin").fit(rows, as_of=day)
    fitted.effects(rows)                                    customer_id, action_id, uplift, low, high
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from relkit.models.uplift.effects import Effect
from relkit.models.uplift.fitted_effects import FittedEffects
from relkit.models.uplift.learner import EffectLearner
from relkit.models.uplift.responses import beside
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.models.uplift.nuisances import Units


@dataclass(frozen=True, kw_only=True)
class SLearner(EffectLearner):
    """Settings of the S learner."""

    name: ClassVar[str] = "uplift.s_learner"
    competes = True
    label = Text("effect by one response (S)", "effet par une seule réponse (S)")
    purpose = Text(
        "S learner: the effect of an action on each customer, from one model of the outcome in which the action is a column.",
        "Apprenant S : l’effet d’une action sur chaque client, à partir d’un seul modèle du résultat dont l’action est une colonne.",
    )

    def learn(self, units: Units) -> Effect:
        """Return the difference of the two values of one response."""
        response = units.boosting.fit(beside(units.flat, units.treated), units.outcome)
        return Effect(form="toggled", responses=(response,))

    def fitted_class(self) -> type[FittedSLearner]:
        """Return the class of its fitted model."""
        return FittedSLearner


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedSLearner(FittedEffects):
    """Fitted S learner."""

    name: ClassVar[str] = "uplift.s_learner"

    settings: SLearner
