"""Calibration to lift tests: precision decides, luck of one test is no bias, and channels without a test borrow with care."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from relkit.metrics.intervals import normal_reach
from relkit.models.attribution.calibration import Calibration, calibrated
from relkit.models.attribution.lift_tests import LiftTest

NAMES = pl.Series([f"c{i}" for i in range(7)])


def lift(channel: int, found: float, error: float) -> LiftTest:
    reach = normal_reach(0.9) * error
    days = {"starts_on": date(2025, 1, 1), "ends_on": date(2025, 1, 31)}
    return LiftTest(channel_id=f"c{channel}", **days, incremental_conversions=found, low=found - reach, high=found + reach, level=0.9)


def factors(tests: list[LiftTest], doubt: float = 0.25) -> Calibration:
    predicted, errors = np.full(len(tests), 100.0), np.full(len(tests), 10.0)
    return calibrated(tests, predicted, errors, NAMES, np.full(7, 0.1), doubt)


def test_the_factor_is_the_mean_of_model_and_test_by_their_precision():
    found = factors([lift(0, 60.0, 30.0)])
    prior, test = 1 / (0.1**2 + 0.25**2), (100 / 30) ** 2
    assert found.factors[0] == pytest.approx((prior + test * 0.6) / (prior + test))
    assert found.errors[0] == pytest.approx((prior + test) ** -0.5)


def test_a_precise_test_decides_and_a_vague_one_hardly_moves():
    assert factors([lift(0, 40.0, 0.1)]).factors[0] == pytest.approx(0.4, abs=1e-4)
    assert factors([lift(0, 40.0, 1e4)]).factors[0] == pytest.approx(1.0, abs=1e-3)


def test_one_unlucky_test_is_not_taken_for_a_bias_of_the_model():
    unlucky = factors([lift(0, -20.0, 40.0)])
    assert unlucky.beyond == 0.25
    assert unlucky.factors[0] > 0.6
    assert (unlucky.factors[1:] == 1).all()


def test_the_error_of_the_model_is_learnt_from_five_tests_that_contradict_it():
    assert factors([lift(i, 20.0 + 10 * i, 5.0) for i in range(5)]).beyond > 0.5
    assert factors([lift(i, 99.0 + i, 5.0) for i in range(5)]).beyond == 0.25


@pytest.mark.parametrize(
    ("found", "borrows"),
    [([50.0, 52.0, 48.0], True), ([50.0, 52.0], False), ([99.0, 103.0, 98.0], False), ([10.0, 52.0, 130.0], False)],
    ids=["agree", "too few", "no bias", "differ"],
)
def test_channels_without_a_test_borrow_a_factor_only_if_three_tested_ones_agree_on_another_than_one(found, borrows):
    calibration = factors([lift(i, each, 10.0) for i, each in enumerate(found)])
    others = calibration.factors[len(found) :]
    assert ((others < 0.8) == borrows).all()
    assert ((others == 1) != borrows).all()
    source = "borrowed" if borrows else "none"
    assert calibration.table(NAMES, 0.9)["source"].to_list() == ["test"] * len(found) + [source] * len(others)
