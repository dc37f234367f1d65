"""A small company that draws customers for actions, with a planted effect: a mailing makes the young order once more."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import modelled_company as company
import numpy as np
import polars as pl

CUSTOMERS = 1_000
MAILED_ON = (date(2024, 2, 1), date(2024, 8, 1), date(2025, 2, 1))
CALLED_ON = date(2024, 5, 1)
LATE_ON = date(2025, 6, 1)
ORDER, EXTRA = 50.0, 0.6
"""Amount of an order, and the probability that a mailing makes a customer under 40 order once more."""


def drawn_company(n: int = CUSTOMERS, *, seed: int = 12) -> dict[str, pl.DataFrame]:
    """Return customers, transactions, assignments, contacts and costs: three waves of a mailing, one of a call to buyers, one not over."""
    rng = np.random.default_rng(seed)
    ids = [f"c{i:05d}" for i in range(n)]
    age = rng.integers(20, 80, n)
    buys = np.arange(n) % 5 > 0  # each fifth customer never bought
    orders = [(ids[i], int(day)) for i in np.flatnonzero(buys) for day in np.sort(rng.integers(0, company.DAYS, rng.poisson(6) + 1))]
    drawn, sent = [], []
    for number, day in enumerate((*MAILED_ON, LATE_ON)):
        treated = rng.random(n) < 0.6
        drawn += [_draw(ids[i], f"mail-{number}", "mail", day, treated=bool(treated[i]), propensity=0.6) for i in range(n)]
        sent += [(ids[i], f"mail-{number}", "mail", "email", day) for i in np.flatnonzero(treated)]
        moved = treated & (age < 40) & (rng.random(n) < EXTRA)
        orders += [(ids[i], (day - company.FIRST).days + 5) for i in np.flatnonzero(moved)]
    before = (CALLED_ON - company.FIRST).days
    bought = sorted({customer for customer, day in orders if day < before})
    called = rng.random(len(bought)) < 0.5
    drawn += [_draw(c, "call-0", "call", CALLED_ON, treated=bool(t), propensity=0.5) for c, t in zip(bought, called, strict=True)]
    sent += [(c, "call-0", "call", "phone", CALLED_ON) for c, t in zip(bought, called, strict=True) if t]
    people = {"customer_id": ids, "birth_year": 2025 - age, "created_on": [company.FIRST] * n}
    return {
        "customers": pl.DataFrame(people),
        "transactions": _lines(orders),
        "assignments": pl.DataFrame(drawn),
        "contacts": _contacts(sent),
        "costs": pl.DataFrame({"cost_id": ["c"], "scope": ["channel"], "scope_id": ["phone"], "per": ["contact"], "amount": [3.5]}),
    }


def noon(day: date) -> datetime:
    """Return noon of a day."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _draw(customer: str, wave: str, action: str, day: date, *, treated: bool, propensity: float) -> dict[str, object]:
    arm = "treated" if treated else "control"
    return {
        "unit_id": customer,
        "wave_id": wave,
        "action_id": action,
        "customer_id": customer,
        "arm": arm,
        "propensity": propensity,
        "drawn_at": noon(day),
    }


def _lines(orders: list[tuple[str, int]]) -> pl.DataFrame:
    customers, days = zip(*sorted(orders), strict=True)
    at = [noon(company.FIRST + timedelta(days=day)) for day in days]
    numbers = [f"T{i}" for i in range(len(days))]
    return pl.DataFrame(
        {
            "transaction_line_id": numbers,
            "transaction_id": numbers,
            "customer_id": customers,
            "occurred_at": pl.Series(at, dtype=pl.Datetime("us", "UTC")),
            "net_amount": [ORDER] * len(days),
            "line_kind": ["sale"] * len(days),
        }
    )


def _contacts(sent: list[tuple[str, str, str, str, date]]) -> pl.DataFrame:
    rows = pl.DataFrame(sent, schema=["customer_id", "wave_id", "action_id", "channel_id", "day"], orient="row")
    cost = pl.when(pl.col("channel_id") == "email").then(0.25)
    at = pl.Series("sent_at", [noon(day) for day in rows["day"]], dtype=pl.Datetime("us", "UTC"))
    return rows.with_columns(at, cost=cost, contact_id=pl.format("K{}", pl.int_range(pl.len()))).drop("day")
