from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.metrics.forecasts import MEASURES, Forecast, measured


def of(values, name, which=0):
    return values[which, list(MEASURES).index(name)]


def test_each_measure_by_hand():
    """Four customers, forecasts 1, 1, 3, 5 and outcomes 0, 2, 2, 4."""
    forecast = Forecast(np.array([1.0, 1.0, 3.0, 5.0]), np.exp(np.array([-1.0, -2.0, -3.0, -4.0])))
    found = measured(np.array([0, 2, 2, 4]), [forecast], frequency=np.array([0, 0, 1, 9]), replicates=3).values
    assert of(found, "mae") == 1
    assert of(found, "rmse") == 1
    assert of(found, "total_ratio") == pytest.approx(10 / 8)
    assert of(found, "total_error") == pytest.approx(0.25)
    assert of(found, "log_score") == pytest.approx(-2.5)
    # Customers without a purchase before: forecast 1, observed 1; the two others are 1 off.
    assert of(found, "calibration_error") == pytest.approx(0.5)
    assert of(found, "top_decile_lift") == pytest.approx(2.0)
    # Twice the areas over the diagonal: .125 + .3125 + .875 - 1 as ranked, .125 + .75 + .5 - 1 at best.
    assert of(found, "normalised_gini") == pytest.approx(0.3125 / 0.375)


def test_the_interval_of_a_mean_is_that_of_theory():
    """The MAE of errors of an exponential: mean 1, standard error 1 / sqrt(n)."""
    rng = np.random.default_rng(4)
    error = rng.exponential(1.0, 2000)
    found = measured(np.zeros(2000), [Forecast(error)], replicates=400)
    low, high = found.interval()
    assert (of(high, "mae") - of(low, "mae")) / 2 == pytest.approx(1.96 * error.std() / np.sqrt(2000), rel=0.15)
    assert of(low, "mae") < error.mean() < of(high, "mae")


def test_many_customers_have_narrow_intervals_though_resamples_are_small():
    rng = np.random.default_rng(5)
    error = rng.exponential(1.0, 90_000)
    low, high = measured(np.zeros(90_000), [Forecast(error)], replicates=200).interval()
    assert (of(high, "mae") - of(low, "mae")) / 2 == pytest.approx(1.96 * error.std() / 300, rel=0.2)


def test_paired_differences_are_more_precise_than_the_values():
    rng = np.random.default_rng(6)
    actual = rng.poisson(rng.gamma(0.5, 4.0, 1000))
    near = Forecast(actual + rng.normal(0, 1.0, 1000))
    nearly = Forecast(near.expected + 0.05 * np.sign(near.expected - actual))
    found = measured(actual, [nearly, near])
    apart, low, high = (part[list(MEASURES).index("mae")] for part in found.difference(0, 1))
    assert apart == pytest.approx(0.05, abs=1e-9)
    assert low > 0.049
    assert high < 0.051
    assert of(found.interval()[1], "mae") - of(found.interval()[0], "mae") > 0.05


def test_the_seed_decides():
    actual, forecast = np.arange(50), [Forecast(np.arange(50) + 0.5 * (np.arange(50) % 3))]
    first, again, other = (measured(actual, forecast, replicates=20, seed=seed).draws for seed in (1, 1, 2))
    assert np.array_equal(first, again, equal_nan=True)
    assert not np.array_equal(first, other, equal_nan=True)


def test_without_purchases_ratios_have_no_value():
    found = measured(np.zeros(20), [Forecast(np.ones(20))], replicates=5)
    for name in ("total_ratio", "total_error", "top_decile_lift", "normalised_gini", "log_score", "calibration_error"):
        assert np.isnan(of(found.values, name)), name
    assert of(found.values, "mae") == 1
    assert np.isnan(of(found.interval()[0], "total_ratio"))


def test_forecasts_of_others_are_refused():
    with pytest.raises(ParameterError, match="the same customers"):
        measured(np.zeros(3), [Forecast(np.ones(4))])
    with pytest.raises(ParameterError, match="one at least"):
        measured(np.zeros(0), [])
