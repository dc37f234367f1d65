"""The tables assignments, contacts and outcomes, made from the draws of the waves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.simulation.actions import ACTIONS, CHANNELS, CONTACT_COSTS, PROGRAMME, plan_waves
from relkit.tables.simulation.people import number_ids
from relkit.tables.simulation.permissions import NEVER
from relkit.tables.simulation.sales import instants
from relkit.units import US_A_SECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.tables.simulation.campaigns import Draws
    from relkit.tables.simulation.clock import Calendar, Floats, Ints
    from relkit.tables.simulation.people import People
    from relkit.tables.simulation.settings import SimulationSettings

DRAWN_AT_S = 7 * 3600
US_AN_HOUR = 3600 * US_A_SECOND
BOUNCED = (0.02, 0.03, 0.0, 0.01)
"""Share of contacts that do not arrive, by channel; responders received theirs."""
MACHINE_OPENED = 0.06
"""Share of opened e-mails that a machine opened."""


def assignments_table(settings: SimulationSettings, people: People, draws: Draws, calendar: Calendar) -> pl.DataFrame:
    """Return the table assignments."""
    frame = pl.DataFrame(
        {
            "customer_id": people.ids.gather(draws.customer),
            "wave": draws.wave,
            "arm": pl.Series(["control", "treated"]).gather(draws.treated.astype(np.int64)),
            "propensity": draws.propensity,
        }
    )
    return (
        frame.join(_waves(settings, calendar), on="wave", how="left", maintain_order="left")
        .with_columns(unit_id=pl.col("customer_id"), programme_id=pl.lit(PROGRAMME), selected_if_treated=pl.lit(value=True))
        .select(
            "unit_id",
            "wave_id",
            "action_id",
            "customer_id",
            "programme_id",
            "arm",
            "propensity",
            "eligible_on",
            "selected_if_treated",
            "drawn_at",
            "salt",
        )
    )


def _waves(settings: SimulationSettings, calendar: Calendar) -> pl.DataFrame:
    waves = plan_waves(settings)
    days = np.array([wave.day for wave in waves], dtype=np.int64)
    ids = pl.Series([wave.id for wave in waves], dtype=pl.String)
    return pl.DataFrame(
        {
            "wave": pl.Series([wave.number for wave in waves], dtype=pl.Int64),
            "wave_id": ids,
            "action_id": pl.Series([ACTIONS[wave.action].id for wave in waves], dtype=pl.String),
            "channel_id": pl.Series([CHANNELS[ACTIONS[wave.action].channel] for wave in waves], dtype=pl.String),
            "offer_id": pl.Series([ACTIONS[wave.action].offer_id for wave in waves], dtype=pl.String),
            "cost": pl.Series([CONTACT_COSTS[ACTIONS[wave.action].channel] for wave in waves], dtype=pl.Float64),
            "eligible_on": calendar.dates(days),
            "drawn_at": instants(calendar.instants(days, np.full(len(days), DRAWN_AT_S))),
            "salt": pl.Series([f"{settings.seed}:{wave.id}" for wave in waves], dtype=pl.String),
        }
    )


def contact_ids(people: People, draws: Draws) -> pl.Series:
    """Return the contact of each draw, by customer and wave; meaningful for the treated."""
    return number_ids("X", people.number[draws.customer] * 1000 + draws.wave, digits=11)


def contacts_table(settings: SimulationSettings, people: People, draws: Draws, calendar: Calendar) -> pl.DataFrame:
    """Return the table contacts: the treated draws."""
    frame = pl.DataFrame(
        {
            "contact_id": contact_ids(people, draws),
            "customer_id": people.ids.gather(draws.customer),
            "wave": draws.wave,
            "sent_at": instants(draws.sent_us),
            "treated": draws.treated,
        }
    )
    return (
        frame.filter("treated")
        .join(_waves(settings, calendar), on="wave", how="left", maintain_order="left")
        .with_columns(pl.lit("marketing").alias("class"), direction=pl.lit("outbound"), source_function=pl.lit("marketing"))
        .select(
            "contact_id",
            "customer_id",
            "channel_id",
            "sent_at",
            "action_id",
            "wave_id",
            "offer_id",
            "class",
            "direction",
            "source_function",
            "cost",
        )
    )


def outcomes_table(
    rng: np.random.Generator, people: People, draws: Draws, calendar: Calendar, settings: SimulationSettings
) -> pl.DataFrame:
    """Return the table outcomes, by contact."""
    waves = plan_waves(settings)
    action = np.array([wave.action for wave in waves], dtype=np.int64)[draws.wave]
    channel = np.array([a.channel for a in ACTIONS])[action]
    contacts = contact_ids(people, draws)
    engagement = people.engagement[draws.customer]
    responded = draws.response_day < NEVER
    parts = [
        *_electronic(rng, contacts, draws, channel, engagement, responded),
        *_calls(rng, contacts, draws, channel),
        *_responses(rng, contacts, draws, action, responded, calendar),
    ]
    return pl.concat(parts).sort("contact_id", "occurred_at", "outcome")


def _outcome(
    name: str, contacts: pl.Series, who: NDArray[np.bool_], at_us: Ints, *, automated: NDArray[np.bool_] | None = None
) -> pl.DataFrame:
    chosen = np.flatnonzero(who)
    machine = np.zeros(len(chosen), dtype=bool) if automated is None else automated[chosen]
    return pl.DataFrame(
        {
            "contact_id": contacts.gather(chosen),
            "outcome": pl.repeat(name, len(chosen), eager=True),
            "occurred_at": instants(at_us[chosen]),
            "offer_id": pl.repeat(None, len(chosen), dtype=pl.String, eager=True),
            "is_automated": machine,
        }
    )


def _electronic(
    rng: np.random.Generator, contacts: pl.Series, draws: Draws, channel: Ints, engagement: Floats, responded: NDArray[np.bool_]
) -> list[pl.DataFrame]:
    """Return the outcomes of messages: delivered or bounced, opened, clicked, unsubscribed."""
    n = len(draws.customer)
    message = draws.treated & (channel != CHANNELS.index("phone"))
    bounced = message & (rng.random(n) < np.array(BOUNCED)[channel]) & ~responded & ~draws.unsubscribed
    arrived = message & ~bounced
    opened = arrived & (channel == CHANNELS.index("email")) & (rng.random(n) < 1 / (1 + np.exp(0.6 - 0.8 * engagement)))
    machine = opened & (rng.random(n) < MACHINE_OPENED)
    clicked = opened & ~machine & (rng.random(n) < 1 / (1 + np.exp(1.5 - 0.6 * engagement)))
    delivered_us = draws.sent_us + rng.integers(1, 300, n) * US_A_SECOND
    opened_us = delivered_us + (rng.exponential(6.0, n).clip(0, 48) * US_AN_HOUR).astype(np.int64)
    clicked_us = opened_us + rng.integers(5, 300, n) * US_A_SECOND
    left_us = draws.sent_us + US_AN_HOUR
    return [
        _outcome("delivered", contacts, arrived, delivered_us),
        _outcome("bounced", contacts, bounced, delivered_us),
        _outcome("opened", contacts, opened, opened_us, automated=machine),
        _outcome("clicked", contacts, clicked, clicked_us),
        _outcome("unsubscribed", contacts, draws.unsubscribed, left_us),
    ]


def _calls(rng: np.random.Generator, contacts: pl.Series, draws: Draws, channel: Ints) -> list[pl.DataFrame]:
    """Return the outcomes of calls: reached, no answer, wrong number, refused; of those reached some want an appointment."""
    n = len(draws.customer)
    called = draws.treated & (channel == CHANNELS.index("phone"))
    result = rng.choice(4, size=n, p=(0.5, 0.38, 0.02, 0.1))
    names = ("reached", "no_answer", "wrong_number", "refused")
    frames = [_outcome(name, contacts, called & (result == k), draws.sent_us) for k, name in enumerate(names)]
    agreed = called & (result == 0) & (rng.random(n) < 0.15)
    return [*frames, _outcome("appointment", contacts, agreed, draws.sent_us + 300 * US_A_SECOND)]


def _responses(
    rng: np.random.Generator, contacts: pl.Series, draws: Draws, action: Ints, responded: NDArray[np.bool_], calendar: Calendar
) -> list[pl.DataFrame]:
    """Return converted for each response, and redeemed if the action carried an offer."""
    day = np.where(responded, draws.response_day, 0)
    at_us = calendar.instants(day, rng.integers(8 * 3600, 21 * 3600, len(day)))
    offers = pl.Series([a.offer_id for a in ACTIONS], dtype=pl.String).gather(action)
    carried = offers.is_not_null().to_numpy()
    redeemed = _outcome("redeemed", contacts, responded & carried, at_us)
    redeemed = redeemed.with_columns(offer_id=offers.gather(np.flatnonzero(responded & carried)))
    return [_outcome("converted", contacts, responded, at_us), redeemed]
