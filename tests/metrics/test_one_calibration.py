"""The test of calibration at one horizon: its size and power by simulation, and its statistic by hand."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import NotEnoughEventsError
from relkit.metrics.one_calibration import one_calibration


def drawn(rng: np.random.Generator, n: int = 1000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rate = rng.uniform(0.01, 0.06, n)
    ends, lost = rng.exponential(1 / rate), rng.uniform(0, 50, n)
    return np.minimum(ends, lost), ends <= lost, -np.expm1(-rate * 20)


def test_without_censoring_it_is_hosmer_and_lemeshow_with_observed_variance() -> None:
    duration = np.concatenate([np.repeat([1.0, 9.0], [20, 80]), np.repeat([1.0, 9.0], [60, 40])])
    churn = np.repeat([0.25, 0.5], 100)
    found = one_calibration(duration, np.ones(200, bool), churn, 5.0, groups=2)
    assert found.statistic == pytest.approx(0.05**2 / (0.2 * 0.8 / 100) + 0.1**2 / (0.6 * 0.4 / 100), rel=1e-12)
    assert found.groups == 2
    assert found.p_value == pytest.approx(np.exp(-found.statistic / 2), rel=1e-12)  # chi-square with 2 degrees of freedom


def test_true_probabilities_are_rejected_near_the_nominal_level() -> None:
    """600 samples of 1,000, four in ten censored before the horizon."""
    rng = np.random.default_rng(1)
    rejected = np.mean([one_calibration(*drawn(rng), 20.0).p_value < 0.05 for _ in range(600)])
    assert 0.03 < rejected < 0.10  # the variance of groups with few left is itself an estimate


def test_wrong_probabilities_are_rejected() -> None:
    duration, event, churn = drawn(np.random.default_rng(2), 5000)
    assert one_calibration(duration, event, churn**1.4, 20.0).p_value < 1e-6


def test_groups_with_few_events_are_joined() -> None:
    duration = np.array([1.0] * 20 + [9.0] * 80)
    found = one_calibration(duration, duration < 5, np.linspace(0.3, 0.01, 100), 5.0)
    assert found.groups == 2


def test_too_few_events_are_refused() -> None:
    with pytest.raises(NotEnoughEventsError, match="2 spells ended within 5 days; the test needs 5"):
        one_calibration(np.array([1.0, 2.0, 9.0]), np.ones(3, bool), np.array([0.1, 0.2, 0.3]), 5.0)
