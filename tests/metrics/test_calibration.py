"""Calibration by group, on forecasts of known quality."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.metrics.calibration import calibration, calibration_of_groups


def test_true_probabilities_are_calibrated_in_every_decile() -> None:
    rng = np.random.default_rng(4)
    rate = rng.uniform(0.005, 0.05, 40_000)
    ends = rng.exponential(1 / rate)
    found = calibration(np.minimum(ends, 30.0), ends <= 30, 1 - np.exp(-rate * 20), 20.0, level=0.999)
    assert found.size.tolist() == [4000] * 10
    assert (np.diff(found.predicted) > 0).all()
    assert ((found.lower < found.predicted) & (found.predicted < found.upper)).all()
    assert found.mean_error < 0.01


def test_calibration_shows_overestimated_groups() -> None:
    rng = np.random.default_rng(4)
    ends = rng.exponential(20.0, 5000)
    churn = np.where(np.arange(5000) < 2500, 0.9, 1 - np.exp(-0.5))
    found = calibration(ends, np.ones(5000, bool), churn, 10.0)
    assert found.size.tolist() == [2500, 2500]
    assert found.lower[0] < found.predicted[0] < found.upper[0]
    assert found.upper[1] < found.predicted[1]
    assert found.mean_error == pytest.approx((0.9 - (1 - np.exp(-0.5))) / 2, abs=0.02)


def test_calibration_needs_a_group() -> None:
    with pytest.raises(ParameterError, match="groups is 0; it must be at least 1"):
        calibration(np.ones(3), np.ones(3, bool), np.ones(3), 1.0, groups=0)


def test_a_group_that_nobody_left_has_an_interval_all_the_same() -> None:
    """Clopper and Pearson (1934): of 0 in 20 the upper 95 % bound is 1 - 0.025^(1/20) = 0.1684."""
    duration, event = np.full(40, 90.0), np.repeat([False, True], 20)
    duration[20:] = 30.0
    found = calibration_of_groups(duration, event, np.repeat([0.1, 0.9], 20), 90.0, np.repeat([0, 1], 20))
    assert found.observed.tolist() == [0, 1]
    assert found.upper == pytest.approx([0.1684, 1], abs=5e-5)
    assert found.lower == pytest.approx([0, 0.8316], abs=5e-5)
