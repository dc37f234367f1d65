"""Base learner of the last stage of learners of effects: few leaves with many rows each, and small steps.

What the last stage regresses on is several times as noisy as the outcome; with the capacity of a response it would learn the noise.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relkit.models.uplift.responses import Boosting

LEAVES, SHARE_IN_LEAF, STEP = 4, 0.05, 0.5
"""Most leaves of a tree, fewest rows of a leaf as a share of all, and learning rate as a share of that of a response."""


def shrunken(boosting: Boosting, rows: int, *, leaves: int = LEAVES) -> Boosting:
    """Return a base learner with less capacity, for a last stage with a number of rows.

    Examples:
        >>> from relkit.models.uplift.responses import Boosting
        >>> shrunken(Boosting(), 1000)
        Boosting(trees=60, leaves=4, learning_rate=0.05, fewest_in_leaf=50, l2=1.0, share_of_columns=1.0, seed=0)
    """
    return replace(
        boosting,
        leaves=min(leaves, boosting.leaves),
        learning_rate=STEP * boosting.learning_rate,
        fewest_in_leaf=max(boosting.fewest_in_leaf, int(SHARE_IN_LEAF * rows)),
    )
