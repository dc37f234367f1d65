"""Customers of an advertised company, their visits and the touches that reach them, targeted at those about to buy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.tables.simulation.advertised_rates import Events, drawn_at_rate, in_seasons

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.tables.simulation.advertised_settings import AdvertisedWorld
    from relkit.tables.simulation.clock import Floats, Ints

WEEK_DAYS = 7
NEWSLETTER_DAY = 0.4
"""Time of day of the newsletter."""
TUESDAY = 1


@dataclass(frozen=True, eq=False)
class AdvertisedPeople:
    """Customers and what moves them.

    Attributes:
        own_rate: b_i, orders a day without interest and advertising, shape (n,).
        mean_value: expected value of an order, currency, shape (n,).
        activity: how much each sees of what is shown to anybody; mean 1, independent of the rest, shape (n,).
        visits: all that show interest, from the history on.
        is_hidden: whether each visit leaves no trace.
        past_orders: orders of the history, before day 0.
        is_subscribed: whether each reads the newsletter, shape (n,).
    """

    own_rate: Floats
    mean_value: Floats
    activity: Floats
    visits: Events
    is_hidden: NDArray[np.bool_]
    past_orders: Events
    is_subscribed: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self.own_rate)


def draw_advertised_people(rng: np.random.Generator, world: AdvertisedWorld, people: int) -> AdvertisedPeople:
    """Return customers with their visits and their orders before day 0."""
    own = rng.gamma(world.order_shape, world.order_rate / world.order_shape, people)
    spread = world.value_log_spread
    visits = in_seasons(rng, world, world.visit_rate * _targeted(world, own), -world.history_days)
    past = drawn_at_rate(rng, world, own, visits.where(visits.day < 0), -world.history_days)
    past = past.where(past.day < 0)
    bought = np.bincount(past.person, minlength=people) > 0
    subscribed = rng.random(people) < np.where(bought, world.subscribed_buyers, world.subscribed_others)
    return AdvertisedPeople(
        own_rate=own,
        mean_value=world.value_mean * np.exp(spread * rng.standard_normal(people) - spread**2 / 2),
        activity=rng.gamma(2.0, 0.5, people),
        visits=visits,
        is_hidden=rng.random(len(visits)) < world.hidden_share,
        past_orders=past,
        is_subscribed=subscribed,
    )


def draw_touches(rng: np.random.Generator, world: AdvertisedWorld, people: AdvertisedPeople) -> list[Events]:
    """Return the touches of each channel from day 0 to the end of the data, in the order of the channels."""
    recent = people.visits.where(people.visits.day >= 0)
    searching = world.search_rate * people.activity * _targeted(world, people.own_rate)
    drawn = {
        "search": [after(rng, recent, world.search_per_visit, 2.0), evenly(rng, world, searching)],
        "display": [evenly(rng, world, world.display_rate * people.activity)],
        "video": [_in_flight(rng, world, people, flight) for flight in world.flights],
        "email": [_newsletters(rng, world, people)],
        "retargeting": [after(rng, recent, world.retargeting_per_visit, 2.5)],
        "affiliate": [after(rng, recent, world.affiliate_per_visit, 1.5)],
        "direct": [people.visits.where((people.visits.day >= 0) & ~people.is_hidden)],
    }
    found = [Events.joined(drawn[channel.name]) for channel in world.channels]
    return [events.where(events.day < world.days) for events in found]


def after(rng: np.random.Generator, visits: Events, mean: float, mean_delay_days: float) -> Events:
    """Return a Poisson number of touches after each visit, at exponential delays."""
    number = rng.poisson(mean, len(visits))
    delay = rng.exponential(mean_delay_days, int(number.sum()))
    return Events.of(np.repeat(visits.person, number), np.repeat(visits.day, number) + delay)


def evenly(rng: np.random.Generator, world: AdvertisedWorld, rate: Floats) -> Events:
    """Return touches at a constant rate a day, shape (n,)."""
    return _between(rng, rate * world.days, 0.0, float(world.days))


def _between(rng: np.random.Generator, mean: Floats, first: float, last: float) -> Events:
    person = np.repeat(np.arange(len(mean)), rng.poisson(mean))
    return Events.of(person, rng.uniform(first, last, len(person)))


def _in_flight(rng: np.random.Generator, world: AdvertisedWorld, people: AdvertisedPeople, flight: tuple[int, int]) -> Events:
    """Return the views of video in a flight, as far as it falls into the data."""
    return _between(rng, world.video_per_flight * people.activity, *map(float, flight))


def _newsletters(rng: np.random.Generator, world: AdvertisedWorld, people: AdvertisedPeople) -> Events:
    """Return the clicks in newsletters of each Tuesday, within a day of the mail."""
    sent = np.arange((TUESDAY - world.starts_on.weekday()) % WEEK_DAYS, world.days, WEEK_DAYS)
    readers = np.flatnonzero(people.is_subscribed)
    clicked = rng.random((len(readers), len(sent))) < world.newsletter_rate
    who, when = np.nonzero(clicked)
    return Events.of(readers[who], sent[when] + NEWSLETTER_DAY + rng.exponential(0.1, len(who)))


def _targeted(world: AdvertisedWorld, own_rate: Floats) -> Floats:
    """Return the factor on a customer's rate of visits and searches by the customer's own rate of orders; about 1 on average."""
    raised = (own_rate / world.order_rate) ** world.targeting
    return np.asarray(raised / raised.mean()) if len(raised) else raised


def withheld(world: AdvertisedWorld, touches: list[Events], channel: str, controls: Ints, first: float, last: float) -> list[Events]:
    """Return the touches without those of a channel that controls would have had from `first` to before `last`."""
    k = world.place(channel)
    events = touches[k]
    gone = np.isin(events.person, controls) & (events.day >= first) & (events.day < last)
    return [each if place != k else events.where(~gone) for place, each in enumerate(touches)]
