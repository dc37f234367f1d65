"""Reliability of forecast probabilities: right forecasts are accepted, and wrong ones rejected."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.metrics.reliability import reliability

OWN = np.random.default_rng(1).beta(0.7, 2.0, 20_000)


def happened(p, seed: int):
    return np.random.default_rng(seed).random(len(p)) < p


def test_right_forecasts_pass_at_the_nominal_level() -> None:
    right = [reliability(OWN, happened(OWN, seed)) for seed in range(200)]
    p_values = np.array([each.p_value for each in right])
    assert np.histogram(p_values, bins=4, range=(0, 1))[0].min() > 30
    assert np.mean([each.holds for each in right]) > 0.95


def test_wrong_forecasts_fail() -> None:
    assert not reliability(OWN, happened(OWN * 0.85, 3)).holds


def test_the_figures_are_those_of_the_groups() -> None:
    found = reliability(np.repeat([0.1, 0.5], [100, 50]), np.repeat([0, 1, 0, 1], [80, 20, 25, 25]), groups=10)
    assert found.size.tolist() == [100, 50]
    assert found.observed.tolist() == [0.2, 0.5]
    assert found.std_error == pytest.approx([0.03, np.sqrt(0.25 / 50)])
    assert found.errors == pytest.approx([10 / 3, 0])
    assert found.mean_error == pytest.approx(100 * 0.1 / 150)
    assert found.brier == pytest.approx((80 * 0.01 + 20 * 0.81 + 50 * 0.25) / 150)
    assert not found.holds


def test_the_interval_is_wilson_s() -> None:
    """Brown, Cai and DasGupta (2001): 10 of 50 gives 0.112 to 0.330."""
    low, high = reliability(np.full(50, 0.2), np.repeat([1, 0], [10, 40])).bounds()
    assert (low[0], high[0]) == (pytest.approx(0.1124, abs=5e-4), pytest.approx(0.3304, abs=5e-4))
    low, high = reliability(np.full(50, 0.2), np.zeros(50)).bounds()
    assert (low[0], 0.05 < high[0] < 0.1) == (0, True)


@pytest.mark.parametrize("p", [[1.5], [-0.1], [np.nan], []])
def test_invalid_probabilities_are_refused(p: list[float]) -> None:
    with pytest.raises(ParameterError, match="between 0 and 1"):
        reliability(np.array(p), np.ones(len(p)))
