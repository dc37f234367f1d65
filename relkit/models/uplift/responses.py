"""Responses: the outcome as a function of features, by gradient boosting, the base learner of all learners of effects.

The trees are grown by scikit-learn and kept as plain arrays (`relkit.models.boosted_trees`). An outcome of 0 and 1 has a log-odds scale,
and its response is the probability; another one has its own scale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.models.boosted_trees import Trees
from relkit.models.few_threads import few_threads

if TYPE_CHECKING:
    from relkit.models.uplift.unit_rows import Flags

Floats = NDArray[np.float64]
Scale = Literal["own", "log_odds", "log"]

ALIKE = 1e-9
"""Largest difference of weights that count as equal, as a share of the largest."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Response:
    """A fitted response.

    Attributes:
        trees: on the scale of the fit.
        scale: of the fit: that of the outcome, its log-odds, or its logarithm.
        factor: of what the trees give back on the scale of the outcome: the smearing of a logarithm, else 1.
    """

    trees: Trees
    scale: Scale = "own"
    factor: float = 1.0

    def of(self, X: Floats) -> Floats:
        """Return the expected outcome of rows, shape (n,)."""
        return self._back(self.trees.raw(X))

    def _back(self, raw: Floats) -> Floats:
        """Return outcomes from the scale of the fit."""
        if self.scale == "own":
            return raw
        found: Floats = special.expit(raw) if self.scale == "log_odds" else self.factor * np.exp(raw)
        return found

    def with_arm(self, X: Floats, treated: bool) -> Floats:  # noqa: FBT001
        """Return the expected outcome of rows if all were in one arm, for a response whose last column is the arm, shape (n,)."""
        return self.of(beside(X, np.full(len(X), treated)))


@dataclass(frozen=True, kw_only=True)
class Boosting:
    """Settings of the gradient boosting.

    Attributes:
        trees: their number.
        leaves: most leaves of a tree.
        learning_rate: factor of each tree.
        fewest_in_leaf: fewest rows of a leaf.
        l2: penalty of the values of leaves.
        share_of_columns: columns tried at each node.
        seed: of the draw of columns.
    """

    trees: int = 60
    leaves: int = 7
    learning_rate: float = 0.1
    fewest_in_leaf: int = 20
    l2: float = 1.0
    share_of_columns: float = 1.0
    seed: int = 0

    def fit(self, X: Floats, y: Floats, weight: Floats | None = None) -> Response:
        """Return the response of an outcome.

        Args:
            X: columns, shape (n, d).
            y: outcome, shape (n,).
            weight: of the rows, shape (n,); None if all weigh the same.
        """
        return self._grown(X, y, weight, is_probability=is_binary(y))

    def regress(self, X: Floats, y: Floats, weight: Floats | None = None) -> Response:
        """Return the regression of a number, even if it is 0 and 1 only; arguments as for `fit`."""
        return self._grown(X, y, weight, is_probability=False)

    def fit_amount(self, X: Floats, y: Floats) -> Response:
        """Return the response of a positive amount by its logarithm, brought back by smearing (Duan 1983); arguments as for `fit`."""
        found = replace(self.regress(X, np.log(y)), scale="log")
        return replace(found, factor=float(np.mean(y / found.of(X))) if len(y) else 1.0)

    def _grown(self, X: Floats, y: Floats, weight: Floats | None, *, is_probability: bool) -> Response:
        if len(y) == 0 or np.ptp(y) == 0:
            return Response(trees=constant(float(y[0]) if len(y) else 0.0))
        learner = self._learner(is_probability=is_probability)
        # Equal weights are left out: with weights scikit-learn sorts every column once for each of its bins.
        alike = weight is None or np.ptp(weight) < ALIKE * weight.max()
        with few_threads(len(y)):
            trees = Trees.scoring(learner.fit(X, y, sample_weight=None if alike else weight), X)
        return Response(trees=trees, scale="log_odds" if is_probability else "own")

    def _learner(self, *, is_probability: bool) -> Any:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        made = HistGradientBoostingClassifier if is_probability else HistGradientBoostingRegressor
        return made(
            max_iter=self.trees,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.fewest_in_leaf,
            l2_regularization=self.l2,
            max_features=self.share_of_columns,
            early_stopping=False,
            random_state=self.seed,
        )


def is_binary(y: Floats) -> bool:
    """Return whether an outcome is 0 and 1 only."""
    return bool(((y == 0) | (y == 1)).all())


def beside(X: Floats, treated: Flags | Floats) -> Floats:
    """Return the columns of rows with the arm as the last one, shape (n, d + 1).

    Examples:
        >>> beside(np.array([[5.0], [6.0]]), np.array([True, False])).tolist()
        [[5.0, 1.0], [6.0, 0.0]]
    """
    return np.column_stack([X, np.asarray(treated, dtype=np.float64)])


def constant(value: float) -> Trees:
    """Return trees that give every row the same score.

    Examples:
        >>> constant(2.5).raw(np.zeros((2, 3))).tolist()
        [2.5, 2.5]
    """
    one = np.zeros(1, dtype=np.int64)
    return Trees(
        base=value,
        roots=one,
        depths=one,
        feature=one,
        threshold=np.zeros(1),
        left=one,
        right=one,
        value=np.zeros(1),
        gain=np.zeros(1),
    )
