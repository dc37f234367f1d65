"""Measures of lists by hand, and the paired bootstrap."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.metrics.recommendation import Bought, coverage, list_measures, novelty, paired_difference

BOUGHT = Bought(
    offsets=np.array([0, 3, 3, 5]),
    items=np.array([4, 7, -1, 1, 2]),
    is_repeat=np.array([True, False, False, True, True]),
)
"""Three customers: one bought 4 (again), 7 and something unknown; one nothing; one 1 and 2, both again."""
LISTS = np.array([[4, 5, 7], [1, 2, 3], [9, -1, -1]])


def test_recall_and_ndcg_by_hand() -> None:
    """First customer: hits at ranks 1 and 3 of 3 bought; the best list would gain 1 + 1/log2(3) + 1/2."""
    found = list_measures(LISTS, BOUGHT, k=3)
    assert found.recall.tolist() == pytest.approx([2 / 3, np.nan, 0], nan_ok=True)
    best = 1 + 1 / np.log2(3) + 0.5
    assert found.ndcg.tolist() == pytest.approx([1.5 / best, np.nan, 0], nan_ok=True)
    assert found.precision.tolist() == pytest.approx([2 / 3, np.nan, 0], nan_ok=True)
    assert found.hit.tolist() == pytest.approx([1, np.nan, 0], nan_ok=True)


def test_repeats_and_discoveries_are_told_apart() -> None:
    found = list_measures(LISTS, BOUGHT, k=3)
    assert found.recall_repeat.tolist() == pytest.approx([1, np.nan, 0], nan_ok=True)
    assert found.recall_explore.tolist() == pytest.approx([1 / 2, np.nan, np.nan], nan_ok=True)
    assert found.means()["recall_repeat"] == pytest.approx(0.5)


def test_only_the_first_k_count() -> None:
    found = list_measures(LISTS, BOUGHT, k=1)
    assert found.recall[0] == pytest.approx(1 / 3)
    assert found.ndcg[0] == 1.0
    with pytest.raises(ParameterError, match="k is 0"):
        list_measures(LISTS, BOUGHT, k=0)


def test_coverage_and_novelty_leave_out_the_places_of_short_lists() -> None:
    assert coverage(LISTS, 10, k=3) == 7 / 10
    assert novelty(LISTS[2:], np.full(10, 1 / 8), k=3) == 3.0


def test_the_paired_interval_covers_the_true_difference() -> None:
    """95 % intervals of 200 simulated comparisons: the share that cover lies within three standard errors of 0.95."""
    rng = np.random.default_rng(0)
    covers = []
    for seed in range(200):
        shared = rng.random(150)
        found = paired_difference(shared + rng.normal(0.1, 0.3, 150), shared, replicates=300, seed=seed)
        covers.append(found.lower <= 0.1 <= found.upper)
    assert np.mean(covers) == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 200))


def test_a_pair_is_much_more_precise_than_its_parts() -> None:
    rng = np.random.default_rng(1)
    shared = rng.normal(0, 10, 500)
    found = paired_difference(shared + 0.5 + rng.normal(0, 0.1, 500), shared)
    assert found.is_clear
    assert found.upper - found.lower < 0.05
    assert not paired_difference(rng.normal(0, 10, 500), shared).is_clear


def test_customers_to_whom_a_measure_does_not_apply_are_left_out() -> None:
    found = paired_difference(np.array([1.0, np.nan, 0.5]), np.array([0.5, 0.5, np.nan]))
    assert found.difference == 0.5
    assert np.isnan(paired_difference(np.array([np.nan]), np.array([1.0])).difference)
