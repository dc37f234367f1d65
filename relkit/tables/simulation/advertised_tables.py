"""Tables of an advertised company, as declared: customers, touchpoints, transactions, costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.simulation.people import number_ids
from relkit.units import US_A_DAY

if TYPE_CHECKING:
    from relkit.tables.simulation.advertised_rates import Events
    from relkit.tables.simulation.advertised_settings import AdvertisedWorld
    from relkit.tables.simulation.clock import Floats, Ints

COUNTRIES = ("BE", "FR", "LU")
NEWSLETTER_TOOL_MONTHLY = 400.0


def customers_table(world: AdvertisedWorld, people: int) -> pl.DataFrame:
    """Return the table customers; all of them were there before the data."""
    number = np.arange(people)
    created = np.datetime64(world.starts_on) - world.history_days - 1
    return pl.DataFrame(
        {
            "customer_id": customer_ids(number),
            "created_on": np.full(people, created),
            "country": pl.Series(np.array(COUNTRIES)[number % 3]),
        }
    )


def touchpoints_table(world: AdvertisedWorld, touches: list[Events]) -> pl.DataFrame:
    """Return the table touchpoints in order of time."""
    channel = np.repeat(np.arange(len(touches)), [len(each) for each in touches])
    person = np.concatenate([each.person for each in touches])
    day = np.concatenate([each.day for each in touches])
    order = np.argsort(day, kind="stable")
    channel, person = channel[order], person[order]
    named = {name: np.array([getattr(each, name) for each in world.channels])[channel] for name in ("name", "kind", "cost")}
    return pl.DataFrame(
        {
            "touchpoint_id": number_ids("T", np.arange(len(order)), digits=9),
            "customer_id": customer_ids(person),
            "occurred_at": instants(world, day[order]),
            "channel_id": named["name"],
            "kind": named["kind"],
            "cost": named["cost"],
        }
    )


def transactions_table(rng: np.random.Generator, world: AdvertisedWorld, orders: Events, mean_value: Floats) -> pl.DataFrame:
    """Return the table transactions, one line an order; values are gamma around a customer's mean, whatever caused the order."""
    value = mean_value[orders.person] * rng.gamma(world.value_shape, 1 / world.value_shape, len(orders))
    amount = np.maximum(np.round(value, 2), 0.01)
    frame = pl.DataFrame(
        {
            "customer_id": customer_ids(orders.person),
            "occurred_at": instants(world, orders.day),
            "net_amount": amount,
            "margin_amount": np.round(amount * world.margin_rate, 2),
            "line_kind": np.full(len(orders), "sale"),
            "channel_id": np.full(len(orders), "web"),
        }
    ).sort("occurred_at", maintain_order=True)
    number = np.arange(len(orders))
    return frame.select(
        number_ids("L", number, digits=9, name="transaction_line_id"), number_ids("O", number, digits=9, name="transaction_id"), pl.all()
    )


def costs_table(world: AdvertisedWorld) -> pl.DataFrame:
    """Return the table costs: the newsletter's tool is paid by the month; other costs are those of touches."""
    return pl.DataFrame(
        {
            "cost_id": ["newsletter_tool"],
            "scope": ["channel"],
            "scope_id": ["email"],
            "per": ["month"],
            "amount": [NEWSLETTER_TOOL_MONTHLY],
            "valid_from": [world.starts_on],
        }
    )


def customer_ids(number: Ints) -> pl.Series:
    """Return the ids of customers by position."""
    return number_ids("P", number + 1, digits=7, name="customer_id")


def instants(world: AdvertisedWorld, day: Floats) -> pl.Series:
    """Return the UTC instants of times in days since day 0."""
    midnight = np.datetime64(world.starts_on, "D").astype(np.int64) * US_A_DAY
    return pl.Series("occurred_at", midnight + np.floor(day * US_A_DAY).astype(np.int64)).cast(pl.Datetime("us", "UTC"))
