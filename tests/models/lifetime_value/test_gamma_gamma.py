from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import lgamma, log
from typing import Any

import numpy as np
import polars as pl
import pytest
import simulated_purchases as simulated

from relkit.errors import NotEnoughEventsError, ParameterError, TableError
from relkit.models.lifetime_value import gamma_gamma
from relkit.models.lifetime_value.gamma_gamma import FittedGammaGamma, GammaGamma

DAY = date(1997, 9, 30)
NOTE = (6.25, 3.74, 15.44)
"""p, q and v (there called gamma) of Fader and Hardie (2013), brucehardie.com/notes/025, CDNOW."""


@pytest.fixture(scope="module")
def fitted(cdnow: pl.DataFrame) -> FittedGammaGamma:
    return GammaGamma().fit(cdnow, as_of=DAY)


def very_unequal() -> pl.DataFrame:
    return simulated.spenders(400, np.random.default_rng(8), p=3.0, q=1.05, v=40.0)


@pytest.fixture(scope="module")
def unequal() -> FittedGammaGamma:
    return GammaGamma().fit(very_unequal(), as_of=DAY)


def people(x: list[int], m: list[float | None]) -> pl.DataFrame:
    return pl.DataFrame({"customer_id": [str(i) for i in range(len(x))], "repeat_purchases": x, "mean_repeat_value": m})


class TestPublishedNumbers:
    def test_parameters_of_the_cdnow_sample(self, fitted: FittedGammaGamma) -> None:
        """Note 025: 6.25, 3.74, 15.44 for 946 customers; further digits are those of an independent scipy maximisation.

        The log-likelihood is that of CLVTools 0.12.1's gg test.
        """
        assert (fitted.p, fitted.q, fitted.v) == pytest.approx((6.24957, 3.74422, 15.44353), abs=2e-5)
        assert fitted.info.log_likelihood == pytest.approx(-4055.9177, abs=5e-5)
        assert fitted.info.rows == 946
        assert fitted.info.notes == ("1,411 of 2,357 customers had no repeat purchase: order values are learnt from the others.",)

    def test_mean_and_correlation_of_the_cdnow_sample(self, fitted: FittedGammaGamma) -> None:
        """Note 025: the population mean is 35.17 dollars; correlation of frequency and spend .11."""
        assert fitted.mean_order_value == pytest.approx(35.17, abs=5e-3)
        assert fitted.correlation == pytest.approx(0.1139, abs=5e-5)

    def test_expected_value_of_the_note(self) -> None:
        """(v + x m) p / (p x + q - 1) at m = 35, x = 3 with the note's rounded parameters, by hand: 35.02792."""
        assert gamma_gamma.expected_value(*NOTE, np.array([3]), np.array([35.0])) == pytest.approx(35.02792, abs=5e-6)

    def test_the_first_ten_customers(self) -> None:
        """Note 025's spreadsheet, ten customers of the sample, as in lifetimes' test of conditional_expected_average_profit."""
        x = np.array([2, 1, 0, 0, 0, 7, 1, 0, 2, 0])
        m = np.array([22.35, 11.77, 0, 0, 0, 73.74, 11.77, 0, 25.55, 0])
        published = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
        assert gamma_gamma.expected_value(*NOTE, x, m) == pytest.approx(published, abs=0.1)

    def test_likelihood_is_the_formula(self) -> None:
        """Note 025, eq. 1a, in plain lgamma and log."""
        p, q, v, x, m = *NOTE, 2, 22.345
        plain = lgamma(p * x + q) - lgamma(p * x) - lgamma(q) + q * log(v) + (p * x - 1) * log(m) + p * x * log(x)
        plain -= (p * x + q) * log(x * m + v)
        assert gamma_gamma.log_likelihood(p, q, v, np.array([x]), np.array([m])) == pytest.approx(plain, rel=1e-13)

    def test_holdout(self, fitted: FittedGammaGamma, cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> None:
        """Closer to buyers' spend per order than the mean of all customers is."""
        judged = GammaGamma().judge(fitted, cdnow, cdnow_outcomes)
        spent = cdnow_outcomes["holdout_mean_value"].drop_nulls()
        same_for_all = (spent.filter(spent > 0) - fitted.mean_order_value).abs().mean()
        assert judged[GammaGamma.holdout_metric.name] < 0.95 * same_for_all
        assert judged["correlation_order_value"] > 0.4


class TestFit:
    @pytest.mark.parametrize("logs", [(1.8, 1.2, 0.1), (-0.5, 3.0, 0.4), (2.5, -0.3, -1.0)])
    def test_derivatives_are_those_of_the_value(self, logs: tuple[float, ...]) -> None:
        """Central differences of the value and of the gradient."""
        table = simulated.spenders(300, np.random.default_rng(0), p=6.0, q=4.0, v=1.0)
        x, m = table["repeat_purchases"].cast(pl.Float64).to_numpy(), table["mean_repeat_value"].to_numpy()
        population, at, step = gamma_gamma._Spenders.of(x, m), np.array(logs), 1e-5
        value, gradient, hessian = population(at)
        beside = [(population(at + step * e), population(at - step * e)) for e in np.eye(3)]
        assert gradient == pytest.approx([(up[0] - down[0]) / (2 * step) for up, down in beside], rel=1e-6, abs=1e-4)
        assert hessian == pytest.approx(np.array([(up[1] - down[1]) / (2 * step) for up, down in beside]), rel=1e-6, abs=1e-4)
        p, q, level = np.exp(at)
        assert value == pytest.approx(gamma_gamma.log_likelihood(p, q, level * q / p, x, m).sum(), rel=1e-10)

    def test_known_parameters_are_found_again(self) -> None:
        """60,000 simulated customers: within four standard errors, which are small. So many start from a sample."""
        truth = np.array([6.0, 4.0, 15.0, 30.0])
        summary = GammaGamma().fit(simulated.spenders(60_000, np.random.default_rng(7), p=6.0, q=4.0, v=15.0), as_of=DAY).summary()
        errors = summary["std_error"].to_numpy()
        assert summary["term"].to_list() == ["p", "q", "v", "mean_order_value"]
        assert (np.abs(summary["estimate"].to_numpy() - truth) < 4 * errors).all()
        assert (errors < 0.05 * truth).all()

    def test_intervals_have_their_nominal_coverage(self) -> None:
        """120 simulated populations of 800: a 90 % interval covers 90 % +- 3 binomial standard errors (0.082)."""
        rng, truth, covered = np.random.default_rng(8), np.array([6.0, 4.0, 15.0, 30.0]), []
        for _ in range(120):
            summary = GammaGamma(level=0.9).fit(simulated.spenders(800, rng, p=6.0, q=4.0, v=15.0), as_of=DAY).summary()
            covered.append((summary["lower"].to_numpy() < truth) & (truth < summary["upper"].to_numpy()))
        assert np.mean(covered, axis=0) == pytest.approx(np.full(4, 0.9), abs=0.083)

    def test_the_currency_changes_the_unit_and_nothing_else(self, fitted: FittedGammaGamma, cdnow: pl.DataFrame) -> None:
        cents = GammaGamma().fit(cdnow.with_columns(pl.col("mean_repeat_value") * 100), as_of=DAY)
        assert (cents.p, cents.q) == pytest.approx((fitted.p, fitted.q), rel=1e-7)
        assert cents.v == pytest.approx(100 * fitted.v, rel=1e-7)
        assert cents.info.log_likelihood == pytest.approx(fitted.info.log_likelihood - 946 * np.log(100), abs=1e-6)

    def test_spend_that_goes_with_frequency_is_noted(self, cdnow: pl.DataFrame) -> None:
        strict = GammaGamma(correlation_noted_above=0.1).fit(cdnow, as_of=DAY)
        assert strict.info.notes[1] == "Spend goes with the number of orders (correlation 0.11); the model supposes that it does not."


class TestFallbacks:
    def test_customers_who_do_not_differ_get_the_pooled_mean(self) -> None:
        """As q grows without bound other programs stop with an error; here everyone is expected to spend the same."""
        table = simulated.spenders(3000, np.random.default_rng(0), p=6.2, q=None, v=0.3)
        fitted = GammaGamma().fit(table, as_of=DAY)
        assert (fitted.q, fitted.v) == (None, None)
        assert fitted.p == pytest.approx(6.2, rel=0.05)
        pooled = (table["repeat_purchases"] * table["mean_repeat_value"]).sum() / table["repeat_purchases"].sum()
        assert fitted.expected_order_value(table) == pytest.approx(np.full(3000, pooled), rel=1e-12)
        assert "Customers do not differ in spend beyond chance" in fitted.info.notes[-1]
        assert fitted.summary().filter(term="q").row(0) == ("q", None, None, None, None)

    def test_spend_without_a_finite_mean_leaves_each_customer_his_own(self) -> None:
        table = simulated.spenders(2000, np.random.default_rng(1), p=3.0, q=0.6, v=10.0)
        fitted = GammaGamma().fit(table, as_of=DAY)
        assert fitted.q is not None
        assert fitted.q <= 1
        assert "it has no finite mean" in fitted.info.notes[-1]
        assert fitted.expected_order_value(table).tolist() == table["mean_repeat_value"].to_list()
        newcomer = people([0], [None])
        assert fitted.expected_order_value(newcomer).item() == pytest.approx(table["mean_repeat_value"].mean())
        assert fitted.summary().filter(term="mean_order_value")["std_error"].item() is None

    def test_the_same_spend_everywhere(self) -> None:
        fitted = GammaGamma().fit(people([1, 2, 5], [30.0, 30.0, 30.0]), as_of=DAY)
        assert fitted.expected_order_value(people([0, 3], [None, 99.0])).tolist() == [30.0, 30.0]
        assert fitted.info.notes[0].startswith("Every customer spends 30 per order")
        assert fitted.info.log_likelihood is None
        assert fitted.summary()["estimate"].to_list() == [None, None, None, 30.0]

    def test_orders_that_never_vary_within_a_customer(self) -> None:
        """Three customers whose means differ more, not less, the more orders they average: p has no upper bound."""
        table = people([1, 2, 3], [4.0, 5.0, 9.0])
        fitted = GammaGamma().fit(table, as_of=DAY)
        assert fitted.info.notes[-1] == "A customer's orders do not vary: p went to the edge of its range and has no standard error."
        assert fitted.expected_order_value(table) == pytest.approx([4.0, 5.0, 9.0], rel=1e-4)
        assert fitted.summary().filter(term="p")["std_error"].item() is None

    def test_no_value_and_no_purchase_are_counted_apart(self, cdnow: pl.DataFrame) -> None:
        table = pl.concat(
            [cdnow.select("customer_id", "repeat_purchases", "mean_repeat_value"), people([1, 2], [0.0, -3.0]).select(pl.all())]
        )
        table = table.with_columns(pl.int_range(pl.len()).cast(pl.String).alias("customer_id"))
        fitted = GammaGamma().fit(table, as_of=DAY)
        assert fitted.info.rows == 946
        assert fitted.info.notes[1] == "2 of 2,359 customers had repeat purchases of no positive value and were left out."
        assert fitted.expected_order_value(table)[-2:] == pytest.approx([fitted.mean_order_value] * 2)

    def test_a_newcomer_is_expected_to_spend_the_mean(self, fitted: FittedGammaGamma) -> None:
        assert fitted.expected_order_value(people([0, 1], [None, None])) == pytest.approx([fitted.mean_order_value] * 2, rel=1e-12)


class TestMeanOfAllCustomers:
    """p v / (q - 1) has no bound as q falls to 1; the mean order observed takes its place before that, and without a cliff."""

    def test_a_newcomer_is_given_the_mean_observed_where_the_interval_reaches_1(self, unequal: FittedGammaGamma) -> None:
        observed = float(very_unequal()["mean_repeat_value"].to_numpy().mean())
        assert unequal.p is not None
        assert unequal.q is not None
        assert unequal.v is not None
        assert 1 < unequal.q < 1.2
        assert unequal.p * unequal.v / (unequal.q - 1) > 2 * observed
        assert unequal.expected_order_value(people([0], [None])).item() == pytest.approx(observed)
        remark = next(remark for remark in unequal.info.remarks if remark.code == "mean_order_in_doubt")
        assert "reaches 1, where spend has no finite mean" in remark.en
        assert f"the mean order observed, {observed:,.2f}" in remark.en
        assert "atteint 1" in remark.text("fr")
        assert unequal.summary().filter(term="mean_order_value")["std_error"].item() is None

    def test_one_who_bought_once_is_drawn_towards_the_mean_observed(self, unequal: FittedGammaGamma) -> None:
        low, high = unequal.expected_order_value(people([1, 1], [10.0, 1e6]))
        assert 10.0 < low < unequal.mean_order_value < high < 1e6

    @pytest.mark.parametrize("std_error", [0.02, 0.2, float("nan")])
    def test_no_cliff_as_q_passes_1(self, unequal: FittedGammaGamma, std_error: float) -> None:
        asked, found = people([0, 1, 3], [None, 900.0, 20.0]), []
        for q in np.exp(np.linspace(-0.05, 0.9 if std_error > 0.1 else 0.15, 400)):
            parameters: dict[str, Any] = {"p": 3.0, "q": float(q), "v": 40.0, "covariance": np.eye(3) * std_error**2}
            mean, remarks = gamma_gamma._mean_of_all(parameters, 617.0)
            assert bool(remarks) == (mean["certainty"] < 1)
            found.append(replace(unequal, **{**parameters, **mean}).expected_order_value(asked))
        values = np.array(found)
        assert np.abs(np.diff(values, axis=0)).max() < 0.05 * values.max()
        assert values[0].tolist() == [617.0, 900.0, 20.0]

    def test_the_model_alone_holds_where_q_is_clearly_above_1(self, fitted: FittedGammaGamma) -> None:
        assert fitted.certainty == 1
        assert fitted.p is not None
        assert fitted.q is not None
        assert fitted.v is not None
        x, m = np.array([0.0, 1.0, 4.0]), np.array([0.0, 20.0, 50.0])
        exact = gamma_gamma.expected_value(fitted.p, fitted.q, fitted.v, x, m)
        assert fitted.expected_order_value(people([0, 1, 4], [None, 20.0, 50.0])) == pytest.approx(exact, rel=1e-12)

    def test_draws_of_the_parameters_keep_the_mean_observed(self, unequal: FittedGammaGamma) -> None:
        for step in (-0.2, 0.01, 0.3):
            moved = unequal.moved(unequal.coordinates + step)
            assert moved.mean_order_value == unequal.mean_order_value
        partly = replace(unequal, certainty=0.5, q=1.5)
        assert partly.moved(partly.coordinates).mean_order_value == pytest.approx(partly.mean_order_value)


class TestRefusals:
    @pytest.mark.parametrize(("x", "m"), [([0, 0, 0], [None, None, None]), ([1, 1], [3.0, 4.0]), ([], [])])
    def test_too_few_customers(self, x: list[int], m: list[float | None]) -> None:
        table = people(x, m).cast({"repeat_purchases": pl.Int64, "mean_repeat_value": pl.Float64, "customer_id": pl.String})
        with pytest.raises(NotEnoughEventsError, match="customers have repeat purchases of positive value; 3 parameters need more"):
            GammaGamma().fit(table, as_of=DAY)

    @pytest.mark.parametrize(("value", "message"), [(float("nan"), "rows are not a number"), (float("inf"), "are infinite")])
    def test_values_that_are_no_money(self, value: float, message: str) -> None:
        with pytest.raises(TableError, match=message):
            GammaGamma().fit(people([1, 2, 3], [1.0, 2.0, value]), as_of=DAY)

    def test_level(self) -> None:
        with pytest.raises(ParameterError, match="level is 0; it must lie between 0 and 1"):
            GammaGamma(level=0)

    def test_correlation(self) -> None:
        with pytest.raises(ParameterError, match="correlation_noted_above is 2; it must lie between 0 and 1"):
            GammaGamma(correlation_noted_above=2)

    def test_nobody_bought_in_the_holdout(self, fitted: FittedGammaGamma, cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> None:
        nothing = cdnow_outcomes.with_columns(pl.lit(None, dtype=pl.Float64).alias("holdout_mean_value"))
        with pytest.raises(NotEnoughEventsError, match="nobody bought in the holdout"):
            GammaGamma().judge(fitted, cdnow, nothing)


class TestFirstOrders:
    """Customers with a first order as well, of the same gamma as the others."""

    @staticmethod
    def spenders(n: int = 3_000, seed: int = 5) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        nu = rng.gamma(4.0, 1 / 15.0, n)
        x = np.minimum(rng.geometric(0.6, n) - 1, 8)
        first, repeats = rng.gamma(6.0, 1 / nu), rng.gamma(6.0 * np.maximum(x, 1)) / nu / np.maximum(x, 1)
        m = pl.Series(np.where(x > 0, repeats, np.nan)).fill_nan(None)
        return pl.DataFrame(
            {"customer_id": [str(i) for i in range(n)], "repeat_purchases": x, "mean_repeat_value": m, "first_value": first}
        )

    def test_all_orders_are_repeat_orders_counted_from_the_first(self) -> None:
        drawn = self.spenders()
        total = pl.col("first_value") + pl.col("repeat_purchases") * pl.col("mean_repeat_value").fill_null(0.0)
        counted = drawn.select("customer_id", pl.col("repeat_purchases") + 1, total.alias("mean_repeat_value"))
        counted = counted.with_columns(pl.col("mean_repeat_value") / pl.col("repeat_purchases"))
        found, same = GammaGamma(orders_learnt_from="all").fit(drawn, as_of=DAY), GammaGamma().fit(counted, as_of=DAY)
        assert found.coordinates.tolist() == same.coordinates.tolist()
        assert found.expected_order_value(drawn).tolist() == same.expected_order_value(counted).tolist()
        assert (found.learnt_from, same.learnt_from) == ("all", "repeat")

    def test_customers_who_bought_once_are_told_apart_and_the_holdout_sees_it(self) -> None:
        drawn = self.spenders()
        models = GammaGamma().variants(drawn)
        fitted = [model.fit(drawn, as_of=DAY) for model in models]
        once = drawn.filter(pl.col("repeat_purchases") == 0)
        assert np.ptp(fitted[0].expected_order_value(once)) > 20
        assert np.ptp(fitted[1].expected_order_value(once)) == 0
        later = self.spenders()["first_value"] * 1.05
        outcomes = drawn.select("customer_id", holdout_purchases=pl.lit(1), holdout_mean_value=later)
        best, remark = GammaGamma.best_of(fitted, drawn, outcomes)
        assert fitted[best].learnt_from == "all"
        assert remark.en.startswith("Order values are learnt from all orders, as the holdout suggests: a mean error of ")
        assert "toutes les commandes" in remark.fr
        misleading = outcomes.with_columns(holdout_mean_value=200.0 / (1.0 + pl.col("holdout_mean_value")))
        assert fitted[GammaGamma.best_of(fitted, drawn, misleading)[0]].learnt_from == "repeat"

    def test_the_level_of_prices_is_followed_from_two_years_on(self) -> None:
        """Orders that double in ten years, of customers who began at any time: past ones are worth more today."""
        rng, drawn = np.random.default_rng(6), self.spenders(12_000)
        began = rng.uniform(0, 3_000, len(drawn))
        age = np.where(drawn["repeat_purchases"].to_numpy() > 0, (3_650 - began) / 2, 0.0)
        x, growth = drawn["repeat_purchases"].to_numpy(), np.log(2) / 3_652.5
        aged = drawn.with_columns(
            pl.col("first_value") * np.exp(growth * began),
            pl.col("mean_repeat_value") * np.exp(growth * (began + age * (x + 1) / (2 * np.maximum(x, 1)))),
            last_purchase_age_days=pl.Series(age),
            observed_days=pl.Series(3_650 - began),
        )
        fitted = GammaGamma(price_level="followed").fit(aged, as_of=DAY)
        assert np.exp(10 * fitted.yearly_rate) == pytest.approx(2.0, rel=0.15)
        now = 15.0 * 6.0 / 3.0 * 2.0
        assert fitted.mean_order_value == pytest.approx(now, rel=0.1)
        assert GammaGamma(orders_learnt_from="all").fit(aged, as_of=DAY).mean_order_value < 0.85 * now
        assert any(remark.code == "price_level" for remark in fitted.info.remarks)
        assert len(GammaGamma().variants(aged)) == 3
        short = aged.with_columns(observed_days=pl.col("last_purchase_age_days"))
        assert GammaGamma(price_level="followed").fit(short.filter(pl.col("observed_days") < 700), as_of=DAY).yearly_rate == 0

    @pytest.mark.parametrize(
        ("settings", "text"),
        [
            ({"orders_learnt_from": "none"}, "repeat"),
            ({"price_level": "now"}, "as_paid"),
            ({"price_level": "followed", "orders_learnt_from": "repeat"}, "as_paid"),
        ],
    )
    def test_settings_that_do_not_exist_are_refused(self, settings: dict[str, Any], text: str) -> None:
        with pytest.raises(ParameterError, match=text):
            GammaGamma(**settings)
