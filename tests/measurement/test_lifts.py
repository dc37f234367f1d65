"""Relative changes, against tea-tasting 1.14 and GrowthBook's gbstats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from measured_shop import MENS, NO_MAIL, emails

from relkit.errors import ParameterError
from relkit.measurement.arm_sums import ArmSums
from relkit.measurement.differences import difference
from relkit.measurement.effect import Effect
from relkit.measurement.lifts import NOT_POSITIVE, TREATED_NOT_POSITIVE, lift

if TYPE_CHECKING:
    from pathlib import Path


def effect_of(treated: tuple[float, float, int], control: tuple[float, float, int], **settings: object) -> Effect:
    """Return the effect from mean, variance of the mean and size of both arms, by Welch."""
    (m1, v1, n1), (m0, v0, n0) = treated, control
    df = (v1 + v0) ** 2 / (v1**2 / (n1 - 1) + v0**2 / (n0 - 1))
    return Effect.of("y", (m1, m0), (n1, n0), spread=(v1, v0, 0.0), df=df)


def from_sums(n: int, total: float, squares: float) -> tuple[float, float, int]:
    mean = total / n
    return mean, (squares - n * mean**2) / (n - 1) / n, n


def from_count(n: int, count: int) -> tuple[float, float, int]:
    return count / n, count / n * (1 - count / n) / n, n


def test_of_the_emails_as_tea_tasting_has_it(real_data: Path) -> None:
    sums = ArmSums.of(emails(real_data), ("visit", "spend"), covariates=("history",), arm="segment")
    visit = lift(difference(sums, "visit", treated=MENS, control=NO_MAIL))
    spend = lift(difference(sums, "spend", treated=MENS, control=NO_MAIL, covariates=("history",)))
    assert (visit.estimate, visit.low, visit.high) == pytest.approx((0.72140462, 0.64038058, 0.80643071), abs=1e-8)
    assert (spend.estimate, spend.low, spend.high) == pytest.approx((1.17348259, 0.62459782, 1.90781294), abs=1e-8)


def test_the_symmetric_interval_of_growthbook() -> None:
    """gbstats, packages/stats/tests/frequentist/test_tests.py: two means, then two proportions, relative and absolute."""
    means = effect_of(from_sums(3461, 2422.7, 134698.29), from_sums(3407, 1396.87, 52377.9767))
    relative = lift(means, method="delta")
    found = (relative.estimate, relative.low, relative.high, relative.p_value)
    assert found == pytest.approx((0.70732, -0.03526, 1.44989, 0.06191), abs=5e-6)
    assert (means.estimate, means.low, means.high, means.p_value) == pytest.approx((0.29, 0.04538, 0.53462, 0.02016), abs=5e-6)
    shares = lift(effect_of(from_count(30, 16), from_count(28, 14)), method="delta")
    assert (shares.estimate, shares.low, shares.high, shares.p_value) == pytest.approx((0.06667, -0.47767, 0.61101, 0.80707), abs=5e-6)


def test_the_three_intervals_agree_on_precise_means() -> None:
    effect = effect_of((1.1, 1e-6, 10_000), (1.0, 1e-6, 10_000))
    bounds = [(found.low, found.high) for found in (lift(effect, method=method) for method in ("log", "fieller", "delta"))]
    assert bounds[0] == pytest.approx(bounds[1], abs=1e-5)
    assert bounds[0] == pytest.approx(bounds[2], abs=1e-5)


def test_fieller_agrees_with_the_test_of_the_difference_about_zero() -> None:
    """The set contains no change exactly if treated and control do not differ: Fieller's test of the ratio 1 is the same test."""
    for gap in (0.9, 1.1):
        effect = effect_of((5.0 + gap * 1.96, 0.5, 10**7), (5.0, 0.5, 10**7))
        assert (lift(effect, method="fieller").low > 0) == (effect.p_value < 0.05) == (effect.low > 0) == (gap > 1)


def test_a_control_that_may_be_zero_has_no_finite_interval() -> None:
    found = lift(effect_of((2.0, 0.1, 50), (0.1, 0.1, 50)), method="fieller")
    assert (found.low, found.high) == (None, None)
    assert found.excluded is not None
    assert "not clearly different from 0" in found.reason.en
    everything = lift(effect_of((0.1, 0.1, 50), (0.1, 0.1, 50)), method="fieller")
    assert everything.excluded is None
    assert everything.low is None


def test_signs_that_have_no_relative_change() -> None:
    loss = effect_of((2.0, 0.1, 50), (-1.0, 0.1, 50))
    assert (lift(loss).estimate, lift(loss).reason) == (None, NOT_POSITIVE)
    returned = effect_of((-2.0, 0.1, 50), (5.0, 0.1, 50))
    assert (lift(returned).low, lift(returned).reason) == (None, TREATED_NOT_POSITIVE)
    assert lift(returned, method="fieller").high < 0


def test_without_variance_the_estimate_remains() -> None:
    units = pl.DataFrame({"arm": ["treated", "treated", "control", "control"], "y": [2.0, 2.0, 1.0, 1.0]})
    found = lift(difference(ArmSums.of(units, ("y",)), "y"))
    assert (found.estimate, found.low, found.p_value) == (1.0, None, None)
    empty = lift(difference(ArmSums.of(units[:2], ("y",)), "y"))
    assert empty.estimate is None
    assert empty.reason.en == "One arm has no unit."


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ParameterError, match="lift: unknown method 'logs'; did you mean 'log'"):
        lift(effect_of((2.0, 0.1, 50), (1.0, 0.1, 50)), method="logs")
