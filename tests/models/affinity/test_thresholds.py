from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from relkit.models.affinity.thresholds import as_fraction, at_least, least_count, ratio_at_least


@pytest.mark.parametrize("cents", range(101))
def test_a_decimal_is_itself_and_a_count_on_it_is_enough(cents: int) -> None:
    assert as_fraction(cents / 100) == Fraction(cents, 100)
    assert least_count(cents / 100, 100) == cents
    assert at_least(np.array([cents, cents - 1]), cents / 100, np.array([100, 100])).tolist() == [True, cents == 0 and False]


@pytest.mark.parametrize(("written", "meant"), [(0.1 + 0.2, Fraction(3, 10)), (0.7 - 0.1, Fraction(3, 5)), (1 / 3, Fraction(1, 3))])
def test_a_number_that_arithmetic_left_off_its_decimal_is_what_was_meant(written: float, meant: Fraction) -> None:
    assert as_fraction(written) == meant


def test_a_share_is_reached_in_the_next_whole_basket() -> None:
    assert [least_count(0.001, n) for n in (1, 999, 1000, 1001, 9835)] == [1, 1, 1, 2, 10]
    assert least_count(0.0, 50) == 0
    assert least_count(1.0, 50) == 50


def test_a_ratio_on_the_threshold_is_enough_whatever_its_floats() -> None:
    """7 * 60 / (20 * 21) is 1 exactly; as a ratio of supports it is 1.0000000000000002."""
    assert (7 / 60) / ((20 / 60) * (21 / 60)) > 1
    assert ratio_at_least(np.array([420, 419, 421]), np.array([420, 420, 420]), 1.0).tolist() == [True, False, True]
    assert ratio_at_least(np.array([110, 109]), np.array([100, 100]), 1.1).tolist() == [True, False]
    assert ratio_at_least(np.array([10**12 + 1, 10**12]), np.array([10**12] * 2), 1.0).tolist() == [True, True]
