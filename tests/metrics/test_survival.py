"""Survival metrics against their definitions, lifelines 0.30.3, and forecasts whose quality is known."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.survival import (
    Concordance,
    Ranks,
    brier_score,
    calibration,
    concordance,
    in_view_weights,
    integrated_brier_score,
    log_log_band,
    log_score,
)


def drawn(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Spells with many ties in age and in risk."""
    rng = np.random.default_rng(seed)
    duration = rng.integers(1, 30, n).astype(float)
    entry = np.minimum(rng.integers(0, 12, n) * (rng.random(n) < 0.5), duration - 1).astype(float)
    return duration, rng.random(n) < 0.6, rng.integers(0, 10, n).astype(float), entry


def by_pairs(duration: np.ndarray, event: np.ndarray, risk: np.ndarray, entry: np.ndarray) -> Concordance:
    """Every pair, by the definition."""
    i, j = np.meshgrid(np.arange(len(duration)), np.arange(len(duration)), indexing="ij")
    outlives = (duration[j] > duration[i]) | ((duration[j] == duration[i]) & ~event[j])
    pairs = event[i] & outlives & ((entry[j] < duration[i]) | (entry[j] == 0))
    first, other = risk[i], risk[j]
    return Concordance(int((pairs & (first > other)).sum()), int((pairs & (first < other)).sum()), int((pairs & (first == other)).sum()))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [4, 60, 700])
def test_concordance_counts_every_pair_once(seed: int, n: int) -> None:
    duration, event, risk, entry = drawn(seed, n)
    event[0] = True
    duration[1], entry[1] = 40.0, 0.0  # one outlives all, so that a pair exists
    assert concordance(duration, event, risk) == by_pairs(duration, event, risk, np.zeros(n))
    assert concordance(duration, event, risk, entry) == by_pairs(duration, event, risk, entry)


def test_concordance_is_that_of_lifelines() -> None:
    """lifelines.utils.concordance_index(duration, -risk, event) on rossi and on the drawn spells."""
    from lifelines.datasets import load_rossi
    from lifelines.utils import concordance_index

    rossi = load_rossi()
    week, arrest, prio = rossi["week"].to_numpy(float), rossi["arrest"].to_numpy() == 1, rossi["prio"].to_numpy(float)
    assert concordance(week, arrest, prio).index == concordance_index(week, -prio, arrest)
    duration, event, risk, _ = drawn(11, 3000)
    assert concordance(duration, event, risk).index == concordance_index(duration, -risk, event)


def test_concordance_is_exact_where_pairs_exceed_32_bits() -> None:
    n = 100_000
    age = np.arange(1.0, n + 1)
    assert concordance(age, np.ones(n, bool), -age) == Concordance(n * (n - 1) // 2, 0, 0)


def test_spells_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(NotEnoughEventsError, match="no two spells can be compared: nobody outlives an end"):
        concordance(np.array([2.0, 2.0]), np.array([True, True]), np.array([1.0, 2.0]))


def test_ranks_count_what_stands_below_among_the_first() -> None:
    ranks = Ranks.build(np.array([3, 1, 4, 1, 5, 0]))
    assert ranks.below(np.array([0, 3, 6, 6, 6]), np.array([2, 4, 1, 5, 99])).tolist() == [0, 2, 1, 5, 6]
    many = np.random.default_rng(1).integers(0, 70_000, 500)
    assert Ranks.build(many).below(np.array([400]), np.array([35_000])).tolist() == [int((many[:400] < 35_000).sum())]


def test_weights_are_those_of_the_kaplan_meier_curve_of_staying_in_view() -> None:
    """G by lifelines' KaplanMeierFitter on the censorings, where no age has both an end and a censoring."""
    from lifelines import KaplanMeierFitter

    rng = np.random.default_rng(5)
    ends, censorings = rng.exponential(10, 400), rng.exponential(15, 400)
    duration, event = np.minimum(ends, censorings), ends <= censorings
    horizon = 12.0
    staying = KaplanMeierFitter().fit(duration, ~event)
    known_end = event & (duration <= horizon)
    expected = np.where(known_end, 1 / staying.predict(duration).to_numpy(), (duration > horizon) / staying.predict(horizon))
    np.testing.assert_allclose(in_view_weights(duration, event, horizon), expected, rtol=1e-12)


def test_an_end_comes_before_the_censorings_of_the_same_age() -> None:
    """By hand: at age 2 one of the 3 still there ends, then one of the 2 left is censored, so G falls to 1/2 after the end."""
    duration, event = np.array([1.0, 2.0, 2.0, 5.0]), np.array([True, True, False, False])
    assert in_view_weights(duration, event, 4.0).tolist() == [1.0, 1.0, 0.0, 2.0]


def test_scores_without_censoring_are_plain_means() -> None:
    rng = np.random.default_rng(1)
    duration, churn = rng.exponential(10, 500), rng.random(500)
    event = np.ones(500, bool)
    gone = duration <= 7
    assert brier_score(duration, event, churn, 7.0) == pytest.approx(np.mean((gone - churn) ** 2), rel=1e-12)
    assert log_score(duration, event, churn, 7.0) == pytest.approx(-np.mean(np.log(np.where(gone, churn, 1 - churn))), rel=1e-12)


def test_brier_score_under_censoring_estimates_the_one_without() -> None:
    """Independent censoring: the expectation is the same (Gerds and Schumacher 2006)."""
    rng = np.random.default_rng(2)
    rate = rng.uniform(0.02, 0.2, 60_000)
    ends, censorings = rng.exponential(1 / rate), rng.exponential(20, 60_000)
    churn = 1 - np.exp(-rate * 10)
    whole = brier_score(ends, np.ones(60_000, bool), churn, 10.0)
    seen = brier_score(np.minimum(ends, censorings), ends <= censorings, churn, 10.0)
    assert seen == pytest.approx(whole, abs=0.004)
    assert whole == pytest.approx(np.mean(churn * (1 - churn)), abs=0.003)


def test_an_impossible_end_costs_much_but_not_everything() -> None:
    assert log_score(np.array([1.0]), np.array([True]), np.array([0.0]), 2.0) == pytest.approx(-np.log(1e-9))


def test_integrated_brier_score_averages_over_ages() -> None:
    duration, event = np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4, bool)
    days = np.array([0.5, 1.5, 3.5])
    survival = np.full((4, 3), 0.5)
    assert integrated_brier_score(duration, event, survival, days) == pytest.approx(0.25)
    perfect = (duration[:, None] > days).astype(float)
    assert integrated_brier_score(duration, event, perfect, days) == 0.0
    uneven = perfect.copy()
    uneven[:, 2] = 0.0  # the last age alone is wrong, for one spell in four: a triangle of width 2 and height 1/4 over a span of 3
    assert integrated_brier_score(duration, event, uneven, days) == pytest.approx(0.25 / 3)


@pytest.mark.parametrize("days", [[1.0], [2.0, 1.0]])
def test_ages_that_do_not_ascend_are_refused(days: list[float]) -> None:
    with pytest.raises(ParameterError, match="days: at least two ascending ages are needed"):
        integrated_brier_score(np.ones(3), np.ones(3, bool), np.full((3, len(days)), 0.5), np.array(days))


def test_nobody_in_view_at_the_horizon_is_refused() -> None:
    with pytest.raises(NotEnoughEventsError, match=r"nobody is in view 9 days on; the last was seen after 2\. Choose a shorter horizon"):
        in_view_weights(np.array([1.0, 2.0]), np.array([True, False]), 9.0)
    assert in_view_weights(np.array([1.0, 2.0]), np.array([False, True]), 9.0).tolist() == [0.0, 2.0]


def test_true_probabilities_are_calibrated_in_every_decile() -> None:
    rng = np.random.default_rng(4)
    rate = rng.uniform(0.005, 0.05, 40_000)
    ends = rng.exponential(1 / rate)
    found = calibration(np.minimum(ends, 30.0), ends <= 30, 1 - np.exp(-rate * 20), 20.0, level=0.999)
    assert found.size.tolist() == [4000] * 10
    assert (np.diff(found.predicted) > 0).all()
    assert ((found.lower < found.predicted) & (found.predicted < found.upper)).all()
    assert found.mean_error < 0.01


def test_calibration_shows_who_is_overrated() -> None:
    rng = np.random.default_rng(4)
    ends = rng.exponential(20.0, 5000)
    churn = np.where(np.arange(5000) < 2500, 0.9, 1 - np.exp(-0.5))
    found = calibration(ends, np.ones(5000, bool), churn, 10.0)
    assert found.size.tolist() == [2500, 2500]
    assert found.lower[0] < found.predicted[0] < found.upper[0]
    assert found.upper[1] < found.predicted[1]
    assert found.mean_error == pytest.approx((0.9 - (1 - np.exp(-0.5))) / 2, abs=0.02)


def test_calibration_needs_a_group() -> None:
    with pytest.raises(ParameterError, match="groups is 0; it must be at least 1"):
        calibration(np.ones(3), np.ones(3, bool), np.ones(3), 1.0, groups=0)


def test_bands_are_those_of_lifelines_and_defined_at_both_ends() -> None:
    """Lifelines' KaplanMeierFitter, confidence_interval_ (exponential Greenwood), rossi at weeks 10 and 50."""
    from lifelines import KaplanMeierFitter
    from lifelines.datasets import load_rossi

    from relkit.metrics.risk_sets import product_limit, risk_sets

    rossi = load_rossi()
    sets = risk_sets(rossi["week"].to_numpy(float), rossi["arrest"].to_numpy() == 1)
    lower, upper = log_log_band(*product_limit(sets), 0.9)
    theirs = KaplanMeierFitter(alpha=0.1).fit(rossi["week"], rossi["arrest"]).confidence_interval_.loc[sets.days].to_numpy()
    np.testing.assert_allclose(np.stack([lower, upper], axis=1), theirs, rtol=1e-10)
    low, high = log_log_band(np.array([1.0, 0.5, 0.0]), np.array([0.0, 0.1, np.inf]), 0.95)
    assert low[[0, 2]].tolist() == [1.0, 0.0]
    assert high.tolist() == [1.0, high[1], high[1]]
    assert log_log_band(np.array([0.0]), np.array([np.inf]), 0.95)[1].tolist() == [1.0]


def test_inputs_are_left_as_they_were() -> None:
    arrays = drawn(3, 50)
    before = [a.copy() for a in arrays]
    concordance(*arrays)
    calibration(arrays[0], arrays[1], arrays[2] / 10, 15.0)
    assert all(np.array_equal(a, b) for a, b in zip(arrays, before, strict=True))
