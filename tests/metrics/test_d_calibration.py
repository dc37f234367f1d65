"""D-calibration against its definition, and its test's size by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.metrics.d_calibration import d_calibration


def test_counts_follow_their_definition() -> None:
    """Haider et al. (2020), eq. 14 to 16, row by row."""
    rng = np.random.default_rng(1)
    survival, event = rng.random(400), rng.random(400) < 0.6
    counts = np.zeros(10)
    for s, ended in zip(survival, event, strict=True):
        for k in range(10):
            low, high = k / 10, (k + 1) / 10
            if ended:
                counts[k] += low < s <= high
            else:
                counts[k] += max(0.0, min(s, high) - low) / s
    found = d_calibration(survival, event)
    np.testing.assert_allclose(found.shares, counts / 400, rtol=0, atol=1e-12)
    assert found.statistic == pytest.approx(((counts - 40) ** 2 / 40).sum(), rel=1e-10)


def test_right_curves_are_rejected_at_the_nominal_level() -> None:
    """Complete data, 2,000 samples of 300: 5 % within three standard errors; with half of them censored at most that."""
    rng = np.random.default_rng(2)
    every = np.ones(300, bool)
    whole = np.mean([d_calibration(rng.random(300), every).p_value < 0.05 for _ in range(2000)])
    assert whole == pytest.approx(0.05, abs=0.015)
    ends, lost = rng.random((2000, 300)), rng.random((2000, 300))
    some = np.mean([d_calibration(np.maximum(e, c), e >= c).p_value < 0.05 for e, c in zip(ends, lost, strict=True)])
    assert some < 0.05


def test_wrong_curves_are_rejected() -> None:
    rng = np.random.default_rng(3)
    found = d_calibration(rng.random(1000) ** 1.5, np.ones(1000, bool))
    assert found.p_value < 1e-6
    assert found.shares[0] > 0.15


def test_the_ends_of_the_scale_have_their_parts() -> None:
    found = d_calibration(np.array([0.0, 1.0]), np.array([True, True]), bins=2)
    assert found.shares.tolist() == [0.5, 0.5]
    assert d_calibration(np.array([0.0]), np.array([False]), bins=2).shares.tolist() == [1.0, 0.0]


def test_invalid_probabilities_are_refused() -> None:
    with pytest.raises(ParameterError, match="survival: a survival is not a probability"):
        d_calibration(np.array([1.2]), np.array([True]))
    with pytest.raises(ParameterError, match="bins is 1; it must be at least 2"):
        d_calibration(np.array([0.2]), np.array([True]), bins=1)
