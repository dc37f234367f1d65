"""Trees of several learners in one sequence, and their mean score."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.models.boosted_trees import Trees

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def joined(trees: Sequence[Trees]) -> Trees:
    """Return the trees of several scores in one sequence, of base 0.

    Examples:
        >>> from relkit.models.uplift.responses import constant
        >>> joined([constant(1.0), constant(2.0)]).roots.tolist()
        [0, 1]
    """
    sizes = [len(each.left) for each in trees]
    starts = [int(start) for start in np.cumsum([0, *sizes[:-1]])]

    def moved(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(each, name) + start for each, start in zip(trees, starts, strict=True)])

    def kept(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(each, name) for each in trees])

    return Trees(
        base=0.0,
        roots=moved("roots"),
        depths=kept("depths"),
        feature=kept("feature"),
        threshold=kept("threshold"),
        left=moved("left"),
        right=moved("right"),
        value=kept("value"),
        gain=kept("gain"),
    )


def averaged(trees: Sequence[Trees]) -> Trees:
    """Return trees whose raw score is the mean of those of several learners.

    Examples:
        >>> from relkit.models.uplift.responses import constant
        >>> averaged([constant(1.0), constant(2.0)]).raw(np.zeros((1, 3))).tolist()
        [1.5]
    """
    found = joined(trees)
    return replace(found, base=float(np.mean([each.base for each in trees])), value=found.value / len(trees))


def some(trees: Trees, first: int, last: int, base: float) -> Trees:
    """Return trees of a sequence, from one on and before another, with a base of their own."""
    start = int(trees.roots[first])
    nodes = slice(start, int(trees.roots[last]) if last < len(trees.roots) else len(trees.left))
    return Trees(
        base=base,
        roots=trees.roots[first:last] - start,
        depths=trees.depths[first:last],
        feature=trees.feature[nodes],
        threshold=trees.threshold[nodes],
        left=trees.left[nodes] - start,
        right=trees.right[nodes] - start,
        value=trees.value[nodes],
        gain=trees.gain[nodes],
    )
