"""Leaflets: two actions that only move what would have been bought anyway, and so add nothing in the end.

One pulls orders forward: of the orders that treated customers would have placed in the weeks after the response window, a share is placed
within it, from days without a promotion to others at the same prices, so that nothing is left of the effect once those weeks are over.
The other moves lines within a department: a share of the lines of the sibling category becomes lines of the promoted one, at the same
amount, for the days of the window.

Leaflets tire nobody and make nobody unsubscribe, and have random numbers of their own: everything else is as it would be without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.tables.simulation.actions import ACTIONS, BORROWED_DAYS, PULL_DAYS, Wave, plan_waves
from relkit.tables.simulation.campaigns import SENT_FROM_S, SENT_TO_S, Draws, joined
from relkit.tables.simulation.market import NO_CATEGORY
from relkit.tables.simulation.permissions import NEVER
from relkit.tables.simulation.purchases import Orders, distinct_days

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from relkit.tables.simulation.campaigns import Campaigns
    from relkit.tables.simulation.clock import Calendar, Floats, Ints
    from relkit.tables.simulation.market import Market
    from relkit.tables.simulation.people import People
    from relkit.tables.simulation.permissions import Permissions
    from relkit.tables.simulation.settings import SimulationSettings


@dataclass(frozen=True, eq=False)
class Switched:
    """Lines that move within a department.

    Attributes:
        share: of the lines of the sibling category that move, by order, shape (m,).
        promoted: position of the category that they move to; its sibling is the next one.
    """

    share: Floats
    promoted: int

    def applied(self, rng: np.random.Generator, order: Ints, category: Ints) -> Ints:
        """Return the categories of lines, given the order of each, with a share moved."""
        moved = (category == self.promoted + 1) & (rng.random(len(category)) < self.share[order])
        return np.where(moved, self.promoted, category)


def draw_leaflets(
    rng: np.random.Generator,
    settings: SimulationSettings,
    people: People,
    permissions: Permissions,
    created_day: Ints,
    campaigns: Campaigns,
    calendar: Calendar,
) -> Draws:
    """Return the customers drawn in the waves of leaflets; `effect` is the share that moves.

    Args:
        rng: source of the draws.
        settings: of the company.
        people: the chunk's customers.
        permissions: theirs.
        created_day: day on which each customer became known, shape (n,).
        campaigns: the other actions, for the first order of each customer and the consents withdrawn.
        calendar: days to instants.
    """
    draws = []
    for wave in (wave for wave in plan_waves(settings) if ACTIONS[wave.action].is_leaflet):
        action = ACTIONS[wave.action]
        last_us = calendar.instants(np.array([wave.day]), np.array([SENT_TO_S]))[0]
        withdrawn = campaigns.withdrawn_us[:, action.channel]
        allowed = permissions.granted[:, action.channel] & ((withdrawn == 0) | (withdrawn > last_us))
        buyers = (created_day < wave.day) & (campaigns.first_day <= wave.day)
        eligible = np.flatnonzero(buyers & allowed & (permissions.suppressed_day > wave.day))
        drawn = eligible[rng.random(len(eligible)) < action.selected]
        propensity = np.array(action.propensities)[np.minimum(people.country[drawn], 1)]
        draws.append(_drawn(rng, settings, people, calendar, wave, drawn, propensity))
    return joined(draws)


def _drawn(
    rng: np.random.Generator, settings: SimulationSettings, people: People, calendar: Calendar, wave: Wave, drawn: Ints, propensity: Floats
) -> Draws:
    n = len(drawn)
    return Draws(
        customer=drawn,
        wave=np.full(n, wave.number),
        treated=rng.random(n) < propensity,
        propensity=propensity,
        effect=ACTIONS[wave.action].effects(people.engagement[drawn], settings),
        pressure=np.zeros(n, dtype=np.int64),
        response_day=np.full(n, NEVER),
        sent_us=calendar.instants(np.full(n, wave.day), rng.integers(SENT_FROM_S, SENT_TO_S, n)),
        unsubscribed=np.zeros(n, dtype=bool),
    )


def shares_of(draws: Draws, waves: list[Wave], outcome: str, customers: int) -> Iterator[tuple[Wave, Floats]]:
    """Yield each wave of the leaflets with an outcome, and the share of each customer that moves: 0 unless treated, shape (customers,)."""
    numbers = {wave.number: wave for wave in waves if ACTIONS[wave.action].outcome == outcome}
    for number in np.unique(draws.wave):
        if int(number) in numbers:
            mine = (draws.wave == number) & draws.treated
            share = np.zeros(customers)
            share[draws.customer[mine]] = draws.effect[mine]
            yield numbers[int(number)], share


def pulled(rng: np.random.Generator, orders: Orders, draws: Draws, waves: list[Wave], market: Market, customers: int) -> Orders:
    """Return the orders with those of treated customers pulled forward, in order of customer and time; the values stay the same."""
    day = orders.day.copy()
    for wave, share in shares_of(draws, waves, "pulled_forward", customers):
        landing = landing_days(wave, market)
        due = np.flatnonzero(borrowed(orders.day, wave, market) & (share[orders.customer] > 0))
        moved = due[rng.random(len(due)) < share[orders.customer[due]]]
        day[moved] = landing[rng.integers(0, len(landing), len(moved))]
    if np.array_equal(day, orders.day):
        return orders
    order = np.lexsort((day, orders.customer))
    customer = orders.customer[order]
    days = distinct_days(customer, day[order])
    return Orders(customer, days, orders.amount[order], orders.action[order], planned=orders.day[order])


def landing_days(wave: Wave, market: Market) -> Ints:
    """Return the days into which a wave pulls orders: the first ones after it, without a promotion, at the prices of the last of them."""
    days = np.arange(wave.day + 1, wave.day + PULL_DAYS + 1)
    level = market.price_levels(days)
    return np.asarray(days[(market.promoted_categories(days) == NO_CATEGORY) & (level == level[-1])])


def borrowed(days: Ints, wave: Wave, market: Market) -> NDArray[np.bool_]:
    """Return a mask of the days from which a wave borrows orders: those after its window, without a promotion, at the same prices."""
    landing, ends = landing_days(wave, market), wave.day + ACTIONS[wave.action].window_days
    within = (days > ends) & (days <= ends + BORROWED_DAYS)
    if not len(landing):
        return np.zeros(len(days), dtype=bool)
    near = np.where(within, days, landing[-1])
    alike = market.price_levels(near) == market.price_levels(landing[-1:])
    return np.asarray(within & alike & (market.promoted_categories(near) == NO_CATEGORY))


def switched(orders: Orders, draws: Draws, waves: list[Wave], customers: int) -> Switched | None:
    """Return the lines that move within the orders; None if none do."""
    moving, promoted = np.zeros(len(orders)), -1
    for wave, share in shares_of(draws, waves, "switched", customers):
        action = ACTIONS[wave.action]
        within = (orders.day > wave.day) & (orders.day <= wave.day + action.window_days)
        moving[within] = np.maximum(moving[within], share[orders.customer[within]])
        promoted = action.promoted
    return Switched(moving, promoted) if moving.any() else None
