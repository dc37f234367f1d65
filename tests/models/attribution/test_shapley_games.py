"""Tables of coalitions against definitions: sums over subsets, orders of joining."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from relkit.models.attribution import shapley_games


def test_sums_over_subsets_and_supersets() -> None:
    own = np.random.default_rng(1).normal(size=16)
    codes = np.arange(16)
    inside = (codes[:, None] & codes[None, :]) == codes[None, :]
    assert shapley_games.subset_sums(own) == pytest.approx(inside @ own)
    assert shapley_games.superset_sums(own) == pytest.approx(inside.T @ own)


def test_values_are_means_over_all_orders() -> None:
    worth = np.random.default_rng(2).normal(size=32)
    worth[0] = 0.0
    total = np.zeros(5)
    for order in permutations(range(5)):
        before = 0
        for channel in order:
            after = before | (1 << channel)
            total[channel] += worth[after] - worth[before]
            before = after
    assert shapley_games.shapley_values(worth) == pytest.approx(total / 120)


def test_a_published_characteristic_function() -> None:
    """Worth of F, O, FO, L, FL, OL, FOL (github.com/tomgorb/misc, a notebook on Shapley values)."""
    worth = np.array([0.0, 0.2, 0.1, 0.47, 0.17, 0.67, 0.27, 1.0])
    assert shapley_games.shapley_values(worth) == pytest.approx([0.455, 0.205, 0.34])


@pytest.mark.parametrize("channel", range(4))
def test_weights_are_the_derivatives_of_values(channel: int) -> None:
    worth = np.random.default_rng(3).normal(size=16)
    weights = shapley_games.contribution_weights(16, channel)
    assert weights @ worth == pytest.approx(shapley_games.shapley_values(worth)[channel])
    assert weights.sum() == pytest.approx(0.0)
