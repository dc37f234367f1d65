"""Journeys to a first order: a Markov chain over marketing channels that ends in an order or without one.

Journeys are drawn from the chain until as many convert as there are customers with a first order;
those that do not convert belong to anonymous visitors. So the journeys are an exact sample of the chain,
and the removal effects of the channels are known in closed form (Anderl, Becker, von Wangenheim and
Schumann 2016: the share of conversions lost when a channel leads to nothing).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.simulation.people import number_ids
from relkit.tables.simulation.sales import instants
from relkit.units import US_A_DAY, US_A_SECOND

if TYPE_CHECKING:
    from relkit.tables.simulation.clock import Ints

CHANNELS = ("search", "social", "display", "email", "direct")
KINDS = ("click", "social", "impression", "click", "visit")
COSTS = (0.45, 0.12, 0.02, 0.005, 0.0)
START = (0.35, 0.2, 0.25, 0.05, 0.15)
"""Probability that a journey begins with each channel."""
STEPS = (
    (0.10, 0.08, 0.05, 0.10, 0.17),
    (0.20, 0.10, 0.12, 0.03, 0.05),
    (0.18, 0.10, 0.20, 0.02, 0.02),
    (0.08, 0.02, 0.02, 0.15, 0.23),
    (0.12, 0.03, 0.03, 0.07, 0.15),
)
"""Probability of going from one channel (row) to the next (column)."""
ORDER = (0.35, 0.20, 0.08, 0.40, 0.45)
"""Probability of ordering after each channel; the rest of a row ends the journey without an order."""
GAP_DAYS = 1.5
"""Mean time between two touches (exponential)."""
LAST_TOUCH_S = (300, 3600)
"""Time from the last touch to the order."""


@dataclass(frozen=True, eq=False)
class Journeys:
    """Journeys and their touches, grouped by journey and in order of time.

    Attributes:
        converts: whether each journey ends in an order, shape (j,).
        journey: position of the journey of each touch, shape (m,).
        channel: position of the channel of each touch, shape (m,).
    """

    converts: np.ndarray[tuple[int], np.dtype[np.bool_]]
    journey: Ints
    channel: Ints


def conversion_probability(removed: int | None = None) -> float:
    """Return the probability that a journey ends in an order; `removed` is a channel that leads to nothing.

    Examples:
        >>> round(conversion_probability(), 4) > round(conversion_probability(removed=0), 4)
        True
    """
    steps, order = np.array(STEPS), np.array(ORDER)
    if removed is not None:
        steps[removed], order[removed] = 0.0, 0.0
    return float(np.array(START) @ np.linalg.solve(np.eye(len(order)) - steps, order))


def removal_effects() -> dict[str, float]:
    """Return the true removal effect of each channel: the share of conversions lost without it."""
    whole = conversion_probability()
    return {name: 1 - conversion_probability(removed=k) / whole for k, name in enumerate(CHANNELS)}


def draw_journeys(rng: np.random.Generator, conversions: int) -> Journeys:
    """Return journeys of the chain, up to and with the one that brings the number of conversions to `conversions`."""
    parts = []
    found = 0
    while found < conversions:
        batch = int((conversions - found) / conversion_probability() * 1.05) + 50
        part = _walk(rng, batch)
        total = np.cumsum(part.converts)
        if found + int(total[-1]) > conversions:
            part = _first(part, int(np.searchsorted(total, conversions - found)) + 1)
        found += int(part.converts.sum())
        parts.append(part)
    offsets = np.cumsum([0, *(len(part.converts) for part in parts)])
    return Journeys(
        converts=np.concatenate([np.zeros(0, dtype=bool), *(part.converts for part in parts)]),
        journey=np.concatenate([np.zeros(0, dtype=np.int64), *(part.journey + k for part, k in zip(parts, offsets, strict=False))]),
        channel=np.concatenate([np.zeros(0, dtype=np.int64), *(part.channel for part in parts)]),
    )


def _walk(rng: np.random.Generator, number: int) -> Journeys:
    """Return `number` journeys, all walked to their ends."""
    ends = len(CHANNELS)
    rows = np.cumsum(np.column_stack([np.array(STEPS), np.array(ORDER)]), axis=1)
    state = np.searchsorted(np.cumsum(START)[:-1], rng.random(number), side="right")
    alive = np.arange(number)
    converts = np.zeros(number, dtype=bool)
    journeys, channels = [], []
    while len(alive):
        journeys.append(alive)
        channels.append(state)
        reached = (rows[state] < rng.random(len(state))[:, None]).sum(axis=1)
        converts[alive[reached == ends]] = True
        goes_on = reached < ends
        alive, state = alive[goes_on], reached[goes_on]
    journey = np.concatenate(journeys)
    order = np.argsort(journey, kind="stable")
    return Journeys(converts=converts, journey=journey[order], channel=np.concatenate(channels)[order])


def _first(journeys: Journeys, number: int) -> Journeys:
    """Return the first `number` journeys."""
    kept = journeys.journey < number
    return Journeys(journeys.converts[:number], journeys.journey[kept], journeys.channel[kept])


def touchpoints_table(
    rng: np.random.Generator, customers: pl.Series, ordered_us: Ints, period_us: tuple[int, int], first_number: int
) -> pl.DataFrame:
    """Return the table touchpoints.

    Args:
        rng: source of the draws.
        customers: ids of those with a first order in the data, shape (c,).
        ordered_us: UTC microseconds of these orders, shape (c,).
        period_us: first and last instant of the data.
        first_number: number of the first touchpoint.
    """
    journeys = draw_journeys(rng, len(customers))
    n = len(journeys.converts)
    which = np.cumsum(journeys.converts) - 1
    ends_us = rng.integers(period_us[0] + US_A_DAY, max(period_us[1], period_us[0] + US_A_DAY + 1), n)
    ends_us[journeys.converts] = ordered_us
    occurred = _touch_times(rng, journeys, ends_us, period_us[0])
    known = journeys.converts[journeys.journey]
    buyer = np.where(known, which[journeys.journey], 0)
    visitor = number_ids("V", first_number + journeys.journey, digits=10)
    return pl.DataFrame(
        {
            "touchpoint_id": number_ids("N", first_number + np.arange(len(journeys.journey)), digits=10),
            "customer_id": customers.gather(buyer) if len(customers) else pl.Series([], dtype=pl.String),
            "anonymous_id": visitor,
            "occurred_at": instants(occurred),
            "channel_id": pl.Series(CHANNELS).gather(journeys.channel),
            "kind": pl.Series(KINDS).gather(journeys.channel),
            "cost": np.array(COSTS)[journeys.channel],
        }
    ).with_columns(customer_id=pl.when(pl.Series(known)).then("customer_id"), anonymous_id=pl.when(pl.Series(~known)).then("anonymous_id"))


def _touch_times(rng: np.random.Generator, journeys: Journeys, ends_us: Ints, earliest_us: int) -> Ints:
    """Return instants of the touches, going back from the ends; a journey that would begin before the data is compressed into them."""
    n = len(journeys.journey)
    gap = rng.exponential(GAP_DAYS, n) * US_A_DAY
    last = np.concatenate([journeys.journey[1:] != journeys.journey[:-1], [True]]) if n else np.zeros(0, dtype=bool)
    gap[last] = rng.integers(*LAST_TOUCH_S, int(last.sum())) * US_A_SECOND
    sums = np.cumsum(gap[::-1])[::-1]
    after = np.concatenate([sums, [0.0]])[1:]
    total_after_end = np.zeros(len(journeys.converts))
    total_after_end[journeys.journey[last]] = after[last]
    back = sums - total_after_end[journeys.journey]
    longest = np.zeros(len(journeys.converts))
    np.maximum.at(longest, journeys.journey, back)
    room = np.maximum(ends_us - earliest_us, 1)
    squeeze = np.minimum(1.0, room / np.maximum(longest, 1.0))
    return np.asarray(ends_us[journeys.journey] - (back * squeeze[journeys.journey]).astype(np.int64))
