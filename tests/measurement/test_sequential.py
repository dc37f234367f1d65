"""Always-valid intervals, against GrowthBook's gbstats (tests/frequentist/test_tests.py, sequential)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from measured_shop import drawn_units

from relkit.errors import ParameterError
from relkit.measurement.designs import Design
from relkit.measurement.sequential import always_valid, always_valid_p, half_widths


def relative(treated: tuple[int, float, float], control: tuple[int, float, float]) -> tuple[float, float, int]:
    """Return the relative change, its standard error by the delta method and the units, from n, mean and variance of both arms."""
    (n1, m1, v1), (n0, m0, v0) = treated, control
    return m1 / m0 - 1, math.sqrt(v1 / n1 / m0**2 + v0 / n0 * m1**2 / m0**4), n1 + n0


def from_sums(n: int, total: float, squares: float) -> tuple[int, float, float]:
    return n, total / n, (squares - total**2 / n) / (n - 1)


def from_count(n: int, count: int) -> tuple[int, float, float]:
    return n, count / n, count / n * (1 - count / n)


def test_the_sequences_of_growthbook() -> None:
    """Means with tuning 1,000: 0.50336, CI -0.55844..1.56516, p 1; shares with the default: 0.50386, CI 0.40098..0.60675."""
    change, se, n = relative(from_sums(3461, 2422.7, 134698.29), from_sums(3000, 1396.87, 52377.9767))
    half = half_widths(np.array([se]), np.array([float(n)]), tuned_units=1000)[0]
    assert (change, change - half, change + half) == pytest.approx((0.50336, -0.55844, 1.56516), abs=5e-6)
    assert always_valid_p(change / se, n, tuned_units=1000) == 1
    change, se, n = relative(from_count(3461, 2422), from_count(3000, 1396))
    half = half_widths(np.array([se]), np.array([float(n)]))[0]
    assert (change, change - half, change + half) == pytest.approx((0.50386, 0.40098, 0.60675), abs=6e-6)


def test_the_p_value_agrees_with_the_interval_about_zero() -> None:
    for z in np.linspace(2, 4, 41):
        half = half_widths(np.array([1.0]), np.array([3000.0]))[0]
        assert (always_valid_p(z, 3000) < 0.05) == (z > half)


def test_it_is_wider_than_the_fixed_interval_and_the_rest_stays() -> None:
    fixed = Design.of(drawn_units(2000)).effect("margin")
    found = always_valid(fixed, tuned_units=2000)
    assert found.low < fixed.low < fixed.high < found.high
    assert (found.estimate, found.se) == (fixed.estimate, fixed.se)
    assert found.p_value > fixed.p_value


def test_it_is_narrowest_where_it_is_tuned() -> None:
    units = np.array([200.0, 2000.0, 20_000.0])
    ratios = {tuned: half_widths(np.ones(3), units, tuned_units=tuned) for tuned in units}
    for place, tuned in enumerate(units):
        assert min(ratios, key=lambda name: ratios[name][place]) == tuned


def test_looking_each_day_keeps_the_error_rate() -> None:
    """400 experiments without effect, a look after every 50 units up to 2,000: crossed in at most 5 %, the fixed interval in far more."""
    rng = np.random.default_rng(6)
    z = np.cumsum(rng.normal(size=(400, 2000)), axis=1)[:, 49::50] / np.sqrt(np.arange(50, 2001, 50))
    units = np.arange(50.0, 2001, 50)
    bound = half_widths(np.ones(len(units)), units, tuned_units=1000)
    assert (np.abs(z) > bound).any(axis=1).mean() <= 0.05
    assert (np.abs(z) > 1.96).any(axis=1).mean() > 0.15


def test_invalid_settings_are_refused() -> None:
    with pytest.raises(ParameterError, match="tuned_units: 0 is not above 0"):
        half_widths(np.ones(1), np.ones(1), tuned_units=0)
    with pytest.raises(ParameterError, match="level: 95 is not between 0 and 1"):
        half_widths(np.ones(1), np.ones(1), level=95)
