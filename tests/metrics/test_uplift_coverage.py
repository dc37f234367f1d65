"""Coverage of the intervals of ranking figures by simulation, and the size of their tests on a real experiment.

Bounds are those that the share of a 95 % interval over 2,000 simulations has to keep: 0.93 to 0.97, four standard errors either way.
"""

from __future__ import annotations

import numpy as np
import pytest
from metrics.drawn_arms import arms

from relkit.metrics.uplift import Ranking, aipw_scores, autoc, qini, uplift_at
from relkit.metrics.uplift_bands import resampled_curve
from relkit.metrics.uplift_calibration import uplift_calibration

SIMULATIONS = 2000


def visits(rng, n):
    """A visit of one in ten, its chance raised by up to 10 points; three in ten treated. The score knows the effect with noise."""
    effect = 0.1 * rng.random(n)
    t = rng.random(n) < 0.3
    y = rng.random(n) < 0.1 + effect * t
    return effect, aipw_scores(y, t, 0.3)


def spend(rng, n):
    """A purchase of one in twenty, log-normal amounts of some 30, the chance raised by an effect; half treated, outcome means by arm."""
    effect = 0.05 * rng.random(n)
    t = rng.random(n) < 0.5
    bought = rng.random(n) < 0.05 + effect * t
    return effect, aipw_scores(bought * rng.lognormal(3.0, 0.8, n), t, 0.5)


AMOUNT = np.exp(3.0 + 0.8**2 / 2)
DESIGNS = {"visits": (visits, 0.1), "spend": (spend, 0.05 * AMOUNT)}
"""Design and the range of its effects: uniform from 0, of which a perfect ranking has QINI range / 12 and AUTOC range / 4."""


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("n", [2000, 10_000])
def test_coverage(name, n):
    design, reach = DESIGNS[name]
    rng, covered = np.random.default_rng(n), np.zeros(4)
    for _ in range(SIMULATIONS):
        effect, gain = design(rng, n)
        # A second model that knows nothing of the upper half: its QINI is known by integration.
        best, coarse = Ranking.of(effect), Ranking.of(np.minimum(effect, np.median(effect)))
        first = qini(best, gain)
        for place, (figure, truth) in enumerate(
            (
                (first, reach / 12),
                (autoc(best, gain), reach / 4),
                (first.minus(qini(coarse, gain)), reach / 96),
                (uplift_at(best, gain, 0.3), 0.85 * reach),
            )
        ):
            covered[place] += figure.low < truth < figure.high
    assert covered.min() >= 0.93 * SIMULATIONS, covered / SIMULATIONS
    assert covered.max() <= 0.97 * SIMULATIONS, covered / SIMULATIONS


@pytest.mark.slow
def test_coverage_of_the_uniform_band_and_of_the_calibration_slope():
    rng, covered, simulations = np.random.default_rng(1), np.zeros(2), 600
    share = np.linspace(0, 1, 51)
    truth = 0.1 * (share - share**2 / 2)
    for seed in range(simulations):
        effect, gain = visits(rng, 4000)
        band = resampled_curve(Ranking.of(effect), gain, points=51, replicates=200, seed=seed).gain_band()
        covered[0] += bool(np.all((band.low <= truth) & (truth <= band.high)))
        slope = uplift_calibration(Ranking.of(effect), gain, effect).slope
        covered[1] += slope.low < 1 < slope.high
    # 600 simulations: a share of 0.95 has a standard error of 0.009; 200 resamples leave a band's level uncertain by 0.015.
    assert 0.91 < covered[0] / simulations < 0.985, covered / simulations
    assert 0.92 < covered[1] / simulations < 0.98, covered / simulations


@pytest.mark.slow
@pytest.mark.parametrize("action", ["Mens", "Womens"])
def test_a_random_score_is_declared_significant_in_one_run_of_twenty(real_data, action):
    """1,000 random orders of the Hillstrom rows; ranking at random needs no sort."""
    rows = arms(real_data, action)
    rng, found = np.random.default_rng(2008), np.zeros(2)
    gain = aipw_scores(rows.visit, rows.treated, 0.5)
    for _ in range(1000):
        ranking = Ranking(rng.permutation(len(gain)), np.arange(len(gain)))
        found += [measure(ranking, gain).p_value < 0.05 for measure in (qini, autoc)]
    assert found.min() >= 30, found
    assert found.max() <= 70, found
