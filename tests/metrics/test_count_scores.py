"""Proper scores of counts, against closed forms and another program."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from relkit.metrics.count_scores import crps_and_medians, least_mean, poisson_deviances

RNG = np.random.default_rng(2)
RATE = RNG.gamma(0.4, 5.0, 300)
SEEN = RNG.poisson(RATE)


def of_poisson(rows, m):
    return stats.poisson.pmf(m, RATE[rows])


def test_the_crps_of_a_poisson_is_its_closed_form():
    """(y - mu)(2 F(y) - 1) + 2 mu f(y) - mu exp(-2 mu)(I0(2 mu) + I1(2 mu)): Wei and Held (2014), as in scoringRules 1.1.3."""
    found, median = crps_and_medians(SEEN, of_poisson)
    bessel = special.ive(0, 2 * RATE) + special.ive(1, 2 * RATE)
    density, upto = stats.poisson.pmf(SEEN, RATE), stats.poisson.cdf(SEEN, RATE)
    closed = (SEEN - RATE) * (2 * upto - 1) + 2 * RATE * density - RATE * bessel
    assert found == pytest.approx(closed, abs=1e-6)
    assert median.tolist() == stats.poisson.median(RATE).tolist()


def test_a_far_outcome_and_a_long_tail_are_summed_to_their_end():
    """The CRPS of a negative binomial is the sum over m of (F(m) - 1{y <= m})^2, here up to 20,000."""
    size, mean, y = 0.3, 40.0, np.array([0, 700])
    share = size / (size + mean)
    found, _ = crps_and_medians(y, lambda _, m: stats.nbinom.pmf(m, size, share))
    upto = stats.nbinom.cdf(np.arange(20_000), size, share)
    assert found == pytest.approx([((upto - (each <= np.arange(20_000))) ** 2).sum() for each in y], rel=1e-6)


def test_the_deviance_is_that_of_scikit_learn():
    from sklearn.metrics import mean_poisson_deviance

    expected = RATE + 0.1
    assert poisson_deviances(SEEN, expected).mean() == pytest.approx(mean_poisson_deviance(SEEN, expected), rel=1e-12)
    nothing = poisson_deviances(np.array([0, 1]), np.zeros(2))
    assert nothing.tolist() == pytest.approx([2 * least_mean(2), 2 * (np.log(4) - 1 + 0.25)])


def test_understated_means_gain_in_absolute_error_and_in_no_proper_score():
    """Half of the true mean has the smaller absolute error, and the larger deviance, squared error and CRPS."""
    half, _ = crps_and_medians(SEEN, lambda rows, m: stats.poisson.pmf(m, RATE[rows] / 2))
    whole, _ = crps_and_medians(SEEN, of_poisson)
    skewed = RNG.poisson(0.4, 2000)
    assert np.abs(skewed - 0.2).mean() < np.abs(skewed - 0.4).mean()
    assert poisson_deviances(skewed, np.full(2000, 0.2)).mean() > poisson_deviances(skewed, np.full(2000, 0.4)).mean()
    assert half.mean() > whole.mean()
