"""Bounds against scipy and the scales on which they are symmetric."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from relkit.metrics.intervals import bounds, log_bounds, normal_reach, share_bounds, survival_bounds


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
def test_the_reach_is_the_normal_quantile(level: float) -> None:
    assert normal_reach(level) == pytest.approx(stats.norm.ppf((1 + level) / 2), rel=1e-12)


def test_bounds_are_symmetric_on_their_scale() -> None:
    estimate, error = np.array([0.3, 2.0]), np.array([0.1, 0.4])
    low, high = bounds(estimate, error, 0.9)
    assert (low + high) / 2 == pytest.approx(estimate)
    low, high = log_bounds(estimate, error, 0.9)
    assert np.sqrt(low * high) == pytest.approx(estimate)
    low, high = survival_bounds(estimate, error, 0.9)
    assert np.sqrt(np.log(low) * np.log(high)) == pytest.approx(estimate)
    assert np.log(-np.log(low)) - np.log(estimate) == pytest.approx(normal_reach(0.9) * error)


def test_a_hazard_of_which_nothing_is_known() -> None:
    low, high = survival_bounds(np.array([0.5, 0.0]), np.array([1e6, 1e6]))
    assert low.tolist() == [0.0, 1.0]
    assert high == pytest.approx([1.0, 1.0], abs=1e-12)


def test_shares_against_scipy() -> None:
    """scipy.stats.binomtest(k, n).proportion_ci(method="wilson"), scipy 1.16."""
    counts, size = np.array([0, 3, 40, 50]), np.array([10, 12, 80, 50])
    low, high = share_bounds(counts / size, size.astype(float), 0.95)
    for k, n, one, other in zip(counts, size, low, high, strict=True):
        theirs = stats.binomtest(int(k), int(n)).proportion_ci(0.95, method="wilson")
        assert (one, other) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
