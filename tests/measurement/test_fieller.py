from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relkit.measurement.fieller import RatioSet, fieller

NUMBERS = st.floats(-5, 5).filter(lambda x: abs(x) > 0.05)


def contains(found: RatioSet, ratio: float) -> bool:
    if found.low is not None and found.high is not None:
        return found.low <= ratio <= found.high
    return found.excluded is None or not found.excluded[0] < ratio < found.excluded[1]


@given(NUMBERS, NUMBERS, st.floats(0.01, 2), st.floats(0.01, 2), st.floats(-0.9, 0.9))
@settings(max_examples=200, deadline=None)
def test_the_set_contains_the_ratios_that_are_not_rejected(
    above: float, below: float, sd_a: float, sd_b: float, correlation: float
) -> None:
    """By definition: r is in the set if above - r below is within 1.96 of its standard errors of zero."""
    covariance = correlation * sd_a * sd_b
    found = fieller(above, below, sd_a**2, sd_b**2, covariance, 1.96)
    for ratio in np.linspace(-20, 20, 81):
        se = np.sqrt(sd_a**2 + ratio**2 * sd_b**2 - 2 * ratio * covariance)
        z = abs(above - ratio * below) / se
        if abs(z - 1.96) > 1e-6:
            assert contains(found, float(ratio)) == (z < 1.96)


def test_a_known_denominator_gives_the_plain_interval() -> None:
    found = fieller(6.0, 2.0, 0.25, 0.0, 0.0, 1.96)
    assert (found.estimate, found.low, found.high) == pytest.approx((3.0, 3.0 - 0.49, 3.0 + 0.49))
    assert found.reason.en == ""


def test_a_negative_denominator_has_an_interval_too() -> None:
    mirrored, plain = fieller(-6.0, -2.0, 0.25, 0.01, 0.0, 1.96), fieller(6.0, 2.0, 0.25, 0.01, 0.0, 1.96)
    assert (mirrored.low, mirrored.high) == pytest.approx((plain.low, plain.high))


def test_a_denominator_of_zero_has_no_estimate() -> None:
    found = fieller(1.0, 0.0, 0.01, 1.0, 0.0, 1.96)
    assert (found.estimate, found.is_bounded) == (None, False)
    assert found.reason.fr.endswith(".")


def test_shifting_moves_every_bound() -> None:
    found = fieller(6.0, 2.0, 0.25, 0.01, 0.0, 1.96)
    moved = found.minus(1.0)
    assert (moved.estimate, moved.low, moved.high) == pytest.approx((found.estimate - 1, found.low - 1, found.high - 1))
    open_set = fieller(2.0, 0.1, 0.04, 0.01, 0.0, 1.96)
    assert open_set.minus(1.0).excluded == pytest.approx((open_set.excluded[0] - 1, open_set.excluded[1] - 1))
