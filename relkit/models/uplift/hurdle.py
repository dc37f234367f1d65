"""Hurdle: the effect on spend, as that on buying at all and on the amount of those who buy (Cragg 1971).

Most customers of a campaign spend nothing, and the amounts of the others are skewed: their noise hides effects on the chance to buy,
which zeros and ones show far better. So one response gives the probability of a purchase and another the amount, by its logarithm and
brought back by smearing (Duan 1983); each has the arm among its columns, so that an effect on the amount is found where there is one,
and costs little where there is none. If some outcomes are negative (returns beyond purchases), the amount is learnt as it is.

    fitted = Hurdle(outcome="revenue").fit(rows, as_of=day)
    fitted.effects(rows)                                    customer_id, action_id, uplift, low, high
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from relkit.models.uplift.effects import Effect
from relkit.models.uplift.fitted_effects import FittedEffects
from relkit.models.uplift.learner import EffectLearner
from relkit.models.uplift.responses import beside
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.models.uplift.nuisances import Units


@dataclass(frozen=True, kw_only=True)
class Hurdle(EffectLearner):
    """Settings of the hurdle."""

    name: ClassVar[str] = "uplift.hurdle"
    competes = True
    label = Text("effect on buying and on the amount", "effet sur l’achat et sur le montant")
    purpose = Text(
        "Hurdle: the effect of an action on spend, from that on buying at all and on the amount of those who buy.",
        "Modèle à seuil : l’effet d’une action sur la dépense, à partir de l’effet sur l’achat et sur le montant des acheteurs.",
    )

    def learn(self, units: Units) -> Effect:
        """Return the difference of probability times amount with the action and without."""
        X, y, buys = beside(units.flat, units.treated), units.outcome, units.outcome != 0
        purchase = units.boosting.fit(X, buys.astype(np.float64))
        fit_amount = units.boosting.fit_amount if (y[buys] > 0).all() else units.boosting.regress
        return Effect(form="product", responses=(purchase, fit_amount(X[buys], y[buys])))

    def fitted_class(self) -> type[FittedHurdle]:
        """Return the class of its fitted model."""
        return FittedHurdle


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedHurdle(FittedEffects):
    """Fitted hurdle."""

    name: ClassVar[str] = "uplift.hurdle"

    settings: Hurdle
