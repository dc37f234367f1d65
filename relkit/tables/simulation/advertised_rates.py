"""Rates of orders of an advertised company: the customer's own, the interest that visits show, and what channels add.

    lambda_i(t; S) = b_i s(t) (1 + theta sum_v psi(t - v)) (1 + M (1 - exp(-u_S(t) / M)))
    u_S(t)         = sum over k in S of beta_k H_k(A_k(t)), and iota beta_search H_search H_video if S has both
    A_k(t)         = sum over touches j of k of w_k(t - t_j)

S is the set of channels that are on. Events are pairs of a customer's position and a time in days; they are kept in order of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from relkit.tables.simulation.advertised_settings import AdvertisedWorld
    from relkit.tables.simulation.clock import Floats, Ints

STRIDE = 4096.0
"""Days between two customers on the common axis of all events: longer than any history with its horizon."""
SYNERGY = ("search", "video")


@dataclass(frozen=True, eq=False)
class Events:
    """Events of customers, in order of customer and time.

    Attributes:
        person: position of the customer of each event, shape (m,).
        day: its time, days since day 0, shape (m,).
    """

    person: Ints
    day: Floats

    @classmethod
    def of(cls, person: Ints, day: Floats) -> Events:
        """Return events in order."""
        order = np.argsort(person * STRIDE + day, kind="stable")
        return cls(person[order], day[order])

    @classmethod
    def joined(cls, parts: list[Events]) -> Events:
        """Return the events of several kinds as one."""
        return cls.of(np.concatenate([part.person for part in parts]), np.concatenate([part.day for part in parts]))

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.person)

    @cached_property
    def axis(self) -> Floats:
        """Position of each event on the common axis, ascending."""
        return np.asarray(self.person * STRIDE + self.day)

    def where(self, chosen: NDArray[np.bool_]) -> Events:
        """Return the events chosen."""
        return Events(self.person[chosen], self.day[chosen])

    def of_people(self, first: int, last: int) -> Events:
        """Return the events of customers from `first` to before `last`."""
        low, high = np.searchsorted(self.person, [first, last])
        return Events(self.person[low:high], self.day[low:high])


def accumulated(sources: Events, weight: Callable[[Floats], Floats], horizon_days: float, points: Events) -> Floats:
    """Return at each point the weights of the customer's earlier sources, added up; shape (points,).

    Args:
        sources: events that have an effect.
        weight: of a source by its age in days.
        horizon_days: age beyond which a source has no effect.
        points: events at which to add up.

    Examples:
        >>> touch, points = Events(np.array([0]), np.array([1.0])), Events(np.array([0, 0, 1]), np.array([0.5, 3.0, 3.0]))
        >>> accumulated(touch, lambda age: age, 10.0, points).tolist()
        [0.0, 2.0, 0.0]
    """
    axis, at = points.axis, sources.axis
    low, high = np.searchsorted(axis, at), np.searchsorted(axis, at + horizon_days, side="right")
    reached = high - low
    which = np.repeat(low - (np.cumsum(reached) - reached), reached) + np.arange(int(reached.sum()))
    age = points.day[which] - np.repeat(sources.day, reached)
    return np.bincount(which, weight(age), minlength=len(points)).astype(np.float64)


def interest(world: AdvertisedWorld, visits: Events, points: Events) -> Floats:
    """Return 1 + theta sum psi at each point: the factor by which a customer's interest raises the rate."""
    tau = world.interest_days
    return 1 + world.interest * accumulated(visits, lambda age: np.exp(-age / tau), world.interest_horizon_days, points)


def responses(world: AdvertisedWorld, touches: list[Events], points: Events) -> Floats:
    """Return H_k of each channel at each point, shape (channels, points); 0 for channels without an effect."""
    found = np.zeros((len(world.channels), len(points)))
    for k, channel in enumerate(world.channels):
        if channel.strength > 0:
            found[k] = channel.hill(accumulated(touches[k], channel.weight, channel.horizon_days, points))
    return found


def added(world: AdvertisedWorld, hill: Floats, on: NDArray[np.bool_]) -> Floats:
    """Return the lift that the channels which are on give to the rate of orders, as a multiple of it; shape (points,).

    Args:
        world: the parameters.
        hill: H_k of each channel at each point, shape (channels, points).
        on: whether each channel is on, shape (channels,).
    """
    strength = np.array([channel.strength for channel in world.channels]) * on
    search, video = (world.place(name) for name in SYNERGY)
    total = strength @ hill
    if on[search] and on[video]:
        total = total + world.synergy * strength[search] * hill[search] * hill[video] * bool(strength[video])
    return np.asarray(-world.ceiling * np.expm1(-total / world.ceiling))


def drawn_at_rate(rng: np.random.Generator, world: AdvertisedWorld, own_rate: Floats, visits: Events, first: int) -> Events:
    """Return the points of a Poisson process with the rate of orders without advertising, from day `first` to the end of the data.

    Args:
        rng: source of the draws.
        world: the parameters.
        own_rate: b_i, a day, shape (n,).
        visits: those that show interest.
        first: first day of the process.
    """
    plain = in_seasons(rng, world, own_rate, first)
    return Events.joined([plain, _of_interest(rng, world, own_rate, visits)])


def in_seasons(rng: np.random.Generator, world: AdvertisedWorld, rate: Floats, first: int) -> Events:
    """Return the points of Poisson processes with rates `rate` times s(t), shape (n,), from day `first` to the end of the data."""
    cumulative = np.concatenate([[0.0], np.cumsum(world.seasons(first, world.days))])
    person = np.repeat(np.arange(len(rate)), rng.poisson(rate * cumulative[-1]))
    grid = np.arange(first, world.days + 1, dtype=np.float64)
    return Events.of(person, np.interp(rng.uniform(0, cumulative[-1], len(person)), cumulative, grid))


def _of_interest(rng: np.random.Generator, world: AdvertisedWorld, own_rate: Floats, visits: Events) -> Events:
    """Return the points that interest adds: around each visit a process of rate b_i theta psi, thinned by the season."""
    start = int(np.floor(visits.day.min())) if len(visits) else 0
    seasons = world.seasons(start, world.days)
    tau, reached = world.interest_days, -np.expm1(-world.interest_horizon_days / world.interest_days)
    number = rng.poisson(own_rate[visits.person] * world.interest * tau * reached * seasons.max())
    person = np.repeat(visits.person, number)
    day = np.repeat(visits.day, number) - tau * np.log1p(-reached * rng.random(len(person)))
    inside = day < world.days
    person, day = person[inside], day[inside]
    kept = rng.random(len(person)) * seasons.max() < seasons[np.floor(day).astype(np.int64) - start]
    return Events.of(person[kept], day[kept])
