from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from relkit.metrics.weighted_counts import signed_sum_bounds, weighted_count_bounds


@pytest.mark.parametrize("count", [1, 5, 37, 400])
def test_counts_of_weight_one_have_the_exact_poisson_interval(count: int) -> None:
    """Garwood (1936): half the quantiles of chi-squared with 2x and 2x + 2 degrees of freedom."""
    one = np.ones(1)
    low, high = weighted_count_bounds(count * one, count * one, one, 0.9)
    assert low.item() == pytest.approx(chi2.ppf(0.05, 2 * count) / 2)
    assert high.item() == pytest.approx(chi2.ppf(0.95, 2 * count + 2) / 2)


def test_scaled_weights_scale_the_interval() -> None:
    total, squares, one_more = np.array([7.5, 0.0]), np.array([3.0, 0.0]), np.array([1.0, 0.5])
    plain = weighted_count_bounds(total, squares, one_more)
    scaled = weighted_count_bounds(10 * total, 100 * squares, 10 * one_more)
    assert scaled[0] == pytest.approx(10 * plain[0])
    assert scaled[1] == pytest.approx(10 * plain[1])


def test_a_sum_without_events_and_without_weight_is_zero() -> None:
    low, high = weighted_count_bounds(np.zeros(1), np.zeros(1), np.zeros(1))
    assert (low.item(), high.item()) == (0.0, 0.0)


def test_large_sums_approach_the_normal_interval() -> None:
    weights = np.random.default_rng(1).random(200_000)
    total, squares = np.array([weights.sum()]), np.array([(weights**2).sum()])
    for gamma, normal in zip(weighted_count_bounds(total, squares, np.ones(1)), signed_sum_bounds(total, squares), strict=True):
        assert gamma.item() == pytest.approx(normal.item(), rel=1e-4)


def test_coverage_of_sums_of_different_weights() -> None:
    rng = np.random.default_rng(2)
    weights, rates = np.array([1.0, 0.5, 1 / 3]), np.array([2.0, 4.0, 9.0])
    counts = rng.poisson(rates, (20_000, 3))
    low, high = weighted_count_bounds(counts @ weights, counts @ weights**2, np.ones(20_000))
    truth = float(rates @ weights)
    coverage = np.mean((low <= truth) & (truth <= high))
    assert 0.95 <= coverage < 0.985
