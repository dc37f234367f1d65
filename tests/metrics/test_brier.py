"""Brier score and log loss against plain means, and forecasts of known quality."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.metrics.brier import brier_score, brier_scores, integrated_brier_score, log_loss


def test_scores_without_censoring_are_plain_means() -> None:
    rng = np.random.default_rng(1)
    duration, churn = rng.exponential(10, 500), rng.random(500)
    event = np.ones(500, bool)
    gone = duration <= 7
    assert brier_score(duration, event, churn, 7.0) == pytest.approx(np.mean((gone - churn) ** 2), rel=1e-12)
    assert log_loss(duration, event, churn, 7.0) == pytest.approx(-np.mean(np.log(np.where(gone, churn, 1 - churn))), rel=1e-12)


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


def test_an_impossible_event_costs_much_but_not_everything() -> None:
    assert log_loss(np.array([1.0]), np.array([True]), np.array([0.0]), 2.0) == pytest.approx(-np.log(1e-9))


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


def test_weights_of_rows_are_repetitions() -> None:
    rng = np.random.default_rng(6)
    duration, event = np.ceil(rng.exponential(10.0, 200)), rng.random(200) < 0.7
    survival, times, days = np.sort(rng.random((200, 3)))[:, ::-1], rng.integers(1, 4, 200), np.array([2.0, 5.0, 9.0])
    spread = [np.repeat(a, times, axis=0) for a in (duration, event, survival)]
    found = brier_scores(duration, event, survival, days, weight=times.astype(float))
    np.testing.assert_allclose(found, brier_scores(*spread, days), rtol=1e-12)
