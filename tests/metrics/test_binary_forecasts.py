"""Measures of forecast probabilities, against scikit-learn, by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from relkit.errors import NotEnoughEventsError
from relkit.metrics.binary_forecasts import (
    auc,
    auc_interval,
    calibration_error,
    calibration_line,
    lift,
    lift_interval,
    log_loss,
    mean_interval,
)


def drawn(n: int = 800, *, seed: int = 1, beta: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    z = rng.normal(-1.0, beta, n)
    return rng.random(n) < special.expit(z), special.expit(z)


def test_auc_and_log_loss_are_those_of_scikit_learn():
    from sklearn import metrics

    y, p = drawn()
    p = p.round(2)  # with ties
    w = np.where(y, 1.0, 4.0)
    assert auc(y, p) == pytest.approx(metrics.roc_auc_score(y, p), abs=1e-12)
    assert auc_interval(y, p).value == pytest.approx(auc(y, p), abs=1e-12)
    assert log_loss(y, p, w) == pytest.approx(metrics.log_loss(y, p, sample_weight=w), abs=1e-12)


def test_the_variance_of_delong_is_that_of_all_pairs():
    """The U-statistic's components by their definition, in all pairs."""
    y, p = drawn(120)
    ones, zeros = p[y], p[~y]
    pairs = (ones[:, None] > zeros) + 0.5 * (ones[:, None] == zeros)
    variance = pairs.mean(axis=1).var(ddof=1) / len(ones) + pairs.mean(axis=0).var(ddof=1) / len(zeros)
    area = pairs.mean()
    reach = 1.959963984540054 * np.sqrt(variance) / (area * (1 - area))
    low, high = special.expit(special.logit(area) + np.array([-reach, reach]))
    found = auc_interval(y, p)
    assert (found.lower, found.upper) == pytest.approx((low, high), abs=1e-10)


def test_the_interval_of_the_auc_covers_its_truth():
    """Over 300 samples 95 % intervals miss as often as binomial chance allows (P < 0.001 outside 6 to 27)."""
    truth = auc(*drawn(400_000, seed=0))
    misses = sum(not (found.lower <= truth <= found.upper) for found in (auc_interval(*drawn(300, seed=s)) for s in range(1, 301)))
    assert 4 <= misses <= 28


def test_calibration_of_right_and_of_extreme_forecasts():
    y, p = drawn(60_000)
    intercept, slope = calibration_line(y, p)
    assert (intercept, slope) == pytest.approx((0.0, 1.0), abs=0.04)
    assert calibration_error(y, p) < 0.01
    wrong = special.expit(2 * special.logit(p) + 1)
    assert calibration_line(y, wrong)[1] == pytest.approx(0.5, abs=0.02)
    assert calibration_error(y, wrong) > 0.05


def test_weights_count_rows_several_times():
    y, p = drawn(400)
    times = np.random.default_rng(2).integers(1, 4, len(y))
    many_y, many_p = np.repeat(y, times), np.repeat(p, times)
    w = times.astype(float)
    assert lift(y, p, w) == pytest.approx(lift(many_y, many_p))
    assert calibration_line(y, p, w) == pytest.approx(calibration_line(many_y, many_p))
    assert log_loss(y, p, w) == pytest.approx(log_loss(many_y, many_p))


def test_equal_scores_share_what_the_cut_leaves_of_them():
    y = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    assert lift(y, np.ones(10)) == pytest.approx(1.0)
    assert lift(y, np.r_[0.9, 0.9, np.zeros(8)], top=0.1) == pytest.approx(5.0)


def test_intervals_contain_their_value_and_are_repeatable():
    y, p = drawn(12_000)
    found = lift_interval(y, p, replicates=60)
    assert found.lower < found.value < found.upper
    assert found == lift_interval(y, p, replicates=60)
    mean = mean_interval(y.astype(float), replicates=200)
    half = 1.96 * np.sqrt(y.mean() * (1 - y.mean()) / len(y))  # of more than 10,000 rows as many are drawn
    assert mean.upper - mean.lower == pytest.approx(2 * half, rel=0.25)


def test_nothing_to_tell_apart():
    with pytest.raises(NotEnoughEventsError, match="nothing to tell apart"):
        auc(np.zeros(5), np.linspace(0, 1, 5))
    with pytest.raises(NotEnoughEventsError, match="nobody among these rows has the event"):
        lift(np.zeros(5), np.linspace(0, 1, 5))
