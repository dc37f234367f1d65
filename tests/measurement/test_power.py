"""Plans, against G*Power as cited by Spotify's confidence (tests/samplesize/test_samplesizecalculator.py), tea-tasting and closed forms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured_shop import MENS, NO_MAIL, drawn_units, emails

from relkit.errors import ParameterError, TableError
from relkit.measurement.arm_sums import ArmSums
from relkit.measurement.designs import Design
from relkit.measurement.differences import difference
from relkit.measurement.measures import Measure
from relkit.measurement.power import Amount, Plan, Share, amount_of

if TYPE_CHECKING:
    from pathlib import Path

G_POWER = Plan(power=0.85)
"""Spotify's default power. G*Power takes Student's t for means, which costs two units more than the normal distribution."""


@pytest.mark.parametrize(
    ("plan", "outcome", "effect", "total", "within"),
    [
        (G_POWER, Amount(10.0), 0.3, 39_906 - 2, 1e-6),
        (G_POWER, Share(0.34), 0.003, 897_348, 2e-5),
        (Plan(power=0.85, level=0.86), Share(0.34), 0.003, 630_710, 2e-4),
        (Plan(power=0.67, level=0.86), Share(0.34), 0.003, 366_424, 5e-3),
        (Plan(power=0.85, arms=2, treated_share=1 / 3), Amount(10.0), 0.3, 29_929 + 2 * 14_965, 1e-3),
        (Plan(power=0.85, arms=2, treated_share=1 / 3), Share(0.34), 0.003, 673_157 + 2 * 336_578, 1e-3),
    ],
)
def test_sizes_of_g_power(plan: Plan, outcome: Amount | Share, effect: float, total: float, within: float) -> None:
    assert plan.units(outcome, effect).exact == pytest.approx(total, rel=within)


def test_a_large_effect_is_between_the_two_figures_of_g_power() -> None:
    assert 738 < G_POWER.units(Share(0.34), 0.1).exact < 852


@pytest.mark.parametrize(("test", "per_arm"), [("unpooled", 14_748.05), ("pooled", 14_750.79), ("arcsine", 14_744.1048 + 0.0361)])
def test_two_shares_by_three_tests(test: str, per_arm: float) -> None:
    """10 % against 11 %, 80 % power: closed forms; statsmodels 0.15.0 (NormalIndPower) for the arcsine.

    That one counts effects found in the wrong direction as found, with probability 1e-6, and so needs 0.04 units fewer.
    """
    sizes = Plan().units(Share(0.10, test=test), 0.01)
    assert (sizes.treated, sizes.control) == pytest.approx((per_arm, per_arm), abs=0.005)


def test_the_detectable_effect_of_the_emails(real_data: Path) -> None:
    """tea-tasting 1.14: 0.406921 of spend at 80 % power (normal)."""
    effect = difference(ArmSums.of(emails(real_data), ("spend",), arm="segment"), "spend", treated=MENS, control=NO_MAIL)
    n = effect.n_treated + effect.n_control
    above, below = (math.sqrt(part * size) for part, size in zip(effect.spread[:2], (effect.n_treated, effect.n_control), strict=True))
    plan = Plan(treated_share=effect.n_treated / n)
    assert plan.effect(Amount(below, treated_sd=above), n) == pytest.approx(0.406921, abs=5e-7)


@given(st.floats(0.05, 0.95), st.floats(0.5, 0.95), st.sampled_from(["two-sided", "greater", "less"]), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_each_of_the_three_is_solved_from_the_other_two(treated_share: float, power: float, alternative: str, arms: int) -> None:
    plan = Plan(treated_share=treated_share, power=power, alternative=alternative, arms=arms, correction="bonferroni")
    sign = -1 if alternative == "less" else 1
    for outcome, effect in (
        (Amount(30.0, explained=0.3), 2.0),
        (Share(0.3), 0.02),
        (Share(0.3, "pooled"), 0.02),
        (Share(0.3, "arcsine"), 0.02),
    ):
        units = plan.units(outcome, sign * effect).exact
        assert plan.chance(outcome, sign * effect, units) == pytest.approx(power, abs=1e-3 if alternative == "two-sided" else 1e-9)
        assert plan.effect(outcome, units) == pytest.approx(sign * effect, rel=1e-6)


def test_without_effect_the_chance_is_the_error_rate() -> None:
    assert Plan().chance(Amount(3.0), 0.0, 500) == pytest.approx(0.05)
    assert Plan(alternative="greater").chance(Amount(3.0), 0.0, 500) == pytest.approx(0.05)


def test_covariates_and_clusters() -> None:
    """Half of the variance explained halves the units; households of 3 with correlation 0.2 need 1.4 times as many."""
    plain = Plan().units(Amount(40.0), 2.0).exact
    assert Plan().units(Amount(40.0, explained=0.5), 2.0).exact == pytest.approx(plain / 2)
    assert Plan(cluster_size=3, cluster_correlation=0.2).units(Amount(40.0), 2.0).exact == pytest.approx(1.4 * plain)


def test_corrections_for_several_arms() -> None:
    sizes = [Plan(arms=3, correction=name).units(Amount(40.0), 2.0).exact for name in ("none", "dunnett", "bonferroni")]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 3
    assert Plan(correction="dunnett").units(Amount(40.0), 2.0).exact == pytest.approx(Plan().units(Amount(40.0), 2.0).exact)


def test_sizes_round_up_by_arm() -> None:
    sizes = Plan(arms=2).units(Share(0.10), 0.01)
    assert sizes.total == 2 * 14_749 + 14_749
    assert sizes.exact == pytest.approx(3 * 14_748.05, abs=0.02)


def test_the_chance_is_that_of_simulated_draws() -> None:
    """4,000 draws of shares 0.2 and 0.26 over 90/10 arms: within three standard errors of the planned power."""
    plan, rng = Plan(treated_share=0.9), np.random.default_rng(2)
    n = 3000
    treated, control = (rng.binomial(size, rate, 4000) / size for size, rate in ((2700, 0.26), (300, 0.2)))
    se = np.sqrt(treated * (1 - treated) / 2700 + control * (1 - control) / 300)
    found = (np.abs(treated - control) > 1.959964 * se).mean()
    expected = plan.chance(Share(0.2), 0.06, n)
    assert found == pytest.approx(expected, abs=3 * math.sqrt(0.25 / 4000))


def test_amounts_of_the_past() -> None:
    units = drawn_units(2000)
    sums = ArmSums.of(units, ("margin", "orders"), covariates=("pre_margin",))
    found = amount_of(sums, "margin", covariates=("pre_margin",))
    rows = units.select("margin", "pre_margin").to_numpy()
    assert found.sd == pytest.approx(rows[:, 0].std(ddof=1))
    assert found.explained == pytest.approx(np.corrcoef(rows.T)[0, 1] ** 2)
    ratio = amount_of(sums, Measure("margin", per="orders"))
    m, o = units["margin"].to_numpy(), units["orders"].to_numpy()
    linear = (m - m.sum() / o.sum() * o) / o.mean()
    assert ratio.sd == pytest.approx(linear.std(ddof=1))
    with pytest.raises(TableError, match=r"units.fixed: the measure does not vary"):
        amount_of(ArmSums.of(units.with_columns(fixed=pl.lit(1.0)), ("fixed",)), "fixed")


def test_a_planned_effect_is_about_as_precise_as_planned() -> None:
    units = drawn_units(4000).filter(wave_id="w1")
    effect = Design.of(units).effect("margin", covariates=("pre_margin",))
    outcome = amount_of(ArmSums.of(units, ("margin",), covariates=("pre_margin",)), "margin", covariates=("pre_margin",))
    assert effect.se * 2.801585 == pytest.approx(Plan().effect(outcome, len(units)), rel=0.05)


def test_invalid_plans_are_refused() -> None:
    for settings_, where in (({"power": 80}, "power"), ({"treated_share": 0.0}, "treated_share"), ({"level": 1.0}, "level")):
        with pytest.raises(ParameterError, match=f"{where}: .* is not between 0 and 1"):
            Plan(**settings_)
    with pytest.raises(ParameterError, match="unknown correction 'holm'"):
        Plan(correction="holm")
    with pytest.raises(ParameterError, match="unknown alternative 'two'"):
        Plan(alternative="two")
    with pytest.raises(ParameterError, match="plan: a setting is out of range"):
        Plan(arms=0)
    with pytest.raises(ParameterError, match=r"an effect of 0.0 cannot be detected as two-sided"):
        Plan().units(Amount(3.0), 0.0)
    with pytest.raises(ParameterError, match=r"an effect of -1.0 cannot be detected as greater"):
        Plan(alternative="greater").units(Amount(3.0), -1.0)
    with pytest.raises(ParameterError, match=r"an effect of 0.2 takes the share 0.9 out of 0 to 1"):
        Plan().units(Share(0.9), 0.2)
    with pytest.raises(ParameterError, match="units: 0 units are not above 0"):
        Plan().effect(Amount(3.0), 0)
    for outcome in ({"sd": 0.0}, {"sd": 1.0, "explained": 1.0}):
        with pytest.raises(ParameterError, match=r"sd: the standard deviation must be above 0|explained: 1.0 is not from 0 to below 1"):
            Amount(**outcome)
    with pytest.raises(ParameterError, match="rate: 10 is not between 0 and 1"):
        Share(10)
    with pytest.raises(ParameterError, match="unknown test 'chi2'"):
        Share(0.1, "chi2")


def test_so_few_units_that_no_share_is_detected() -> None:
    assert Plan().effect(Share(0.5), 4) == math.inf
