"""Risk sets, against definitions spelled out row by row and against lifelines."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import NotEnoughEventsError
from relkit.metrics.risk_sets import ascending, distinct, product_limit, risk_sets, step_at, tail_rate


def drawn(seed: int, n: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    duration = rng.integers(1, 40, n).astype(float)
    entry = np.minimum(rng.integers(0, 20, n) * (rng.random(n) < 0.5), duration - 1).astype(float)
    return duration, rng.random(n) < 0.6, entry


@pytest.mark.parametrize("seed", range(5))
def test_counts_follow_their_definition(seed: int) -> None:
    duration, event, entry = drawn(seed)
    sets = risk_sets(duration, event, entry)
    for day, at_risk, ended, censored in zip(sets.days, sets.at_risk, sets.ended, sets.censored, strict=True):
        assert at_risk == ((entry < day) & (duration >= day)).sum()
        assert ended == (event & (duration == day)).sum()
        assert censored == (~event & (duration == day)).sum()


def test_values_ascend_whatever_their_last_bits() -> None:
    """Against np.sort: neighbours in the last bit, both zeros, infinities, fractions too small for a full mantissa."""
    rng = np.random.default_rng(4)
    close = np.nextafter(rng.choice([-1e300, -1.5, 2.0, 7e-310], 3000), rng.choice([-np.inf, np.inf], 3000))
    values = np.concatenate([close, rng.normal(size=3000), [0.0, -0.0, np.inf, -np.inf, 5e-324]])[rng.permutation(6005)]
    found, order = ascending(values)
    np.testing.assert_array_equal(found, np.sort(values))
    np.testing.assert_array_equal(values[order], found)
    assert sorted(order.tolist()) == list(range(6005))
    levels, code = distinct(values)
    np.testing.assert_array_equal(levels, np.unique(values))
    np.testing.assert_array_equal(levels[code], values)
    assert [a.tolist() for a in distinct(np.zeros(0))] == [[], []]


def test_an_event_on_the_first_day_counts_if_all_are_observed_from_the_start() -> None:
    sets = risk_sets(np.array([0.0, 0.0, 3.0]), np.array([True, False, True]), np.zeros(3))
    assert sets.days.tolist() == [0.0, 3.0]
    assert sets.at_risk.tolist() == [3, 1]
    assert product_limit(sets)[0].tolist() == pytest.approx([2 / 3, 0.0])


def test_product_limit_is_that_of_lifelines() -> None:
    """Lifelines 0.30.3, KaplanMeierFitter().fit(duration, event, entry=entry)."""
    from lifelines import KaplanMeierFitter

    duration, event, entry = drawn(7)
    sets = risk_sets(duration, event, entry)
    theirs = KaplanMeierFitter().fit(duration, event, entry=entry).survival_function_at_times(sets.days)
    np.testing.assert_allclose(product_limit(sets)[0], theirs.to_numpy(), rtol=1e-12)


def test_a_step_function_is_read_from_the_right_or_strictly_before() -> None:
    days, values = np.array([1.0, 2.0]), np.array([0.5, 0.2])
    assert step_at(days, values, np.array([0.9, 1.0, 2.0]), 1.0).tolist() == [1.0, 0.5, 0.2]
    assert step_at(days, values, np.array([0.9, 1.0, 2.0]), 1.0, strictly=True).tolist() == [1.0, 1.0, 0.5]


def test_tail_rate_is_events_over_days_lived_in_the_last_tenth_of_the_events() -> None:
    duration = np.concatenate([np.arange(1.0, 301.0), np.full(10, 400.0)])
    event = duration < 400
    # 30 of the 300 events are the last tenth: those after day 270.
    lived = np.arange(1.0, 31.0).sum() + 10 * 130
    assert tail_rate(duration, event, np.zeros(310)) == pytest.approx(30 / lived)
    assert tail_rate(duration, event, np.full(310, 0.5), np.full(310, 2.0)) == pytest.approx(30 / lived / 2)


def test_tail_rate_recovers_a_constant_hazard() -> None:
    rng = np.random.default_rng(3)
    lifetime = rng.exponential(100.0, 50_000)
    entry = np.where(rng.random(50_000) < 0.5, 40.0, 0.0)
    seen = lifetime > entry
    duration, event = np.minimum(lifetime, 365.0)[seen], (lifetime < 365.0)[seen]
    found = tail_rate(duration, event, entry[seen])
    assert found == pytest.approx(0.01, abs=3 * 0.01 / np.sqrt(0.1 * event.sum()))


def test_events_that_all_fall_on_the_first_day_are_refused() -> None:
    with pytest.raises(NotEnoughEventsError, match=r"every spell ends on the day it starts\. Check how durations are counted"):
        tail_rate(np.zeros(3), np.ones(3, bool), np.zeros(3))
