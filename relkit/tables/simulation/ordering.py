"""All orders of a chunk: spontaneous ones and those brought by actions, in the market of the day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.tables.simulation.market import pulled_forward
from relkit.tables.simulation.permissions import NEVER
from relkit.tables.simulation.purchases import Buyers, Orders, distinct_days, draw_amounts, draw_order_days
from relkit.tables.simulation.settings import FUTURE_DAYS
from relkit.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.tables.simulation.campaigns import Campaigns
    from relkit.tables.simulation.clock import Floats, Ints
    from relkit.tables.simulation.market import Market
    from relkit.tables.simulation.settings import SimulationSettings


@dataclass(frozen=True, eq=False)
class History:
    """Orders of a chunk, before, in and after the data.

    Attributes:
        orders: all of them, grouped by customer and in order of time.
        is_active: whether each customer, having ordered, has not dropped out by the end of the data, shape (n,).
        mean_order: expected value of an order at the prices of the first day, currency, shape (n,).
    """

    orders: Orders
    is_active: NDArray[np.bool_]
    mean_order: Floats


def draw_history(
    rngs: dict[str, np.random.Generator], settings: SimulationSettings, buyers: Buyers, campaigns: Campaigns, market: Market
) -> History:
    """Return the orders of the customers of a chunk."""
    customer, day, ends, action = _days(rngs, settings, buyers, campaigns, market)
    dropped = np.zeros(len(buyers.rate), dtype=bool)
    dropped[customer[ends & (day < settings.days)]] = True
    bought = campaigns.first_day < settings.days
    mean = _drifted(settings, buyers.mean_order, campaigns.first_day)
    amount = draw_values(rngs["amounts"], rngs["market"], settings, market, mean[customer], day)
    orders = Orders(customer=customer, day=day, amount=amount, action=action)
    return History(orders=orders, is_active=bought & ~dropped, mean_order=mean * heaviness(settings))


def draw_values(
    rng: np.random.Generator, of_tail: np.random.Generator, settings: SimulationSettings, market: Market, mean: Floats, day: Ints
) -> Floats:
    """Return the value of each order, currency, to the cent, at the prices of its day.

    Args:
        rng: source of the values.
        of_tail: source of the heavy tail.
        settings: of the simulation.
        market: prices.
        mean: expected value of each order at the prices of the first day, without the heavy tail.
        day: of each order.
    """
    amount = draw_amounts(rng, mean, settings.spend)
    if settings.hard:
        amount = _heavy(of_tail, settings, amount) * market.price_levels(np.minimum(day, settings.days + FUTURE_DAYS - 1))
    return np.maximum(np.round(amount, 2), 0.01)


def heaviness(settings: SimulationSettings) -> float:
    """Return the factor by which the heavy tail raises the mean value of orders; 1 in the clean world."""
    planted = settings.disturbances
    return 1 + planted.heavy_share / (planted.heavy_tail - 1) if settings.hard else 1.0


def _days(
    rngs: dict[str, np.random.Generator], settings: SimulationSettings, buyers: Buyers, campaigns: Campaigns, market: Market
) -> tuple[Ints, Ints, NDArray[np.bool_], Ints]:
    """Return, for each order in order, its customer, day, whether the customer then dropped out, and its action."""
    buying = np.flatnonzero(campaigns.first_day < NEVER)
    chosen = Buyers(buyers.rate[buying], buyers.dropout[buying], buyers.mean_order[buying])
    first_day = campaigns.first_day[buying]
    which, day, ends, number = draw_order_days(rngs["days"], chosen, first_day, market.clock, settings.days + FUTURE_DAYS)
    if settings.hard:
        day, _ = pulled_forward(rngs["market"], settings, market, which, day)
    customer = buying[which]
    action = np.full(len(which), -1)
    action[np.cumsum(number) - number] = campaigns.first_action[buying]
    customer = np.concatenate([customer, campaigns.extra_customer])
    day = np.concatenate([day, campaigns.extra_day])
    ends = np.concatenate([ends, np.zeros(len(campaigns.extra_day), dtype=bool)])
    action = np.concatenate([action, campaigns.extra_action])
    order = np.lexsort((day, customer))
    customer, day = customer[order], day[order]
    return customer, distinct_days(customer, day), ends[order], action[order]


def _drifted(settings: SimulationSettings, mean_order: Floats, first_day: Ints) -> Floats:
    """Return the mean orders with the drift of spend between cohorts."""
    if not settings.hard:
        return mean_order
    years = np.where(first_day < NEVER, first_day, 0) / DAYS_PER_YEAR
    return np.asarray(mean_order * settings.disturbances.spend_drift**years)


def _heavy(rng: np.random.Generator, settings: SimulationSettings, amount: Floats) -> Floats:
    """Return the amounts with a share of them times 1 + Lomax."""
    planted = settings.disturbances
    is_heavy = rng.random(len(amount)) < planted.heavy_share
    return np.where(is_heavy, amount * (1 + rng.pareto(planted.heavy_tail, len(amount))), amount)
