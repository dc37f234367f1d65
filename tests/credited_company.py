"""A shop with a year of touchpoints on five channels, whose spend moves from week to week."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

FIRST, LAST = date(2024, 7, 1), date(2025, 6, 30)
DAYS = (LAST - FIRST).days
CHANNELS = ("direct", "email", "leaflet", "search", "social")
PRICES = {"direct": 0.0, "email": 0.01, "search": 0.5, "social": 0.2}
"""Costs of a touch; that of a leaflet is declared in the table of costs."""
LEAFLET_COST, TV_A_MONTH = 0.8, 100.0
MIDNIGHT = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)


def credited_company(customers: int = 400, *, seed: int = 5) -> dict[str, pl.DataFrame]:
    """Return touchpoints, transactions and costs; two thirds of the orders follow a touch within a day, others come by themselves."""
    rng = np.random.default_rng(seed)
    touches = _touches(rng, customers)
    return {"touchpoints": touches, "transactions": _transactions(rng, touches, customers), "costs": _costs()}


def _touches(rng: np.random.Generator, customers: int) -> pl.DataFrame:
    busy = 0.3 + rng.random(DAYS // 7 + 1)  # how much is advertised in each week
    days = np.repeat(np.arange(DAYS), rng.poisson(12.0 * busy[np.arange(DAYS) // 7]))
    n = len(days)
    channel = rng.choice(CHANNELS, n, p=(0.15, 0.25, 0.1, 0.3, 0.2))
    instants = [MIDNIGHT + timedelta(days=int(day), seconds=int(s)) for day, s in zip(days, rng.integers(0, 86_400, n), strict=True)]
    return pl.DataFrame(
        {
            "touchpoint_id": [f"N{i}" for i in range(n)],
            "customer_id": [f"c{i:04d}" for i in rng.integers(0, customers, n)],
            "occurred_at": pl.Series(instants, dtype=pl.Datetime("us", "UTC")),
            "channel_id": channel.tolist(),
            "kind": ["click"] * n,
            "cost": pl.Series([PRICES.get(name) for name in channel], dtype=pl.Float64),
        }
    )


def _transactions(rng: np.random.Generator, touches: pl.DataFrame, customers: int) -> pl.DataFrame:
    chance = touches["channel_id"].replace_strict({"direct": 0.3, "email": 0.15, "leaflet": 0.1, "search": 0.4, "social": 0.2})
    buys = touches.filter(rng.random(len(touches)) < chance.to_numpy())
    after = buys["occurred_at"] + pl.Series([timedelta(minutes=int(m)) for m in rng.integers(1, 1440, len(buys))])
    alone = len(buys) // 2
    by_themselves = [MIDNIGHT + timedelta(days=float(d)) for d in rng.uniform(0, DAYS, alone)]
    people = [*buys["customer_id"], *(f"x{i:04d}" for i in rng.integers(0, customers, alone))]
    at = pl.concat([after.alias("at"), pl.Series("at", by_themselves, dtype=pl.Datetime("us", "UTC"))])
    n = len(people)
    return pl.DataFrame(
        {
            "transaction_line_id": [f"L{i}" for i in range(n)],
            "transaction_id": [f"T{i}" for i in range(n)],
            "customer_id": people,
            "occurred_at": at,
            "net_amount": rng.gamma(4.0, 10.0, n).round(2),
            "line_kind": ["sale"] * n,
        }
    ).filter(pl.col("occurred_at") < MIDNIGHT + timedelta(days=DAYS + 1))


def _costs() -> pl.DataFrame:
    rows = [("k1", "channel", "leaflet", "contact", LEAFLET_COST), ("k2", "channel", "tv", "month", TV_A_MONTH)]
    return pl.DataFrame(rows, schema=["cost_id", "scope", "scope_id", "per", "amount"], orient="row")
