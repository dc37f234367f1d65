from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from relkit.errors import NotEnoughEventsError
from relkit.metrics.purchases import compare
from relkit.models.lifetime_value import nbd
from relkit.models.lifetime_value.nbd import FittedNbd, Nbd
from relkit.models.lifetime_value.purchases import PurchaseCounts, meet_outcomes, read_purchases

DAY = date(1997, 9, 30)


@pytest.fixture(scope="module")
def fitted(cdnow: pl.DataFrame) -> FittedNbd:
    return Nbd().fit(cdnow, as_of=DAY)


class TestNumbersOfTheCdnowSample:
    """Computed to the digits shown with scipy from the negative binomial likelihood, exact days / 7."""

    def test_parameters(self, fitted: FittedNbd) -> None:
        assert fitted.r == pytest.approx(0.384766, abs=5e-7)
        assert fitted.alpha == pytest.approx(12.072022, abs=5e-6)
        assert fitted.info.log_likelihood == pytest.approx(-9763.6576, abs=5e-5)

    def test_holdout(self, fitted: FittedNbd, cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> None:
        judged = Nbd().judge(fitted, cdnow, cdnow_outcomes)
        assert judged["total_predicted_repeat_purchases"] == pytest.approx(2929.82, abs=5e-3)
        assert judged["mae_repeat_purchases"] == pytest.approx(1.0410, abs=5e-5)
        assert judged["rmse_repeat_purchases"] == pytest.approx(1.8595, abs=5e-5)
        assert judged["correlation_repeat_purchases"] == pytest.approx(0.5834, abs=5e-5)

    def test_holdout_of_the_naive_forecast(self, cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> None:
        """Everyone continues at his own rate, x * 39 / T: total 2930.10, MAE 1.0237, RMSE 2.2119, correlation .5839."""
        both = meet_outcomes(cdnow, cdnow_outcomes, ("holdout_purchases",))
        naive = both["repeat_purchases"] * 39 / (both["observed_days"] / 7)
        found = compare(both["holdout_purchases"].to_numpy(), naive.to_numpy(), of="orders")
        assert found["total_predicted_orders"] == pytest.approx(2930.10, abs=5e-3)
        assert found["mae_orders"] == pytest.approx(1.0237, abs=5e-5)
        assert found["rmse_orders"] == pytest.approx(2.2119, abs=5e-5)
        assert found["correlation_orders"] == pytest.approx(0.5839, abs=5e-5)


@pytest.mark.parametrize("at", [(0.4, 12.0), (3.0, 0.7), (0.02, 40.0)])
def test_derivatives_are_those_of_the_value(cdnow: pl.DataFrame, at: tuple[float, ...]) -> None:
    """Central differences of the value and of the gradient."""
    population = nbd.FORMULAS.population(PurchaseCounts.of(read_purchases(cdnow)), 7.0)
    logs, step = np.log(at), 1e-5
    value, gradient, hessian = population(logs)
    beside = [(population(logs + step * e), population(logs - step * e)) for e in np.eye(2)]
    assert gradient == pytest.approx([(up[0] - down[0]) / (2 * step) for up, down in beside], rel=1e-5, abs=1e-4)
    assert hessian == pytest.approx(np.array([(up[1] - down[1]) / (2 * step) for up, down in beside]), rel=1e-5, abs=1e-4)
    x, T = (cdnow[name].to_numpy() for name in ("repeat_purchases", "observed_days"))
    assert value == pytest.approx(nbd.log_likelihood(*at, x, T, T / 7).sum(), rel=1e-12)


def test_probabilities_sum_to_one_and_agree_with_the_expectation() -> None:
    x = np.arange(0, 4000)
    probability = nbd.purchase_probability(0.4, 12.0, x, 52.0)
    assert probability.sum() == pytest.approx(1, abs=1e-12)
    assert probability @ x == pytest.approx(nbd.expected_purchases_new(0.4, 12.0, np.array([52.0])), rel=1e-9)


def test_nobody_leaves(fitted: FittedNbd, cdnow: pl.DataFrame) -> None:
    assert (fitted.probability_alive(cdnow) == 1).all()


def test_a_customer_with_thousands_of_purchases_is_no_trouble(cdnow: pl.DataFrame) -> None:
    heavy = cdnow.head(500).with_columns(
        pl.when(pl.col("customer_id") == "0001").then(100_000).otherwise("repeat_purchases").alias("repeat_purchases")
    )
    assert Nbd().fit(heavy, as_of=DAY).score(heavy)["expected_orders_90d"].is_finite().all()


def test_nobody_came_back(cdnow: pl.DataFrame) -> None:
    once = cdnow.with_columns(pl.lit(0).alias("repeat_purchases"), pl.lit(0).alias("last_purchase_age_days"))
    with pytest.raises(NotEnoughEventsError, match="nbd: 0 of 2357 customers bought again; 2 parameters need more"):
        Nbd().fit(once, as_of=DAY)
