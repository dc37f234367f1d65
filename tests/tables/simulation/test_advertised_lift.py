"""Simulated lift tests: who is withheld what, the estimate by hand, and its coverage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from relkit.tables.simulation.advertised import advertised_company
from relkit.tables.simulation.advertised_lift import LiftTest, draw_lift_test
from relkit.tables.simulation.advertised_rates import Events
from relkit.tables.simulation.advertised_settings import AdvertisedWorld, LiftTestPlan

WORLD = AdvertisedWorld()
PLAN = LiftTestPlan(channel="search", from_day=80, until_day=150, control_share=0.25)


def test_controls_get_no_touch_that_would_act_in_the_test() -> None:
    company = advertised_company(2, people=1000, lift_tests=(PLAN,))
    free = advertised_company(2, people=1000, lift_tests=())
    assert _touched(company, 80 - 21, 150) == pytest.approx(0.75 * _touched(free, 80 - 21, 150), rel=0.1)
    assert _touched(company, 0, 80 - 21) == _touched(free, 0, 80 - 21)
    assert _touched(company, 150, 180) == _touched(free, 150, 180)
    test = company.tables["lift_tests"].row(0, named=True)
    assert (test["treated"], test["control"], test["channel_id"]) == (750, 250, "search")
    assert (str(test["starts_on"]), str(test["ends_on"])) == ("2025-03-22", "2025-05-30")


def _touched(company: object, first: int, last: int) -> int:
    day = (pl.col("occurred_at") - pl.lit(WORLD.starts_on).cast(pl.Datetime("us", "UTC"))).dt.total_days()
    touches = company.tables["touchpoints"]  # type: ignore[attr-defined]
    return int(touches.filter(pl.col("channel_id") == "search", day >= first, day < last).height)


def test_the_estimate_is_the_difference_of_means_times_the_treated() -> None:
    """Four treated with 3, 1, 2, 2 orders in the test, two controls with 1 and 0; no orders before, so nothing to adjust for."""
    orders = Events.of(np.repeat(np.arange(6), [3, 1, 2, 2, 1, 0]), np.full(9, 100.0) + np.arange(9) / 10)
    found = draw_lift_test(WORLD, LiftTest(replace(PLAN, control_share=1 / 3), np.array([4, 5])), orders, 6)
    assert found.estimate == pytest.approx(4 * (2.0 - 0.5))
    error = np.sqrt((2 / 3) / 4 + 0.5 / 2)
    assert found.high - found.estimate == pytest.approx(4 * 1.6448536 * error)
    assert found.estimate - found.low == pytest.approx(found.high - found.estimate)


def test_orders_outside_the_test_do_not_count() -> None:
    orders = Events.of(np.array([0, 0, 1]), np.array([79.9, 150.0, 160.0]))
    found = draw_lift_test(WORLD, LiftTest(PLAN, np.array([2, 3])), orders, 4)
    assert found.estimate == 0.0


def test_earlier_orders_take_out_noise() -> None:
    """Customers with an earlier order have two in the test, the others none: the draw's imbalance is taken out, and the error with it."""
    earlier = np.array([0, 1, 2, 6])
    orders = Events.of(np.concatenate([earlier, earlier, earlier]), np.repeat([10.0, 90.0, 100.0], 4))
    found = draw_lift_test(WORLD, LiftTest(PLAN, np.array([5, 6, 7])), orders, 8)
    assert found.estimate == pytest.approx(0.0, abs=1e-9)
    assert found.high == pytest.approx(0.0, abs=1e-9)


@pytest.mark.slow
def test_intervals_of_tests_cover_the_truth() -> None:
    """90 % intervals over 100 companies: at least 83 and at most 97 (three binomial standard errors are 9)."""
    inside = 0
    for seed in range(100):
        company = advertised_company(seed, people=1500, lift_tests=(PLAN,))
        test, truth = company.tables["lift_tests"].row(0, named=True), company.lift_truth["conversions"][0]
        inside += test["low"] <= truth <= test["high"]
    assert 81 <= inside <= 98
