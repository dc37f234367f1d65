"""Differences of arms, against the golden cases, published figures and other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from measured_shop import MENS, NO_MAIL, WOMENS, case, drawn_units, emails
from scipy import stats

from relkit.errors import ParameterError
from relkit.measurement.arm_sums import ArmSums
from relkit.measurement.differences import difference, estimates
from relkit.measurement.effect import EMPTY_ARM, NO_DENOMINATOR, NO_VARIANCE, ONE_UNIT
from relkit.measurement.measures import Measure

if TYPE_CHECKING:
    from pathlib import Path

WELCH = {
    ("visit", MENS): (0.0765895637, 0.0033858878, 22.6202),
    ("visit", WOMENS): (0.0452331066, 0.0032344621, 13.9847),
    ("conversion", MENS): (0.0068050065, 0.0009208728, 7.3897),
    ("conversion", WOMENS): (0.0031110575, 0.0008226771, 3.7816),
    ("spend", MENS): (0.7698271559, 0.1452465602, 5.3001),
    ("spend", WOMENS): (0.4244122159, 0.1303328585, 3.2564),
}
"""Effect, standard error and t of each e-mail against none, with scipy 1.17 (Welch, ddof 1) on the raw file of Hillstrom (2008)."""


@pytest.fixture(scope="module")
def mail_sums(real_data: Path) -> ArmSums:
    mails = emails(real_data).with_columns(missing=pl.lit(1.0))
    return ArmSums.of(mails, ("visit", "conversion", "spend"), covariates=("history", "missing"), arm="segment", by=("mens",))


@pytest.mark.parametrize(("measure", "arm"), WELCH)
def test_effects_of_the_emails(mail_sums: ArmSums, measure: str, arm: str) -> None:
    effect = difference(mail_sums, measure, treated=arm, control=NO_MAIL)
    estimate, se, t = WELCH[measure, arm]
    assert effect.estimate == pytest.approx(estimate, abs=1e-9)
    assert effect.se == pytest.approx(se, abs=1e-9)
    assert effect.estimate / effect.se == pytest.approx(t, abs=1e-4)


def test_the_interval_of_spend(mail_sums: ArmSums) -> None:
    """Student's t with 36,671 degrees of freedom; the p-value of scipy.stats.ttest_ind(equal_var=False)."""
    effect = difference(mail_sums, "spend", treated=MENS, control=NO_MAIL)
    assert (effect.low, effect.high) == pytest.approx((0.48513973, 1.05451458), abs=1e-8)
    assert effect.p_value == pytest.approx(1.164e-07, rel=1e-3)
    assert difference(mail_sums, "visit", treated=MENS, control=NO_MAIL).df == pytest.approx(40593.69, abs=0.01)


def test_adjusted_by_past_spend(mail_sums: ArmSums) -> None:
    """CUPED with the slope pooled over both arms; spend as tea-tasting 1.14 has it: CI 0.48281285..1.05206415."""
    arms = {"treated": MENS, "control": NO_MAIL, "covariates": ("history",)}
    visit, spend = difference(mail_sums, "visit", **arms), difference(mail_sums, "spend", **arms)
    assert (visit.estimate, visit.se) == pytest.approx((0.0764111475, 0.0033783605), abs=1e-9)
    assert visit.variance_saved == pytest.approx(0.00444, abs=1e-5)
    assert (spend.estimate, spend.se) == pytest.approx((0.7674384994, 0.1452150422), abs=1e-9)
    assert (spend.low, spend.high) == pytest.approx((0.48281285, 1.05206415), abs=1e-8)
    assert spend.method == "adjusted"


def test_revenue_per_conversion(mail_sums: ArmSums) -> None:
    """tea-tasting 1.14, RatioOfMeans: 114.00270492 and 113.52692884, p 0.96707363."""
    effect = difference(mail_sums, Measure("spend", per="conversion"), treated=MENS, control=NO_MAIL)
    assert (effect.control, effect.treated) == pytest.approx((114.00270492, 113.52692884), abs=1e-8)
    assert effect.p_value == pytest.approx(0.96707363, abs=1e-8)


def test_a_constant_covariate_changes_nothing_and_is_reported(mail_sums: ArmSums) -> None:
    plain = difference(mail_sums, "visit", treated=MENS, control=NO_MAIL)
    constant = difference(mail_sums, "visit", treated=MENS, control=NO_MAIL, covariates=("missing",))
    assert (constant.estimate, constant.se) == (plain.estimate, plain.se)
    assert [remark.code for remark in constant.remarks] == ["covariate_unused"]
    both = difference(mail_sums, "visit", treated=MENS, control=NO_MAIL, covariates=("history", "missing"))
    assert both.se == pytest.approx(0.0033783605, abs=1e-9)


def test_case_03_arms_without_variance_or_with_one_unit() -> None:
    units, expected = case("03")
    reasons = {"a": "", "b": NO_VARIANCE.en, "c": NO_VARIANCE.en, "d": ONE_UNIT.en}
    for key, sums in ArmSums.of(units, ("y",), by=("comparison",)).each("comparison"):
        name = str(key["comparison"])
        effect, right = difference(sums, "y"), expected[name]
        assert effect.estimate == pytest.approx(right["difference"], abs=1e-9)
        for found, figure in ((effect.se, "se"), (effect.df, "df"), (effect.p_value, "p")):
            assert found == (None if right[figure] is None else pytest.approx(right[figure], abs=1e-9))
        assert effect.reason.en == reasons[name]


def test_case_04_a_ratio_with_customers_who_never_ordered() -> None:
    units, expected = case("04")
    sums = ArmSums.of(units, ("revenue", "orders"))
    effect = difference(sums, Measure("revenue", per="orders"))
    found = (effect.control, effect.treated, effect.estimate, effect.se)
    assert found == pytest.approx(tuple(expected[name] for name in ("control", "treated", "difference", "se")), abs=1e-8)
    third = next(arm for arm in sums.arms if arm not in {"treated", "control"})
    without = difference(sums, Measure("revenue", per="orders"), treated=third)
    assert (without.treated, without.estimate, without.p_value) == (expected["third_arm"], None, None)
    assert without.reason == NO_DENOMINATOR


def test_case_06_unequal_propensities() -> None:
    units, expected = case("06")
    sums = ArmSums.of(units, ("y",), by=("segment", "propensity"))
    effect = difference(sums, "y", strata=("propensity",))
    assert effect.estimate == pytest.approx(expected["effect"], abs=1e-9)
    assert effect.se == pytest.approx(expected["se_stratified"], abs=1e-9)
    for key, part in sums.each("segment"):
        assert difference(part, "y").estimate == pytest.approx(expected["effect_by_segment"][key["segment"]], abs=1e-9)
    assert difference(sums, "y").estimate == pytest.approx(0.22)  # the trap


@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_case_10_one_sided(alternative: str) -> None:
    units, expected = case("10")
    sums = ArmSums.of(units, ("y",))
    effect, right = difference(sums, "y", alternative=alternative), expected[alternative]
    assert effect.estimate == pytest.approx(expected["difference"], abs=1e-8)
    assert effect.p_value == pytest.approx(right["p"], abs=1e-8)
    assert (effect.low, effect.high) == pytest.approx((float(right["low"]), float(right["high"])), abs=1e-8)
    assert difference(sums, "y").p_value == pytest.approx(expected["two_sided_p"], abs=1e-8)


def test_arms_swapped_change_the_sign() -> None:
    sums = ArmSums.of(drawn_units(), ("margin",), covariates=("pre_margin",), by=("wave_id",))
    for covariates in ((), ("pre_margin",)):
        ahead = difference(sums, "margin", strata=("wave_id",), covariates=covariates)
        back = difference(sums, "margin", strata=("wave_id",), covariates=covariates, treated="control", control="treated")
        assert (ahead.estimate, ahead.low, ahead.se) == pytest.approx((-back.estimate, -back.high, back.se))


def test_a_sum_of_measures_has_the_covariance_of_its_parts() -> None:
    units = drawn_units().with_columns(net=pl.col("margin") - 2 * pl.col("orders"))
    found = estimates(ArmSums.of(units, ("margin", "orders", "net")), ("margin", "orders", "net"))
    combined, direct = found.effect({"margin": 1.0, "orders": -2.0}), found.effect("net")
    assert (combined.estimate, combined.se, combined.df, combined.low) == pytest.approx((direct.estimate, direct.se, direct.df, direct.low))


def test_several_covariates_are_a_regression_on_all_of_them() -> None:
    """With the arm as a regressor of its own the slopes are those of least squares within arms; pooled ones differ by the arms' means."""
    units = drawn_units(2000).with_columns(other=pl.col("pre_margin").pow(2) / 40)
    sums = ArmSums.of(units, ("margin",), covariates=("pre_margin", "other"))
    effect = difference(sums, "margin", covariates=("pre_margin", "other"))
    x, y = units.select("pre_margin", "other").to_numpy(), units["margin"].to_numpy()
    theta = np.linalg.lstsq(x - x.mean(axis=0), y - y.mean(), rcond=None)[0]
    treated = (units["arm"] == "treated").to_numpy()
    adjusted = y - x @ theta
    welch = stats.ttest_ind(adjusted[treated], adjusted[~treated], equal_var=False)
    assert effect.estimate == pytest.approx(adjusted[treated].mean() - adjusted[~treated].mean(), rel=1e-9)
    assert effect.p_value == pytest.approx(welch.pvalue, rel=1e-6)
    assert effect.df == pytest.approx(welch.df, rel=1e-9)


def test_a_missing_covariate_adjusts_by_its_flag() -> None:
    units = drawn_units(2000, seed=3)
    holes = units.with_columns(pre_margin=pl.when(pl.int_range(pl.len()) % 5 == 0).then(None).otherwise(pl.col("pre_margin")))
    full = difference(ArmSums.of(units, ("margin",), covariates=("pre_margin",)), "margin", covariates=("pre_margin",))
    some = difference(ArmSums.of(holes, ("margin",), covariates=("pre_margin",)), "margin", covariates=("pre_margin",))
    none = difference(ArmSums.of(units, ("margin",)), "margin")
    assert full.se < some.se < none.se


def test_an_empty_arm_has_no_effect_but_the_other_arm_its_mean() -> None:
    units = pl.DataFrame({"arm": ["treated"] * 3, "y": [1.0, 2.0, 3.0]})
    effect = difference(ArmSums.of(units, ("y",)), "y")
    assert (effect.estimate, effect.p_value, effect.treated, effect.control, effect.n_control) == (None, None, 2.0, None, 0)
    assert effect.reason == EMPTY_ARM


def test_unknown_names_are_refused_with_the_nearest() -> None:
    sums = ArmSums.of(drawn_units(), ("margin",))
    with pytest.raises(ParameterError, match="unknown measure 'margn'; did you mean 'margin'"):
        difference(sums, "margn")
    with pytest.raises(ParameterError, match="unknown covariate 'pre_margin'"):
        difference(sums, "margin", covariates=("pre_margin",))
    with pytest.raises(ParameterError, match="unknown arm 'mens'"):
        difference(sums, "margin", treated="mens")
    with pytest.raises(ParameterError, match="unknown alternative 'larger'"):
        difference(sums, "margin", alternative="larger")
    with pytest.raises(ParameterError, match="level: 95 is not between 0 and 1"):
        difference(sums, "margin", level=95)


def test_welch_agrees_with_scipy_in_both_directions() -> None:
    units = drawn_units()
    arms = [units.filter(pl.col("arm") == arm)["margin"].to_numpy() for arm in ("treated", "control")]
    for alternative in ("two-sided", "greater", "less"):
        effect = difference(ArmSums.of(units, ("margin",)), "margin", alternative=alternative)
        assert effect.p_value == pytest.approx(stats.ttest_ind(*arms, equal_var=False, alternative=alternative).pvalue, rel=1e-9)
