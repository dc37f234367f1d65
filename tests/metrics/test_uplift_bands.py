"""Curves on resamples: their spread against analytic standard errors and against the bootstrap of the rows."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.metrics.uplift import Ranking, gain_at, gain_curve, toc_at
from relkit.metrics.uplift_bands import resampled_curve


def drawn(n, seed=0):
    rng = np.random.default_rng(seed)
    effect = rng.standard_normal(n)
    return effect, effect + 2 * rng.standard_normal(n)


@pytest.mark.parametrize("ties", [False, True])
def test_the_spread_is_that_of_the_analytic_error(ties):
    """1,000 resamples: a standard error is known to 2 %."""
    score, gain = drawn(20_000)
    ranking = Ranking.of(np.round(score, 1) if ties else score)
    found = resampled_curve(ranking, gain, points=11, replicates=1000)
    for place in (2, 5, 9):
        analytic = gain_at(ranking, gain, place / 10).std_error
        assert found.draws[:, place].std() == pytest.approx(analytic, rel=0.12)
    assert found.curve.gain == pytest.approx(np.interp(found.curve.share, *_curve(ranking, gain)))


def _curve(ranking, gain):
    curve = gain_curve(ranking, gain)
    return curve.share, curve.gain


def test_households_of_one_are_rows():
    score, gain = drawn(3000)
    ranking = Ranking.of(score)
    alone, together = (
        resampled_curve(ranking, gain, points=11, cluster=cluster, replicates=400).draws.std(axis=0) for cluster in (None, np.arange(3000))
    )
    assert together[1:] == pytest.approx(alone[1:], rel=0.25)


def test_a_household_of_two_equal_rows_varies_more():
    score, gain = drawn(3000)
    ranking = Ranking.of(np.repeat(score, 2))
    alone, together = (
        resampled_curve(ranking, np.repeat(gain, 2), points=11, cluster=cluster, replicates=400).draws[:, 5].std()
        for cluster in (None, np.repeat(np.arange(3000), 2))
    )
    assert together / alone == pytest.approx(np.sqrt(2), rel=0.2)


def test_bands_start_and_end_where_nothing_varies():
    score, gain = drawn(2000)
    draws = resampled_curve(Ranking.of(score), gain)
    whole, above = draws.gain_band(), draws.chance_band()
    assert whole.low[0] == whole.high[0] == 0
    assert (above.low[0], above.high[0]) == pytest.approx((0, 0), abs=1e-12)
    assert (above.low[-1], above.high[-1]) == pytest.approx((0, 0), abs=1e-12)
    assert above.value == pytest.approx(whole.value - whole.share * whole.value[-1])
    assert (whole.high - whole.low)[50] > (above.high - above.low)[50]


def test_a_uniform_band_is_wider_than_an_interval_at_one_share():
    score, gain = drawn(2000)
    ranking = Ranking.of(score)
    band = resampled_curve(ranking, gain, points=101).toc_band()
    place = int(np.argmin(np.abs(band.share - 0.3)))
    single = toc_at(ranking, gain, 0.3)
    assert band.share[0] >= 0.02
    assert band.value[place] == pytest.approx(single.estimate)
    assert band.high[place] - band.low[place] > 1.1 * (single.high - single.low)


def test_the_same_seed_gives_the_same_band_and_row_order_does_not_matter():
    score, gain = drawn(500)
    mixed = np.random.default_rng(1).permutation(500)
    first, again = (resampled_curve(Ranking.of(score[rows]), gain[rows]).draws for rows in (np.arange(500), mixed))
    assert again == pytest.approx(first, abs=1e-12)


def test_a_constant_score_is_one_bin():
    found = resampled_curve(Ranking.of(np.ones(100)), np.arange(100.0), points=3)
    assert found.curve.gain.tolist() == [0, 49.5 / 2, 49.5]
    assert found.chance_band().high == pytest.approx([0, 0, 0], abs=1e-9)
