from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from relkit.models.lifetime_value import mbg_nbd
from relkit.models.lifetime_value.mbg_nbd import FittedMbgNbd, MbgNbd
from relkit.models.lifetime_value.purchases import PurchaseCounts, read_purchases

DAY = date(1997, 9, 30)
PAPER = (0.525, 6.183, 0.891, 1.614)
"""r, alpha, a, b as published for the CDNOW sample (BTYDplus 1.2.0), weeks."""


@pytest.fixture(scope="module")
def fitted(cdnow: pl.DataFrame) -> FittedMbgNbd:
    return MbgNbd().fit(cdnow, as_of=DAY)


class TestPublishedNumbers:
    def test_parameters_of_the_cdnow_sample(self, fitted: FittedMbgNbd) -> None:
        """BTYDplus 1.2.0: .525, 6.183, .891, 1.614; further digits are those of an independent scipy maximisation."""
        assert fitted.parameters == pytest.approx((0.5248432, 6.1830851, 0.8913594, 1.6140023), abs=2e-6)
        assert fitted.info.log_likelihood == pytest.approx(-9582.1357, abs=5e-5)

    def test_holdout_of_the_cdnow_sample(self, fitted: FittedMbgNbd, cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> None:
        """Computed from the formulas with scipy at the maximum: total 1576.73, MAE .7648, RMSE 1.6072, correlation .6273."""
        judged = MbgNbd().judge(fitted, cdnow, cdnow_outcomes)
        assert judged["total_actual_repeat_purchases"] == 1882
        assert judged["total_predicted_repeat_purchases"] == pytest.approx(1576.73, abs=5e-3)
        assert judged["mae_repeat_purchases"] == pytest.approx(0.7648, abs=5e-5)
        assert judged["rmse_repeat_purchases"] == pytest.approx(1.6072, abs=5e-5)
        assert judged["correlation_repeat_purchases"] == pytest.approx(0.6273, abs=5e-5)

    def test_long_histories_do_not_overflow(self) -> None:
        """pymc-marketing's test of the MBG/NBD after Hardie's note 027: a .8, b 2.5, r .25, alpha 4."""
        values = mbg_nbd.log_likelihood(0.25, 4, 0.8, 2.5, np.array([0.0, 200, 5000]), np.array([0.0, 38, 38]), np.full(3, 40.0))
        assert values[0] == pytest.approx(-0.41792826, abs=5e-9)
        assert values[1] == pytest.approx(100.7869, abs=5e-5)
        assert np.isfinite(values).all()


class TestFormulas:
    @pytest.mark.parametrize("at", [(0.5, 6.2, 0.9, 1.6), (3.0, 0.7, 5.0, 0.4), (0.02, 40.0, 0.05, 30.0)])
    def test_derivatives_are_those_of_the_value(self, cdnow: pl.DataFrame, at: tuple[float, ...]) -> None:
        """Central differences of the value and of the gradient."""
        population = mbg_nbd.FORMULAS.population(PurchaseCounts.of(read_purchases(cdnow)), 7.0)
        logs, step = np.log(at), 1e-5
        value, gradient, hessian = population(logs)
        beside = [(population(logs + step * e), population(logs - step * e)) for e in np.eye(4)]
        assert gradient == pytest.approx([(up[0] - down[0]) / (2 * step) for up, down in beside], rel=1e-5, abs=1e-4)
        assert hessian == pytest.approx(np.array([(up[1] - down[1]) / (2 * step) for up, down in beside]), rel=1e-5, abs=1e-4)
        x, t_x, T = (cdnow[name].to_numpy() for name in ("repeat_purchases", "last_purchase_age_days", "observed_days"))
        assert value == pytest.approx(mbg_nbd.log_likelihood(*at, x, t_x / 7, T / 7).sum(), rel=1e-12)

    def test_probabilities_sum_to_one_and_agree_with_the_expectation(self) -> None:
        x = np.arange(0, 4000)
        probability = mbg_nbd.purchase_probability(*PAPER, x, 52.0)
        assert probability.sum() == pytest.approx(1, abs=1e-9)
        assert probability @ x == pytest.approx(mbg_nbd.expected_purchases_new(*PAPER, np.array([52.0]))[0], rel=1e-7)

    def test_likelihood_agrees_with_the_probability_of_none(self) -> None:
        alone = mbg_nbd.log_likelihood(*PAPER, np.zeros(1), np.zeros(1), np.full(1, 39.0))
        assert np.exp(alone) == pytest.approx(mbg_nbd.purchase_probability(*PAPER, np.zeros(1), 39.0), rel=1e-12)

    def test_a_population_is_expected_to_do_what_its_new_customers_are(self) -> None:
        """E[X(39+13)] = E[X(39)] + sum over x, of those who bought x times by 39, of each one's expectation; by simulation."""
        rng, n, (r, alpha, a, b) = np.random.default_rng(1), 200_000, PAPER
        rate, leave = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
        x, t_x, clock = np.zeros(n), np.zeros(n), np.zeros(n)
        here = np.flatnonzero(rng.random(n) > leave)
        while len(here):
            clock[here] += rng.exponential(1 / rate[here])
            here = here[clock[here] <= 39.0]
            x[here] += 1
            t_x[here] = clock[here]
            here = here[rng.random(len(here)) > leave[here]]
        T = np.full(n, 39.0)
        ahead = mbg_nbd.probability_alive(*PAPER, x, t_x, T) * mbg_nbd.purchases_if_alive(*PAPER, x, T, 13.0)
        between = np.diff(mbg_nbd.expected_purchases_new(*PAPER, np.array([39.0, 52.0])))[0]
        assert ahead.mean() == pytest.approx(between, abs=4 * ahead.std() / np.sqrt(n))
        assert x.mean() == pytest.approx(mbg_nbd.expected_purchases_new(*PAPER, np.array([39.0]))[0], abs=4 * x.std() / np.sqrt(n))

    def test_customers_who_never_came_back_may_have_left(self, fitted: FittedMbgNbd, cdnow: pl.DataFrame) -> None:
        once = cdnow.filter(pl.col("repeat_purchases") == 0)
        assert (fitted.probability_alive(once) < 0.65).all()
