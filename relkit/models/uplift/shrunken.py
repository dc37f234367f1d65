"""Base learner of the last stage of learners of effects: few leaves, with many rows each.

What the last stage regresses on is several times as noisy as the outcome; with the capacity of a response it would learn the noise.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relkit.models.uplift.nuisances import Units
    from relkit.models.uplift.responses import Boosting

LEAVES, SHARE_IN_LEAF = 4, 0.05
"""Most leaves of a tree, and fewest rows of a leaf as a share of all."""


def shrunken(units: Units) -> Boosting:
    """Return the base learner of units with few leaves and many rows in each."""
    fewest = max(units.boosting.fewest_in_leaf, int(SHARE_IN_LEAF * len(units)))
    return replace(units.boosting, leaves=min(LEAVES, units.boosting.leaves), fewest_in_leaf=fewest)
