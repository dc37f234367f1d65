"""The actions of the programme: targets, days, channels, and the true effect of each.

An effect is additive: the outcome of a treated customer is what it would have been, plus the effect.
For customer i it is mean + slope tanh(engagement_i), times (1 - fatigue) for each marketing contact of the
30 days before (hard world). Two leaflets add nothing in the end: one pulls orders forward, one moves sales
within a category. They tire nobody, and are drawn apart from the other actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from datetime import date

    from relkit.tables.simulation.clock import Floats
    from relkit.tables.simulation.settings import SimulationSettings

CHANNELS = ("email", "sms", "phone", "post")
CONTACT_COSTS = (0.002, 0.06, 3.5, 0.85)
"""Cost of a contact by channel, currency."""
PROGRAMME = "default"
FIRST_ORDER_RATE = 0.008
"""Probability of a first order of a non-buyer in the 28 days after a wave, without any action."""
PRESSURE_DAYS = 30

Target = Literal["non_buyers", "holders_who_never_bought", "buyers", "holders"]
Outcome = Literal["first_order", "extra_orders", "contract_kept", "pulled_forward", "switched"]
LEAFLETS: tuple[Outcome, ...] = ("pulled_forward", "switched")
"""Outcomes of actions that only move what would have been bought anyway."""
RESPONSE_DAYS, POST_DAYS = 28, 56
"""Windows of the true effects: by the end of the first, and of the second after it."""
PULL_DAYS = 21
"""Orders pulled forward are placed within these days of the wave."""
BORROWED_DAYS = 42
"""They come from the days after the window, up to this many."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action of the programme.

    Attributes:
        id: action_id.
        channel: position in CHANNELS.
        target: customers who may be drawn.
        outcome: first_order: probability of a first order within the window; extra_orders: expected orders on top, within the
            window; contract_kept: share of the ends due within the window that are averted; pulled_forward: share of the orders
            due in the weeks after the window that is placed within it; switched: share of the sibling category's lines that moves
            to the promoted one.
        first_day, every_days: of the waves.
        window_days: days after the wave in which the effect falls.
        selected: probability that an eligible customer is drawn for, treated or control.
        propensities: probability of treated, at home (FR) and abroad.
        mean, slope: of the effect.
        offer_id: offer carried, or None.
        promoted: position of the category that its offer is limited to, -1 for none.
        breaks_assumptions: whether its effect breaks the assumptions of the clean world, in which it is then zero.
    """

    id: str
    channel: int
    target: Target
    outcome: Outcome
    first_day: int
    every_days: int
    window_days: int
    selected: float
    propensities: tuple[float, float]
    mean: float
    slope: float
    offer_id: str | None = None
    promoted: int = -1
    breaks_assumptions: bool = True

    @property
    def is_leaflet(self) -> bool:
        """True if it only moves what would have been bought anyway."""
        return self.outcome in LEAFLETS

    @property
    def span_days(self) -> int:
        """Days after the wave in which its effect falls, those that it borrows from included."""
        return self.window_days + (BORROWED_DAYS if self.outcome == "pulled_forward" else 0)

    def effects(self, engagement: Floats, settings: SimulationSettings) -> Floats:
        """Return the effect on each customer, without fatigue."""
        if self.breaks_assumptions and not settings.actions_move_buyers:
            return np.zeros(len(engagement))
        return self.mean + self.slope * np.tanh(engagement)


ACTIONS = (
    Action(
        id="welcome_offer",
        channel=0,
        target="non_buyers",
        outcome="first_order",
        first_day=20,
        every_days=60,
        window_days=28,
        selected=0.5,
        propensities=(0.5, 0.7),
        mean=0.05,
        slope=0.03,
        offer_id="O-WELCOME",
        breaks_assumptions=False,
    ),
    Action(
        id="cross_sell",
        channel=3,
        target="holders_who_never_bought",
        outcome="first_order",
        first_day=50,
        every_days=60,
        window_days=28,
        selected=0.4,
        propensities=(0.5, 0.5),
        mean=0.03,
        slope=-0.02,
        offer_id="O-CROSS",
        breaks_assumptions=False,
    ),
    Action(
        id="newsletter",
        channel=0,
        target="buyers",
        outcome="extra_orders",
        first_day=10,
        every_days=30,
        window_days=28,
        selected=0.25,
        propensities=(0.8, 0.8),
        mean=0.0,
        slope=0.0,
    ),
    Action(
        id="voucher",
        channel=1,
        target="buyers",
        outcome="extra_orders",
        first_day=25,
        every_days=60,
        window_days=28,
        selected=0.3,
        propensities=(0.5, 0.7),
        mean=0.08,
        slope=0.06,
        offer_id="O-VOUCHER",
    ),
    Action(
        id="catalogue",
        channel=3,
        target="buyers",
        outcome="extra_orders",
        first_day=75,
        every_days=120,
        window_days=28,
        selected=0.3,
        propensities=(0.6, 0.6),
        mean=0.05,
        slope=-0.05,
    ),
    Action(
        id="retention_call",
        channel=2,
        target="holders",
        outcome="contract_kept",
        first_day=40,
        every_days=90,
        window_days=90,
        selected=0.5,
        propensities=(0.5, 0.5),
        mean=0.4,
        slope=0.15,
    ),
    Action(
        id="early_bird",
        channel=3,
        target="buyers",
        outcome="pulled_forward",
        first_day=85,
        every_days=120,
        window_days=28,
        selected=0.35,
        propensities=(0.5, 0.5),
        mean=0.45,
        slope=0.15,
    ),
    Action(
        id="wine_offer",
        channel=3,
        target="buyers",
        outcome="switched",
        first_day=30,
        every_days=120,
        window_days=28,
        selected=0.35,
        propensities=(0.5, 0.5),
        mean=0.6,
        slope=0.2,
        offer_id="O-WINE",
        promoted=2,
    ),
)
"""newsletter has no effect in either world: a placebo that a sound estimate must not credit (it adds to fatigue)."""


@dataclass(frozen=True, kw_only=True)
class Wave:
    """One wave of an action.

    Attributes:
        action: position in ACTIONS.
        number: number of the wave in the company, from 0 in order of time, those of leaflets last.
        day: day of the draw and of the contacts.
        id: wave_id.
    """

    action: int
    number: int
    day: int
    id: str


def plan_waves(settings: SimulationSettings) -> list[Wave]:
    """Return the waves in order of time, those of leaflets last; the window of each ends within the data."""
    days = [
        (action.is_leaflet, day, k)
        for k, action in enumerate(ACTIONS)
        for day in range(action.first_day, settings.days - action.span_days, action.every_days)
    ]
    waves = []
    for number, (_, day, k) in enumerate(sorted(days)):
        drawn_on = settings.starts_on + timedelta(days=day)
        waves.append(Wave(action=k, number=number, day=day, id=f"{ACTIONS[k].id}-{drawn_on.isoformat()}"))
    return waves


def offers_table(settings: SimulationSettings) -> pl.DataFrame:
    """Return the table offers; one limited to a category ends with the window of its last wave."""
    last = [wave.day + ACTIONS[wave.action].window_days for wave in plan_waves(settings) if ACTIONS[wave.action].offer_id == "O-WINE"]
    ends_on = settings.starts_on + timedelta(days=max(last, default=0))
    return pl.DataFrame(
        {
            "offer_id": ["O-WELCOME", "O-CROSS", "O-VOUCHER", "O-WINE"],
            "name": ["Gift with the first order", "First order for contract holders", "Voucher by text message", "Wine of the month"],
            "funder": ["own", "own", "shared", "own"],
            "unit_cost": [4.0, 3.0, 5.0, 0.0],
            "starts_on": pl.repeat(settings.starts_on, 4, dtype=pl.Date, eager=True),
            "ends_on": [None, None, None, ends_on],
            "category": [None, None, None, "wine"],
        }
    )


def costs_table(starts_on: date) -> pl.DataFrame:
    """Return the table costs: a contact by channel, the work on an action by month, an acquisition."""
    rows: list[tuple[str, str, str | None, str, float]]
    rows = [(f"channel-{name}", "channel", name, "contact", cost) for name, cost in zip(CHANNELS, CONTACT_COSTS, strict=True)]
    rows += [(f"action-{action.id}", "action", action.id, "month", 250.0) for action in ACTIONS]
    rows += [("service-call", "service", "phone", "minute", 0.75), ("acquisition", "acquisition", None, "unit", 18.0)]
    frame = pl.DataFrame(rows, schema=["cost_id", "scope", "scope_id", "per", "amount"], orient="row")
    return frame.with_columns(valid_from=pl.lit(starts_on))
