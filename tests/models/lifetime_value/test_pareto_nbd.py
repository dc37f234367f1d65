from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy import integrate, optimize

from relkit.metrics.purchases import calibration_by_frequency
from relkit.models.lifetime_value import pareto_nbd
from relkit.models.lifetime_value.discounted_value import dert
from relkit.models.lifetime_value.pareto_nbd import FittedParetoNbd, ParetoNbd
from relkit.models.lifetime_value.purchases import PurchaseCounts, read_purchases

DAY = date(1997, 9, 30)
MANUAL = (0.55, 10.56, 0.61, 11.64)
"""r, alpha, s, beta of the BTYD manual (R package BTYD 2.4.3), weeks."""


@pytest.fixture(scope="module")
def fitted(cdnow: pl.DataFrame) -> FittedParetoNbd:
    return ParetoNbd().fit(cdnow, as_of=DAY)


@pytest.fixture(scope="module")
def walkthrough(fitted: FittedParetoNbd) -> tuple[float, ...]:
    """Return r, alpha, s, beta of the BTYD walkthrough (R package BTYD 2.4.3), weeks.

    It prints them to too few digits for the values it computes from them; four of those values determine the four, and
    the other values test the formulas.
    """
    published = np.array([25.45647, 1.473434, 0.7062289, 0.00309267])

    def misses(logs: np.ndarray) -> np.ndarray:
        at = tuple(np.exp(logs))
        values = (
            ahead(at, 26, 216 / 7, 31, 52.0),
            pareto_nbd.expected_purchases_new(*at, np.array([52.0])),
            ahead(at, [10, 25], 20, 39, 52.0),
        )
        return np.concatenate(values) / published - 1

    found = optimize.least_squares(misses, np.log(fitted.parameters), xtol=1e-15, ftol=1e-15, gtol=1e-15)
    return tuple(float(value) for value in np.exp(found.x))


def ahead(parameters: tuple[float, ...], x: object, t_x: object, T: object, t: float) -> np.ndarray:
    """Return the purchases expected in (T, T + t]."""
    x, t_x, T = np.broadcast_arrays(*(np.atleast_1d(np.asarray(values, dtype=float)) for values in (x, t_x, T)))
    return pareto_nbd.probability_alive(*parameters, x, t_x, T) * pareto_nbd.purchases_if_alive(*parameters, x, T, t)


class TestPublishedNumbers:
    def test_parameters_of_the_cdnow_sample(self, fitted: FittedParetoNbd) -> None:
        """Published .553, 10.578, .606, 11.669, LL -9595.0; further digits are those of an independent scipy maximisation."""
        assert fitted.r == pytest.approx(0.553277, abs=1e-6)
        assert fitted.alpha == pytest.approx(10.577684, abs=1e-5)
        assert fitted.s == pytest.approx(0.606240, abs=1e-6)
        assert fitted.beta == pytest.approx(11.668737, abs=5e-5)
        assert fitted.info.log_likelihood == pytest.approx(-9594.9762, abs=5e-5)

    def test_standard_errors_of_the_cdnow_sample(self, fitted: FittedParetoNbd) -> None:
        """CLVTools 0.12.1, test_correctness_pnbd: a numeric Hessian at parameters that differ in the fourth digit."""
        published = [0.0476264, 0.8427222, 0.1872594, 6.2105448]
        assert fitted.summary()["std_error"].to_list() == pytest.approx(published, rel=2e-3)

    def test_values_of_the_walkthrough(self, walkthrough: tuple[float, ...]) -> None:
        """BTYD walkthrough, 52 weeks: customer 1516 (x 26, t_x 30.857, T 31), a new one, and t_x 20, T 39 of x = 10, 15, 20, 25."""
        assert ahead(walkthrough, 26, 216 / 7, 31, 52.0) == pytest.approx(25.45647, abs=5e-6)
        one = np.array([26.0]), np.array([216 / 7]), np.array([31.0])
        assert pareto_nbd.probability_alive(*walkthrough, *one) == pytest.approx(0.997874, abs=5e-7)
        assert pareto_nbd.expected_purchases_new(*walkthrough, np.array([52.0])) == pytest.approx(1.473434, abs=5e-7)
        paradox = ahead(walkthrough, [10, 15, 20, 25], 20, 39, 52.0)
        half_of_the_last_digit = np.array([5e-8, 5e-8, 5e-9, 5e-9])
        assert (np.abs(paradox - [0.7062289, 0.1442396, 0.02250658, 0.00309267]) <= half_of_the_last_digit).all()

    def test_the_walkthrough_stopped_near_the_maximum(
        self, walkthrough: tuple[float, ...], fitted: FittedParetoNbd, cdnow: pl.DataFrame
    ) -> None:
        """Its log-likelihood is ours to the three decimals it prints, -9594.976, and a little below the maximum."""
        x, t_x, T = (cdnow[name].to_numpy() for name in ("repeat_purchases", "last_purchase_age_days", "observed_days"))
        value = pareto_nbd.log_likelihood(*walkthrough, x, t_x / 7, T / 7).sum()
        assert round(value, 3) == -9594.976
        assert value < fitted.info.log_likelihood  # type: ignore[operator]
        assert walkthrough == pytest.approx(fitted.parameters, rel=1e-3)

    def test_expected_purchases_of_a_new_customer(self, fitted: FittedParetoNbd) -> None:
        """BTYD walkthrough (52 weeks) and the BTYD manual, E[X(0..9)]."""
        assert fitted.expected_purchases_new(364) == pytest.approx(1.473434, rel=2e-5)
        published = [0, 0.05077821, 0.09916088, 0.14542507, 0.18979930, 0.23247466, 0.27361274, 0.31335159, 0.35181024, 0.38909211]
        assert pareto_nbd.expected_purchases_new(*MANUAL, np.arange(10)) == pytest.approx(published, abs=6e-9)

    def test_holdout_of_the_cdnow_sample(self, fitted: FittedParetoNbd, cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> None:
        """Computed from the formulas with scipy at the maximum: total 1665.51, MAE .7545, RMSE 1.6028, correlation .6302."""
        judged = ParetoNbd().judge(fitted, cdnow, cdnow_outcomes)
        assert judged["total_predicted_repeat_purchases"] == pytest.approx(1665.51, abs=5e-3)
        assert judged["mae_repeat_purchases"] == pytest.approx(0.7545, abs=5e-5)
        assert judged["rmse_repeat_purchases"] == pytest.approx(1.6028, abs=5e-5)
        assert judged["correlation_repeat_purchases"] == pytest.approx(0.6302, abs=5e-5)

    def test_holdout_means_by_frequency(self, walkthrough: tuple[float, ...], cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> None:
        """BTYD walkthrough, pnbd.PlotFreqVsConditionalExpectedFrequency, bins 0 to 6 and 7+."""
        x, t_x, T = (cdnow[name].to_numpy() for name in ("repeat_purchases", "last_purchase_age_days", "observed_days"))
        holdout = cdnow_outcomes["holdout_purchases"].to_numpy()
        bins = calibration_by_frequency(x, holdout, ahead(walkthrough, x, t_x / 7, T / 7, 39.0))
        assert bins.predicted == pytest.approx([0.138, 0.600, 1.196, 1.714, 2.399, 2.907, 3.819, 6.403], abs=6e-4)

    def test_long_histories(self) -> None:
        """CLVTools 0.12.1, test of pnbd: four customers whose likelihood was NaN; and equal to scipy's quadrature."""
        parameters = (0.5143, 2.8845, 0.2856, 14.1087)
        x = np.array([221.0, 254, 161, 204])
        t_x, T = np.array([103.42857, 97.14286, 94.71429, 98.57143]), np.array([103.57143, 97.28571, 98.0, 99.42857])
        values = pareto_nbd.log_likelihood(*parameters, x, t_x, T)
        assert np.isfinite(values).all()
        assert ahead(parameters, x, t_x, T, 10.0) == pytest.approx(
            [
                by_quadrature(*parameters, *row) * pareto_nbd.purchases_if_alive(*parameters, row[0], row[2], 10.0)
                for row in zip(x, t_x, T, strict=True)
            ],
            rel=1e-10,
        )

    def test_one_purchase_more(self) -> None:
        """Lifetimes 0.11.3, test of an underflow in the Pareto/NBD: 10 ahead, x 132 and 133, t_x = T = 200."""
        expected = ahead((0.55, 10.58, 0.61, 11.67), [132, 133], 200, 200, 10.0)
        assert expected == pytest.approx([6.2060517889632418, 6.2528722475748113], rel=1e-12)

    def test_discounted_orders_for_ever(self) -> None:
        """BTYD's example of pnbd.DERT (Fader, Hardie and Lee 2005, eq. 2), .0027 a week; digits by mpmath at 40 places."""
        made = FittedParetoNbd(
            settings=ParetoNbd(),
            info=None,
            covariance=np.eye(4),
            r=0.5629966,
            alpha=12.5590370,
            s=0.4081095,
            beta=10.5148048,  # type: ignore[arg-type]
        )
        people = pl.DataFrame(
            {
                "customer_id": list("abcde"),
                "repeat_purchases": [7, 1, 3, 5, 10],
                "last_purchase_age_days": [7 * 35.0, *[7 * 30.0] * 4],
                "observed_days": [7 * 77.86] * 5,
            }
        )
        annual = np.expm1(0.0027 * 365.25 / 7)
        published = [1.86418332807, 2.1991554497, 2.86712839121, 1.84050192448, 0.167927508566]
        assert dert(made, people, annual)["discounted_orders"].to_numpy() == pytest.approx(published, rel=1e-9)
        assert made.probability_alive(people)[0] == pytest.approx(0.100746308354, rel=1e-10)


def by_quadrature(r: float, alpha: float, s: float, beta: float, x: float, t_x: float, T: float) -> float:
    """Return P(alive) from the integral over the moment of leaving, by scipy."""

    def ratio(y: float) -> float:
        return float(s / (beta + y) * np.exp((r + x) * np.log((alpha + T) / (alpha + y)) + s * np.log((beta + T) / (beta + y))))

    return 1 / (1 + integrate.quad(ratio, t_x, T, epsabs=0, epsrel=1e-12, limit=500)[0])


class TestFormulas:
    @pytest.mark.parametrize(
        "parameters", [(0.55, 10.6, 0.61, 11.7), (0.55, 10.6, 0.61, 0.2), (3.0, 0.1, 2.0, 80.0), (0.02, 40.0, 5.0, 900.0)]
    )
    @pytest.mark.parametrize(
        ("x", "t_x", "T"), [(0, 0, 39), (1, 5, 39), (7, 20, 39), (60, 30, 39), (900, 38, 39), (2, 39, 39), (3, 1, 400)]
    )
    def test_any_parameters_give_the_integral(self, parameters: tuple[float, ...], x: float, t_x: float, T: float) -> None:
        found = pareto_nbd.probability_alive(*parameters, np.array([x]), np.array([t_x]), np.array([T]))
        assert found == pytest.approx(by_quadrature(*parameters, x, t_x, T), rel=1e-9)

    @pytest.mark.parametrize("at", [(0.55, 10.6, 0.61, 11.7), (3.0, 0.7, 5.0, 0.4), (0.02, 40.0, 0.05, 30.0)])
    def test_derivatives_are_those_of_the_value(self, cdnow: pl.DataFrame, at: tuple[float, ...]) -> None:
        """Central differences of the value and of the gradient."""
        population = pareto_nbd.FORMULAS.population(PurchaseCounts.of(read_purchases(cdnow)), 7.0)
        logs, step = np.log(at), 1e-5
        value, gradient, hessian = population(logs)
        beside = [(population(logs + step * e), population(logs - step * e)) for e in np.eye(4)]
        assert gradient == pytest.approx([(up[0] - down[0]) / (2 * step) for up, down in beside], rel=1e-5, abs=1e-4)
        assert hessian == pytest.approx(np.array([(up[1] - down[1]) / (2 * step) for up, down in beside]), rel=1e-5, abs=1e-4)
        x, t_x, T = (cdnow[name].to_numpy() for name in ("repeat_purchases", "last_purchase_age_days", "observed_days"))
        assert value == pytest.approx(pareto_nbd.log_likelihood(*at, x, t_x / 7, T / 7).sum(), rel=1e-12)

    def test_probabilities_sum_to_one_and_agree_with_the_expectation(self) -> None:
        x = np.arange(0, 2000)
        probability = pareto_nbd.purchase_probability(*MANUAL, x, 52.0)
        assert probability.sum() == pytest.approx(1, abs=1e-10)
        assert probability @ x == pytest.approx(pareto_nbd.expected_purchases_new(*MANUAL, np.array([52.0]))[0], rel=1e-9)

    def test_likelihood_agrees_with_the_probability_of_none(self) -> None:
        alone = pareto_nbd.log_likelihood(*MANUAL, np.zeros(1), np.zeros(1), np.full(1, 39.0))
        assert np.exp(alone) == pytest.approx(pareto_nbd.purchase_probability(*MANUAL, np.zeros(1), 39.0), rel=1e-12)

    def test_nothing_is_bought_in_no_time(self) -> None:
        assert pareto_nbd.purchase_probability(*MANUAL, np.arange(3), 0.0).tolist() == [1.0, 0.0, 0.0]


class TestFit:
    def test_known_parameters_are_found_again(self) -> None:
        """Continuous-time simulation of 30,000 customers: within four standard errors. So many start from a sample."""
        rng, n, truth = np.random.default_rng(2), 30_000, np.array([0.8, 40.0, 0.7, 200.0])
        T = rng.uniform(0, 730, n)
        life = np.minimum(rng.exponential(1 / rng.gamma(truth[2], 1 / truth[3], n)), T)
        x = rng.poisson(rng.gamma(truth[0], 1 / truth[1], n) * life)
        t_x = np.where(x > 0, life * rng.beta(np.maximum(x, 1), 1), 0.0)
        people = pl.DataFrame({"customer_id": np.arange(n), "repeat_purchases": x, "last_purchase_age_days": t_x, "observed_days": T})
        summary = ParetoNbd(period_days=1).fit(people, as_of=DAY).summary()
        errors = summary["std_error"].to_numpy()
        assert (np.abs(summary["estimate"].to_numpy() - truth) < 4 * errors).all()
        assert (errors < 0.15 * truth).all()

    def test_period_changes_the_unit_and_nothing_else(self, fitted: FittedParetoNbd, cdnow: pl.DataFrame) -> None:
        daily = ParetoNbd(period_days=1).fit(cdnow, as_of=DAY)
        assert (daily.alpha, daily.beta) == pytest.approx((7 * fitted.alpha, 7 * fitted.beta), rel=1e-6)
        assert daily.score(cdnow)["p_alive"].to_numpy() == pytest.approx(fitted.score(cdnow)["p_alive"].to_numpy(), rel=1e-6)

    def test_a_customer_with_thousands_of_purchases_is_no_trouble(self, cdnow: pl.DataFrame) -> None:
        heavy = cdnow.head(500).with_columns(
            pl.when(pl.col("customer_id") == "0001").then(100_000).otherwise("repeat_purchases").alias("repeat_purchases")
        )
        scores = ParetoNbd().fit(heavy, as_of=DAY).score(heavy)
        assert scores["p_alive"].is_finite().all()
        assert scores["expected_orders_90d"].is_finite().all()

    def test_the_last_day_may_be_the_first(self, cdnow: pl.DataFrame) -> None:
        today = pl.DataFrame({"customer_id": ["new"], "repeat_purchases": [0], "last_purchase_age_days": [0], "observed_days": [0]})
        people = pl.concat([cdnow.select(today.columns), today])
        assert ParetoNbd().fit(people, as_of=DAY).score(people).filter(customer_id="new")["p_alive"].item() == 1
