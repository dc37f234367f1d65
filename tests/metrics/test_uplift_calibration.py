"""Calibration of predicted effects, against statsmodels 0.15.0 and simulated truth."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.metrics.uplift import Ranking
from relkit.metrics.uplift_calibration import effect_by_group, uplift_calibration

I = np.arange(60)  # noqa: E741
PREDICTED = (I * 37 % 60) / 60
GAIN = 0.3 + 0.8 * PREDICTED + ((I * 53 + I**2) % 17 - 8) / 4 * (0.5 + PREDICTED)


@pytest.mark.parametrize(("cluster", "std_error"), [(None, 0.6124499952675011), (I // 2, 0.6556841450634162)])
def test_slope_of_another_program(cluster, std_error):
    """Statsmodels 0.15.0: OLS(GAIN, add_constant(PREDICTED)).fit(cov_type="HC1"), and cov_type="cluster" by pairs."""
    found = uplift_calibration(Ranking.of(PREDICTED), GAIN, PREDICTED, groups=3, cluster=cluster)
    assert found.slope.estimate == pytest.approx(1.7863781606001672, rel=1e-12)
    assert found.slope.std_error == pytest.approx(std_error, rel=1e-12)


def test_groups_by_hand():
    score = np.array([9.0, 8.0, 7.0, 6.0, 5.0, 4.0])
    found = effect_by_group(Ranking.of(score), [1.0, 3.0, 2.0, 0.0, 0.0, 3.0], score, groups=2)
    assert found.group.tolist() == [1, 2]
    assert found.customers.tolist() == [3, 3]
    assert found.effect.tolist() == [2, 1]
    assert found.predicted.tolist() == [8, 5]
    assert found.std_error == pytest.approx([np.sqrt(2 / 2 / 3), np.sqrt(6 / 2 / 3)])
    assert found.low == pytest.approx(found.effect - 1.959963985 * found.std_error)
    assert found.high == pytest.approx(found.effect + 1.959963985 * found.std_error)


def test_ties_across_a_border_are_shared_out():
    """Four of six tied over the middle: each half has its own row and two thirds of the ties' mean."""
    score, gain = np.array([3.0, 2, 2, 2, 2, 1]), np.array([6.0, 1, 2, 3, 4, 0])
    found = effect_by_group(Ranking.of(score), gain, score, groups=2)
    assert found.customers == pytest.approx([3, 3])
    assert found.effect == pytest.approx([(6 + 2 * 2.5) / 3, (0 + 2 * 2.5) / 3])
    mixed = np.random.default_rng(0).permutation(6)
    again = effect_by_group(Ranking.of(score[mixed]), gain[mixed], score[mixed], groups=2)
    assert again.effect == pytest.approx(found.effect)
    assert again.std_error == pytest.approx(found.std_error)


def test_weights_count_as_rows():
    weight = np.random.default_rng(1).integers(1, 4, 60)
    weighted = effect_by_group(Ranking.of(PREDICTED, weight=weight), GAIN, PREDICTED, groups=4)
    repeated = effect_by_group(Ranking.of(np.repeat(PREDICTED, weight)), np.repeat(GAIN, weight), np.repeat(PREDICTED, weight), groups=4)
    assert weighted.effect == pytest.approx(repeated.effect)
    assert weighted.predicted == pytest.approx(repeated.predicted)


def test_a_calibrated_prediction_and_one_that_exaggerates():
    rng = np.random.default_rng(2)
    effect = rng.standard_normal(40_000)
    gain = effect + 3 * rng.standard_normal(40_000)
    true, twice = (uplift_calibration(Ranking.of(each), gain, each) for each in (effect, 2 * effect))
    assert true.slope.low < 1 < true.slope.high
    assert true.error < 0.05
    assert true.heterogeneity_p_value < 1e-6
    assert twice.slope.estimate == pytest.approx(true.slope.estimate / 2)
    # Within a tenth the prediction is off by the mean effect of the tenth, whose mean square is 0.97.
    assert twice.error_low < 0.97 < twice.error_high
    assert true.bias.low < 0 < true.bias.high


def test_the_error_without_noise_subtracted_would_be_far_too_high():
    rng = np.random.default_rng(3)
    predicted = rng.random(2000)
    found = uplift_calibration(Ranking.of(predicted), predicted + 5 * rng.standard_normal(2000), predicted)
    raw = np.sqrt(np.mean((found.groups.effect - found.groups.predicted) ** 2))
    assert raw > 0.25
    assert found.error_low == 0
    assert found.error < raw


def test_a_prediction_that_knows_nothing():
    """p-values uniform: of 400, those below 0.1 are 40, with a standard error of 6."""
    rng = np.random.default_rng(4)
    low = 0
    for _ in range(400):
        predicted = rng.random(200)
        low += uplift_calibration(Ranking.of(predicted), rng.standard_normal(200), predicted, groups=2).heterogeneity_p_value < 0.1
    assert 22 <= low <= 58


def test_a_constant_prediction_has_no_slope():
    found = uplift_calibration(Ranking.of(np.full(60, 0.7)), GAIN, np.full(60, 0.7), groups=3)
    assert found.slope is None
    assert found.heterogeneity_p_value is None
    assert found.bias.estimate == pytest.approx(GAIN.mean() - 0.7)
    assert found.groups.effect == pytest.approx(np.full(3, GAIN.mean()))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: effect_by_group(Ranking.of(PREDICTED), GAIN, PREDICTED, groups=31), "groups is 31; it must lie between 1 and 30"),
        (lambda: uplift_calibration(Ranking.of([1, 2]), [1, 2], [1, 2], groups=1), "2 rows; a slope needs at least 3"),
        (lambda: uplift_calibration(Ranking.of(PREDICTED), GAIN, PREDICTED[:-1]), r"predicted \(59,\)"),
        (lambda: effect_by_group(Ranking.of(PREDICTED), GAIN, np.where(I == 5, np.nan, 1)), r"predicted: 1 of 60 .* \(first: row 5\)"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
