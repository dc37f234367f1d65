"""True effects against integrals in closed form and against a fine grid; games against the axioms of Shapley (1953)."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from math import atan

import numpy as np
import pytest

from relkit.tables.simulation.advertised_people import AdvertisedPeople, draw_advertised_people, draw_touches
from relkit.tables.simulation.advertised_rates import Events, added, interest, responses
from relkit.tables.simulation.advertised_settings import AdvertisedWorld
from relkit.tables.simulation.advertised_truth import Days, TrueEffects, removals, shapley_values, true_effects

WORLD = AdvertisedWorld()
LEVEL_WORLD = replace(WORLD, season_amplitude=0.0, weekdays=(1.0,) * 7, ceiling=1e9, days=60, flights=())
"""A world without seasons, whose effects add up."""
NOBODY = Events(np.zeros(0, dtype=np.int64), np.zeros(0))


def one_person(visits: Events = NOBODY) -> AdvertisedPeople:
    """Return one customer with an order in fifty days on average, worth 40."""
    one = np.ones(1)
    return AdvertisedPeople(
        own_rate=0.02 * one,
        mean_value=40.0 * one,
        activity=one,
        visits=visits,
        is_hidden=np.zeros(len(visits), dtype=bool),
        past_orders=NOBODY,
        is_subscribed=one > 0,
    )


def touched(**days: list[float]) -> list[Events]:
    """Return touches of one customer by channel."""
    given = [days.get(channel.name, []) for channel in WORLD.channels]
    return [Events.of(np.zeros(len(each), dtype=np.int64), np.array(each, dtype=float)) for each in given]


def drawn(people: int, seed: int = 3) -> tuple[AdvertisedWorld, AdvertisedPeople, list[Events]]:
    """Return a small world with its customers and touches."""
    rng, world = np.random.default_rng(seed), replace(WORLD, days=60, flights=((5, 20),))
    customers = draw_advertised_people(rng, world, people)
    return world, customers, draw_touches(rng, world, customers)


def on_a_grid(world: AdvertisedWorld, people: AdvertisedPeople, touches: list[Events], on: np.ndarray, cells: int = 480) -> float:
    """Return the orders that channels add, by the midpoint rule with `cells` cells a day."""
    day = (np.arange(world.days * cells) + 0.5) / cells
    total = 0.0
    for person in range(len(people)):
        points = Events(np.full(len(day), person), day)
        rate = people.own_rate[person] * world.seasons(0, world.days)[np.floor(day).astype(int)] * interest(world, people.visits, points)
        total += float(rate @ added(world, responses(world, touches, points), on)) / cells
    return total


def of_channel(effects: TrueEffects, name: str) -> float:
    return float(shapley_values(effects.orders)[WORLD.place(name)])


def test_one_search_has_the_integral_of_its_decay() -> None:
    """H(w) with c = h = 1 and w = (1 + u/s)^-2 is 1 / (1 + (1 + u/s)^2), whose integral is s (atan(1 + L/s) - atan 1)."""
    effects = true_effects(LEVEL_WORLD, one_person(), touched(search=[10.3]), [])
    channel = WORLD.channel("search")
    s, horizon = channel.scale_days, channel.horizon_days
    expected = 0.02 * channel.strength * s * (atan(1 + horizon / s) - atan(1.0))
    assert of_channel(effects, "search") == pytest.approx(expected, rel=2e-4)
    assert shapley_values(effects.value)[WORLD.place("search")] == pytest.approx(40 * expected, rel=2e-4)


def test_effects_end_with_the_data() -> None:
    """A touch half a day before the end has half a day of effect."""
    effects = true_effects(LEVEL_WORLD, one_person(), touched(search=[59.5]), [])
    assert of_channel(effects, "search") == pytest.approx(0.02 * 2.0 * 2.0 * (atan(1.25) - atan(1.0)), rel=1e-5)


def test_the_baseline_is_the_rate_and_the_interest_after_visits() -> None:
    """60 days at 0.02, and theta tau (1 - exp(-21 / tau)) days more for a visit."""
    visits = Events.of(np.zeros(2, dtype=np.int64), np.array([20.25, -5.0]))
    effects = true_effects(LEVEL_WORLD, one_person(visits), touched(), [])
    tau = WORLD.interest_days
    whole, rest = 1 - np.exp(-21 / tau), np.exp(-5 / tau) - np.exp(-21 / tau)
    assert effects.baseline == pytest.approx(0.02 * (60 + WORLD.interest * tau * (whole + rest)), rel=1e-9)
    assert effects.baseline_value == pytest.approx(40 * effects.baseline)
    assert not effects.orders.any()


def test_all_combinations_agree_with_a_fine_grid() -> None:
    world, people, touches = drawn(12)
    effects = true_effects(world, people, touches, [])
    for code in (0, 1, 3, 5, 22, 127):
        on = (code >> np.arange(7)) & 1 == 1
        assert effects.orders[code] == pytest.approx(on_a_grid(world, people, touches, on), rel=2e-3, abs=1e-9)


def test_the_baseline_agrees_with_a_fine_grid() -> None:
    world, people, touches = drawn(12)
    cells = 480
    day = (np.arange(world.days * cells) + 0.5) / cells
    seasons = world.seasons(0, world.days)[np.floor(day).astype(int)]
    factors = [float(seasons @ interest(world, people.visits, Events(np.full(len(day), i), day))) / cells for i in range(12)]
    assert true_effects(world, people, touches, []).baseline == pytest.approx(float(people.own_rate @ factors), rel=1e-3)


def test_video_that_helps_search_gets_half_of_what_both_do_together() -> None:
    both = true_effects(LEVEL_WORLD, one_person(), touched(search=[10.0], video=[8.0]), [])
    alone = {
        name: true_effects(LEVEL_WORLD, one_person(), touched(**{name: [day]}), []) for name, day in (("search", 10.0), ("video", 8.0))
    }
    together = both.orders[-1] - sum(each.orders[-1] for each in alone.values())
    assert together > 0.001
    for name, each in alone.items():
        assert of_channel(both, name) - of_channel(each, name) == pytest.approx(together / 2, rel=1e-3)


def test_a_second_touch_adds_less_than_the_first() -> None:
    one = true_effects(LEVEL_WORLD, one_person(), touched(email=[10.0]), []).orders[-1]
    two = true_effects(LEVEL_WORLD, one_person(), touched(email=[10.0, 10.5]), []).orders[-1]
    assert one < two < 1.9 * one


def test_tests_count_their_own_days_and_channel() -> None:
    world, people, touches = drawn(40)
    k = world.place("search")
    effects = true_effects(world, people, touches, [Days(k, 0, 60), Days(k, 20, 40), Days(k, 0, 20), Days(k, 40, 60)])
    assert effects.in_tests[0] == pytest.approx(removals(effects.orders)[k])
    assert effects.in_tests[1:].sum() == pytest.approx(effects.in_tests[0])


def test_shapley_is_the_mean_over_all_orders_of_arrival() -> None:
    """Shapley (1953): the definition, written out over the 24 orders of four players."""
    game = np.concatenate([[0.0], np.random.default_rng(5).normal(size=15)])
    expected = np.zeros(4)
    for order in permutations(range(4)):
        there = 0
        for player in order:
            expected[player] += (game[there | 1 << player] - game[there]) / 24
            there |= 1 << player
    np.testing.assert_allclose(shapley_values(game), expected, atol=1e-12)
    assert shapley_values(game).sum() == pytest.approx(game[-1])


def test_removals_are_those_of_the_coalition_of_all() -> None:
    game = np.arange(8.0) ** 2
    assert removals(game).tolist() == [49 - 36, 49 - 25, 49 - 9]


def test_customers_can_be_split_without_moving_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    world, people, touches = drawn(60)
    whole = true_effects(world, people, touches, [])
    monkeypatch.setattr("relkit.tables.simulation.advertised_truth.PEOPLE_AT_ONCE", 7)
    np.testing.assert_allclose(true_effects(world, people, touches, []).orders, whole.orders, rtol=1e-10)
