"""Smooth calibration: forecasts whose true error is known."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.metrics.smooth_calibration import smooth_calibration, spline


def lives(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spells, half of them lost within 30 days, and the true probability of ending within 20."""
    rng = np.random.default_rng(seed)
    rate = rng.uniform(0.002, 0.08, n)
    ends, lost = rng.exponential(1 / rate), rng.uniform(0, 60, n)
    return np.minimum(ends, np.minimum(lost, 30.0)), ends <= np.minimum(lost, 30.0), -np.expm1(-rate * 20)


def test_true_probabilities_have_no_error() -> None:
    duration, event, p = lives(40_000)
    found = smooth_calibration(duration, event, p, 20.0)
    assert found.ici < 0.01
    assert found.e50 <= found.ici * 1.5
    assert found.e50 < found.e90 < 0.03


@pytest.mark.parametrize("wrong", [lambda p: p**1.7, lambda p: 0.3 + 0.3 * p, np.sqrt])
def test_the_error_of_a_wrong_forecast_is_found(wrong) -> None:  # type: ignore[no-untyped-def]
    """ICI, E50 and E90 are those of the true probabilities, which the simulation knows."""
    duration, event, p = lives(40_000)
    found, error = smooth_calibration(duration, event, wrong(p), 20.0), np.abs(wrong(p) - p)
    assert found.ici == pytest.approx(error.mean(), abs=0.01)
    assert found.e50 == pytest.approx(np.median(error), abs=0.015)
    assert found.e90 == pytest.approx(np.quantile(error, 0.9), abs=0.02)


def test_the_smoother_is_the_maximum_of_its_likelihood() -> None:
    """Complete data: the score of the cloglog regression is nought at the curve; it has as many constraints as columns."""
    rng = np.random.default_rng(2)
    p = rng.uniform(0.05, 0.6, 2000)
    duration = rng.exponential(-20 / np.log1p(-p))
    found = smooth_calibration(duration, np.ones(2000, bool), p, 20.0)
    q, y = found.observed, duration <= 20
    x = np.log(-np.log1p(-p))
    hazard = -np.log1p(-q)
    X = np.column_stack([np.ones(2000), spline(x)])
    np.testing.assert_allclose(X.T @ ((y - q) * hazard / q), 0, atol=0.02)


def test_one_forecast_for_all_is_held_against_the_share_that_ended() -> None:
    duration, event, p = lives(5000)
    found = smooth_calibration(duration, event, np.full(5000, 0.9), 20.0)
    assert np.ptp(found.observed) == 0
    assert found.ici == pytest.approx(0.9 - p.mean(), abs=0.03)


def test_a_forecast_that_parts_them_without_fault_stays_finite() -> None:
    duration = np.array([1.0, 2.0, 30.0, 30.0] * 50)
    event = duration < 20
    found = smooth_calibration(duration, event, np.where(event, 0.9, 0.1), 20.0)
    assert found.ici == pytest.approx(0.1, abs=0.01)
    assert smooth_calibration(duration, event, event.astype(float), 20.0).ici < 0.01
    nobody = smooth_calibration(np.full(20, 30.0), np.zeros(20, bool), np.linspace(0.1, 0.3, 20), 20.0)
    assert nobody.ici == pytest.approx(0.2)
