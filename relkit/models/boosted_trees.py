"""The trees of a gradient boosting as plain arrays: saved without pickle, scored without scikit-learn.

scikit-learn grows the trees (`HistGradientBoostingClassifier`), and the fitted trees are read out once: for each node its
column, its threshold and its children. A saved model is then numbers only: it runs no code when it is loaded and
depends on no version of scikit-learn, which skops files do, as they rebuild its objects by name. Scores are checked against
scikit-learn's own when a model is fitted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from relkit.errors import FitError, StorageError
from relkit.models.tree_shapley import shapley

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]

_CHECKED, _TOLERANCE = 1000, 1e-9
WORTHWHILE = 2_000_000
"""Rows times trees from which walking row by row recovers the time to load its compiled form; the sums are the same to the last bit."""
_SAMPLE = 20_000
_REFIT = "The saved model is damaged: fit it again."


@dataclass(frozen=True, eq=False, kw_only=True)
class Trees:
    """Trees, with their nodes in sequence; both children of a leaf are itself.

    Attributes:
        base: raw score before the first tree.
        roots: first node of each tree, shape (T,).
        depths: levels below the root, shape (T,).
        feature: column a node splits on, shape (nodes,).
        threshold: rows with at most this go left, shape (nodes,).
        left: node, shape (nodes,).
        right: node, shape (nodes,).
        value: of a leaf, its addition to the raw score; of another node, the mean over the fitted rows below it.
        gain: loss reduction of the node, 0 for a leaf, shape (nodes,).
        left_share: of the fitted rows at a node, the share that goes left, 0 for a leaf, shape (nodes,); empty in versions saved
            without it, and in trees that only score.
    """

    base: float
    roots: Indexes
    depths: Indexes
    feature: Indexes
    threshold: Floats
    left: Indexes
    right: Indexes
    value: Floats
    gain: Floats
    left_share: Floats = field(default_factory=lambda: np.zeros(0))

    def damage(self) -> str:
        """Return the reason for which rows could not be walked to a leaf, or ""; walks check no index, so that they are fast."""
        n, own = len(self.value), np.arange(len(self.value))
        leaf = (self.left == own) & (self.right == own)
        # Children come after their parents: no walk returns to a node.
        falls = (self.left > own) & (self.right > own) & (self.left < n) & (self.right < n)
        if not (leaf | falls).all():
            return "trees: a node has no children after it"
        if len(self.roots) and not 0 <= self.roots.min() <= self.roots.max() < n:
            return "trees: a root is no node"
        return "trees: a tree is deeper than it has nodes" if (self.depths >= max(n, 1)).any() else ""

    @classmethod
    def of(cls, classifier: Any, X: Floats, weight: Floats) -> Self:
        """Return the trees of a fitted classifier of two classes whose columns are numbers, none missing.

        Args:
            classifier: a HistGradientBoostingClassifier.
            X: what it was fitted to, shape (r, d).
            weight: of the rows, shape (r,).

        Raises:
            FitError: the arrays do not give scikit-learn's own scores.
        """
        found, counts = cls._read(classifier, X)
        found = replace(found, left_share=np.zeros(len(counts)))
        step = -(-len(X) // _SAMPLE)
        found._set_means(X[::step], weight[::step], counts)  # noqa: SLF001 its own class
        return found

    @classmethod
    def scoring(cls, learner: Any, X: Floats) -> Self:
        """Return the trees of a fitted classifier of two classes, or of a regressor, for scores alone: inner nodes have no means.

        Args:
            learner: a HistGradientBoostingClassifier or HistGradientBoostingRegressor; with Poisson loss the score is the logarithm of
                the mean.
            X: what it was fitted to, shape (r, d).

        Raises:
            FitError: the arrays do not give scikit-learn's own scores.
        """
        return cls._read(learner, X)[0]

    @classmethod
    def _read(cls, classifier: Any, X: Floats) -> tuple[Self, Floats]:
        """Return the trees without means of inner nodes, and the rows of the fit below each node."""
        grown = [trees[0].nodes for trees in classifier._predictors]  # noqa: SLF001 no public way to the nodes
        sizes = np.array([len(nodes) for nodes in grown])
        roots = np.cumsum(sizes) - sizes
        nodes, shift = np.concatenate(grown), np.repeat(roots, sizes)
        leaf, own = nodes["is_leaf"].astype(bool), np.arange(len(nodes))
        found = cls(
            base=float(classifier._baseline_prediction.ravel()[0]),  # noqa: SLF001
            roots=roots.astype(np.int64),
            depths=np.array([tree["depth"].max() for tree in grown], dtype=np.int64),
            feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64),
            threshold=np.where(leaf, 0.0, nodes["num_threshold"]),
            left=np.where(leaf, own, nodes["left"] + shift).astype(np.int64),
            right=np.where(leaf, own, nodes["right"] + shift).astype(np.int64),
            value=np.where(leaf, nodes["value"], 0.0),
            gain=np.where(leaf, 0.0, nodes["gain"]),
        )
        found._check(classifier, X)
        return found, nodes["count"].astype(np.float64)

    def _check(self, classifier: Any, X: Floats) -> None:
        some = X[:: max(len(X) // _CHECKED, 1)]
        own = classifier.decision_function(some) if hasattr(classifier, "decision_function") else classifier.predict(some)
        own = np.log(own) if getattr(classifier, "loss", "") == "poisson" else own
        off = float(np.abs(self.raw(some) - own).max(initial=0.0))
        if off > _TOLERANCE * max(1.0, float(np.abs(own).max(initial=0.0))):
            raise FitError(
                f"the trees read out of scikit-learn score up to {off:.2g} off its own scores.",
                where="boosted trees",
                remedy="Use a version of scikit-learn that relkit was tested with.",
            )

    def _set_means(self, X: Floats, weight: Floats, counts: Floats) -> None:
        """Set every inner node to the mean of the rows below it, by weight, with the share that goes left; by counts if none passed it."""
        passed = np.zeros(len(self.value))
        for path in self._paths(X):
            for j, node in enumerate(path):
                # Rows that stay on a leaf are counted on arrival only.
                moved = np.full(len(node), fill_value=True) if j == 0 else node != path[j - 1]
                passed += np.bincount(node[moved], weight[moved], len(passed))
        for inner in range(len(self.value) - 1, -1, -1):  # children come after their parents
            if self.left[inner] != inner:
                below = [self.left[inner], self.right[inner]]
                shares = passed[below] if passed[below].sum() > 0 else counts[below]
                self.value[inner] = shares @ self.value[below] / shares.sum()
                self.left_share[inner] = shares[0] / shares.sum()

    def raw(self, X: Floats, *, in_all: int = 0) -> Floats:
        """Return the raw score of rows, shape (n,): the log-odds.

        Args:
            X: shape (n, d).
            in_all: rows that the caller will have scored, if X has only some of them.
        """
        if self.feature.max(initial=-1) >= max(X.shape[1], 1):
            raise StorageError(f"the trees split on column {self.feature.max() + 1} of {X.shape[1]}.", where="boosted trees", remedy=_REFIT)
        score = np.full(len(X), self.base)
        if max(len(X), in_all) * len(self.roots) >= WORTHWHILE:
            children = np.column_stack([self.right, self.left]).ravel()
            _compiled()(np.ascontiguousarray(X), score, self.roots, self.depths, self.feature, self.threshold, children, self.value)
            return score
        for path in self._paths(X):
            score += self.value[path[-1]]
        return score

    def parts(self, X: Floats, *, given: tuple[int, ...] = ()) -> Floats:
        """Return the contribution of each column to the raw score, its Shapley value (`relkit.models.tree_shapley`), shape (n, d).

        They add up to the raw score less that of the mean row of the fit; of the mean row with the same values in the columns `given`,
        if there are some, which contribute 0.
        """
        return shapley(self, X, given=given)

    def shares(self) -> Floats:
        """Return the share of the fitted rows of a node that went left, shape (nodes,); models saved without it have it by the means."""
        if len(self.left_share):
            return self.left_share
        over = self.value[self.left] - self.value[self.right]
        share = np.divide(self.value - self.value[self.right], over, out=np.full(len(over), 0.5), where=over != 0)
        return np.asarray(np.clip(share, 0.0, 1.0))

    def importance(self, columns: int) -> Floats:
        """Return the share of each column in the loss reduction of all nodes, shape (columns,)."""
        gain = np.bincount(self.feature, np.maximum(self.gain, 0.0), columns)
        share: Floats = gain / max(float(gain.sum()), 1e-300)
        return share

    def _paths(self, X: Floats) -> Iterator[list[Indexes]]:
        """Yield for each tree the nodes that the rows reach, from the root on, one array per level."""
        rows = np.arange(len(X))
        for root, depth in zip(self.roots.tolist(), self.depths.tolist(), strict=True):
            path = [np.full(len(X), root, dtype=np.int64)]
            for _ in range(depth):
                node = path[-1]
                goes_left = X[rows, self.feature[node]] <= self.threshold[node]
                path.append(np.where(goes_left, self.left[node], self.right[node]))
            yield path


def add_leaves(
    X: Floats, score: Floats, roots: Indexes, depths: Indexes, feature: Indexes, threshold: Floats, children: Indexes, value: Floats
) -> None:
    """Add to the scores of rows the values of the leaves that they reach, tree by tree.

    Rows go down a tree eight at a time, without a branch: the walks of several rows overlap, while one after the other would wait for
    each comparison.

    Args:
        X: rows, shape (n, d).
        score: to be added to, shape (n,).
        roots: as in `Trees`, like the next ones.
        depths: of the trees.
        feature: of the nodes.
        threshold: of the nodes.
        children: right and left child of each node in turn, shape (2 nodes,).
        value: of the nodes.
    """
    together = 8
    at = np.zeros(together, np.int64)
    for first in range(0, len(X), together):
        rows = min(together, len(X) - first)
        for tree in range(len(roots)):
            for j in range(rows):
                at[j] = roots[tree]
            for _ in range(depths[tree]):
                for j in range(rows):
                    node = at[j]
                    at[j] = children[2 * node + np.int64(X[first + j, feature[node]] <= threshold[node])]
            for j in range(rows):
                score[first + j] += value[at[j]]


@cache
def _compiled() -> Callable[..., None]:
    import numba

    compiled: Callable[..., None] = numba.njit(cache=True, nogil=True)(add_leaves)
    return compiled
