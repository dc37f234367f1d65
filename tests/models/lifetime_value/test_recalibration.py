"""Corrections of totals: the origins, and the formula by hand."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.models.lifetime_value.recalibration import Origin, log_correction, log_error, origins


def test_the_last_origin_lies_a_horizon_ago_if_enough_was_known() -> None:
    assert origins(150, 90).last == Origin(60, 90)
    assert origins(149, 90).last == Origin(74, 75)
    assert origins(2000, 28).last == Origin(1972, 28)


def test_the_trust_grows_with_what_was_known_and_with_the_days_judged() -> None:
    assert origins(150, 90).trust == pytest.approx((60 - 30) / 60)
    assert origins(149, 90).trust == pytest.approx((74 - 30) / 60 * 75 / 90)
    assert origins(118, 28).trust == 1.0
    assert origins(58, 28).trust == 0.0


def test_the_years_before_are_those_that_knew_a_quarter() -> None:
    assert origins(453, 28).years == ()
    assert origins(454, 28).years == (Origin(90, 28, is_year=True),)
    assert [year.known_days for year in origins(3000, 90).years] == [2636, 2272, 1908, 1544]
    assert origins(3000, 365).years == ()  # a year from a year ago is not over
    assert origins(300, 90).earlier == Origin(150, 90)


def test_a_correction_is_a_part_of_the_errors() -> None:
    assert log_correction(1.0, 0.4, ()) == pytest.approx(0.2)
    assert log_correction(0.5, 0.4, ()) == pytest.approx(0.1)
    assert log_correction(1.0, 9.0, (0.3,)) == pytest.approx(0.15)
    by_hand = (0.3 + 0.7 * 0.1 - 0.49 * 0.2) / (1 + 0.7 + 0.49 + 1)
    assert log_correction(1.0, 9.0, (0.3, 0.1, -0.2)) == pytest.approx(by_hand)
    assert log_correction(1.0, 9.0, (5.0,)) == 0.7
    assert log_error(120, 100) == pytest.approx(np.log(1.2))
    assert np.isfinite(log_error(0, 0))
