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


@pytest.mark.parametrize("expected", [1, 3, 10, 30, 100])
def test_coverage_of_sums_of_different_weights(expected: int) -> None:
    """Credit of journeys with one to four channels; one more event brings at most the largest weight observed, 1 if there is none."""
    rng = np.random.default_rng(2)
    weights, shares = np.array([1.0, 0.5, 1 / 3, 0.25]), np.array([0.3, 0.3, 0.2, 0.2])
    counts = rng.poisson(expected * shares / (shares @ weights), (20_000, 4))
    one_more = np.where(counts.any(axis=1), (weights * (counts > 0)).max(axis=1), 1.0)
    low, high = weighted_count_bounds(counts @ weights, counts @ weights**2, one_more)
    assert 0.945 < np.mean((low <= expected) & (expected <= high)) < 0.995


@pytest.mark.parametrize(("expected", "least"), [(3, 0.86), (10, 0.92), (30, 0.945), (100, 0.955)])
@pytest.mark.parametrize("is_lognormal", [False, True])
def test_coverage_of_sums_of_skewed_values(expected: int, least: float, is_lognormal: bool) -> None:
    rng = np.random.default_rng(3)
    counts = rng.poisson(expected, 4000)
    n = int(counts.sum())
    values = rng.lognormal(-0.5, 1.0, n) if is_lognormal else rng.exponential(1.0, n)
    draw = np.repeat(np.arange(4000), counts)
    largest = np.zeros(4000)
    np.maximum.at(largest, draw, values)
    sums = np.bincount(draw, values, 4000), np.bincount(draw, values**2, 4000)
    low, high = weighted_count_bounds(*sums, np.where(counts > 0, largest, 1.0))
    assert least < np.mean((low <= expected) & (expected <= high)) < 0.98
