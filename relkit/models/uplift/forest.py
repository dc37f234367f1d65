"""Honest uplift forest: the mean of trees that split where the effect of the action differs (Wager and Athey 2018).

The outcome is first centred on what the features and the mean chance of treatment explain, forecast from the other folds (Athey,
Tibshirani and Wager 2019, section 6.1.1): trees then spend their splits on the effect. Each row is forecast by the trees that did not
draw it, and the line from these forecasts to the doubly robust scores gives level and interval. With `trees=1` it is an uplift tree:
the variance of effects is then subtracted from the gain of a split, and the tree stops by itself.

    fitted = Forest(outcome="margin").fit(rows, as_of=day)
    fitted.effects(rows)                                    customer_id, action_id, uplift, low, high
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from relkit.models.uplift.effects import Effect
from relkit.models.uplift.fitted_effects import FittedEffects
from relkit.models.uplift.honest_trees import grow
from relkit.models.uplift.learner import EffectLearner
from relkit.models.uplift.responses import Response
from relkit.scalars import check_scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.models.uplift.honest_trees import Grown
    from relkit.models.uplift.nuisances import Units

Floats = NDArray[np.float64]

PENALTY = 2.0
"""Of the variance of effects in a single tree: once for the estimate, once for having chosen the split (Athey and Imbens 2016, eq. 5)."""


@dataclass(frozen=True, kw_only=True)
class Forest(EffectLearner):
    """Settings of the forest.

    Attributes:
        trees: their number; one for a tree to be read.
        leaves: most leaves of a tree.
        fewest_in_leaf: fewest rows of each arm in a leaf.
        share_of_columns: columns tried at each node.
    """

    name: ClassVar[str] = "uplift.forest"
    label = Text("effect by an honest forest", "effet par forêt honnête")
    purpose = Text(
        "Forest: the effect of an action on each customer, as the mean of trees that split where the effect differs.",
        "Forêt : l’effet d’une action sur chaque client, moyenne d’arbres qui se divisent là où l’effet diffère.",
    )
    check_settings: ClassVar[Mapping[str, Any]] = {**EffectLearner.check_settings, "leaves": 4}

    trees: int = 200
    leaves: int = 16
    fewest_in_leaf: int = 50
    share_of_columns: float = 0.5

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            ParameterError: a number out of range.
        """
        super().__post_init__()
        check_scalar(self.share_of_columns, "share_of_columns", gt=0, le=1, where=self.name)

    def fits(self, units: Units) -> tuple[tuple[Effect, ...], Floats]:
        """Return the effect by all trees, and for each row that by the trees that did not draw it, shape (n,)."""
        grown = self._grown(units)
        bag = grown.out_of_bag[:, 0]
        effect = Effect(form="direct", responses=(Response(trees=grown.trees),))
        return (effect,), np.where(np.isnan(bag), np.nanmean(bag) if np.isfinite(bag).any() else 0.0, bag)

    def _grown(self, units: Units) -> Grown:
        e, w, centred = units.propensity, units.treated, units.outcome
        if self.folds:
            without, with_it = units.expected
            centred = centred - (1 - e) * without - e * with_it
        return grow(
            units.flat,
            centred,
            w.astype(np.int64),
            np.where(w, 1 / e, 1 / (1 - e)),
            units.cluster,
            trees=self.trees,
            leaves=self.leaves,
            fewest_in_arm=self.fewest_in_leaf,
            columns_tried=max(1, round(self.share_of_columns * units.flat.shape[1])),
            penalty=PENALTY if self.trees == 1 else 0.0,
            seed=self.seed,
        )

    def fitted_class(self) -> type[FittedForest]:
        """Return the class of its fitted model."""
        return FittedForest


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedForest(FittedEffects):
    """Fitted forest."""

    name: ClassVar[str] = "uplift.forest"

    settings: Forest
