"""Effects, money, guardrails, segments, days and checks of a campaign on units made by hand: each figure by numpy or by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from relkit.errors import ParameterError
from relkit.measurement.campaign_checks import CheckedDraw
from relkit.measurement.campaign_days import cumulative_effects, days_table
from relkit.measurement.campaign_effects import CampaignEffects
from relkit.measurement.campaign_guardrails import guardrails_of, guardrails_table
from relkit.measurement.campaign_money import CampaignMoney
from relkit.measurement.campaign_outcomes import Outcomes, parts_of
from relkit.measurement.campaign_segments import SegmentOfUnits, segments_table
from relkit.measurement.designs import Design
from relkit.texts import Text


@dataclass(frozen=True, kw_only=True)
class Measure:
    column: str
    kind: str = "money"
    column_after: str | None = None
    covariate: str | None = None
    is_guardrail: bool = False

    @property
    def label(self) -> Text:
        return Text(self.column.capitalize(), self.column.capitalize() + " (fr)")


MARGIN = Measure(column="margin", column_after="margin_after", covariate="pre_margin")
ORDERS = Measure(column="orders", kind="count", column_after="orders_after")
GONE = Measure(column="unsubscribed", kind="share", is_guardrail=True)


def units(n: int = 4_000, *, seed: int = 1, effect: float = 2.0, cost: float = 0.5) -> pl.DataFrame:
    """Return units of two waves and two shares, treated with an effect; what was bought before explains half the variance."""
    rng = np.random.default_rng(seed)
    share = np.where(np.arange(n) % 3 == 0, 0.7, 0.5)
    treated = rng.random(n) < share
    before = rng.gamma(2.0, 10.0, n)
    margin = before / 2 + rng.gamma(2.0, 5.0, n) + effect * treated
    return pl.DataFrame(
        {
            "unit_id": [f"u{k}" for k in range(n)],
            "cluster_id": [f"u{k}" for k in range(n)],
            "wave_id": np.where(np.arange(n) % 2 == 0, "w1", "w2"),
            "drawn_on": [date(2024, 1, 1 + k % 2) for k in range(n)],
            "arm": np.where(treated, "treated", "control"),
            "propensity": share,
            "is_reached": treated & (rng.random(n) < 0.8),
            "cost": cost * treated,
            "pre_margin": before,
            "margin": margin,
            "margin_after": margin + rng.normal(0.0, 1.0, n) - effect * treated / 2,
            "orders": (margin > 20).astype(float),
            "orders_after": (margin > 15).astype(float),
            "unsubscribed": rng.random(n) < 0.02,
        }
    )


def effects(frame: pl.DataFrame | None = None, **changes: Any) -> CampaignEffects:
    rows = units() if frame is None else frame
    usual = {"outcomes": Outcomes((MARGIN, ORDERS, GONE)), "response_days": 28, "post_days": 56}
    return CampaignEffects(design=Design.of(rows), **(usual | changes))


def stratified(frame: pl.DataFrame, column: str, *, of_treated: bool = False) -> float:
    """Return the difference within waves and shares, averaged by their units, or by their treated units."""
    total = weight = 0.0
    for part in frame.partition_by("wave_id", "propensity"):
        arms = [part.filter(pl.col("arm") == arm)[column].cast(pl.Float64) for arm in ("treated", "control")]
        size = len(arms[0]) if of_treated else len(part)
        total, weight = total + size * (float(arms[0].mean()) - float(arms[1].mean())), weight + size  # type: ignore[arg-type]
    return total / weight


def row(frame: pl.DataFrame, **cell: str) -> dict[str, Any]:
    return frame.filter(*(pl.col(name) == value for name, value in cell.items())).row(0, named=True)


class TestOutcomes:
    def test_the_margin_is_what_a_campaign_is_to_add_else_the_first_amount(self) -> None:
        spend, visit = Measure(column="spend"), Measure(column="visit", kind="share")
        assert Outcomes((ORDERS, spend, MARGIN)).money is MARGIN
        assert Outcomes((visit, spend)).money is spend
        assert Outcomes((visit, GONE)).money is None
        assert Outcomes((MARGIN, ORDERS, GONE)).covariates == ("pre_margin",)

    def test_a_window_is_a_sum_of_columns(self) -> None:
        assert parts_of(MARGIN, "later") == {"margin_after": 1.0, "margin": -1.0}
        assert parts_of(Measure(column="spend"), "later") is None
        assert parts_of(Measure(column="spend"), "post") == {"spend": 1.0}


class TestEffects:
    def test_effects_as_drawn_are_differences_within_strata(self) -> None:
        frame = units()
        table = effects(frame).table()
        for window, column in (("response", "margin"), ("post", "margin_after")):
            found = row(table, measure="margin", window=window, method="drawn")
            assert found["estimate"] == pytest.approx(stratified(frame, column))
        later = row(table, measure="margin", window="later", method="drawn")
        assert later["estimate"] == pytest.approx(stratified(frame, "margin_after") - stratified(frame, "margin"))

    def test_the_adjusted_effect_is_near_and_its_interval_narrower(self) -> None:
        table = effects().table()
        drawn, adjusted = (row(table, measure="margin", window="post", method=method) for method in ("drawn", "adjusted"))
        assert adjusted["std_error"] < 0.8 * drawn["std_error"]
        assert adjusted["low"] < 1.0 < adjusted["high"]  # the effect that was planted
        assert abs(adjusted["estimate"] - drawn["estimate"]) < 3 * drawn["std_error"]

    def test_capped_amounts_have_one_limit_for_both_arms(self) -> None:
        frame = units()
        limit = float(np.quantile(frame["margin"].to_numpy(), 0.99))
        found = row(effects(frame).table(), measure="margin", window="response", method="winsorised")
        assert found["estimate"] == pytest.approx(stratified(frame.with_columns(pl.col("margin").clip(upper_bound=limit)), "margin"))

    def test_the_effect_on_those_reached_is_spread_over_fewer(self) -> None:
        found = effects(units())
        shown = row(found.table(), measure="margin", window="post", method="reached")
        on_treated = found.design.estimates(("margin_after", "is_reached"), covariates=found.outcomes.covariates, target="treated")
        gain, rise = (on_treated.effect(name).estimate for name in ("margin_after", "is_reached"))
        assert gain is not None
        assert rise is not None
        assert rise < 0.95
        assert shown["estimate"] == pytest.approx(gain / rise)

    def test_with_everybody_reached_it_is_the_effect_on_those_drawn(self) -> None:
        found = effects(units().with_columns(is_reached=pl.col("arm") == "treated"))
        assert "reached" not in found.table()["method"].to_list()

    def test_few_units_are_not_adjusted_in_the_figures_of_money(self) -> None:
        assert effects(units(150)).method == "drawn"
        assert effects().method == "adjusted"
        assert effects(adjusts=False).method == "drawn"
        assert "adjusted" not in effects(adjusts=False).table()["method"].to_list()


class TestMoney:
    def test_amounts_are_effects_on_the_treated_times_their_number(self) -> None:
        frame = units()
        money = CampaignMoney(effects=effects(frame, adjusts=False)).table()
        treated = frame.filter(pl.col("arm") == "treated").height
        added = row(money, figure="incremental_margin", window="post")["value"]
        assert added == pytest.approx(treated * stratified(frame, "margin_after", of_treated=True))
        assert row(money, figure="cost", window="post")["value"] == pytest.approx(0.5 * treated)
        assert row(money, figure="net_margin", window="post")["value"] == pytest.approx(added - 0.5 * treated)
        assert row(money, figure="margin_each", window="post")["value"] == pytest.approx(added / treated)
        assert row(money, figure="roi", window="post")["value"] == pytest.approx(added / (0.5 * treated) - 1)
        later = row(money, figure="later_margin", window="later")["value"]
        assert later == pytest.approx(added - row(money, figure="incremental_margin", window="response")["value"])

    def test_without_costs_ratios_have_a_reason_and_nothing_is_deducted(self) -> None:
        money = CampaignMoney(effects=effects(units(cost=0.0))).table()
        assert row(money, figure="net_margin", window="post")["value"] == row(money, figure="incremental_margin", window="post")["value"]
        assert row(money, figure="roi", window="post")["reason_fr"] == "L’action n’a rien coûté."

    def test_without_an_amount_there_is_no_money(self) -> None:
        money = CampaignMoney(effects=effects(outcomes=Outcomes((GONE,))))
        assert set(money.table()["reason_en"]) == {"No table tells of money."}
        assert money.verdict(is_mismatch=False, guardrails=[]).decision == "not_measurable"

    @pytest.mark.parametrize(
        ("effect", "cost", "decision"), [(4.0, 0.5, "continue"), (0.0, 3.0, "stop"), (1.0, 0.5, "retest")], ids=["pays", "loses", "unclear"]
    )
    def test_the_verdict_follows_the_net_after_both_windows(self, effect: float, cost: float, decision: str) -> None:
        money = CampaignMoney(effects=effects(units(2_000, effect=effect, cost=cost)))
        assert money.verdict(is_mismatch=False, guardrails=[]).decision == decision
        assert money.verdict(is_mismatch=True, guardrails=[]).decision == "not_measurable"


class TestGuardrails:
    def test_harm_is_accepted_by_default_or_as_stated(self) -> None:
        usual = row(guardrails_table(guardrails_of(effects(), {})), measure="unsubscribed")
        assert usual["allowed"] == 0.005
        lenient, strict = (guardrails_of(effects(), {"unsubscribed": allowed})[0].guardrail.state for allowed in (0.05, 0.0))
        assert (lenient, strict) == ("held", "unclear")
        assert usual["high"] - usual["estimate"] == pytest.approx(norm.ppf(0.975) * 0.0044, rel=0.1)

    def test_an_unknown_guardrail_is_refused(self) -> None:
        with pytest.raises(ParameterError, match="unknown guardrail 'unsubscribe'; did you mean 'unsubscribed'"):
            guardrails_of(effects(), {"unsubscribe": 0.1})

    def test_returns_that_rise_with_sales_are_no_harm(self) -> None:
        """A tenth of what is sold comes back in both arms: the share returned is the same, whatever the treated buy more."""
        back = pl.when(pl.int_range(pl.len()) % 2 == 0).then(0.05).otherwise(0.15)
        frame = units(effect=20.0).with_columns(revenue=3 * pl.col("margin") * (1 - back), returns=3 * pl.col("margin") * back)
        measures = (MARGIN, Measure(column="revenue"), Measure(column="returns", is_guardrail=True))
        found = row(guardrails_table(guardrails_of(effects(frame, outcomes=Outcomes(measures)), {})), measure="returns")
        assert found["mean_treated"] == pytest.approx(0.1, abs=0.005)
        assert (found["label_en"], found["kind"], found["state"]) == ("Share of sales returned", "share", "held")
        worse = frame.with_columns(returns=pl.col("returns") * pl.when(pl.col("arm") == "treated").then(4).otherwise(1))
        assert guardrails_of(effects(worse, outcomes=Outcomes(measures)), {})[0].guardrail.state == "breached"

    def test_an_amount_that_nobody_had_is_no_guardrail(self) -> None:
        returns = Measure(column="returns", is_guardrail=True)
        frame = units().with_columns(returns=pl.lit(0.0))
        assert guardrails_of(effects(frame, outcomes=Outcomes((MARGIN, returns))), {}) == ()


class TestSegments:
    @staticmethod
    def segment(place: list[int | None], *names: str) -> SegmentOfUnits:
        groups = [Text(name, name) for name in names]
        return SegmentOfUnits(column="home", label=Text("Home", "Foyer"), place=pl.Series(place, dtype=pl.Int32), groups=groups)

    def test_groups_that_differ_are_found_and_small_ones_hidden(self) -> None:
        frame = units()
        home = np.arange(len(frame)) % 2
        bent = frame.with_columns(margin_after=pl.col("margin_after") + pl.Series(5.0 * home * (frame["arm"] == "treated").to_numpy()))
        place = [2 if k < 12 else int(h) for k, h in enumerate(home)]
        table = segments_table(effects(bent), [self.segment(place, "one", "two", "three")])
        assert table["differ_q_value"].max() < 0.001
        assert table.filter(pl.col("group") == "three")["reason_en"].item().startswith("An arm has fewer than 10 units")
        gap = table["estimate"][1] - table["estimate"][0]
        assert 3.5 < gap < 6.5

    def test_groups_that_react_alike_are_not_told_apart(self) -> None:
        table = segments_table(effects(), [self.segment([k % 2 for k in range(4_000)], "one", "two")])
        assert table["differ_q_value"].min() > 0.01
        assert segments_table(effects(), []).is_empty()


class TestDays:
    @staticmethod
    def daily(frame: pl.DataFrame, days: int = 3) -> pl.DataFrame:
        """Return sums of running totals: a third of the margin on each day."""
        parts = []
        for day in range(days + 1):
            total = pl.col("margin_after") * day / days
            sums = {"units": pl.len(), "total": total.sum(), "squares": (total**2).sum()}
            parts.append(frame.group_by("wave_id", "propensity", "arm").agg(**sums).with_columns(day=pl.lit(day, pl.Int32)))
        return pl.concat(parts)

    def test_the_curve_ends_at_the_effect_as_drawn(self) -> None:
        frame = units()
        table = days_table(self.daily(frame), effects(frame))
        assert table["day"].to_list() == [1, 2, 3]
        assert table["estimate"].to_list() == pytest.approx([stratified(frame, "margin_after") * part for part in (1 / 3, 2 / 3, 1)])
        drawn = row(effects(frame).table(), measure="margin", window="post", method="drawn")
        last = table.row(-1, named=True)
        assert last["high"] - last["estimate"] == pytest.approx(drawn["high"] - drawn["estimate"], rel=1e-3)

    def test_the_wide_band_is_sidaks(self) -> None:
        curve = cumulative_effects(self.daily(units()))
        reach = (curve["always_high"] - curve["estimate"]) / curve["std_error"]
        assert reach.to_list() == pytest.approx([norm.ppf((1 + 0.95 ** (1 / 3)) / 2)] * 3)

    def test_without_days_there_is_no_curve(self) -> None:
        assert days_table(None, effects()).is_empty()

    @pytest.mark.slow
    def test_the_wide_band_holds_on_all_days_at_once(self) -> None:
        """Without an effect, 2,000 random walks of 84 days: the band of all days holds zero throughout in at least 95 %."""
        rng = np.random.default_rng(4)
        days, n, inside = 84, 400, 0
        for _ in range(2_000):
            walks = rng.normal(size=(n, days)).cumsum(axis=1)
            arm = rng.random(n) < 0.5
            gap = walks[arm].mean(axis=0) - walks[~arm].mean(axis=0)
            error = np.sqrt(walks[arm].var(axis=0, ddof=1) / arm.sum() + walks[~arm].var(axis=0, ddof=1) / (~arm).sum())
            inside += bool((np.abs(gap) <= norm.ppf((1 + 0.95 ** (1 / days)) / 2) * error).all())
        assert inside / 2_000 >= 0.94


class TestTheDraw:
    def test_each_wave_is_held_against_its_own_shares(self) -> None:
        frame = units()
        checked = CheckedDraw.of(Design.of(frame), Outcomes((MARGIN,)))
        assert not checked.is_mismatch
        assert checked.waves["expected_treated"].to_list() == pytest.approx(
            frame.group_by("wave_id").agg(pl.col("propensity").sum()).sort("wave_id")["propensity"].to_list()
        )
        assert checked.balance["covariate"].to_list() == ["pre_margin"]

    def test_a_single_wave_that_lost_its_controls_is_a_mismatch(self) -> None:
        frame = units()
        lost = (pl.col("wave_id") == "w2") & (pl.col("arm") == "control") & (pl.int_range(pl.len()) % 3 == 1)
        checked = CheckedDraw.of(Design.of(frame.filter(~lost)), Outcomes((MARGIN,)))
        assert checked.is_mismatch
        assert checked.waves["p_value"][1] < 1e-6
        assert checked.waves["p_value"][0] > 0.001

    def test_arms_that_differed_before_are_seen(self) -> None:
        frame = units().with_columns(pre_margin=pl.col("pre_margin") + 4.0 * (pl.col("arm") == "treated"))
        checked = CheckedDraw.of(Design.of(frame), Outcomes((MARGIN,)))
        assert checked.balance_p_value is not None
        assert checked.balance_p_value < 0.001
        assert CheckedDraw.of(Design.of(frame), Outcomes((replace(MARGIN, covariate=None),))).balance_p_value is None
