from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.metrics.forecasts import MEASURES, Forecast, Forecasts, measured


def of(values, name, which=0):
    return values[which, list(MEASURES).index(name)]


def forecast(expected, *, logs=None, crps=None, median=None):
    n = len(expected)
    given = (np.exp(logs) if logs is not None else np.ones(n), np.zeros(n) if crps is None else crps)
    return Forecast(
        expected=np.asarray(expected, float), probability=given[0], crps=given[1], median=np.zeros(n) if median is None else median
    )


def at(actual, *models, customer=None):
    return Forecasts(
        customer=np.arange(len(actual)) if customer is None else customer, actual=np.asarray(actual, float), models=list(models)
    )


def test_each_measure_by_hand():
    """Four customers, forecasts 1, 1, 3, 5 and outcomes 0, 2, 2, 4; two of them with a whole distribution."""
    partly = {"crps": np.array([0.5, 1.5, np.nan, np.nan]), "median": np.array([0.0, 1.0, np.nan, np.nan])}
    one = forecast([1.0, 1.0, 3.0, 5.0], logs=np.array([-1.0, -2.0, -3.0, -4.0]), **partly)
    found = measured([at([0, 2, 2, 4], one)], replicates=3).values
    assert of(found, "rmse") == 1
    assert of(found, "total_ratio") == pytest.approx(10 / 8)
    assert of(found, "total_error") == pytest.approx(np.log(10 / 8))
    assert of(found, "log_score") == pytest.approx(-2.5)
    assert of(found, "crps") == pytest.approx(1.0)
    assert of(found, "mae_of_median") == pytest.approx(0.5)
    deviance = 2 * np.array([1.0, 2 * np.log(2) - 1, 2 * np.log(2 / 3) + 1, 4 * np.log(4 / 5) + 1])
    assert of(found, "poisson_deviance") == pytest.approx(deviance.mean())
    # Twice the areas over the diagonal: .125 + .3125 + .875 - 1 as ranked, .125 + .75 + .5 - 1 at best.
    assert of(found, "normalised_gini") == pytest.approx(0.3125 / 0.375)
    assert one.measures(np.array([0.0, 2.0, 2.0, 4.0])) == pytest.approx(dict(zip(MEASURES, found[0], strict=True)))


@pytest.mark.parametrize(("n", "replicates"), [(2_000, 400), (90_000, 200)])
def test_the_interval_of_a_mean_is_that_of_theory(n, replicates):
    """Log-scores drawn from an exponential: standard error 1 / sqrt(n), also if resamples are smaller than the sample."""
    logs = -np.random.default_rng(4).exponential(1.0, n)
    low, high = measured([at(np.zeros(n), forecast(np.ones(n), logs=logs))], replicates=replicates).interval()
    assert (of(high, "log_score") - of(low, "log_score")) / 2 == pytest.approx(1.96 * logs.std() / np.sqrt(n), rel=0.2)
    assert of(low, "log_score") < logs.mean() < of(high, "log_score")


def test_the_gini_of_resamples_is_that_of_groups_around_the_exact_one():
    rng = np.random.default_rng(8)
    rate = rng.gamma(0.5, 2.0, 3_000)
    found = measured([at(rng.poisson(rate), forecast(rate))], replicates=100)
    low, high = found.interval()
    assert of(low, "normalised_gini") < of(found.values, "normalised_gini") < of(high, "normalised_gini")
    assert of(high, "normalised_gini") - of(low, "normalised_gini") < 0.1


def test_paired_differences_are_more_precise_than_the_values():
    rng = np.random.default_rng(6)
    actual = rng.poisson(rng.gamma(0.5, 4.0, 1000))
    logs = -rng.exponential(1.0, 1000)
    found = measured([at(actual, forecast(actual + 0.1, logs=logs + 0.05), forecast(actual + 0.1, logs=logs))])
    apart, low, high = (part[list(MEASURES).index("log_score")] for part in found.difference(0, 1))
    assert (apart, low, high) == pytest.approx((0.05, 0.05, 0.05), abs=1e-9)
    assert of(found.interval()[1], "log_score") - of(found.interval()[0], "log_score") > 0.05


def test_the_seed_decides():
    one = at(np.arange(50), forecast(np.arange(50) + 0.5 * (np.arange(50) % 3)))
    first, again, other = (measured([one], replicates=20, seed=seed).draws for seed in (1, 1, 2))
    assert np.array_equal(first, again, equal_nan=True)
    assert not np.array_equal(first, other, equal_nan=True)


def test_without_purchases_ratios_have_no_value():
    found = measured([at(np.zeros(20), forecast(np.ones(20)))], replicates=5)
    for name in ("total_ratio", "total_error", "normalised_gini"):
        assert np.isnan(of(found.values, name)), name
    assert of(found.values, "rmse") == 1
    assert np.isnan(of(found.interval()[0], "total_ratio"))


def test_forecasts_of_others_are_refused():
    with pytest.raises(ParameterError, match="the same customers"):
        measured([at(np.zeros(3), forecast(np.ones(4)))])
    with pytest.raises(ParameterError, match="one at least"):
        measured([at(np.zeros(0))])
