"""Weights for censoring, against lifelines 0.30.3 and small cases by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.brier import brier_score, brier_scores, integrated_brier_score
from relkit.metrics.censoring import InView, in_view_weights
from relkit.metrics.concordance import concordance, uno_concordance
from relkit.metrics.time_dependent_auc import time_dependent_auc

if TYPE_CHECKING:
    from collections.abc import Callable


def test_weights_are_those_of_the_kaplan_meier_curve_of_staying_uncensored() -> None:
    """G by lifelines' KaplanMeierFitter on the censorings, if no age has both an event and a censoring."""
    from lifelines import KaplanMeierFitter

    rng = np.random.default_rng(5)
    ends, censorings = rng.exponential(10, 400), rng.exponential(15, 400)
    duration, event = np.minimum(ends, censorings), ends <= censorings
    horizon = 12.0
    staying = KaplanMeierFitter().fit(duration, ~event)
    known_end = event & (duration <= horizon)
    expected = np.where(known_end, 1 / staying.predict(duration).to_numpy(), (duration > horizon) / staying.predict(horizon))
    np.testing.assert_allclose(in_view_weights(duration, event, horizon), expected, rtol=1e-12)


def test_an_event_comes_before_the_censorings_of_the_same_age() -> None:
    """By hand: at age 2 one of the 3 still there ends, then one of the 2 left is censored, so G falls to 1/2 after the event."""
    duration, event = np.array([1.0, 2.0, 2.0, 5.0]), np.array([True, True, False, False])
    assert in_view_weights(duration, event, 4.0).tolist() == [1.0, 1.0, 0.0, 2.0]


def test_a_horizon_without_observations_is_refused() -> None:
    with pytest.raises(NotEnoughEventsError, match=r"nobody is observed at 9 days; the last was at 2\. Choose a shorter horizon"):
        in_view_weights(np.array([1.0, 2.0]), np.array([True, False]), 9.0)
    assert in_view_weights(np.array([1.0, 2.0]), np.array([False, True]), 9.0).tolist() == [0.0, 2.0]


def test_weights_compensate_for_censoring_also_in_whole_months() -> None:
    """The share that ends by month 6 is the same with some censored; weights after the censorings of a month overstate it."""
    rng = np.random.default_rng(3)
    n = 200_000
    lived, lost = np.ceil(rng.exponential(10.0, n)), np.ceil(rng.exponential(6.0, n))
    duration, event = np.minimum(lived, lost), lived <= lost
    share = (lived <= 6).mean()
    gone = event & (duration <= 6)
    assert (in_view_weights(duration, event, 6.0) * gone).mean() == pytest.approx(share, abs=0.004)
    after = InView.of(duration, event, ties="after")
    assert (in_view_weights(duration, event, 6.0, after) * gone).mean() > share + 0.05


def test_weights_of_rows_are_repetitions() -> None:
    duration, event, times = np.array([1.0, 2.0, 2.0, 4.0]), np.array([True, False, True, False]), np.array([2, 3, 1, 1])
    weighted = InView.of(duration, event, times.astype(float))
    assert weighted.staying.tolist() == InView.of(np.repeat(duration, times), np.repeat(event, times)).staying.tolist()


def test_another_treatment_of_ties_is_refused() -> None:
    with pytest.raises(ParameterError, match="unknown treatment of ties"):
        InView.of(np.ones(2), np.ones(2, bool), ties="during")  # type: ignore[arg-type]


def test_late_entries_are_refused_by_measures_not_defined_for_them() -> None:
    ages, ended, risk = np.array([1.0, 2.0, 3.0]), np.array([True, False, True]), np.array([3.0, 2.0, 1.0])
    survival, days, late = np.full((3, 2), 0.5), np.array([1.5, 2.5]), np.array([0.0, 1.0, 0.0])
    measures: list[Callable[[np.ndarray], Any]] = [
        lambda entry: uno_concordance(ages, ended, risk, entry=entry).index,
        lambda entry: time_dependent_auc(ages, ended, risk, days, entry=entry).mean,
        lambda entry: brier_score(ages, ended, survival[:, 0], 1.5, entry=entry),
        lambda entry: brier_scores(ages, ended, survival, days, entry=entry)[0],
        lambda entry: integrated_brier_score(ages, ended, survival, days, entry=entry),
    ]
    for measure in measures:
        with pytest.raises(ParameterError, match=r"1 of 3 spells enter observation after the forecast.*Harrell's concordance"):
            measure(late)
        assert 0 <= measure(np.zeros(3)) <= 1
    assert concordance(ages, ended, risk, late).pairs == 1
