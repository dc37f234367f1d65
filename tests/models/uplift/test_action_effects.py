"""The line from forecasts to effects: its slope towards 1, and the coverage of its intervals."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.models.uplift.action_effects import Line, towards_one


def test_intervals_cover_the_mean_effect_at_a_forecast() -> None:
    """400 draws of 300 rows in 100 households whose noise is shared: 95 % intervals cover the truth in 92 to 98 %."""
    rng = np.random.default_rng(0)
    at, covered = np.array([-1.0, 0.0, 2.0]), []
    for _ in range(400):
        cluster = np.repeat(np.arange(100), 3)
        forecast = rng.normal(size=300)
        forecast -= forecast.mean()
        scores = 0.5 + 0.8 * forecast + rng.normal(size=100)[cluster] + rng.normal(size=300)
        line = Line.fitted(forecast, scores, cluster)
        centre, half = line.level + line.raw_slope * at, 1.96 * np.sqrt(line.variance(at))
        covered.append(np.abs(centre - (0.5 + 0.8 * at)) <= half)
    assert (np.mean(covered, axis=0) >= 0.92).all()
    assert (np.mean(covered, axis=0) <= 0.98).all()


def test_a_slope_that_the_scores_leave_open_is_drawn_towards_one() -> None:
    rng = np.random.default_rng(1)
    forecast = rng.normal(size=100_000)
    forecast -= forecast.mean()
    cluster = np.arange(len(forecast))
    sure = Line.fitted(forecast, 0.3 * forecast + rng.normal(size=len(forecast)), cluster)
    assert sure.slope == pytest.approx(0.3, abs=0.02)
    open_ = Line.fitted(forecast[:50], 0.3 * forecast[:50] + rng.normal(scale=50, size=50), cluster[:50])
    assert open_.slope == pytest.approx(towards_one(open_.raw_slope, float(open_.covariance[1, 1])))
    assert abs(open_.slope - 1) < 0.05 * abs(open_.raw_slope - 1)


def test_forecasts_that_are_all_the_same_have_the_mean_effect() -> None:
    for same in (np.zeros(10), 1e-17 * np.arange(-4.5, 5.0)):
        line = Line.fitted(same, np.arange(10.0), np.arange(10), slope_used=1.0)
        assert (line.slope, line.raw_slope) == (0.0, 0.0)
        assert line.of(np.array([0.0, 1.0])).tolist() == [4.5, 4.5]
        assert np.isfinite(line.variance(np.zeros(2))).all()
