"""True effects of the channels of an advertised company: its rates of orders integrated over all combinations of channels on and off.

The integrals are over the touches that took place. Nothing is resampled: between two touches, starts of days and ends of effects the rates
are smooth, and a Gauss-Legendre rule of two points is applied to each such piece. Touches are the same in all combinations: an order that
a channel caused brings no further touches, and one that it did not bring takes none away.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import TYPE_CHECKING

import numpy as np

from relkit.tables.simulation.advertised_rates import STRIDE, Events, added, interest, responses

if TYPE_CHECKING:
    from relkit.tables.simulation.advertised_people import AdvertisedPeople
    from relkit.tables.simulation.advertised_settings import AdvertisedWorld
    from relkit.tables.simulation.clock import Floats, Ints

PEOPLE_AT_ONCE = 2_000
_LONGEST_PIECE = 1.0 + 1e-9
_NODE = 0.5 / 3**0.5


@dataclass(frozen=True, eq=False)
class Days:
    """A channel in some days, e.g. those of a test.

    Attributes:
        place: of the channel.
        first, last: first day, and the day after the last.
    """

    place: int
    first: float
    last: float


@dataclass(frozen=True, eq=False)
class TrueEffects:
    """Expected orders by combination of channels that are on, from day 0 to the end of the data.

    Attributes:
        orders, value: what each combination adds to the orders without advertising, and to their value in currency; shape (2^K,). Bit k of
            a position is channel k.
        baseline, baseline_value: orders and value with all channels off.
        in_tests: orders of the days of each test that are lost if its channel is switched off, shape (tests,).
    """

    orders: Floats
    value: Floats
    baseline: float
    baseline_value: float
    in_tests: Floats


def true_effects(world: AdvertisedWorld, people: AdvertisedPeople, touches: list[Events], tests: list[Days]) -> TrueEffects:
    """Return the expected orders of all combinations of channels.

    Args:
        world: the parameters.
        people: customers, with their visits.
        touches: of each channel.
        tests: channels and days for which the removal is wanted as well.
    """
    games = np.zeros((1 << len(world.channels), 2 + len(tests)))
    for first in range(0, len(people), PEOPLE_AT_ONCE):
        last = min(first + PEOPLE_AT_ONCE, len(people))
        games += _of_some(world, people, [each.of_people(first, last) for each in touches], people.visits.of_people(first, last), tests)
    baseline, value = _baseline(world, people)
    in_tests = [removals(games[:, 2 + place])[test.place] for place, test in enumerate(tests)]
    return TrueEffects(games[:, 0], games[:, 1], baseline, value, np.array(in_tests))


def shapley_values(game: Floats) -> Floats:
    """Return the Shapley value of each player of a game: the mean of what it adds over all orders of arrival (Shapley 1953).

    Args:
        game: worth of each coalition, shape (2^K,); bit k of a position is player k.

    Examples:
        >>> shapley_values(np.array([0.0, 1.0, 2.0, 5.0])).tolist()
        [2.0, 3.0]
    """
    players = int(np.log2(len(game)))
    codes = np.arange(len(game))
    size = ((codes[:, None] >> np.arange(players)) & 1).sum(axis=1)
    weight = np.array([factorial(n) * factorial(max(players - n - 1, 0)) / factorial(players) for n in range(players + 1)])
    without = [codes[(codes >> k) & 1 == 0] for k in range(players)]
    return np.array([weight[size[off]] @ (game[off | (1 << k)] - game[off]) for k, off in enumerate(without)])


def removals(game: Floats) -> Floats:
    """Return the loss of the coalition of all without each player.

    Examples:
        >>> removals(np.array([0.0, 1.0, 2.0, 5.0])).tolist()
        [3.0, 4.0]
    """
    everybody = len(game) - 1
    return np.array([game[everybody] - game[everybody ^ (1 << k)] for k in range(int(np.log2(len(game))))])


def _of_some(world: AdvertisedWorld, people: AdvertisedPeople, touches: list[Events], visits: Events, tests: list[Days]) -> Floats:
    """Return the games of some customers: in orders, in value, and in orders of the days of each test; shape (2^K, 2 + tests)."""
    points, length = _nodes(world, touches, visits)
    seasons = world.seasons(0, world.days)[np.floor(points.day).astype(np.int64)]
    rate = people.own_rate[points.person] * seasons * interest(world, visits, points) * length
    inside = [rate * ((points.day >= test.first) & (points.day < test.last)) for test in tests]
    weights = np.column_stack([rate, rate * people.mean_value[points.person], *inside])
    return games_of(world, responses(world, touches, points), weights)


def games_of(world: AdvertisedWorld, hill: Floats, weights: Floats) -> Floats:
    """Return the orders that each combination of channels adds over all points, shape (2^K, w).

    Points are treated together by the channels that have an effect there: a channel without one changes no combination.

    Args:
        world: the parameters.
        hill: H_k of each channel at each point, shape (K, points).
        weights: of each point in w games, shape (points, w).
    """
    K = len(hill)
    mask = np.zeros(hill.shape[1], dtype=np.int16)
    for k in range(K):
        mask += (hill[k] > 0).astype(np.int16) << k
    order = np.argsort(mask, kind="stable")
    codes, starts = np.unique(mask[order], return_index=True)
    games = np.zeros((1 << K, weights.shape[1]))
    for code, these in zip(codes, np.split(order, starts)[1:], strict=True):
        active = np.flatnonzero((int(code) >> np.arange(K)) & 1)
        part = _worth(world, hill[:, these], active) @ weights[these]
        bits = (np.arange(1 << K)[:, None] >> active) & 1
        games += part[bits @ (1 << np.arange(len(active)))]
    return games


def _worth(world: AdvertisedWorld, hill: Floats, active: Ints) -> Floats:
    """Return the lift by each combination of the active channels; bit j of a row's number is channel j of them."""
    rows = []
    for code in range(1 << len(active)):
        on = np.zeros(len(hill), dtype=bool)
        on[active[(code >> np.arange(len(active))) & 1 == 1]] = True
        rows.append(added(world, hill, on))
    return np.array(rows)


def _nodes(world: AdvertisedWorld, touches: list[Events], visits: Events) -> tuple[Events, Floats]:
    """Return the points of the rule in all pieces of time in which some channel is at work, and the days that each stands for."""
    edges = _edges(world, touches, visits)
    start, end = edges[:-1], edges[1:]
    length = end - start
    pieces = length <= _LONGEST_PIECE  # longer ones are gaps: within an effect there is an edge at each start of a day
    start, length = start[pieces], length[pieces]
    axis = (start[:, None] + length[:, None] * np.array([0.5 - _NODE, 0.5 + _NODE])).ravel()
    person = np.floor_divide(axis, STRIDE).astype(np.int64)
    return Events(person, axis - person * STRIDE), np.repeat(length / 2, 2)


def _edges(world: AdvertisedWorld, touches: list[Events], visits: Events) -> Floats:
    """Return the edges of the pieces on the common axis: starts and ends of effects and of interest, and starts of days within effects."""
    horizon = visits.day + world.interest_horizon_days
    shown = (Events(visits.person, day) for day in (visits.day, horizon))
    parts: list[Floats] = [each.where((each.day >= 0) & (each.day < world.days)).axis for each in shown]
    for channel, events in zip(world.channels, touches, strict=True):
        if channel.strength > 0:
            days = 1 + np.arange(int(np.ceil(channel.horizon_days)))
            starts = np.floor(events.day)[:, None] + days
            inside = starts <= np.minimum(events.day + channel.horizon_days, world.days)[:, None]
            within = np.asarray((starts + (events.person * STRIDE)[:, None])[inside])
            ends = np.minimum(events.day + channel.horizon_days, float(world.days))
            parts += [events.axis, Events(events.person, ends).axis, within]
    return np.unique(np.concatenate(parts))


def _baseline(world: AdvertisedWorld, people: AdvertisedPeople) -> tuple[float, float]:
    """Return the expected orders with all channels off and their value: b_i times the integral of s (1 + interest)."""
    whole = np.full(len(people), world.seasons(0, world.days).sum())
    visits = people.visits
    exposure = whole + np.bincount(visits.person, world.interest * _interest_days(world, visits), minlength=len(people))
    orders = people.own_rate * exposure
    return float(orders.sum()), float(orders @ people.mean_value)


def _interest_days(world: AdvertisedWorld, visits: Events) -> Floats:
    """Return the integral of s psi from day 0 on after each visit, exactly: psi has a closed form between starts of days."""
    tau, seasons = world.interest_days, world.seasons(0, world.days)
    day = np.floor(visits.day)[:, None] + np.arange(int(np.ceil(world.interest_horizon_days)) + 1)
    start = np.clip(day - visits.day[:, None], 0.0, world.interest_horizon_days)
    end = np.clip(day + 1 - visits.day[:, None], 0.0, world.interest_horizon_days)
    inside = (day >= 0) & (day < world.days)
    level = np.where(inside, seasons[np.clip(day, 0, world.days - 1).astype(np.int64)], 0.0)
    return np.asarray((level * tau * (np.exp(-start / tau) - np.exp(-end / tau))).sum(axis=1))
