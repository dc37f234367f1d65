"""T learner: a response for each arm; the effect is their difference (Künzel, Sekhon, Bickel and Yu 2019).

Each response is regularised by itself, so that what both arms have in common does not cancel: with effects that are small against the
outcome it is the weakest learner, and a yardstick for the others.

    fitted = TLearner(outcome="margin").fit(rows, as_of=day)
    fitted.effects(rows)                                    customer_id, action_id, uplift, low, high
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from relkit.models.uplift.effects import Effect
from relkit.models.uplift.fitted_effects import FittedEffects
from relkit.models.uplift.learner import EffectLearner
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.models.uplift.nuisances import Units


@dataclass(frozen=True, kw_only=True)
class TLearner(EffectLearner):
    """Settings of the T learner."""

    name: ClassVar[str] = "uplift.t_learner"
    label = Text("effect by two responses (T)", "effet par deux réponses (T)")
    purpose = Text(
        "T learner: the effect of an action on each customer, as the difference of one model for treated customers and one for controls.",
        "Apprenant T : l’effet d’une action sur chaque client, différence entre un modèle des clients traités et un modèle des témoins.",
    )

    def learn(self, units: Units) -> Effect:
        """Return the difference of the responses of the two arms."""
        with_it, without = (units.boosting.fit(units.flat[arm], units.outcome[arm]) for arm in (units.treated, ~units.treated))
        return Effect(form="difference", responses=(with_it, without))

    def fitted_class(self) -> type[FittedTLearner]:
        """Return the class of its fitted model."""
        return FittedTLearner


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedTLearner(FittedEffects):
    """Fitted T learner."""

    name: ClassVar[str] = "uplift.t_learner"

    settings: TLearner
