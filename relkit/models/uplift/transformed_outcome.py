"""Transformed outcome: a regression of y (w - e) / (e (1 - e)), whose expectation is the effect (Athey and Imbens 2016, section 2.3).

With equal arms and an outcome of 0 and 1 it is the class transformation of Jaskowski and Jaroszewicz (2012). It needs nothing but the
propensity, and is the noisiest learner: all that moves the outcome besides the action stays in it.

    fitted = TransformedOutcome(outcome="margin").fit(rows, as_of=day)
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
class TransformedOutcome(EffectLearner):
    """Settings of the transformed outcome."""

    name: ClassVar[str] = "uplift.transformed_outcome"
    label = Text("effect by a transformed outcome", "effet par résultat transformé")
    purpose = Text(
        "Transformed outcome: the effect of an action on each customer, regressed on an outcome whose expectation is the effect.",
        "Résultat transformé : l’effet d’une action sur chaque client, par régression d’un résultat dont l’espérance est l’effet.",
    )

    def learn(self, units: Units) -> Effect:
        """Return the regression of the transformed outcome."""
        e = units.propensity
        transformed = units.outcome * (units.treated - e) / (e * (1 - e))
        return Effect(form="direct", responses=(shrunken(units.boosting, len(units)).regress(units.flat, transformed),))

    def fitted_class(self) -> type[FittedTransformedOutcome]:
        """Return the class of its fitted model."""
        return FittedTransformedOutcome


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedTransformedOutcome(FittedEffects):
    """Fitted transformed outcome."""

    name: ClassVar[str] = "uplift.transformed_outcome"

    settings: TransformedOutcome
