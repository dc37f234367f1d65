"""Tests of the pace of acquisition and of the value that customers to come would add."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.models.lifetime_value.total_spread import spread_of
from relkit.scores.customers_to_come import Pace, added

STEADY = (30, 28, 33, 31, 29, 30, 32, 27, 31, 30, 29, 30)


@pytest.mark.parametrize(
    ("counts", "before", "why"),
    [
        (STEADY, 350, ""),
        (STEADY, None, ""),
        ((), None, "short"),
        ((4,) * 12, 48, "few"),
        (STEADY, 250, "year"),
        (STEADY, 500, "year"),
        (STEADY, 0, "year"),
        (tuple(range(20, 44, 2)), 400, "trend"),
    ],
)
def test_only_a_steady_pace_is_carried_forward(counts: tuple[int, ...], before: int | None, why: str) -> None:
    assert Pace(counts=counts, year_before=before).why_not == why


def test_steady_acquisition_is_seldom_called_a_trend() -> None:
    """At 30 a month, a test at 5 % that must also see a change of a quarter calls at most 5 % of steady years a trend."""
    rng = np.random.default_rng(3)
    calls = [Pace(counts=tuple(rng.poisson(30, 12).tolist())).why_not for _ in range(400)]
    assert calls.count("trend") / 400 <= 0.07
    assert set(calls) <= {"", "trend"}


def test_the_value_is_that_of_a_simulated_acquisition() -> None:
    """New customers come at 50 a month, buy at once and then at a constant rate of 0.4 a month: two years, 10 % a year, 12 an order."""
    rng, months, rate = np.random.default_rng(8), 24, 0.4
    totals = []
    for _ in range(60):
        start = rng.uniform(0, months, rng.poisson(50 * months))
        again = [rng.uniform(t, months, rng.poisson(rate * (months - t))) for t in start]
        at = np.concatenate([start, *again])
        totals.append(12 * (1.1 ** (-at / 12)).sum())
    spread = spread_of(np.array([0.1, 0.0, -0.1]), days=730)
    found = added(
        Pace(counts=(50,) * 12, year_before=600),
        spread,
        repeat_orders=rate * np.arange(months + 1),
        worth_of_an_order=12.0,
        months=months,
        annual_discount_rate=0.10,
    )
    assert found.value == pytest.approx(np.mean(totals), rel=0.02)
    assert found.high / found.value == pytest.approx(found.value / found.low)
    assert found.high / found.value > spread.reach(1e9)
