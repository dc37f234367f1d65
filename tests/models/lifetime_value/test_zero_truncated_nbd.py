"""Zero-truncated NBD: its likelihood, its recovery, and its forecast as a posterior mean."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy import stats
from whole_distributions import distribution

from relkit.errors import NotEnoughEventsError
from relkit.models.lifetime_value.zero_truncated_nbd import FittedZeroTruncatedNbd, ZeroTruncatedNbd, log_likelihood

AS_OF = date(2025, 6, 30)


def people(n: np.ndarray, days: int = 364) -> pl.DataFrame:
    """Return customers with n purchase days, the first on the first day of the history."""
    ages = [np.arange(1.0, each).tolist() for each in n]
    columns = {"repeat_ages_days": pl.Series(ages, dtype=pl.List(pl.Float64)), "observed_days": [float(days)] * len(n)}
    columns |= {"first_order_on": [AS_OF - timedelta(days=days)] * len(n), "last_purchase_age_days": (n - 1.0).tolist()}
    return pl.DataFrame({"customer_id": [f"c{i:05d}" for i in range(len(n))], "repeat_purchases": n - 1, **columns})


def test_the_likelihood_is_that_of_a_negative_binomial_without_its_zeros() -> None:
    n = np.arange(1.0, 40.0)
    full = stats.nbinom(0.7, 50.0 / (50.0 + 365.0))
    assert np.exp(log_likelihood(0.7, 50.0, n, 365.0)) == pytest.approx(full.pmf(n) / full.sf(0), rel=1e-10)


@pytest.fixture(scope="module")
def fitted() -> FittedZeroTruncatedNbd:
    rng = np.random.default_rng(5)
    n = rng.poisson(rng.gamma(0.8, 1 / 120.0, 40_000) * 365.0)
    return ZeroTruncatedNbd().fit(people(n[n > 0]), as_of=AS_OF)


def test_parameters_are_recovered(fitted: FittedZeroTruncatedNbd) -> None:
    assert fitted.r == pytest.approx(0.8, rel=0.08)
    assert fitted.alpha == pytest.approx(120.0, rel=0.08)


def test_the_forecast_is_the_posterior_mean_and_its_distribution_agrees(fitted: FittedZeroTruncatedNbd) -> None:
    rows = people(np.array([1, 5]))
    expected = fitted.expected_purchases(rows, 90)
    assert expected == pytest.approx((fitted.r + np.array([1, 5])) / (fitted.alpha + 365) * 90)
    chances = distribution(fitted, rows, 90, most=80)
    assert chances.sum(axis=1) == pytest.approx(1.0, abs=1e-9)
    assert chances @ np.arange(81) == pytest.approx(expected)
    assert fitted.order_probability(rows, 90) == pytest.approx(1 - chances[:, 0])


def test_once_only_buyers_are_refused() -> None:
    with pytest.raises(NotEnoughEventsError, match=r"0 of \d customers bought again"):
        ZeroTruncatedNbd().fit(people(np.ones(3, dtype=int)), as_of=AS_OF)
