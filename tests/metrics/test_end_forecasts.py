from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.metrics.brier import brier_score, integrated_brier_score
from relkit.metrics.concordance import uno_concordance
from relkit.metrics.end_forecasts import MEASURES, EndForecast, Seen, _Grouped, measured_ends
from relkit.metrics.smooth_calibration import smooth_calibration

DAYS = 100.0
STEPS = np.arange(10.0, DAYS + 1, 10.0)


def world(n: int, *, lost: float = 0.0, seed: int = 0):
    """Return daily rates, the outcomes of the contracts, and the probability of outliving each step."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(2.0, 1 / 800, n)
    end = rng.exponential(1 / rate)
    view = np.where(rng.random(n) < lost, rng.uniform(5, DAYS, n), DAYS)
    return rate, Seen.of(np.minimum(end, view), end <= view, STEPS), np.exp(-np.outer(rate, STEPS))


def of(found, name, which=0):
    return found.values[which, list(MEASURES).index(name)]


def test_each_measure_by_hand():
    """Four contracts over two steps of 5 days: ended on day 3 and on day 5 (both in the first step), on day 8, and still running."""
    seen = Seen.of(np.array([3.0, 5.0, 8.0, 10.0]), np.array([True, True, True, False]), np.array([5.0, 10.0]))
    assert seen.outlived.tolist() == [0, 0, 1, 2]
    survival = np.array([[0.5, 0.2], [0.8, 0.6], [0.9, 0.5], [1.0, 0.9]])
    forecast = EndForecast.of(seen, survival)
    found = measured_ends(seen, [forecast], replicates=3)
    assert np.exp(forecast.log_probability) == pytest.approx([0.5, 0.2, 0.4, 0.9])
    assert of(found, "log_score") == pytest.approx(np.log([0.5, 0.2, 0.4, 0.9]).mean())
    first, last = (0.5**2 + 0.8**2 + 0.1**2 + 0.0) / 4, (0.2**2 + 0.6**2 + 0.5**2 + 0.1**2) / 4
    assert of(found, "brier_score") == pytest.approx(last)
    # The Brier score is 0 on day 0; trapezoids of 0, first and last, over 5 days each.
    assert of(found, "integrated_brier_score") == pytest.approx((0 + first) / 2 * 0.5 + (first + last) / 2 * 0.5)
    assert of(found, "total_ratio") == pytest.approx((0.8 + 0.4 + 0.5 + 0.1) / 3)
    assert of(found, "total_error") == pytest.approx(1 - 1.8 / 3)
    # Risks .8, .4, .5, .1 of events on days 3, 5, 8: of the six comparable pairs, only day 5 before day 8 is out of order.
    assert of(found, "uno_c") == pytest.approx(5 / 6)
    assert forecast.ended_by.tolist() == pytest.approx([0.8, 1.8])


def test_a_censored_contract_counts_as_far_as_observed_within_a_step():
    """Censored on day 3 of a step of 5 days that is outlived with .5: .5^(3/5); censored on day 5: the step is outlived."""
    seen = Seen.of(np.array([3.0, 5.0, 10.0]), np.zeros(3, bool), np.array([5.0, 10.0]))
    forecast = EndForecast.of(seen, np.tile([0.5, 0.4], (3, 1)))
    assert np.exp(forecast.log_probability) == pytest.approx([0.5**0.6, 0.5, 0.4])


def test_the_exact_values_are_those_of_the_single_measures():
    rate, seen, survival = world(2000, lost=0.3)
    found = measured_ends(seen, [EndForecast.of(seen, survival)], replicates=2)
    truth, churn = (seen.remaining, seen.ended), 1 - survival[:, -1]
    days, curves = np.append(0.0, STEPS), np.column_stack([np.ones(len(rate)), survival])
    assert of(found, "integrated_brier_score") == pytest.approx(integrated_brier_score(*truth, curves, days), rel=1e-12)
    assert of(found, "brier_score") == pytest.approx(brier_score(*truth, churn, DAYS), rel=1e-12)
    assert of(found, "uno_c") == uno_concordance(*truth, churn).index
    assert of(found, "ici") == smooth_calibration(*truth, churn, DAYS).ici


@pytest.mark.parametrize("lost", [0.0, 0.3])
def test_groups_approximate_the_exact_values(lost):
    """200 groups of similar forecasts and ten steps: half of the pairs within a group, and no pair within a step."""
    _, seen, survival = world(20_000, lost=lost)
    forecast = EndForecast.of(seen, survival)
    *_, order, ici = _Grouped.of(seen, forecast).measures(slice(None), 1.0)
    exact = measured_ends(seen, [forecast], replicates=1)
    assert order == pytest.approx(of(exact, "uno_c"), abs=0.005)
    assert ici == pytest.approx(of(exact, "ici"), abs=5e-4)


def test_no_forecast_beats_the_truth():
    """The log-score and the Brier score are proper: any distortion of the true probabilities costs."""
    rate, seen, survival = world(60_000, lost=0.2, seed=1)
    wrong = [survival**1.3, survival**0.7, np.exp(-np.outer(np.full(len(rate), rate.mean()), STEPS)), survival ** (STEPS / DAYS)]
    found = measured_ends(seen, [EndForecast.of(seen, s) for s in (survival, *wrong)], replicates=40)
    for i in range(1, len(wrong) + 1):
        apart, low, high = (dict(zip(found.names, part, strict=True)) for part in found.difference(0, i))
        assert low["log_score"] > 0
        assert high["integrated_brier_score"] < 0
        assert apart["log_score"] > 0.002


def test_spread_of_resamples_is_that_of_theory():
    """Share that ended among n alike: standard error sqrt(p (1 - p) / n), and from it that of the ratio of expected to observed events."""
    n, p = 4000, 0.2
    ended = np.random.default_rng(2).random(n) < p
    seen = Seen.of(np.where(ended, 5.0, 10.0), ended, np.array([10.0]))
    found = measured_ends(seen, [EndForecast.of(seen, np.full((n, 1), 1 - p))], replicates=400)
    low, high = (bound[0, found.names.index("total_ratio")] for bound in found.interval())
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt((1 - p) / (n * p)), rel=0.15)


def test_intervals_contain_the_values_and_that_of_the_c_matches_resamples():
    rate, seen, survival = world(1500, seed=3)
    found = measured_ends(seen, [EndForecast.of(seen, survival)], replicates=200)
    low, high = found.interval()
    assert (low[0] <= found.values[0]).all()
    assert (found.values[0] <= high[0]).all()
    rng = np.random.default_rng(4)
    draws = []
    for _ in range(100):
        rows = rng.integers(0, len(rate), len(rate))
        draws.append(uno_concordance(seen.remaining[rows], seen.ended[rows], rate[rows]).index)
    at = found.names.index("uno_c")
    assert found.draws[:, 0, at].std() == pytest.approx(np.std(draws), rel=0.25)


def test_without_an_event_there_is_no_ratio_and_no_order():
    seen = Seen.of(np.full(5, 10.0), np.zeros(5, bool), np.array([5.0, 10.0]))
    found = measured_ends(seen, [EndForecast.of(seen, np.tile([0.9, 0.8], (5, 1)))], replicates=5)
    assert np.isnan(of(found, "total_ratio"))
    assert of(found, "uno_c") == 0.5
    assert of(found, "log_score") == pytest.approx(np.log(0.8))


def test_a_probability_of_zero_counts_as_half_a_contract_of_all():
    seen = Seen.of(np.array([3.0, 10.0]), np.array([True, False]), np.array([10.0]))
    assert np.exp(EndForecast.of(seen, np.ones((2, 1))).log_probability) == pytest.approx([0.25, 1.0])


def test_forecasts_of_others_are_refused():
    seen = Seen.of(np.array([3.0, 10.0]), np.array([True, False]), np.array([10.0]))
    with pytest.raises(ParameterError, match="of the same contracts and days"):
        EndForecast.of(seen, np.ones((3, 1)))
