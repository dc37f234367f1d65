"""AUC by horizon against its definition pair by pair."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.censoring import InView
from relkit.metrics.time_dependent_auc import time_dependent_auc


def drawn(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.ceil(rng.exponential(10.0, n)), rng.random(n) < 0.6, rng.integers(0, 8, n).astype(float)


def test_every_case_meets_every_control() -> None:
    duration, event, risk = drawn(1, 300)
    days = np.array([3.0, 8.0])
    inverse = InView.of(duration, event).end_weights(duration, event, 9.0)
    found = time_dependent_auc(duration, event, risk, days).auc
    for auc, day in zip(found, days, strict=True):
        case = inverse * (duration <= day)
        control = (duration > day) | ((duration == day) & ~event)
        right = (risk[:, None] > risk) + 0.5 * (risk[:, None] == risk)
        assert auc == pytest.approx(case @ right @ control / (case.sum() * control.sum()), rel=1e-12)


def test_a_perfect_order_is_one_and_its_reverse_zero() -> None:
    duration, event, _ = drawn(2, 300)
    outlived = duration + 0.5 * ~event  # spells censored at an age have outlived it
    assert time_dependent_auc(duration, event, -outlived, np.array([4.0])).mean == pytest.approx(1.0, abs=1e-12)
    assert time_dependent_auc(duration, event, outlived, np.array([4.0])).mean == 0.0


def test_at_the_end_of_a_holdout_those_still_running_are_the_controls() -> None:
    duration, event = np.array([1.0, 2.0, 3.0, 3.0]), np.array([True, True, False, False])
    assert time_dependent_auc(duration, event, np.array([3.0, 0.0, 1.0, 0.0]), np.array([3.0])).auc.tolist() == [0.625]


def test_weights_of_rows_are_repetitions() -> None:
    duration, event, risk = drawn(3, 200)
    times, days = np.random.default_rng(3).integers(1, 4, 200), np.array([2.0, 6.0])
    found = time_dependent_auc(duration, event, risk, days, weight=times.astype(float))
    whole = time_dependent_auc(*(np.repeat(a, times) for a in (duration, event, risk)), days)
    np.testing.assert_allclose([*found.auc, found.mean], [*whole.auc, whole.mean], rtol=1e-12)


def test_horizons_without_case_or_control_are_refused() -> None:
    duration, event = np.array([2.0, 3.0]), np.array([True, True])
    with pytest.raises(NotEnoughEventsError, match="nobody has ended within 1 days, or nobody has outlived them"):
        time_dependent_auc(duration, event, duration, np.array([1.0]))
    with pytest.raises(NotEnoughEventsError, match="within 3 days"):
        time_dependent_auc(duration, event, duration, np.array([3.0]))


def test_horizons_must_ascend_and_have_their_risks() -> None:
    duration, event, risk = drawn(4, 50)
    with pytest.raises(ParameterError, match="days: ascending horizons are needed"):
        time_dependent_auc(duration, event, risk, np.array([5.0, 2.0]))
    with pytest.raises(ParameterError, match="risk has 3 columns; 2 days need one, or one each"):
        time_dependent_auc(duration, event, np.zeros((50, 3)), np.array([2.0, 5.0]))
