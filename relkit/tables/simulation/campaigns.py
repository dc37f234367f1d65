"""The waves of the programme, drawn at random, and their effects: first orders, extra orders, contracts kept.

Waves run in order of time, each over the whole chunk: eligibility, the draw of treated and control,
the effect of the treatment. The draw alone decides: the propensity on record is the true one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from relkit.tables.simulation.actions import ACTIONS, FIRST_ORDER_RATE, PRESSURE_DAYS, Action, Wave, plan_waves
from relkit.tables.simulation.contracts import draw_end_age, survival_given
from relkit.tables.simulation.permissions import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.tables.simulation.clock import Calendar, Floats, Ints
    from relkit.tables.simulation.contracts import Contracts
    from relkit.tables.simulation.people import People
    from relkit.tables.simulation.permissions import Permissions
    from relkit.tables.simulation.settings import SimulationSettings

SENT_FROM_S, SENT_TO_S = 9 * 3600, 19 * 3600
UNSUBSCRIBE_LOG_ODDS = (-5.5, -5.0, -6.5, -7.0)
"""Log odds that a contact makes the customer withdraw consent for its channel, by channel."""


@dataclass(frozen=True, eq=False)
class Draws:
    """Customers drawn in waves, one value each.

    Attributes:
        customer: position of the customer.
        wave: number of the wave.
        treated: whether the draw decided to contact.
        propensity: probability of that.
        effect: true effect, had it been (or as it was) treated, at the pressure of that day.
        pressure: marketing contacts in the 30 days before.
        response_day: day of the first or first extra order that the wave brought to a treated customer, NEVER if none.
        sent_us: UTC microseconds of the contact of the treated.
        unsubscribed: whether the contact made the customer withdraw consent.
    """

    customer: Ints
    wave: Ints
    treated: NDArray[np.bool_]
    propensity: Floats
    effect: Floats
    pressure: Ints
    response_day: Ints
    sent_us: Ints
    unsubscribed: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Campaigns:
    """Effects of all waves on the customers of a chunk.

    Attributes:
        draws: all customers drawn, in order of waves.
        first_day: day of each customer's first order, NEVER without one; shape (n,).
        first_action: position of the action that was running when a non-buyer first ordered, -1 if none; shape (n,).
        extra_customer, extra_day, extra_action: extra orders that actions brought, one value each.
        end_age: age at the end of each contract.
        withdrawn_us: UTC microseconds at which consent was withdrawn, 0 if it was not, shape (n, 4).
    """

    draws: Draws
    first_day: Ints
    first_action: Ints
    extra_customer: Ints
    extra_day: Ints
    extra_action: Ints
    end_age: Floats
    withdrawn_us: Ints


@dataclass(eq=False)
class _State:
    """State that waves read and change."""

    first_day: Ints
    by_themselves: NDArray[np.bool_]
    """Customers with a first order to come in any case: not drawn for first orders, so that the effect stays additive."""
    first_action: Ints
    contracts: Contracts
    held: Ints
    """Position of each customer's first contract, -1 if there is none."""
    withdrawn_us: Ints
    recent: list[tuple[int, NDArray[np.bool_]]] = field(default_factory=list)
    draws: list[Draws] = field(default_factory=list)
    extras: list[tuple[Ints, Ints, int]] = field(default_factory=list)

    def pressure(self, day: int) -> Ints:
        self.recent = [(sent, who) for sent, who in self.recent if sent > day - PRESSURE_DAYS]
        total = np.zeros(len(self.first_day), dtype=np.int64)
        for _, who in self.recent:
            total += who
        return total

    def holds_on(self, day: int) -> NDArray[np.bool_]:
        """Return a mask of the holders of a first contract that runs on `day`."""
        running = (self.contracts.started_day < day) & (self.contracts.ended_day > day)
        if not len(running):
            return np.zeros(len(self.held), dtype=bool)
        return (self.held >= 0) & running[self.held]


def run_campaigns(
    rng: np.random.Generator,
    settings: SimulationSettings,
    people: People,
    permissions: Permissions,
    contracts: Contracts,
    created_day: Ints,
    first_day: Ints,
    calendar: Calendar,
) -> Campaigns:
    """Return the effects of the waves.

    Args:
        rng: source of the draws.
        settings: of the company.
        people: the chunk's customers.
        permissions: theirs.
        contracts: theirs.
        created_day: day on which each customer became known, shape (n,).
        first_day: day of the first order of those who buy by themselves, NEVER for the others, shape (n,).
        calendar: days to instants.
    """
    held = np.full(len(people), -1)
    first = np.flatnonzero(contracts.rank == 0)
    held[contracts.customer[first]] = first
    state = _State(
        first_day=first_day.copy(),
        by_themselves=first_day < NEVER,
        first_action=np.full(len(people), -1),
        contracts=contracts,
        held=held,
        withdrawn_us=np.zeros(permissions.granted.shape, dtype=np.int64),
    )
    for wave in plan_waves(settings):
        if ACTIONS[wave.action].is_leaflet:
            continue  # drawn apart, in relkit.tables.simulation.leaflets
        _run_wave(rng, settings, people, permissions, created_day, calendar, wave, state)
    return Campaigns(
        draws=joined(state.draws),
        first_day=state.first_day,
        first_action=state.first_action,
        extra_customer=np.concatenate([np.zeros(0, dtype=np.int64), *(who for who, _, _ in state.extras)]),
        extra_day=np.concatenate([np.zeros(0, dtype=np.int64), *(day for _, day, _ in state.extras)]),
        extra_action=np.concatenate([np.zeros(0, dtype=np.int64), *(np.full(len(who), k) for who, _, k in state.extras)]),
        end_age=state.contracts.end_age,
        withdrawn_us=state.withdrawn_us,
    )


def _targets(action: Action, day: int, created_day: Ints, state: _State) -> NDArray[np.bool_]:
    """Return a mask of the customers targeted by the action on the day."""
    known = created_day < day
    if action.target == "buyers":
        return known & (state.first_day <= day)
    if action.target == "holders":
        return state.holds_on(day)
    fresh = known & (state.first_day > day) & ~state.by_themselves
    return fresh & state.holds_on(day) if action.target == "holders_who_never_bought" else fresh


def _run_wave(
    rng: np.random.Generator,
    settings: SimulationSettings,
    people: People,
    permissions: Permissions,
    created_day: Ints,
    calendar: Calendar,
    wave: Wave,
    state: _State,
) -> None:
    """Draw one wave and apply it."""
    action = ACTIONS[wave.action]
    target = _targets(action, wave.day, created_day, state)
    allowed = permissions.granted[:, action.channel] & (state.withdrawn_us[:, action.channel] == 0)
    eligible = np.flatnonzero(target & allowed & (permissions.suppressed_day > wave.day))
    drawn = eligible[rng.random(len(eligible)) < action.selected]
    propensity = np.array(action.propensities)[np.minimum(people.country[drawn], 1)]
    treated = rng.random(len(drawn)) < propensity
    pressure = state.pressure(wave.day)
    tired = (1 - settings.disturbances.fatigue if settings.hard else 1.0) ** pressure[drawn]
    effect = action.effects(people.engagement[drawn], settings) * tired
    if action.outcome == "first_order":
        response = _first_orders(rng, wave, action, np.flatnonzero(target), drawn, treated, effect, state)
    elif action.outcome == "extra_orders":
        response = _extra_orders(rng, wave, action, drawn, treated, effect, state)
    else:
        effect = _keep_contracts(rng, settings, wave, action, drawn, treated, effect, state)
        response = np.full(len(drawn), NEVER)
    sent = calendar.instants(np.full(len(drawn), wave.day), rng.integers(SENT_FROM_S, SENT_TO_S, len(drawn)))
    odds = UNSUBSCRIBE_LOG_ODDS[action.channel] + (settings.disturbances.fatigue_unsubscribe if settings.hard else 0.0) * pressure[drawn]
    unsubscribed = treated & (rng.random(len(drawn)) < 1 / (1 + np.exp(-odds)))
    state.withdrawn_us[drawn[unsubscribed], action.channel] = sent[unsubscribed] + 3_600_000_000
    contacted = np.zeros(len(people), dtype=bool)
    contacted[drawn[treated]] = True
    state.recent.append((wave.day, contacted))
    number = np.full(len(drawn), wave.number)
    state.draws.append(Draws(drawn, number, treated, propensity, effect, pressure[drawn], response, sent, unsubscribed))


def _first_orders(
    rng: np.random.Generator,
    wave: Wave,
    action: Action,
    target: Ints,
    drawn: Ints,
    treated: NDArray[np.bool_],
    effect: Floats,
    state: _State,
) -> Ints:
    """Let targets order for the first time, by chance or by the action; return the response days of the treated."""
    chance = np.zeros(len(state.first_day))
    chance[target] = FIRST_ORDER_RATE
    chance[drawn[treated]] += effect[treated]
    buys = target[rng.random(len(target)) < chance[target]]
    state.first_day[buys] = wave.day + 1 + rng.integers(0, action.window_days, len(buys))
    state.first_action[buys] = wave.action
    return np.where(treated, state.first_day[drawn], NEVER)


def _extra_orders(
    rng: np.random.Generator, wave: Wave, action: Action, drawn: Ints, treated: NDArray[np.bool_], effect: Floats, state: _State
) -> Ints:
    """Add orders, Poisson with mean `effect`, to the treated; return the days of the first of each."""
    number = rng.poisson(np.where(treated, np.maximum(effect, 0.0), 0.0))
    which = np.repeat(np.arange(len(drawn)), number)
    day = wave.day + 1 + rng.integers(0, action.window_days, len(which))
    state.extras.append((drawn[which], day, wave.action))
    response = np.full(len(drawn), NEVER)
    np.minimum.at(response, which, day)
    return response


def _keep_contracts(
    rng: np.random.Generator,
    settings: SimulationSettings,
    wave: Wave,
    action: Action,
    drawn: Ints,
    treated: NDArray[np.bool_],
    share: Floats,
    state: _State,
) -> Floats:
    """Avert a share of the ends due in the window; return the effect on the probability of still running at its end."""
    held = state.held[drawn]
    contracts = state.contracts
    age = (wave.day - contracts.started_day[held]).astype(np.float64)
    due = contracts.end_age[held] <= age + action.window_days
    kept = treated & due & (rng.random(len(drawn)) < share)
    end_age = contracts.end_age.copy()
    end_age[held[kept]] = draw_end_age(rng, age[kept] + action.window_days, contracts.log_hazard[held[kept]], settings.contracts)
    state.contracts = contracts.ending_at(end_age)
    return share * (1 - survival_given(age, action.window_days, contracts.log_hazard[held], settings.contracts))


def joined(draws: list[Draws]) -> Draws:
    """Return several draws as one."""
    names = tuple(Draws.__dataclass_fields__)
    if not draws:
        none = np.zeros(0, dtype=np.int64)
        return Draws(none, none, none.astype(bool), none.astype(float), none.astype(float), none, none, none, none.astype(bool))
    return Draws(**{name: np.concatenate([getattr(part, name) for part in draws]) for name in names})
