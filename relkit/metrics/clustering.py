"""Hierarchical clustering of a few things by their dissimilarities (average linkage)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.metrics.risk_sets import Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Clusters:
    """A tree of merges, from n things to one cluster.

    Attributes:
        merges: positions of the two clusters of each merge, shape (n - 1, 2): below n a thing, n + i the cluster of merge i.
        heights: dissimilarity at which they merge, ascending, shape (n - 1,).
        order: things in the order of the leaves, in which neighbours are as similar as the tree permits, shape (n,).
    """

    merges: NDArray[np.int64]
    heights: Floats
    order: NDArray[np.int64]

    def groups(self, height: float) -> NDArray[np.int64]:
        """Return the number of the cluster of each thing, from 0 in the order of the leaves, when merges above `height` are undone.

        Examples:
            >>> average_linkage(np.array([[0, 1, 4], [1, 0, 4], [4, 4, 0.0]])).groups(2.0).tolist() in ([0, 0, 1], [1, 1, 0])
            True
        """
        n = len(self.order)
        member = {i: [i] for i in range(n)}
        for at, (left, right) in enumerate(self.merges.tolist()):
            if self.heights[at] <= height:
                member[n + at] = member.pop(left) + member.pop(right)
        head = np.empty(n, dtype=np.int64)
        for cluster in member.values():
            head[cluster] = min(cluster)
        firsts = list(dict.fromkeys(head[self.order].tolist()))
        return np.array([firsts.index(each) for each in head.tolist()], dtype=np.int64)


def average_linkage(dissimilarity: Floats) -> Clusters:
    """Return the tree of unweighted average linkage (UPGMA; Sokal and Michener 1958), leaves in optimal order (Bar-Joseph et al. 2001).

    Args:
        dissimilarity: symmetric, zero on the diagonal, shape (n, n).

    Raises:
        ParameterError: not a square matrix of finite numbers.

    Examples:
        >>> found = average_linkage(np.array([[0, 1, 4], [1, 0, 6], [4, 6, 0.0]]))
        >>> found.merges.tolist(), found.heights.tolist()
        ([[0, 1], [2, 3]], [1.0, 5.0])
    """
    if dissimilarity.ndim != 2 or dissimilarity.shape[0] != dissimilarity.shape[1] or not np.isfinite(dissimilarity).all():
        raise ParameterError(
            f"dissimilarities of shape {dissimilarity.shape} are not a square matrix of finite numbers.",
            where="dissimilarity",
            remedy="Give one row and one column per thing.",
        )
    n = len(dissimilarity)
    if n < 2:
        return Clusters(merges=np.empty((0, 2), dtype=np.int64), heights=np.empty(0), order=np.arange(n))
    from scipy.cluster.hierarchy import leaves_list, linkage

    between = dissimilarity[np.triu_indices(n, 1)]
    tree = linkage(between, method="average", optimal_ordering=True)
    return Clusters(
        merges=np.sort(tree[:, :2].astype(np.int64), axis=1), heights=tree[:, 2].copy(), order=leaves_list(tree).astype(np.int64)
    )
