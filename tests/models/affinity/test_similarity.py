"""Similarity of products, against plain matrix products, and the closed form of EASE against a direct solution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from models.affinity.shoppers import histories, simulated

from relkit.errors import ParameterError
from relkit.models.affinity import similarity
from relkit.models.affinity.ease import ease_neighbours, ease_weights
from relkit.models.affinity.habits import FAST, SLOW, Pairs
from relkit.models.affinity.histories import Read, read_histories
from relkit.models.affinity.similarity import BM25_B, BM25_K1, neighbours


@pytest.fixture(scope="module")
def world() -> tuple[Read, Pairs, np.ndarray]:
    """Return a world, its pairs, and customers by products as a dense matrix of baskets."""
    read = read_histories(simulated(200, seed=5, products=25)[0])
    pairs = Pairs.of(read.histories, len(read.names))
    counts = np.zeros((len(read.ids), len(read.names)))
    counts[pairs.customers, pairs.items] = pairs.counts
    return read, pairs, counts


def dense(found: Any, items: int) -> np.ndarray:
    matrix = np.zeros((items, items))
    rows = np.repeat(np.arange(items), found.items.shape[1])
    there = found.items.ravel() >= 0
    matrix[rows[there], found.items.ravel()[there]] = found.values.ravel()[there]
    return matrix


def test_pairs_by_hand() -> None:
    """Customer a: xy, x, (nothing of these), x; 'x' twice in the first basket counts once."""
    read = read_histories(histories(("a", [(40, "xyx"), (30, "x"), (20, "z"), (10, "x")])))
    pairs = Pairs.of(read.histories, 3)
    assert pairs.items.tolist() == [0, 1, 2]
    assert pairs.counts.tolist() == [3, 1, 1]
    assert pairs.first_orders.tolist() == [0, 0, 2]
    assert pairs.last_orders.tolist() == [3, 0, 2]
    assert (pairs.last_days - pairs.first_days).tolist() == [30, 0, 0]
    assert pairs.slow.tolist() == pytest.approx([1 + SLOW**2 + SLOW**3, SLOW**3, SLOW])
    assert pairs.fast.tolist() == pytest.approx([1 + FAST**2 + FAST**3, FAST**3, FAST])


@pytest.mark.parametrize("few", [0, similarity.FEW_PRODUCTS], ids=["by product", "at once"])
@pytest.mark.parametrize("shrink", [0.0, 10.0])
def test_cosine_and_lift_are_those_of_the_matrix(world: Any, shrink: float, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similarity, "FEW_PRODUCTS", few)
    read, pairs, counts = world
    items, X = len(read.names), (counts > 0).astype(float)
    both, own = X.T @ X, X.sum(axis=0)
    enough = (both >= 2) & ~np.eye(items, dtype=bool)
    cosine = both / (np.sqrt(np.outer(own, own)) + shrink) * enough
    assert dense(neighbours(pairs, items, scale="cosine", shrink=shrink), items) == pytest.approx(cosine, rel=1e-6)
    lift = (both + shrink) / (np.outer(own, own) / len(X) + shrink) * enough
    assert dense(neighbours(pairs, items, scale="lift", shrink=shrink), items) == pytest.approx(lift, rel=1e-6)


def test_bm25_is_that_of_the_matrix(world: Any) -> None:
    read, pairs, counts = world
    items, n = len(read.names), len(counts)
    own, length = (counts > 0).sum(axis=0), (counts > 0).sum(axis=1)
    rare = np.log(1 + (n - own + 0.5) / (own + 0.5))
    W = rare * counts * (BM25_K1 + 1) / (counts + BM25_K1 * (1 - BM25_B + BM25_B * length / length.mean())[:, None])
    norms = np.linalg.norm(W, axis=0)
    enough = ((counts > 0).T.astype(float) @ (counts > 0) >= 2) & ~np.eye(items, dtype=bool)
    expected = W.T @ W / np.outer(norms, norms) * enough
    assert dense(neighbours(pairs, items, scale="bm25", shrink=0.0), items) == pytest.approx(expected, rel=1e-6)


def test_only_the_nearest_are_kept_and_ties_go_by_product(world: Any) -> None:
    read, pairs, _ = world
    items = len(read.names)
    whole, few = neighbours(pairs, items, shrink=0.0), neighbours(pairs, items, shrink=0.0, most=4)
    assert few.items.tolist() == whole.items[:, :4].tolist()
    assert (np.diff(whole.values, axis=1) <= 0).all()
    twins = read_histories(histories(*[(f"c{i}", [(9, "abc")]) for i in range(3)]))
    assert neighbours(Pairs.of(twins.histories, 3), 3).items.tolist() == [[1, 2], [0, 2], [0, 1]]


def test_ease_is_the_constrained_ridge_regression(world: Any) -> None:
    """Each column of B regresses a product on the others with the same penalty: the definition that Steck's closed form solves."""
    read, pairs, counts = world
    items, X, ridge = len(read.names), (counts > 0).astype(float), 20.0
    B = ease_weights(pairs, items, ridge=ridge)
    for j in range(items):
        others = np.delete(np.arange(items), j)
        A = X[:, others]
        expected = np.linalg.solve(A.T @ A + ridge * np.eye(items - 1), A.T @ X[:, j])
        assert B[others, j] == pytest.approx(expected, abs=2e-4)
    assert not np.diag(B).any()
    assert (dense(ease_neighbours(pairs, items, ridge=ridge, most=items), items) >= 0).all()


def test_ease_refuses_what_it_cannot_invert(world: Any) -> None:
    read, pairs, _ = world
    with pytest.raises(ParameterError, match="20,000 products are more than the 15,000 of the closed form"):
        ease_neighbours(pairs, 20_000)
    with pytest.raises(ParameterError, match="ridge is 0"):
        ease_neighbours(pairs, len(read.names), ridge=0.0)
