"""Campaigns drawn again and again on one population: for the coverage of intervals, which needs many campaigns with a known effect.

The population is a simulated company on the last day of its data, with all that is hidden of its buyers. Each campaign draws the arms anew,
and with them everything that follows: the orders of the two windows, their values and lines, what comes back, and the effect of the action.
Drawing one costs milliseconds, since no table is written. The truth is the mean effect on the population, in closed form.

    campaigns = RedrawnCampaigns.of(SimulationSettings(customers=5_000, world="hard"), "early_bird")
    units = campaigns.draw(rng)           margin, margin_after, ... of each customer, as from `relkit measure`
    campaigns.truth["margin_after"]
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.errors import ParameterError
from relkit.tables.simulation.actions import ACTIONS, BORROWED_DAYS, POST_DAYS, RESPONSE_DAYS, Action, Wave
from relkit.tables.simulation.assortment import MARGIN_RATES
from relkit.tables.simulation.baskets import draw_lines, margins
from relkit.tables.simulation.campaigns import Draws
from relkit.tables.simulation.company import World, draw_chunk, streams_of
from relkit.tables.simulation.effects import kept_orders, kept_share
from relkit.tables.simulation.leaflets import pulled, switched
from relkit.tables.simulation.ordering import draw_values, heaviness
from relkit.tables.simulation.people import number_ids
from relkit.tables.simulation.purchases import Buyers, Orders, distinct_days, draw_order_days, expected_orders

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.tables.simulation.baskets import Tastes
    from relkit.tables.simulation.clock import Floats, Ints
    from relkit.tables.simulation.settings import SimulationSettings

LENGTH_DAYS = RESPONSE_DAYS + POST_DAYS
_OUTCOMES = ("extra_orders", "pulled_forward", "switched")


@dataclass(frozen=True, eq=False)
class RedrawnCampaigns:
    """Campaigns of one action on one population.

    Attributes:
        world: with the market.
        action: the action.
        wave: its wave: the last day of the data.
        buyers: hidden traits, shape (n,).
        tastes: of the buyers.
        active: whether each has not dropped out by the wave, shape (n,).
        strength: effect of the action on each, in its own unit, shape (n,).
        propensity: probability of treated, shape (n,).
        pre_margin: expected margin of what each bought in as many days before the wave, shape (n,).
    """

    world: World
    action: Action
    wave: Wave
    buyers: Buyers
    tastes: Tastes
    active: Ints
    strength: Floats
    propensity: Floats
    pre_margin: Floats

    @classmethod
    def of(cls, settings: SimulationSettings, action_id: str) -> RedrawnCampaigns:
        """Return the campaigns of an action on the buyers of a simulated company.

        Args:
            settings: of the company; its customers are one chunk.
            action_id: an action that moves buyers.

        Raises:
            ParameterError: an action that does not move buyers.
        """
        known = {action.id: action for action in ACTIONS if action.outcome in _OUTCOMES}
        if action_id not in known:
            raise ParameterError.unknown("action", action_id, known, where="action_id")
        action, world = known[action_id], World.of(settings)
        chunk = draw_chunk(world, streams_of(np.random.SeedSequence(settings.seed)), np.arange(1, settings.customers + 1))
        who = np.flatnonzero(chunk.campaigns.first_day < settings.days)
        orders, rates, day = chunk.history.orders, chunk.tastes.margin_rate, settings.days - 1
        recent = (orders.day > day - LENGTH_DAYS) & (orders.day <= day)
        spent = np.bincount(orders.customer[recent], weights=orders.amount[recent], minlength=len(rates))
        buyers = Buyers(chunk.buyers.rate[who], chunk.buyers.dropout[who], chunk.history.mean_order[who] / heaviness(settings))
        return cls(
            world=world,
            action=action,
            wave=Wave(action=ACTIONS.index(action), number=0, day=day, id=f"{action_id}-redrawn"),
            buyers=buyers,
            tastes=replace(
                chunk.tastes, affinity=chunk.tastes.affinity[who], online=chunk.tastes.online[who], store=chunk.tastes.store[who]
            ),
            active=np.flatnonzero(chunk.history.is_active[who]),
            strength=action.effects(chunk.people.engagement[who], settings),
            propensity=np.array(action.propensities)[np.minimum(chunk.people.country[who], 1)],
            pre_margin=(spent * rates)[who],
        )

    @property
    def customers(self) -> int:
        """Number of customers of each campaign."""
        return len(self.strength)

    @property
    def truth(self) -> dict[str, float]:
        """Mean effect on the population, by measure: orders, margin and their values after the post window, and the parts of margin."""
        value = self.buyers.mean_order * heaviness(self.world.settings) * self._level * kept_share(self.world.settings)
        rate, none, left = self.tastes.margin_rate, np.zeros(self.customers), kept_orders(self.world.settings)
        if self.action.outcome == "extra_orders":
            orders = np.maximum(self.strength, 0.0)
            found = (orders * left, orders * left, orders * value * rate, orders * value * rate, none, none)
        elif self.action.outcome == "pulled_forward":
            ends = self.action.window_days
            orders = self.strength * (self._expected(ends + BORROWED_DAYS) - self._expected(ends))
            found = (orders * left, none, orders * value * rate, none, none, none)
        else:
            promoted = self.action.promoted
            moved = self.strength * self._expected(self.action.window_days) * value * self.tastes.affinity[:, promoted + 1]
            gained, lost = moved * MARGIN_RATES[promoted], moved * MARGIN_RATES[promoted + 1]
            found = (none, none, gained - lost, gained - lost, gained, -lost)
        names = ("orders", "orders_after", "margin", "margin_after", "margin_promoted", "margin_category")
        return {name: float(values.mean()) for name, values in zip(names, found, strict=True)}

    @property
    def _level(self) -> float:
        return float(self.world.market.price_levels(np.array([self.wave.day]))[0])

    def _expected(self, days: int) -> Floats:
        """Return the orders that each is expected to place by the end of this day after the wave; shape (n,)."""
        start, end = self.world.market.clock.operational(np.array([self.wave.day + 0.5, self.wave.day + days + 1.0]))
        whole = np.zeros(self.customers)
        mine = self.active
        whole[mine] = expected_orders(self.buyers.rate[mine], self.buyers.dropout[mine], float(end - start))
        return whole

    def draw(self, rng: np.random.Generator) -> pl.DataFrame:
        """Return a campaign: customer_id, cluster_id, arm, propensity, pre_margin, and the measures at the end of both windows."""
        n = self.customers
        treated = rng.random(n) < self.propensity
        zeros = np.zeros(n, dtype=np.int64)
        draws = Draws(np.arange(n), zeros, treated, self.propensity, self.strength, zeros, zeros, zeros, zeros.astype(bool))
        orders = self._orders(rng, treated)
        moved = pulled(rng, orders, draws, [self.wave], self.world.market, n)
        ids = number_ids("C", np.arange(n), name="customer_id")
        return pl.DataFrame(
            {
                "customer_id": ids,
                "cluster_id": ids,
                "arm": np.where(treated, "treated", "control"),
                "propensity": self.propensity,
                "pre_margin": self.pre_margin,
                **self._measures(rng, moved, draws),
            }
        )

    def _orders(self, rng: np.random.Generator, treated: NDArray[np.bool_]) -> Orders:
        """Return the orders of both windows: those that come by themselves, and those that the action adds."""
        clock, first = self.world.market.clock, np.full(len(self.active), self.wave.day)
        chosen = Buyers(self.buyers.rate[self.active], self.buyers.dropout[self.active], self.buyers.mean_order[self.active])
        which, day, _, number = draw_order_days(rng, chosen, first, clock, self.wave.day + LENGTH_DAYS + 1)
        starts = np.cumsum(number) - number
        repeat = np.ones(len(which), dtype=bool)
        repeat[starts] = False  # the first stands for the day of the wave
        adds = self.action.outcome == "extra_orders"
        extra = rng.poisson(np.where(treated, np.maximum(self.strength, 0.0), 0.0) * adds)
        more = np.repeat(np.arange(self.customers), extra)
        customer = np.concatenate([self.active[which[repeat]], more])
        days = np.concatenate([day[repeat], self.wave.day + 1 + rng.integers(0, self.action.window_days, len(more))])
        order = np.lexsort((days, customer))
        customer, days = customer[order], distinct_days(customer[order], days[order])
        settings, mean = self.world.settings, self.buyers.mean_order[customer]
        amount = draw_values(rng, rng, settings, self.world.market, mean, days)
        return Orders(customer=customer, day=days, amount=amount, action=np.full(len(customer), -1))

    def _measures(self, rng: np.random.Generator, orders: Orders, draws: Draws) -> dict[str, Floats]:
        """Return orders and margin of each customer, net of what came back, by measure."""
        settings, n = self.world.settings, self.customers
        moving = switched(orders, draws, [self.wave], n)
        moved = None if moving is None else partial(moving.applied, rng)
        lines = draw_lines(rng, orders, self.tastes, self.world.market, settings.disturbances, moved)
        planted = settings.disturbances
        stays = np.ones(len(lines), dtype=bool)
        if settings.hard:
            cancelled = rng.random(len(orders)) < planted.cancel_share
            stays = (rng.random(len(lines)) >= planted.return_share) & ~cancelled[lines.order]
        margin, customer, since = margins(lines) * stays, orders.customer[lines.order], orders.day[lines.order] - self.wave.day
        any_left = np.bincount(lines.order, weights=stays, minlength=len(orders)) > 0
        found: dict[str, Floats] = {}
        for end, last in (("", RESPONSE_DAYS), ("_after", LENGTH_DAYS)):
            inside, within = since <= last, any_left & (orders.day - self.wave.day <= last)
            found[f"orders{end}"] = np.bincount(orders.customer[within], minlength=n).astype(np.float64)
            parts = {"margin": inside, "margin_promoted": inside & (lines.category == self.action.promoted)}
            parts["margin_category"] = inside & (lines.category == self.action.promoted + 1) & (self.action.promoted >= 0)
            for name, mask in parts.items():
                found[f"{name}{end}"] = np.asarray(np.bincount(customer[mask], weights=margin[mask], minlength=n), np.float64)
        return found
