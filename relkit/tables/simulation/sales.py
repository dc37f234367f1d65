"""The table transactions, made from orders and their lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.contracts import INSTANT
from relkit.tables.simulation.actions import ACTIONS
from relkit.tables.simulation.assortment import CHANNELS, STORES, product_ids
from relkit.tables.simulation.baskets import margins, quantities
from relkit.tables.simulation.people import number_ids
from relkit.units import US_A_DAY, US_A_SECOND

if TYPE_CHECKING:
    from relkit.tables.simulation.baskets import Lines, Tastes
    from relkit.tables.simulation.clock import Calendar, Ints
    from relkit.tables.simulation.purchases import Orders

OPENS_S, CLOSES_S = 8 * 3600, 21 * 3600
"""Orders are placed between these seconds of the local day."""
RECORDED_WITHIN_S = 600


@dataclass(frozen=True, eq=False)
class Placement:
    """Place and time of orders, one value each.

    Attributes:
        number: number of the order in the company, from 1.
        channel: position in CHANNELS.
        store: position of the store; meaningful if the channel is the store.
        occurred_us: UTC microseconds.
        recorded_us: UTC microseconds.
    """

    number: Ints
    channel: Ints
    store: Ints
    occurred_us: Ints
    recorded_us: Ints


def draw_placement(
    rng: np.random.Generator, orders: Orders, tastes: Tastes, calendar: Calendar, first_number: int, late: tuple[float, float]
) -> Placement:
    """Return place and time of the orders; each is recorded within ten minutes, except the `late` ones (share, mean days)."""
    n = len(orders)
    online = rng.random(n) < tastes.online[orders.customer]
    channel = np.where(online, rng.choice([1, 2, 3], size=n, p=(0.6, 0.35, 0.05)), 0)
    away = rng.random(n) < 0.15
    store = np.where(away, rng.integers(0, STORES, n), tastes.store[orders.customer])
    occurred = calendar.instants(orders.day, rng.integers(OPENS_S, CLOSES_S, n))
    recorded = occurred + rng.integers(0, RECORDED_WITHIN_S, n) * US_A_SECOND
    is_late = rng.random(n) < late[0]
    delay = 1 + np.floor(rng.exponential(late[1], n)).astype(np.int64)
    recorded = recorded + np.where(is_late, delay, 0) * US_A_DAY
    return Placement(number=first_number + np.arange(n), channel=channel, store=store, occurred_us=occurred, recorded_us=recorded)


def instants(microseconds: Ints) -> pl.Series:
    """Return UTC microseconds as a column of instants."""
    return pl.Series(microseconds).cast(INSTANT)


def transactions_table(ids: pl.Series, orders: Orders, placement: Placement, lines: Lines) -> pl.DataFrame:
    """Return the lines as the table transactions; `ids` are those of the customers."""
    order = lines.order
    stores = pl.Series([f"M{k + 1:03d}" for k in range(STORES)])
    offers = pl.Series([*(action.offer_id for action in ACTIONS), None], dtype=pl.String)
    frame = pl.DataFrame(
        {
            "transaction_line_id": number_ids("L", placement.number[order] * 10 + lines.rank, digits=10),
            "transaction_id": number_ids("T", placement.number, digits=9).gather(order),
            "customer_id": ids.gather(orders.customer[order]),
            "occurred_at": instants(placement.occurred_us[order]),
            "product_id": pl.Series(product_ids()).gather(lines.position),
            "quantity": quantities(lines),
            "net_amount": (lines.cents - lines.discount) / 100,
            "discount_amount": lines.discount / 100,
            "margin_amount": margins(lines),
            "line_kind": pl.repeat("sale", len(lines), eager=True),
            "return_of": pl.repeat(None, len(lines), dtype=pl.String, eager=True),
            "channel_id": pl.Series(CHANNELS).gather(placement.channel[order]),
            "store_id": stores.gather(placement.store[order]),
            "offer_id": offers.gather(np.where(orders.action < 0, len(ACTIONS), orders.action)[order]),
            "recorded_at": instants(placement.recorded_us[order]),
        }
    )
    return frame.with_columns(
        pl.when(pl.col("channel_id") == "store").then("store_id").alias("store_id"),
        pl.when(pl.col("discount_amount") > 0).then(pl.lit("shared")).alias("discount_funder"),
    )
