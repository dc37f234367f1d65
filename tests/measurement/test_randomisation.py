"""Checks of the draw, against the golden case, scipy and tea-tasting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from measured_shop import MENS, NO_MAIL, WOMENS, case, drawn_units, emails
from scipy import stats

from relkit.errors import ParameterError
from relkit.measurement.designs import Design
from relkit.measurement.randomisation import balance, check_draw, check_ratio, exact_ratio_p_value

if TYPE_CHECKING:
    from pathlib import Path


def test_case_01_planned_shares_and_an_empty_arm() -> None:
    plans, expected = case("01")
    for name, right in expected.items():
        arms = plans.filter(experiment=name)
        units, planned = (dict(zip(arms["arm"], arms[column], strict=True)) for column in ("units", "planned_share"))
        check = check_ratio(units, planned, alpha=0.001)
        assert check.is_mismatch == right["mismatch"], name
        for found, figure in ((check.chi2, "chi2"), (check.df, "df"), (check.p_value, "p")):
            assert found == (None if right[figure] is None else pytest.approx(right[figure], abs=1e-9)), name


def test_of_the_emails(real_data: Path) -> None:
    """Three equal arms: chi-squared 0.20253125, p 0.9036929576 (scipy 1.17)."""
    sizes = emails(real_data)["segment"].value_counts()
    check = check_ratio(dict(zip(sizes["segment"], sizes["count"], strict=True)), {MENS: 1, WOMENS: 1, NO_MAIL: 1})
    assert (check.chi2, check.p_value) == pytest.approx((0.20253125, 0.9036929576), abs=1e-9)
    assert check.largest_gap == pytest.approx((21387 - 64000 / 3) / 64000)


def test_two_arms_exactly_as_tea_tasting_has_it() -> None:
    """tea-tasting 1.14, SampleRatio: 53 against 47 by the binomial distribution 0.6172994136, by the normal one 0.5485062355."""
    assert exact_ratio_p_value(53, 47, 0.5) == pytest.approx(0.6172994136, abs=1e-10)
    assert check_ratio({"a": 53, "b": 47}, {"a": 1, "b": 1}).p_value == pytest.approx(0.5485062355, abs=1e-10)


@pytest.mark.parametrize(
    ("treated", "control", "share"), [(0, 8, 0.5), (8, 0, 0.5), (3, 9, 0.3), (90, 10, 0.9), (88, 10, 0.9), (1, 1, 0.7)]
)
def test_the_exact_test_is_scipys(treated: int, control: int, share: float) -> None:
    right = stats.binomtest(treated, treated + control, share).pvalue
    assert exact_ratio_p_value(treated, control, share) == pytest.approx(right, abs=1e-12)


def test_a_plan_of_90_to_10_is_no_mismatch_of_50_to_50() -> None:
    sizes = {"treated": 9050, "control": 950}
    assert not check_ratio(sizes, {"treated": 9, "control": 1}).is_mismatch
    assert check_ratio(sizes, {"treated": 1, "control": 1}).is_mismatch


def test_invalid_plans_are_refused() -> None:
    with pytest.raises(ParameterError, match="planned: no share was planned for treatd"):
        check_ratio({"treatd": 5}, {"treated": 1, "control": 1})
    with pytest.raises(ParameterError, match="planned shares must be zero or above and not all zero"):
        check_ratio({}, {"treated": 0})
    with pytest.raises(ParameterError, match="a number of units is negative"):
        check_ratio({"treated": -1}, {"treated": 1, "control": 1})
    with pytest.raises(ParameterError, match=r"share: 1.0 is not between 0 and 1"):
        exact_ratio_p_value(5, 5, 1.0)


def test_stored_probabilities_of_one_share_are_the_test_of_two_arms() -> None:
    units = pl.DataFrame({"arm": ["treated"] * 870 + ["control"] * 130, "propensity": 0.9})
    check = check_draw(Design.of(units, wave=None, cluster=None))
    assert check.p_value == pytest.approx(check_ratio({"t": 870, "c": 130}, {"t": 0.9, "c": 0.1}).p_value)


def test_draws_by_the_stored_probabilities_are_in_order_and_others_alarm() -> None:
    units = drawn_units(4000)
    design = Design.of(units)
    assert not check_draw(design).is_mismatch
    assert check_draw(Design.of(units.with_columns(propensity=pl.lit(0.5)))).is_mismatch


def test_balance_of_one_covariate_is_welchs_test() -> None:
    units = drawn_units(500)
    found = balance(Design.of(units, propensity=None, wave=None, cluster=None), ("pre_margin",))
    arms = [units.filter(arm=arm)["pre_margin"].to_numpy() for arm in ("treated", "control")]
    right = stats.ttest_ind(*arms, equal_var=False)
    row = found.table.row(0, named=True)
    assert row["p_value"] == pytest.approx(right.pvalue, rel=1e-9)
    assert row["standardised_difference"] == pytest.approx(
        (arms[0].mean() - arms[1].mean()) / np.sqrt((arms[0].var(ddof=1) + arms[1].var(ddof=1)) / 2)
    )
    assert (found.chi2, found.df) == (pytest.approx(right.statistic**2), 1)


def test_balance_counts_missing_values_and_ignores_what_follows_from_others() -> None:
    rng = np.random.default_rng(4)
    units = drawn_units(800).with_columns(double=2 * pl.col("pre_margin"), age=pl.Series(rng.normal(40, 9, 800)), fixed=pl.lit(1.0))
    late = units.with_columns(age=pl.when((pl.col("arm") == "treated") & (pl.col("age") > 40)).then(None).otherwise(pl.col("age")))
    found = balance(Design.of(late), ("pre_margin", "double", "age", "fixed"))
    assert found.table["covariate"].to_list() == ["pre_margin", "double", "age", "fixed", "age:missing"]
    assert found.df == 3  # double follows from pre_margin, fixed does not vary
    assert found.p_value < 1e-9
    assert found.largest > 0.5
    assert found.table.filter(covariate="fixed")["standardised_difference"].to_list() == [None]


@pytest.mark.slow
def test_the_joint_test_keeps_its_level() -> None:
    """2,000 draws of fair coins on fixed covariates: p below 0.05 in 5 %, up to three standard errors (0.5 %)."""
    rng = np.random.default_rng(8)
    covariates = {name: rng.normal(size=120) for name in ("a", "b", "c")}
    rejected = []
    for _ in range(2000):
        units = pl.DataFrame({"arm": np.where(rng.random(120) < 0.5, "treated", "control"), **covariates})
        rejected.append(balance(Design.of(units, propensity=None, wave=None, cluster=None), ("a", "b", "c")).p_value < 0.05)
    assert 0.035 < np.mean(rejected) < 0.065
