"""Honest trees: a split and its leaves by hand, several arms, whole households, and forecasts of rows that were not drawn."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.models.uplift.honest_trees import Binned, best_split, grow, grow_tree, worth

X = np.array([[0.0], [0.0], [0.0], [0.0], [1.0], [1.0], [1.0], [1.0]])
ARM = np.array([0, 1, 0, 1, 0, 1, 0, 1])


def test_a_tiny_tree_is_that_of_a_calculation_by_hand() -> None:
    """Rows 0, 1, 4, 5 decide: effects 1 at x = 0 and 5 at x = 1. The others tell: 2 at x = 0, and 4 at x = 1."""
    y = np.array([0.0, 1.0, 1.0, 3.0, 0.0, 5.0, 2.0, 6.0])
    part = np.array([1, 1, 2, 2, 1, 1, 2, 2], np.int8)
    places, effect, gain = np.zeros((3, 3), np.int64), np.zeros((3, 1)), np.zeros(3)
    limits = np.array([2, 2, 1, 1, 0])
    assert grow_tree(Binned.of(X).bins, y, ARM, np.ones(8), part, limits, 0.0, places, effect, gain) == 3
    assert places.tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert effect.ravel().tolist() == [3.0, 2.0, 4.0]
    assert gain[0] == 2 * 1**2 + 2 * 5**2 - 4 * 3**2  # n tau^2 on both sides, less that of the node


def test_the_gain_less_the_variance_of_effects() -> None:
    """Sums of rows, weights, outcomes and squares: controls 1 and 3, treated 4 and 6; tau 3, variances of the means 1 / 2 each."""
    sums = np.array([[2.0, 2.0, 4.0, 10.0], [2.0, 2.0, 10.0, 52.0]])
    assert worth(sums, 2, 0.0) == 4 * 9
    assert worth(sums, 2, 2.0) == 4 * 9 - 2 * 4 * (0.5 + 0.5)


def test_a_split_looks_at_all_actions() -> None:
    """The first action moves everybody alike; the second moves only customers with x = 1."""
    x = np.repeat([0.0, 1.0], 30)
    arm = np.tile([0, 1, 2], 20)
    y = 1.0 * (arm == 1) + 2.0 * (arm == 2) * x
    bins = Binned.of(x[:, None]).bins
    gain, feature, cut = best_split(bins, y, arm, np.ones(60), np.arange(60), 3, 5, 1, 0.0)
    assert (feature, cut) == (0, 0)
    assert gain == pytest.approx(30 * (1 + 0) + 30 * (1 + 4) - 60 * (1 + 1))


def test_effects_of_several_actions_are_found_by_one_forest() -> None:
    rng = np.random.default_rng(0)
    x, arm = rng.random((4000, 2)), rng.integers(0, 3, 4000)
    y = 2.0 * (arm == 1) * (x[:, 0] > 0.5) + 1.0 * (arm == 2) + rng.normal(scale=0.5, size=4000)
    found = grow(x, y, arm, np.full(4000, 3.0), np.arange(4000), trees=20, leaves=4, fewest_in_arm=20, columns_tried=2)
    right = x[:, 0] > 0.5
    assert found.of_action(0).raw(x)[right].mean() == pytest.approx(2.0, abs=0.2)
    assert found.of_action(0).raw(x)[~right].mean() == pytest.approx(0.0, abs=0.2)
    assert found.of_action(1).raw(x).mean() == pytest.approx(1.0, abs=0.1)


def test_rows_are_forecast_by_the_trees_that_did_not_draw_them() -> None:
    """Each row is drawn by half of the trees; noise alone is forecast as well as by chance, not better, out of bag."""
    rng = np.random.default_rng(1)
    x, arm, y = rng.random((600, 3)), rng.integers(0, 2, 600), rng.normal(size=600)
    found = grow(x, y, arm, np.full(600, 2.0), np.arange(600), trees=40, leaves=16, fewest_in_arm=3, columns_tried=3)
    gain = 4 * (arm - 0.5) * y
    assert np.isfinite(found.out_of_bag).all()
    assert abs(np.corrcoef(found.out_of_bag[:, 0], gain)[0, 1]) < 0.15
    assert np.corrcoef(found.trees.raw(x), gain)[0, 1] > 0.2


def test_weights_make_up_for_unequal_chances_of_treatment() -> None:
    """Half of the rows are rarely treated and respond twice as much: the leaf of all has the mean effect of all rows."""
    rng = np.random.default_rng(2)
    rare = np.arange(8000) % 2 == 0
    e = np.where(rare, 0.2, 0.8)
    arm = (rng.random(8000) < e).astype(np.int64)
    y = arm * np.where(rare, 2.0, 1.0) + 3.0 * rare
    weight = np.where(arm == 1, 1 / e, 1 / (1 - e))
    found = grow(np.zeros((8000, 1)), y, arm, weight, np.arange(8000), trees=10, leaves=2, fewest_in_arm=5, columns_tried=1)
    assert found.trees.raw(np.zeros((1, 1)))[0] == pytest.approx(1.5, abs=0.1)


def test_few_values_have_a_bin_each_and_many_have_quantiles() -> None:
    binned = Binned.of(np.column_stack([np.arange(1000.0), np.arange(1000) % 3]), 10)
    assert np.bincount(binned.bins[:, 0]).tolist() == [100] * 10
    assert binned.edges[binned.first[1] :].tolist() == [0.0, 1.0]
