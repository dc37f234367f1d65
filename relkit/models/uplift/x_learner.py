"""X learner: effects imputed for each unit from the other arm's response, learnt arm by arm and mixed (Künzel et al. 2019).

A response is fitted to each arm. Each treated unit's effect is imputed as its outcome less what controls like it would have, each
control's as what treated units like it would have less its outcome; both are learnt, and mixed by the propensity so that the arm with
more units counts more. It does well with confounded data and unequal arms. A propensity that is known costs nothing: four fits in all.

    fitted = XLearner(outcome="margin").fit(rows, as_of=day)
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
class XLearner(EffectLearner):
    """Settings of the X learner."""

    name: ClassVar[str] = "uplift.x_learner"
    competes = True
    label = Text("effect by imputed effects (X)", "effet par effets imputés (X)")
    purpose = Text(
        "X learner: the effect of an action on each customer, from effects imputed by the other arm; for unequal or confounded arms.",
        "Apprenant X : l’effet d’une action sur chaque client, à partir d’effets imputés ; pour groupes inégaux ou biaisés.",
    )

    def learn(self, units: Units) -> Effect:
        """Return the effects imputed in each arm, mixed by the propensity."""
        X, y, w = units.flat, units.outcome, units.treated
        with_it, without = (units.boosting.fit(X[arm], y[arm]) for arm in (w, ~w))
        of_treated = shrunken(units.boosting, int(w.sum())).regress(X[w], y[w] - without.of(X[w]))
        of_controls = shrunken(units.boosting, int((~w).sum())).regress(X[~w], with_it.of(X[~w]) - y[~w])
        return Effect(form="mixed", responses=(of_treated, of_controls))

    def fitted_class(self) -> type[FittedXLearner]:
        """Return the class of its fitted model."""
        return FittedXLearner


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedXLearner(FittedEffects):
    """Fitted X learner."""

    name: ClassVar[str] = "uplift.x_learner"

    settings: XLearner
