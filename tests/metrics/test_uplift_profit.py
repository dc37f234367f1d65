"""Profit by depth: by hand, and the best depth's value against the truth of a simulation."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.metrics.uplift import Ranking, aipw_scores, gain_curve
from relkit.metrics.uplift_profit import best_depth, net_gain


def test_profit_by_hand():
    """Effects 4, 2, -1 at a margin of 10, contacts at 5, an incentive of 20 redeemed by half: 40 - 15, 20 - 15, -10 - 15."""
    net = net_gain([4, 2, -1], margin=10, contact_cost=5, incentive=20, redemption=0.5)
    assert net.tolist() == [25, 5, -25]
    assert gain_curve(Ranking.of([3, 2, 1]), net).gain == pytest.approx([0, 25 / 3, 10, 5 / 3])


def test_observed_redemptions_have_the_mean_of_their_probability():
    rng = np.random.default_rng(0)
    t = rng.random(50_000) < 0.3
    redeemed = t & (rng.random(50_000) < 0.2)
    gain = aipw_scores(np.zeros(50_000), t, 0.3)
    net = net_gain(gain, incentive=10, redemption=redeemed * t / 0.3)
    assert net.mean() == pytest.approx(-2, abs=4 * 10 * np.sqrt(0.2 / 0.3 / 50_000))


def test_halves_by_hand():
    """Half 0 (effects 3, -1 at ranks 1, 3) chooses the first group, half 1 (2, 1 at ranks 2, 4) the whole list."""
    score, net = np.array([4.0, 3, 2, 1]), np.array([3.0, 2, -1, 1])
    found = best_depth(Ranking.of(score), net, fold=[0, 1, 0, 1])
    # Half 1 is cut after rank 1: none of it is treated. Half 0 is treated whole: 3 - 1.
    assert found.value.estimate == pytest.approx((3 - 1) / 4)
    assert found.over_all.estimate == pytest.approx((3 - 1) / 4 - 5 / 4)
    assert (found.share, found.apparent) == pytest.approx((0.5, 5 / 4))


def test_the_winners_curse_is_removed():
    """No effect at all, 300 samples of 200: the apparent best profit is positive on average, the honest value not."""
    rng = np.random.default_rng(1)
    found = [best_depth(Ranking.of(rng.random(200)), rng.standard_normal(200), replicates=2, seed=seed) for seed in range(300)]
    apparent, honest = (np.array(each) for each in zip(*((one.apparent, one.value.estimate) for one in found), strict=True))
    assert apparent.mean() > 5 * apparent.std() / np.sqrt(300)
    assert abs(honest.mean()) < 3.5 * honest.std() / np.sqrt(300)


def test_the_interval_of_the_value_covers_the_value_of_its_thresholds():
    """Effects normal about -0.2: the value under the best threshold, 0, is E max(effect, 0) = 0.3069; 200 samples of 2,000."""
    rng, covered = np.random.default_rng(2), 0
    for seed in range(200):
        effect = rng.standard_normal(2000) - 0.2
        found = best_depth(Ranking.of(effect), effect + 2 * rng.standard_normal(2000), replicates=2, seed=seed)
        covered += found.value.low < 0.30689 < found.value.high
    assert covered / 200 > 0.95 - 3.5 * np.sqrt(0.95 * 0.05 / 200)


def test_the_best_share_of_a_large_sample():
    rng = np.random.default_rng(3)
    effect = rng.standard_normal(100_000) - 0.5244
    found = best_depth(Ranking.of(effect), effect + rng.standard_normal(100_000))
    assert found.share_low < found.share < found.share_high
    assert found.share == pytest.approx(0.3, abs=0.05)
    assert found.over_all.low > 0


def test_nobody_is_treated_at_a_loss():
    found = best_depth(Ranking.of(np.arange(50.0)), np.full(50, -1.0))
    assert (found.share, found.apparent, found.value.estimate) == (0, 0, 0)
    assert found.over_all.estimate == 1


def test_members_of_a_household_share_a_half():
    rng = np.random.default_rng(4)
    score, net, home = rng.random(400), rng.standard_normal(400), np.repeat(np.arange(100), 4)
    found = best_depth(Ranking.of(score), net, cluster=home, replicates=20)
    drawn = (np.random.default_rng(0).random(100) < 0.5)[home]
    assert found.value.estimate == best_depth(Ranking.of(score), net, fold=drawn, replicates=20).value.estimate


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: best_depth(Ranking.of([1, 2]), [1, 2], fold=[1, 1]), "fold must have both halves"),
        (lambda: net_gain([1.0, 2.0], contact_cost=[1.0]), r"contact_cost \(1,\)"),
        (lambda: net_gain([1.0, 2.0], margin=np.nan), "margin: 2 of 2 values are not finite"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
