"""True effects of each assignment in orders and in margin, at the end of the response window and of the post window.

An effect is that of the wave alone, as if no other followed. It is expected, given all that is hidden of the customer (traits, activity,
contracts) and, for leaflets, given the orders that the customer would have placed anyway. A margin is net of the share of sales that is
returned or cancelled, and orders are those of which something is left.

    first order     the probability times one order and the repeat orders that follow it within the window
    extra orders    their expected number; nothing follows from them
    contract kept   the share of ends averted times the days of the window that a contract which ends in it would not have lived
    pulled forward  the share times the orders due in the weeks borrowed from; nothing at the end of the post window
    switched        nothing in orders; in margin the share times the sibling category's part of the orders of the window, at the
                    difference of the two rates
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from relkit.tables.simulation.actions import ACTIONS, POST_DAYS, RESPONSE_DAYS, Action, Wave, plan_waves
from relkit.tables.simulation.assortment import MARGIN_RATES
from relkit.tables.simulation.baskets import MORE_LINES
from relkit.tables.simulation.contracts import expected_days, monthly_amounts
from relkit.tables.simulation.leaflets import borrowed
from relkit.tables.simulation.market import NO_CATEGORY
from relkit.tables.simulation.ordering import heaviness
from relkit.tables.simulation.purchases import expected_orders
from relkit.units import DAYS_PER_MONTH, DAYS_PER_YEAR

if TYPE_CHECKING:
    from relkit.tables.simulation.baskets import Tastes
    from relkit.tables.simulation.campaigns import Draws
    from relkit.tables.simulation.clock import Floats, Ints
    from relkit.tables.simulation.contracts import Contracts
    from relkit.tables.simulation.market import Market
    from relkit.tables.simulation.ordering import History
    from relkit.tables.simulation.purchases import Buyers
    from relkit.tables.simulation.settings import SimulationSettings

LENGTH_DAYS = RESPONSE_DAYS + POST_DAYS


@dataclass(frozen=True, eq=False)
class Hidden:
    """Facts about customers that decide on the effect of an action."""

    buyers: Buyers
    tastes: Tastes
    history: History
    contracts: Contracts
    market: Market
    settings: SimulationSettings


@dataclass(frozen=True, eq=False)
class Effects:
    """True effects, one value for each customer drawn.

    Attributes:
        orders, orders_after: at the end of the response window, and of the post window.
        margin, margin_after: the same in currency.
        margin_promoted, margin_category: parts of `margin` in the promoted category and in its sibling; 0 unless sales are switched.
    """

    orders: Floats
    orders_after: Floats
    margin: Floats
    margin_after: Floats
    margin_promoted: Floats
    margin_category: Floats

    @classmethod
    def none(cls, n: int) -> Effects:
        """Return effects of zero on `n` customers."""
        return cls(*(np.zeros(n) for _ in fields(cls)))

    def columns(self) -> dict[str, Floats]:
        """Return the effects by the name of their column: effect_orders and so on."""
        return {f"effect_{item.name}": getattr(self, item.name) for item in fields(self)}


def true_effects(hidden: Hidden, draws: Draws, engagement: Floats) -> Effects:
    """Return the true effects of the assignments of a chunk.

    Args:
        hidden: facts about its customers.
        draws: the assignments.
        engagement: of the customers.
    """
    whole = Effects.none(len(draws.customer))
    for wave in plan_waves(hidden.settings):
        mine = np.flatnonzero(draws.wave == wave.number)
        if len(mine):
            action = ACTIONS[wave.action]
            tired = (1 - hidden.settings.disturbances.fatigue if hidden.settings.hard else 1.0) ** draws.pressure[mine]
            strength = action.effects(engagement[draws.customer[mine]], hidden.settings) * tired
            found = _OF[action.outcome](hidden, wave, action, draws.customer[mine], strength)
            for item in fields(found):
                getattr(whole, item.name)[mine] = getattr(found, item.name)
    return whole


def _first_order(hidden: Hidden, wave: Wave, action: Action, who: Ints, strength: Floats) -> Effects:
    days = range(1, action.window_days + 1)
    mean = hidden.buyers.mean_order[who] * _drift(hidden.settings, wave.day) * heaviness(hidden.settings)
    value = mean * margin_rates(hidden, wave.day, RESPONSE_DAYS)[who]
    value_after = mean * margin_rates(hidden, wave.day, LENGTH_DAYS)[who]
    orders = [np.mean([_orders_until(hidden, who, wave.day + day, wave.day + end) for day in days], axis=0) for end in _ENDS]
    early, late = (strength * number for number in orders)
    none, left = np.zeros(len(who)), kept_orders(hidden.settings)
    return Effects(early * left, late * left, early * value, late * value_after, none, none)


_ENDS = (RESPONSE_DAYS, LENGTH_DAYS)


def _orders_until(hidden: Hidden, who: Ints, first_day: int, last_day: int) -> Floats:
    """Return the expected orders until the end of a day of those who first order on `first_day`, the first included."""
    clock = hidden.market.clock
    start, end = clock.operational(np.array([first_day + 0.5, last_day + 1.0]))
    return 1 + expected_orders(hidden.buyers.rate[who], hidden.buyers.dropout[who], max(float(end - start), 0.0))


def _extra_orders(hidden: Hidden, wave: Wave, action: Action, who: Ints, strength: Floats) -> Effects:
    orders = np.maximum(strength, 0.0)
    margin = orders * hidden.history.mean_order[who] * margin_rates(hidden, wave.day, action.window_days)[who]
    none, left = np.zeros(len(who)), kept_orders(hidden.settings)
    return Effects(orders * left, orders * left, margin, margin, none, none)


def _contract_kept(hidden: Hidden, wave: Wave, action: Action, who: Ints, strength: Floats) -> Effects:  # noqa: ARG001 one signature for all
    contracts, truth = hidden.contracts, hidden.settings.contracts
    first = np.flatnonzero(contracts.rank == 0)
    held = np.full(len(hidden.buyers.rate), -1)
    held[contracts.customer[first]] = first
    mine = held[who]
    age = (wave.day - contracts.started_day[mine]).astype(np.float64)
    daily = monthly_amounts(contracts, hidden.market, np.full(len(contracts), wave.day))[mine] * truth.margin_rate / DAYS_PER_MONTH
    gains = [strength * daily * (end - expected_days(age, end, contracts.log_hazard[mine], truth)) for end in _ENDS]
    none = np.zeros(len(who))
    return Effects(none, none, gains[0], gains[1], none, none)


def _pulled_forward(hidden: Hidden, wave: Wave, action: Action, who: Ints, strength: Floats) -> Effects:  # noqa: ARG001 one signature for all
    orders, n = hidden.history.orders, len(hidden.buyers.rate)
    due = np.flatnonzero(borrowed(orders.planned_day, wave, hidden.market))
    customer = orders.customer[due]
    worth = orders.amount[due] * _rates_of_orders(hidden, customer, orders.planned_day[due]) * kept_share(hidden.settings)
    number, margin = (np.bincount(customer, weights=values, minlength=n)[who] for values in (np.ones(len(due)), worth))
    none = np.zeros(len(who))
    return Effects(strength * number * kept_orders(hidden.settings), none, strength * margin, none, none, none)


def _switched(hidden: Hidden, wave: Wave, action: Action, who: Ints, strength: Floats) -> Effects:
    orders, n, sibling = hidden.history.orders, len(hidden.buyers.rate), action.promoted + 1
    within = np.flatnonzero((orders.day > wave.day) & (orders.day <= wave.day + action.window_days))
    customer, planted = orders.customer[within], hidden.settings.disturbances
    on_offer = hidden.market.promoted_categories(orders.day[within]) == action.promoted
    moving = hidden.tastes.affinity[customer, sibling] * np.where(on_offer, 1 - planted.cannibalised_share, 1.0)
    amount = orders.amount[within] * moving * kept_share(hidden.settings)
    rate = MARGIN_RATES[action.promoted] - np.where(on_offer, planted.promotion_discount / 2, 0.0)
    gained, lost = (strength * np.bincount(customer, weights=amount * each, minlength=n)[who] for each in (rate, MARGIN_RATES[sibling]))
    none = np.zeros(len(who))
    return Effects(none, none, gained - lost, gained - lost, gained, -lost)


_OF = {
    "first_order": _first_order,
    "extra_orders": _extra_orders,
    "contract_kept": _contract_kept,
    "pulled_forward": _pulled_forward,
    "switched": _switched,
}


def kept_share(settings: SimulationSettings) -> float:
    """Return the share of sales that is neither returned nor cancelled."""
    planted = settings.disturbances
    return (1 - planted.return_share) * (1 - planted.cancel_share) if settings.hard else 1.0


def kept_orders(settings: SimulationSettings) -> float:
    """Return the share of orders of which something is left: not cancelled, and not every line (1 + Poisson of them) returned."""
    planted = settings.disturbances
    if not settings.hard:
        return 1.0
    all_back = planted.return_share * np.exp(-MORE_LINES * (1 - planted.return_share))
    return float((1 - planted.cancel_share) * (1 - all_back))


def margin_rates(hidden: Hidden, day: int, length_days: int) -> Floats:
    """Return the expected margin of each customer over the value at the first day's prices, over the days after `day`; shape (n,)."""
    days = np.arange(day + 1, day + length_days + 1)
    promoted, levels = hidden.market.promoted_categories(days), hidden.market.price_levels(days)
    total = np.zeros(len(hidden.buyers.rate))
    for category in np.unique(promoted):
        total += levels[promoted == category].sum() / length_days * _rates(hidden.tastes, hidden.settings, int(category))
    return total * kept_share(hidden.settings)


def _rates(tastes: Tastes, settings: SimulationSettings, promoted: int) -> Floats:
    """Return the expected margin of each customer over the value at list prices, while a category is promoted; shape (n,)."""
    if promoted == NO_CATEGORY:
        return tastes.margin_rate
    planted = settings.disturbances
    moved = planted.cannibalised_share * tastes.affinity[:, promoted + 1]
    gained = moved * (MARGIN_RATES[promoted] - MARGIN_RATES[promoted + 1])
    return np.asarray(tastes.margin_rate + gained - planted.promotion_discount / 2 * (tastes.affinity[:, promoted] + moved))


def _rates_of_orders(hidden: Hidden, customer: Ints, day: Ints) -> Floats:
    """Return the expected margin over the value of orders, given the customer and the day that sets prices and promotions of each."""
    promoted = hidden.market.promoted_categories(day)
    rates = np.empty(len(customer))
    for category in np.unique(promoted):
        here = promoted == category
        rates[here] = _rates(hidden.tastes, hidden.settings, int(category))[customer[here]]
    return rates


def _drift(settings: SimulationSettings, day: int) -> float:
    return settings.disturbances.spend_drift ** (day / DAYS_PER_YEAR) if settings.hard else 1.0
