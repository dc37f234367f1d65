"""Shapley values of trees against their definition, over all sets of columns."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from relkit.models import tree_shapley
from relkit.models.boosted_trees import Trees


def grown(leaves: int = 6, trees: int = 3) -> tuple[Trees, np.ndarray]:
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(900, 3)), rng.integers(0, 2, 900)])
    y = (X[:, 0] * X[:, 1] + X[:, 3] * X[:, 2] + rng.normal(0, 0.3, 900) > 0).astype(int)
    learner = HistGradientBoostingClassifier(max_iter=trees, max_leaf_nodes=leaves, early_stopping=False, random_state=0)
    weight = rng.uniform(0.5, 2.0, 900)
    return Trees.of(learner.fit(X, y, sample_weight=weight), X, weight), X


def expected(trees: Trees, node: int, x: np.ndarray, known: tuple[int, ...]) -> float:
    """Return the expectation of a tree if some columns are known, by walking it (Lundberg, Erion and Lee 2018, algorithm 1)."""
    left, right = int(trees.left[node]), int(trees.right[node])
    if left == node:
        return float(trees.value[node])
    if trees.feature[node] in known:
        return expected(trees, left if x[trees.feature[node]] <= trees.threshold[node] else right, x, known)
    share = trees.left_share[node]
    return share * expected(trees, left, x, known) + (1 - share) * expected(trees, right, x, known)


def by_definition(trees: Trees, x: np.ndarray, given: tuple[int, ...] = ()) -> np.ndarray:
    free, found = [j for j in range(len(x)) if j not in given], np.zeros(len(x))
    for i in free:
        others = [j for j in free if j != i]
        for size in range(len(free)):
            weight = factorial(size) * factorial(len(free) - size - 1) / factorial(len(free))
            for some in combinations(others, size):
                known = (*some, *given)
                gains = (expected(trees, root, x, (*known, i)) - expected(trees, root, x, known) for root in trees.roots.tolist())
                found[i] += weight * sum(gains)
    return found


@pytest.mark.parametrize("few", [10, 0])
def test_values_are_those_of_the_definition_and_add_up(monkeypatch: Any, few: int) -> None:
    monkeypatch.setattr(tree_shapley, "FEW_SPLITS", few)
    trees, X = grown()
    found = trees.parts(X[:8])
    np.testing.assert_allclose(found, [by_definition(trees, x) for x in X[:8]], rtol=0, atol=1e-13)
    np.testing.assert_allclose(trees.parts(X[:4], given=(0,)), [by_definition(trees, x, (0,)) for x in X[:4]], rtol=0, atol=1e-13)
    mean = trees.base + trees.value[trees.roots].sum()
    np.testing.assert_allclose(trees.parts(X).sum(axis=1), trees.raw(X) - mean, rtol=0, atol=1e-12)


def test_two_columns_that_interact_share_what_neither_does_alone() -> None:
    """By hand: 1 if both are above 0, of four equally frequent rows. Of 1 - 1/4 each gets half; alone one would bring 1/4 of it."""
    value = np.array([0.25, 0.5, 0.0, 1.0, 0.0])
    trees = Trees(
        base=0.0,
        roots=np.array([0]),
        depths=np.array([2]),
        feature=np.array([0, 1, 0, 0, 0]),
        threshold=np.zeros(5),
        left=np.array([2, 4, 2, 3, 4]),
        right=np.array([1, 3, 2, 3, 4]),
        value=value,
        gain=np.zeros(5),
    )
    np.testing.assert_allclose(
        trees.parts(np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]])), [[0.375, 0.375], [0.125, -0.375], [-0.375, 0.125]]
    )


def test_versions_saved_without_shares_have_them_by_their_means() -> None:
    from dataclasses import replace

    trees, X = grown()
    np.testing.assert_allclose(replace(trees, left_share=np.zeros(0)).parts(X[:20]), trees.parts(X[:20]), rtol=0, atol=1e-9)
