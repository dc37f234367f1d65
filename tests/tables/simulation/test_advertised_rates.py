"""Rates of orders: sums over earlier events by brute force, bounds, and the number of points of a process."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from relkit.tables.simulation.advertised_rates import Events, accumulated, added, drawn_at_rate, in_seasons, interest
from relkit.tables.simulation.advertised_settings import AdvertisedWorld

WORLD = AdvertisedWorld()


def some(rng: np.random.Generator, n: int) -> Events:
    return Events.of(rng.integers(0, 5, n), rng.uniform(-30, 60, n))


def test_events_are_ordered_and_split_by_customer() -> None:
    events = some(np.random.default_rng(0), 50)
    assert (np.diff(events.axis) > 0).all()
    part = events.of_people(2, 4)
    assert set(part.person.tolist()) == {2, 3}
    assert len(part) == int(((events.person == 2) | (events.person == 3)).sum())


def test_weights_of_earlier_events_of_the_same_customer_are_added_up() -> None:
    rng = np.random.default_rng(1)
    sources, points = some(rng, 40), some(rng, 60)
    expected = [
        sum(
            1 / (1 + day - earlier)
            for owner, earlier in zip(sources.person, sources.day, strict=True)
            if owner == person and 0 <= day - earlier <= 9
        )
        for person, day in zip(points.person, points.day, strict=True)
    ]
    np.testing.assert_allclose(accumulated(sources, lambda age: 1 / (1 + age), 9.0, points), expected, rtol=1e-9)


def test_lift_rises_with_every_channel_and_stays_below_its_bound() -> None:
    hill = np.random.default_rng(2).uniform(size=(7, 200))
    on = np.zeros(7, dtype=bool)
    last = added(WORLD, hill, on)
    assert not last.any()
    for k in range(7):
        on[k] = True
        lift = added(WORLD, hill, on)
        assert (lift >= last).all()
        last = lift
    assert (added(WORLD, np.ones((7, 1)), on) <= WORLD.greatest_lift + 1e-12).all()


def test_no_channel_alone_has_the_help_of_video() -> None:
    hill = np.ones((7, 1))
    alone = [added(WORLD, hill, np.arange(7) == WORLD.place(name))[0] for name in ("search", "video")]
    pair = np.isin(np.arange(7), [WORLD.place("search"), WORLD.place("video")])
    linear = [-WORLD.ceiling * np.log1p(-lift / WORLD.ceiling) for lift in (*alone, added(WORLD, hill, pair)[0])]
    assert linear[2] - linear[0] - linear[1] == pytest.approx(WORLD.synergy * WORLD.channel("search").strength)


def test_points_of_a_process_have_its_expected_number() -> None:
    """Within four standard errors of a Poisson number."""
    rng = np.random.default_rng(3)
    rate = np.full(4000, 0.02)
    number = len(in_seasons(rng, WORLD, rate, 0))
    expected = rate.sum() * WORLD.seasons(0, WORLD.days).sum()
    assert abs(number - expected) < 4 * np.sqrt(expected)
    visits = Events.of(np.arange(4000), np.full(4000, 50.0))
    more = len(drawn_at_rate(rng, WORLD, rate, visits, 0)) - expected
    caused = 4000 * 0.02 * WORLD.interest * WORLD.interest_days * WORLD.seasons(50, 60).mean()
    assert more == pytest.approx(caused, rel=0.15)


def test_points_follow_the_season_within_the_interest_of_a_visit() -> None:
    """Sundays have 0.85 / 1.25 of the points of Saturdays, as far as rates alone decide."""
    world = replace(WORLD, season_amplitude=0.0, interest_days=1e6, interest_horizon_days=28.0)
    visits = Events.of(np.arange(3000), np.full(3000, 28.0))
    points = drawn_at_rate(np.random.default_rng(4), world, np.full(3000, 0.02), visits, 0)
    inside = points.where((points.day >= 28) & (points.day < 56))
    weekday = (world.starts_on.weekday() + np.floor(inside.day).astype(int)) % 7
    count = np.bincount(weekday, minlength=7)
    assert count[6] / count[5] == pytest.approx(0.85 / 1.25, rel=0.08)


def test_interest_is_one_without_visits() -> None:
    nobody = Events(np.zeros(0, dtype=np.int64), np.zeros(0))
    assert interest(WORLD, nobody, some(np.random.default_rng(0), 5)).tolist() == [1.0] * 5
