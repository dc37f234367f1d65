from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
import simulated_purchases as simulated
from scipy import integrate, special

from relkit.errors import NotEnoughEventsError, ParameterError, TableError
from relkit.metrics.purchases import calibration_by_frequency
from relkit.models.lifetime_value import bg_nbd
from relkit.models.lifetime_value.bg_nbd import BgNbd, FittedBgNbd
from relkit.models.lifetime_value.purchases import PurchaseCounts, read_purchases

DAY = date(1997, 9, 30)
WALKTHROUGH = (0.2425982, 4.4136842, 0.7929899, 2.4261667)
"""r, alpha, a, b of the BTYD walkthrough (R package BTYD 2.4.3), weeks."""
PAPER = (0.243, 4.414, 0.793, 2.426)
"""r, alpha, a, b as printed in Fader, Hardie and Lee (2005), table 2, weeks."""


@pytest.fixture(scope="module")
def fitted(cdnow: pl.DataFrame) -> FittedBgNbd:
    return BgNbd().fit(cdnow, as_of=DAY)


class TestPublishedNumbers:
    def test_parameters_of_the_cdnow_sample(self, fitted: FittedBgNbd) -> None:
        """Fader et al. (2005), table 2: .243, 4.414, .793, 2.426, LL -9582.4.

        Further digits are those of an independent scipy maximisation of eq. 6 with exact days / 7.
        CLVTools 0.12.1, test of bgnbd: .2425945 4.4136019 .7929199 2.4258881.
        """
        assert fitted.r == pytest.approx(0.2425945, abs=1e-6)
        assert fitted.alpha == pytest.approx(4.4136023, abs=2e-6)
        assert fitted.a == pytest.approx(0.7929221, abs=1e-6)
        assert fitted.b == pytest.approx(2.4259068, abs=2e-6)
        assert fitted.info.log_likelihood == pytest.approx(-9582.4292, abs=5e-5)

    def test_standard_errors_of_the_cdnow_sample(self, fitted: FittedBgNbd) -> None:
        """Lifetimes 0.11.3, BetaGeoFitter.fit(...).summary on the same rows in weeks."""
        assert fitted.summary()["std_error"].to_list() == pytest.approx([0.01256, 0.37822, 0.18572, 0.70535], rel=1e-3)

    def test_counts_of_the_cdnow_sample(self, cdnow: pl.DataFrame) -> None:
        """Fader et al. (2005), section 4: 2,357 customers; 2,457 repeat purchases, 1,016 distinct triples."""
        counts = PurchaseCounts.of(read_purchases(cdnow)).compressed()
        assert len(counts.x) == 1016
        assert counts.customers.sum() == 2357
        assert counts.customers @ counts.x == 2457

    def test_customer_1516(self) -> None:
        """BTYD walkthrough, customer 1516, 52 weeks: 25.75659 and .9688523. Its parameters are printed to 7 digits."""
        customer = np.array([26.0]), np.array([216 / 7]), np.array([31.0])
        assert bg_nbd.expected_purchases(*WALKTHROUGH, *customer, 52.0) == pytest.approx(25.75659, rel=5e-6)
        assert bg_nbd.probability_alive(*WALKTHROUGH, *customer) == pytest.approx(0.9688523, abs=2e-7)

    def test_increasing_frequency_paradox(self) -> None:
        """BTYD walkthrough: t_x 20, T 39, 52 weeks, x = 10, 15, 20, 25. Its 2F1 is a truncated sum: five digits agree."""
        x = np.array([10.0, 15, 20, 25])
        expected = bg_nbd.expected_purchases(*WALKTHROUGH, x, np.full(4, 20.0), np.full(4, 39.0), 52.0)
        assert expected == pytest.approx([0.3474606, 0.04283391, 0.004158973, 0.0003583685], rel=1e-5)

    def test_expected_purchases_of_a_new_customer(self, fitted: FittedBgNbd) -> None:
        """BTYD walkthrough (52 weeks) and Hardie's spreadsheet bgnbd.xls (the others, printed to 4 decimals)."""
        weeks = np.array([1 / 7, 1, 3, 223 / 7, 32])
        assert bg_nbd.expected_purchases_new(*WALKTHROUGH, np.array([52.0])) == pytest.approx(1.444004, abs=1.5e-6)
        assert fitted.expected_purchases_new(7 * weeks) == pytest.approx([0.0078, 0.0532, 0.1506, 1.0405, 1.0437], abs=6e-5)

    def test_the_spreadsheet_cuts_its_series_short(self, fitted: FittedBgNbd) -> None:
        """Hardie's spreadsheet has 1.8576 at 78 weeks: 2F1 summed over 150 terms. The whole sum gives 1.8580."""
        r, alpha, a, b = fitted.r, fitted.alpha, fitted.a, fitted.b
        j = np.arange(150)
        terms = np.cumprod((r + j) * (b + j) / ((a + b - 1 + j) * (j + 1)) * 78 / (alpha + 78))
        short = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + 78)) ** r * (1 + terms.sum()))
        assert short == pytest.approx(1.8576, abs=6e-5)
        assert fitted.expected_purchases_new(546) == pytest.approx(1.857958, abs=2e-6)

    def test_customer_of_the_spreadsheet(self) -> None:
        """Hardie's spreadsheet: x 2, t_x 30.43, T 38.86, 39 weeks -> 1.226."""
        customer = np.array([2.0]), np.array([30.43]), np.array([38.86])
        assert bg_nbd.expected_purchases(*PAPER, *customer, 39.0) == pytest.approx(1.226, abs=6e-4)

    def test_that_customer_is_alive(self) -> None:
        """brucehardie.com/notes/021, eq. 1, written out with the paper's printed parameters."""
        r, alpha, a, b = PAPER
        by_hand = 1 / (1 + a / (b + 1) * ((alpha + 38.86) / (alpha + 30.43)) ** (r + 2))
        found = bg_nbd.probability_alive(*PAPER, np.array([2.0]), np.array([30.43]), np.array([38.86]))
        assert found == pytest.approx(by_hand, rel=1e-12)
        assert found == pytest.approx(0.7266, abs=5e-5)

    def test_probability_of_numbers_of_purchases(self) -> None:
        """Lifetimes 0.11.3, probability_of_n_purchases_up_to_time, and eq. 8 at the paper's parameters."""
        assert bg_nbd.purchase_probability(*PAPER, np.array([10]), 2.0) == pytest.approx(1.07869e-07, rel=1e-5)
        assert bg_nbd.purchase_probability(*PAPER, np.array([0]), 39.0) == pytest.approx(0.5737864, abs=5e-8)
        published = [
            *(0.0019995214, 0.0015170236, 0.0011633150, 0.0009003148, 0.0007023638),
            *(0.0005517902, 0.0004361913, 0.0003467171, 0.0002769613, 0.0002222260),
        ]
        assert bg_nbd.purchase_probability(*PAPER, np.arange(11, 21), 30.0) == pytest.approx(published, abs=5e-11)

    def test_holdout_of_the_cdnow_sample(self, fitted: FittedBgNbd, cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> None:
        """Computed from eq. 10 with scipy at the maximum: total 1653.41, MAE .7855, RMSE 1.6080, correlation .6256."""
        judged = BgNbd().judge(fitted, cdnow, cdnow_outcomes)
        assert judged["total_actual_repeat_purchases"] == 1882
        assert judged["total_predicted_repeat_purchases"] == pytest.approx(1653.41, abs=5e-3)
        assert judged["mae_repeat_purchases"] == pytest.approx(0.7855, abs=5e-5)
        assert judged["rmse_repeat_purchases"] == pytest.approx(1.6080, abs=5e-5)
        assert judged["correlation_repeat_purchases"] == pytest.approx(0.6256, abs=5e-5)

    def test_holdout_means_by_frequency(self, cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> None:
        """BTYD walkthrough, bgnbd.PlotFreqVsConditionalExpectedFrequency, bins 0 to 6 and 7+."""
        x, t_x, T = (cdnow[name].to_numpy() for name in ("repeat_purchases", "last_purchase_age_days", "observed_days"))
        predicted = bg_nbd.expected_purchases(*WALKTHROUGH, x, t_x / 7, T / 7, 39.0)
        bins = calibration_by_frequency(x, cdnow_outcomes["holdout_purchases"].to_numpy(), predicted)
        assert bins.labels == ("0", "1", "2", "3", "4", "5", "6", "7+")
        assert bins.customers.tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
        assert bins.actual == pytest.approx([0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359], abs=6e-4)
        published = [0.2250893, 0.5231364, 1.044126, 1.520256, 2.163824, 2.653789, 3.503957, 6.157036]
        assert bins.predicted == pytest.approx(published, rel=2e-5)

    def test_golden_rows_come_from_the_published_sample(self, real_data: object, cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> None:
        """cdnow_sample.txt: master id, sample id, day, CDs, dollars; purchases of one day are one purchase."""
        lines = [line.split() for line in (real_data / "cdnow_sample.txt").read_text().splitlines()]  # type: ignore[operator]
        table = pl.DataFrame({"customer_id": [w[1] for w in lines], "day": [w[2] for w in lines]}).unique()
        days = table.with_columns(pl.col("day").str.to_date("%Y%m%d"))
        seen = (
            days.filter(pl.col("day") <= DAY)
            .group_by("customer_id")
            .agg(pl.len() - 1, pl.col("day").min(), pl.col("day").max().alias("end"))
        )
        seen = seen.sort("customer_id")
        assert seen["len"].to_list() == cdnow["repeat_purchases"].to_list()
        assert (seen["end"] - seen["day"]).dt.total_days().to_list() == cdnow["last_purchase_age_days"].to_list()
        assert (DAY - seen["day"]).dt.total_days().to_list() == cdnow["observed_days"].to_list()
        assert days.filter(pl.col("day") > DAY).height == cdnow_outcomes["holdout_purchases"].sum()


class TestLikelihood:
    def test_long_histories_do_not_overflow(self) -> None:
        """Cases of lifetimes issue 332 and of pymc-marketing's tests: finite, and equal to eq. 6 in plain lgamma (98.8041749)."""
        values = bg_nbd.log_likelihood(*PAPER, np.array([0.0, 200.0, 5000.0]), np.array([0.0, 38.0, 38.0]), np.full(3, 40.0))
        assert np.isfinite(values).all()
        assert values[1] == pytest.approx(98.80417492886896, rel=1e-12)

    @pytest.mark.parametrize("at", [(0.25, 4.4, 0.8, 2.4), (3.0, 0.7, 5.0, 0.4), (0.02, 40.0, 0.05, 30.0)])
    def test_derivatives_are_those_of_the_value(self, cdnow: pl.DataFrame, at: tuple[float, ...]) -> None:
        """Central differences of the value and of the gradient."""
        population = bg_nbd.Population.of(PurchaseCounts.of(read_purchases(cdnow)), 7.0)
        logs, step = np.log(at), 1e-5
        value, gradient, hessian = population(logs)
        beside = [(population(logs + step * e), population(logs - step * e)) for e in np.eye(4)]
        assert gradient == pytest.approx([(up[0] - down[0]) / (2 * step) for up, down in beside], rel=1e-5, abs=1e-4)
        differences = np.array([(up[1] - down[1]) / (2 * step) for up, down in beside])
        assert hessian == pytest.approx(differences, rel=1e-5, abs=1e-4)
        letters = (cdnow[name].to_numpy() for name in ("repeat_purchases", "last_purchase_age_days", "observed_days"))
        x, t_x, T = letters
        assert value == pytest.approx(bg_nbd.log_likelihood(*at, x, t_x / 7, T / 7).sum(), rel=1e-12)

    def test_probabilities_sum_to_one_and_agree_with_the_expectation(self) -> None:
        """Eq. 8 against eq. 9: the mean of the distribution is the expectation."""
        x = np.arange(0, 4000)
        probability = bg_nbd.purchase_probability(*PAPER, x, 52.0)
        assert probability.sum() == pytest.approx(1, abs=1e-9)
        assert probability @ x == pytest.approx(bg_nbd.expected_purchases_new(*PAPER, np.array([52.0]))[0], rel=1e-7)

    def test_likelihood_agrees_with_the_probability_of_none(self) -> None:
        """P(X(T) = 0) from eq. 8 is the likelihood of x = 0 (eq. 6)."""
        alone = bg_nbd.log_likelihood(*PAPER, np.zeros(1), np.zeros(1), np.full(1, 39.0))
        assert np.exp(alone) == pytest.approx(bg_nbd.purchase_probability(*PAPER, np.zeros(1), 39.0), rel=1e-12)


class TestExpectedPurchases:
    @pytest.mark.parametrize(
        ("r", "alpha", "a", "b"),
        [
            *((0.243, 4.414, 0.793, 2.426), (2.0, 10.0, 3.0, 9.0), (0.5, 4.0, 1.0, 3.0), (0.5, 4.0, 1.0 + 2e-6, 3.0)),
            *((0.5, 4.0, 0.4, 0.6), (0.5, 4.0, 0.4, 0.2), (350.0, 2000.0, 0.8, 1.2), (0.33, 1.77, 347.2, 1388.8), (0.5, 4.0, 0.005, 400.0)),
        ],
    )
    @pytest.mark.parametrize("T", [1.1, 300.0])
    @pytest.mark.parametrize("x", [0, 1, 7, 300])
    def test_any_parameters_give_the_integral(self, r: float, alpha: float, a: float, b: float, x: int, T: float) -> None:
        """The expectation over p ~ beta(a, b+x), lambda ~ gamma(r+x, alpha+T) of (1 - e^(-lambda p t)) / p, by scipy's quadrature.

        At a = 1 and a + b + x = 1 the closed form is 0 / 0; at the last three 2F1 under- or overflows.
        """
        t = 180.0

        def per_p(p: float) -> float:
            rate = (r + x) * t / (alpha + T)
            return float(-np.expm1(-(r + x) * np.log1p(p * t / (alpha + T))) / p) if p > 1e-200 else rate

        def weighted(u: float) -> float:
            """Return the integrand with u = log(p / (1 - p)), in which it is smooth."""
            return per_p(special.expit(u)) * np.exp(-a * np.logaddexp(0, -u) - (b + x) * np.logaddexp(0, u) - special.betaln(a, b + x))

        middle = np.log(a / (b + x))
        parts = middle + np.array([-40 / min(a, 1), -20.0, -3.0, 0.0, 3.0, 20.0, 40 + 40 / min(b, 1)])
        pieces = [integrate.quad(weighted, lo, hi, limit=400, epsabs=1e-12, epsrel=1e-10)[0] for lo, hi in pairwise(parts)]
        found = bg_nbd.purchases_if_alive(r, alpha, a, b, np.array([x]), np.array([T]), t)
        assert found == pytest.approx(sum(pieces), rel=1e-9)

    def test_it_grows_from_nothing_with_the_horizon(self, fitted: FittedBgNbd, cdnow: pl.DataFrame) -> None:
        ahead = np.array([fitted.expected_purchases(cdnow.head(50), days) for days in (0, 1, 30, 365)])
        assert (ahead[0] == 0).all()
        assert (np.diff(ahead, axis=0) > 0).all()

    def test_days_that_are_not_whole_give_the_same_as_those_that_are(self, fitted: FittedBgNbd, cdnow: pl.DataFrame) -> None:
        """Whole days are looked up by (x, T), others computed row by row: a T shifted by 1e-9 days hardly changes anything."""
        moved = cdnow.with_columns(pl.col("observed_days") + 1e-9)
        assert fitted.expected_purchases(moved, 90) == pytest.approx(fitted.expected_purchases(cdnow, 90), rel=1e-8)

    def test_a_customer_who_never_came_back_counts_as_alive(self, fitted: FittedBgNbd, cdnow: pl.DataFrame) -> None:
        once = cdnow.filter(pl.col("repeat_purchases") == 0)
        assert (fitted.probability_alive(once) == 1).all()

    def test_a_horizon_below_zero_is_refused(self, fitted: FittedBgNbd, cdnow: pl.DataFrame) -> None:
        with pytest.raises(ParameterError, match="horizon_days is -1; it must be 0 or more"):
            fitted.score(cdnow, horizon_days=-1)

    def test_score_names_its_horizon(self, fitted: FittedBgNbd, cdnow: pl.DataFrame) -> None:
        assert fitted.score(cdnow).columns == ["customer_id", "p_alive", "expected_orders_90d", "order_probability_90d"]
        assert fitted.score(cdnow, horizon_days=30).columns[2:] == ["expected_orders_30d", "order_probability_30d"]

    def test_new_customers_in_days(self, fitted: FittedBgNbd) -> None:
        """52 weeks; the model's own parameters differ from the walkthrough's in the sixth digit."""
        assert fitted.expected_purchases_new(364) == pytest.approx(1.444004, rel=1e-5)
        assert fitted.purchase_probability([0], 273).item() == pytest.approx(0.5737864, rel=1e-3)


class TestFit:
    def test_period_changes_the_unit_and_nothing_else(self, fitted: FittedBgNbd, cdnow: pl.DataFrame) -> None:
        daily = BgNbd(period_days=1).fit(cdnow, as_of=DAY)
        assert daily.alpha == pytest.approx(7 * fitted.alpha, rel=1e-6)
        assert daily.r == pytest.approx(fitted.r, rel=1e-6)
        assert daily.info.log_likelihood == pytest.approx(-9582.42920667393 - 2457 * np.log(7), abs=1e-4)
        assert daily.score(cdnow)["expected_orders_90d"].to_numpy() == pytest.approx(fitted.score(cdnow)["expected_orders_90d"].to_numpy())

    def test_counts_of_equal_customers_give_the_fit_of_the_rows(self, cdnow: pl.DataFrame) -> None:
        """Fits read counts, so shards can be added: each half compressed, merged, is the whole."""
        counts = PurchaseCounts.of(read_purchases(cdnow))
        halves = [PurchaseCounts.of(read_purchases(half)).compressed() for half in (cdnow.head(1000), cdnow.tail(1357))]
        merged, (rows, _) = halves[0].merged(halves[1]), bg_nbd.FORMULAS.fit_counts(counts)
        found, _ = bg_nbd.FORMULAS.fit_counts(merged)
        assert len(merged.x) == 1016
        assert found.at == pytest.approx(rows.at, abs=1e-7)
        assert found.value == pytest.approx(rows.value, abs=1e-7)

    def test_known_parameters_are_found_again(self) -> None:
        """Continuous-time simulation of 60,000 customers: within four standard errors, which are small. So many start from a sample."""
        truth = np.array([0.8, 40.0, 0.8, 5.0])
        people = simulated.buyers(60_000, np.random.default_rng(11), r=0.8, alpha=40.0, a=0.8, b=5.0)
        summary = BgNbd(period_days=1).fit(people, as_of=DAY).summary()
        errors = summary["std_error"].to_numpy()
        assert (np.abs(summary["estimate"].to_numpy() - truth) < 4 * errors).all()
        assert (errors < 0.07 * truth).all()

    def test_intervals_have_their_nominal_coverage(self) -> None:
        """120 simulated populations of 1,500: a 90 % interval covers 90 % +- 3 binomial standard errors (0.082)."""
        rng = np.random.default_rng(5)
        truth = np.array([0.8, 40.0, 0.8, 5.0])
        model, covered = BgNbd(period_days=1, level=0.9), []
        for _ in range(120):
            people = simulated.buyers(1500, rng, r=0.8, alpha=40.0, a=0.8, b=5.0)
            summary = model.fit(people, as_of=DAY).summary()
            covered.append((summary["lower"].to_numpy() < truth) & (truth < summary["upper"].to_numpy()))
        assert np.mean(covered, axis=0) == pytest.approx(np.full(4, 0.9), abs=0.083)

    def test_a_population_that_nobody_leaves_is_reported(self) -> None:
        people = simulated.buyers(2000, np.random.default_rng(3), r=2.0, alpha=40.0, a=0.0, b=1.0)
        fitted = BgNbd().fit(people, as_of=DAY)
        assert fitted.a / (fitted.a + fitted.b) < 1e-4
        remark = fitted.info.remarks[0]
        assert remark.en.startswith("a went to the edge of its range: the data do not settle this parameter of the model")
        assert "est à la limite de ses valeurs possibles" in remark.fr
        assert fitted.summary().filter(term="a").select("std_error", "lower", "upper").row(0) == (None, None, None)
        assert fitted.summary().filter(term="r")["std_error"].item() > 0
        gone = 1 - fitted.probability_alive(people)
        assert gone.mean() < 0.01

    def test_customers_who_all_buy_alike_give_a_finite_answer(self) -> None:
        """No heterogeneity at all: r and alpha would grow together without bound."""
        people = simulated.buyers(3000, np.random.default_rng(4), r=1e6, alpha=40e6, a=0.8, b=5.0)
        fitted = BgNbd(period_days=1).fit(people, as_of=DAY)
        assert fitted.alpha / fitted.r == pytest.approx(40, rel=0.05)
        assert fitted.score(people)["expected_orders_90d"].is_finite().all()

    def test_a_customer_with_thousands_of_purchases_is_no_trouble(self, cdnow: pl.DataFrame) -> None:
        heavy = cdnow.head(500).with_columns(
            pl.when(pl.col("customer_id") == "0001").then(100_000).otherwise("repeat_purchases").alias("repeat_purchases")
        )
        scores = BgNbd().fit(heavy, as_of=DAY).score(heavy)
        assert scores["p_alive"].is_finite().all()
        assert scores["expected_orders_90d"].is_finite().all()

    def test_the_last_day_may_be_the_first(self, cdnow: pl.DataFrame) -> None:
        """T = 0: a customer who bought on the as-of day carries no information, and does no harm."""
        today = pl.DataFrame({"customer_id": ["new"], "repeat_purchases": [0], "last_purchase_age_days": [0], "observed_days": [0]})
        people = pl.concat([cdnow.select(today.columns), today])
        fitted = BgNbd().fit(people, as_of=DAY)
        assert fitted.r == pytest.approx(0.2425945, abs=1e-6)
        new = fitted.score(people).filter(customer_id="new")
        assert new["p_alive"].item() is None
        assert 0 < new["order_probability_90d"].item() < 1

    def test_nobody_came_back(self, cdnow: pl.DataFrame) -> None:
        once = cdnow.with_columns(pl.lit(0).alias("repeat_purchases"), pl.lit(0).alias("last_purchase_age_days"))
        with pytest.raises(NotEnoughEventsError, match="0 of 2357 customers bought again; 4 parameters need more"):
            BgNbd().fit(once, as_of=DAY)

    def test_a_single_customer(self, cdnow: pl.DataFrame) -> None:
        with pytest.raises(NotEnoughEventsError, match="1 of 1 customers bought again"):
            BgNbd().fit(cdnow.head(1), as_of=DAY)

    def test_no_customer(self, cdnow: pl.DataFrame) -> None:
        with pytest.raises(NotEnoughEventsError, match="0 of 0 customers bought again"):
            BgNbd().fit(cdnow.clear(), as_of=DAY)

    def test_scoring_nobody_gives_an_empty_table(self, fitted: FittedBgNbd, cdnow: pl.DataFrame) -> None:
        assert fitted.score(cdnow.clear()).shape == (0, 4)


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"observed_days": 1.0}, "last_purchase_age_days: over observed_days"),
            ({"repeat_purchases": 0}, "repeat_purchases: 0 though the last purchase is not the first"),
            ({"repeat_purchases": -1}, "rows are below 0"),
            ({"repeat_purchases": 1.5}, "repeat_purchases is Float64, expected Int64"),
            ({"observed_days": float("nan")}, "rows are not a number"),
            ({"observed_days": float("inf")}, "rows are infinite"),
            ({"observed_days": None}, "rows are null"),
            ({"customer_id": "twice"}, "rows share a key"),
        ],
    )
    def test_impossible_rows(self, cdnow: pl.DataFrame, change: dict[str, object], message: str) -> None:
        with pytest.raises(TableError, match=message):
            BgNbd().fit(cdnow.head(5).with_columns(pl.lit(v).alias(k) for k, v in change.items()), as_of=DAY)

    @pytest.mark.parametrize("period", [0, -7, float("nan"), float("inf")])
    def test_period(self, period: float) -> None:
        with pytest.raises(ParameterError, match=r"period_days is .*; it must be above 0"):
            BgNbd(period_days=period)

    def test_level(self) -> None:
        with pytest.raises(ParameterError, match="level is 95; it must lie between 0 and 1"):
            BgNbd(level=95)

    def test_outcomes_without_their_columns(self, fitted: FittedBgNbd, cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> None:
        with pytest.raises(TableError, match="unknown column 'holdout_days'; did you mean 'holdout_dayz'"):
            BgNbd().judge(fitted, cdnow, cdnow_outcomes.rename({"holdout_days": "holdout_dayz"}))

    def test_outcomes_of_other_people(self, fitted: FittedBgNbd, cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> None:
        with pytest.raises(TableError, match="no customer of the features has an outcome"):
            BgNbd().judge(fitted, cdnow, cdnow_outcomes.with_columns(pl.lit("x").alias("customer_id")))

    def test_holdouts_of_several_lengths(self, fitted: FittedBgNbd, cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> None:
        with pytest.raises(TableError, match="holdout_days differs between rows"):
            BgNbd().judge(fitted, cdnow, cdnow_outcomes.with_columns(pl.int_range(pl.len()).alias("holdout_days")))
