"""Loyalty cards: points earned with orders, burned in vouchers, tiers reached; and the identifiers by which customers are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.simulation.people import number_ids
from relkit.tables.simulation.sales import instants

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.tables.simulation.clock import Calendar, Floats, Ints
    from relkit.tables.simulation.people import People
    from relkit.tables.simulation.purchases import Orders

POINTS_A_VOUCHER, VOUCHER_VALUE = 500, 5.0
TIERS = ((1000, "silver"), (3000, "gold"))
KINDS = ("earned", "burned", "tier")


def has_card(people: People) -> NDArray[np.bool_]:
    """Return a mask of the card holders: three customers in ten."""
    return np.asarray(people.number % 10 < 3)


def loyalty_table(people: People, orders: Orders, occurred_us: Ints, first_number: int) -> pl.DataFrame:
    """Return the table loyalty_movements: one point per unit of currency, a voucher burned at every 500, tiers at 1,000 and 3,000."""
    mine = np.flatnonzero(has_card(people)[orders.customer])
    customer, at_us = orders.customer[mine], occurred_us[mine]
    points = np.floor(orders.amount[mine])
    balance = _running(customer, points)
    before = balance - points
    burned = np.floor(balance / POINTS_A_VOUCHER) - np.floor(before / POINTS_A_VOUCHER)
    parts = [_movements(people, customer, at_us, "earned", points, np.full(len(points), np.nan))]
    some = np.flatnonzero(burned > 0)
    value = burned[some] * VOUCHER_VALUE
    parts.append(_movements(people, customer[some], at_us[some], "burned", burned[some] * POINTS_A_VOUCHER, value))
    for limit, name in TIERS:
        reached = np.flatnonzero((before < limit) & (balance >= limit))
        none = np.full(len(reached), np.nan)
        parts.append(_movements(people, customer[reached], at_us[reached], "tier", none, none, tier=name))
    frame = pl.concat(parts).sort("customer_id", "occurred_at", "kind", "tier", maintain_order=True)
    ids = number_ids("B", first_number + np.arange(len(frame)), digits=10, name="movement_id")
    return frame.insert_column(0, ids)


def _running(customer: Ints, points: Floats) -> Floats:
    """Return the running sum of points within each customer, rows being grouped by customer."""
    sums = np.cumsum(points)
    first = np.concatenate([[True], customer[1:] != customer[:-1]]) if len(customer) else np.zeros(0, dtype=bool)
    starts = np.flatnonzero(first)
    base = (sums - points)[starts]
    return np.asarray(sums - np.repeat(base, np.diff(np.append(starts, len(customer)))))


def _movements(
    people: People, customer: Ints, at_us: Ints, kind: str, points: Floats, value: Floats, *, tier: str | None = None
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": people.ids.gather(customer),
            "card_id": number_ids("F", people.number[customer]),
            "occurred_at": instants(at_us),
            "kind": pl.repeat(kind, len(customer), dtype=pl.String, eager=True),
            "points": pl.Series(points, nan_to_null=True),
            "tier": pl.repeat(tier, len(customer), dtype=pl.String, eager=True),
            "value": pl.Series(value, nan_to_null=True),
        }
    )


def identifiers_table(people: People, created_day: Ints, calendar: Calendar) -> pl.DataFrame:
    """Return the table identifiers: account numbers for all, card numbers, and addresses that cannot exist (RFC 2606)."""
    card = np.flatnonzero(has_card(people))
    online = np.flatnonzero(people.number % 5 > 1)
    address = number_ids("c", people.number).gather(online) + "@example.invalid"
    parts = [
        _identifiers(people, np.arange(len(people)), "crm", "account", number_ids("Q", people.number)),
        _identifiers(people, card, "loyalty", "card", number_ids("F", people.number[card])),
        _identifiers(people, online, "web", "email", address),
    ]
    dates = pl.DataFrame({"customer_id": people.ids, "valid_from": calendar.dates(created_day)})
    return pl.concat(parts).join(dates, on="customer_id", how="left", maintain_order="left")


def _identifiers(people: People, who: Ints, source: str, kind: str, values: pl.Series) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "source": pl.repeat(source, len(who), eager=True),
            "id_type": pl.repeat(kind, len(who), eager=True),
            "id_value": values,
            "customer_id": people.ids.gather(who),
            "role": pl.repeat("holder", len(who), eager=True),
            "is_verified": pl.repeat(value=source != "web", n=len(who), eager=True),
        }
    )
