"""Lags of returns: the estimate is not biased by sales that have had no time to come back."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.features.return_lags import DEFAULT_DAYS, LONGEST_DAYS, return_lags


def known_on_a_day(rng: np.random.Generator, mean: float, window: int, n: int = 40_000) -> tuple[np.ndarray, np.ndarray]:
    """Return lag and age of those returns of sales spread over a window that are known on its last day."""
    age, lag = rng.integers(0, window, n), 1 + np.floor(rng.exponential(mean, n)).astype(np.int64)
    kept = lag <= age
    return lag[kept], age[kept]


@pytest.mark.parametrize("window", [40, 200])
def test_the_truth_is_found_though_recent_sales_are_not_fully_developed(window: int) -> None:
    """Lags are 1 + floor(Exp(12)); the empirical shares of 40 days would be 0.07 too high at two weeks."""
    lag, age = known_on_a_day(np.random.default_rng(1), 12.0, window)
    found = return_lags(lag, age, np.ones(len(lag)))
    days = np.arange(1, 25)
    truth = 1 - np.exp(-days / 12)
    longest = len(found.back) - 1
    within_reach = truth / (1 - np.exp(-longest / 12))
    assert np.abs(found.at(days) - within_reach).max() < 0.02
    if window == 40:
        assert (lag <= 14).mean() > within_reach[13] + 0.05


def test_a_fixed_delay_is_a_step() -> None:
    lag, age = np.full(300, 7), np.arange(300) % 90 + 7
    found = return_lags(lag, age, np.ones(300))
    assert found.at(np.array([0, 6, 7, 8, 400])).tolist() == [0, 0, 1, 1, 1]
    assert found.days_until(0.5) == 7


def test_it_never_falls_and_ends_at_one() -> None:
    rng = np.random.default_rng(3)
    lag = rng.integers(0, 500, 900)
    found = return_lags(lag, lag + rng.integers(0, 100, 900), rng.pareto(1.5, 900))
    assert (np.diff(found.back) >= 0).all()
    assert found.back[0] >= 0
    assert found.back[-1] == 1
    assert len(found.back) <= LONGEST_DAYS + 1


def test_one_old_return_does_not_speak_for_all_long_lags() -> None:
    """A sale of last year that came back after ten months, alone old enough: without a least number at risk F(300) would be 0."""
    lag, age = np.append(np.full(200, 3), 300), np.append(np.full(200, 20), 320)
    assert return_lags(lag, age, np.ones(201)).at(np.array([3]))[0] == 1


def test_few_returns_have_the_default() -> None:
    found = return_lags(np.array([5, 9]), np.array([50, 50]), np.ones(2))
    assert found.returns == 0
    assert found.at(np.array([0, DEFAULT_DAYS - 1, 365])) == pytest.approx([1 / DEFAULT_DAYS, 1, 1])
