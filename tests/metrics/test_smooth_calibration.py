"""Smooth calibration: forecasts of known error, and the definition of Austin et al. (2020) computed by lifelines 0.30.3."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.metrics.smooth_calibration import smooth_calibration, spline


def lives(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return spells, half of them censored within 30 days, and the true probability of churn within 20."""
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
    """Complete data: the score of the cloglog regression is zero at the curve; it has as many constraints as columns."""
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


def test_a_forecast_that_separates_perfectly_stays_finite() -> None:
    duration = np.array([1.0, 2.0, 30.0, 30.0] * 50)
    event = duration < 20
    found = smooth_calibration(duration, event, np.where(event, 0.9, 0.1), 20.0)
    assert found.ici == pytest.approx(0.1, abs=0.01)
    assert smooth_calibration(duration, event, event.astype(float), 20.0).ici < 0.01
    nobody = smooth_calibration(np.full(20, 30.0), np.zeros(20, bool), np.linspace(0.1, 0.3, 20), 20.0)
    assert nobody.ici == pytest.approx(0.2)


def by_cox(duration: np.ndarray, event: np.ndarray, p: np.ndarray, horizon: float, *, bends: bool = True) -> np.ndarray:
    """Austin, Harrell and van Klaveren (2020): a Cox regression on a restricted cubic spline of log(-log(1 - p)), three knots."""
    import pandas as pd
    from lifelines import CoxPHFitter

    x = np.log(-np.log1p(-p))
    a, b, c = np.quantile(x, [0.1, 0.5, 0.9])
    cube = [np.maximum(x - knot, 0) ** 3 for knot in (a, b, c)]
    curved = (cube[0] - cube[1] * (c - a) / (c - b) + cube[2] * (b - a) / (c - b)) / (c - a) ** 2
    frame = pd.DataFrame({"x": x, "duration": duration, "event": event})
    if bends:
        frame["curved"] = curved / curved.std()
    fitted = CoxPHFitter().fit(frame, "duration", "event")
    return 1 - fitted.predict_survival_function(frame, times=[horizon]).to_numpy()[0]


@pytest.mark.parametrize("wrong", [lambda p: p, lambda p: p**1.7, np.sqrt, lambda p: p + 0.4 * (p - 0.4) ** 2])
def test_hazards_in_proportion_have_the_curve_of_austin(wrong) -> None:  # type: ignore[no-untyped-def]
    """Two estimates of one curve from the same spells: they differ by less than their noise."""
    duration, event, truth = lives(8000, seed=3)
    p = np.clip(wrong(truth), 1e-4, 1 - 1e-4)
    found, austin = smooth_calibration(duration, event, p, 20.0), by_cox(duration, event, p, 20.0)
    assert found.ici == pytest.approx(np.abs(austin - p).mean(), abs=2 * found.ici_by_chance)
    assert np.abs(found.observed - austin).mean() < 2 * found.ici_by_chance < 0.02


def test_hazards_that_cross_mislead_a_cox_regression_and_not_this_smoother() -> None:
    """Perfect forecasts of lives that end early or late: an ICI of 0.05 by Austin's method, whatever their number."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=10_000)
    scale, shape = 100 * np.exp(-0.7 * x), np.where(x > 0, 2.5, 0.7)
    ends, lost = scale * rng.weibull(shape), rng.uniform(0, 120, 10_000)
    duration, event, p = np.minimum(ends, lost), ends <= lost, np.clip(-np.expm1(-((30 / scale) ** shape)), 1e-5, 0.9999)
    assert np.abs(by_cox(duration, event, p, 30.0) - p).mean() > 0.04
    assert smooth_calibration(duration, event, p, 30.0).ici < 0.01


def test_the_ici_of_perfect_forecasts_is_that_of_chance() -> None:
    found = [smooth_calibration(*lives(400, seed), 20.0) for seed in range(200)]
    ici, chance = (np.mean([getattr(f, name) for f in found]) for name in ("ici", "ici_by_chance"))
    assert ici == pytest.approx(chance, rel=0.1)
    alike = smooth_calibration(*lives(400)[:2], np.full(400, 0.5), 20.0)
    whole = np.sqrt(alike.observed[0] * (1 - alike.observed[0]) / 400)
    assert whole < alike.std_error[0] < 1.5 * whole  # more than of complete data


def test_on_rossi_one_slope_finds_the_model_again_and_a_curve_finds_chance() -> None:
    """lifelines.calibration gives 0.0004 for these forecasts at week 51 because its smoother has one slope, 1 on these rows."""
    from lifelines import CoxPHFitter
    from lifelines.datasets import load_rossi

    rossi = load_rossi()
    duration, event = rossi["week"].to_numpy(float), rossi["arrest"].to_numpy() == 1
    forecasts = CoxPHFitter().fit(rossi, "week", "arrest").predict_survival_function(rossi, times=[25, 51]).to_numpy()
    for p, week in zip(1 - forecasts, (25.0, 51.0), strict=True):
        found = smooth_calibration(duration, event, p, week)
        assert np.abs(by_cox(duration, event, p, week, bends=False) - p).mean() < 1e-6
        assert np.abs(by_cox(duration, event, p, week) - p).mean() < found.ici_by_chance
        assert 0.004 < found.ici < 0.021 < 1.2 * found.ici_by_chance
