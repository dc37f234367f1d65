"""A small company with buyers and contracts, after relkit check, for the tests of fitting and scoring."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.tables.table_set import TableFacts, TableSet, write_facts

if TYPE_CHECKING:
    from pathlib import Path

FIRST, LAST = date(2023, 1, 1), date(2025, 6, 30)
DAYS = (LAST - FIRST).days


def transactions(n: int = 250, *, seed: int = 3) -> pl.DataFrame:
    """Return the lines of customers B0000 to B<n>, drawn from a BG/NBD world."""
    rng = np.random.default_rng(seed)
    customers, days, values = [], [], []
    for i in range(n):
        day, rate, leaves = rng.uniform(0, DAYS * 0.6), rng.gamma(1.5, 1 / 80), rng.beta(1.0, 5.0)
        mean = rng.gamma(8.0, 5.0)
        while day <= DAYS:
            customers.append(f"B{i:04d}")
            days.append(int(day))
            values.append(round(float(rng.gamma(4.0, mean / 4)), 2))
            if rng.random() < leaves:
                break
            day += 1 + rng.exponential(1 / rate)
    midnight = datetime(FIRST.year, FIRST.month, FIRST.day, 12, tzinfo=UTC)
    return pl.DataFrame(
        {
            "transaction_line_id": [f"L{i}" for i in range(len(days))],
            "transaction_id": [f"T{i}" for i in range(len(days))],
            "customer_id": customers,
            "occurred_at": pl.Series([midnight + timedelta(days=d) for d in days], dtype=pl.Datetime("us", "UTC")),
            "net_amount": values,
            "line_kind": ["sale"] * len(days),
        }
    )


def contracts(n: int = 250, *, seed: int = 4) -> pl.DataFrame:
    """Return the contracts of customers K0000 to K<n>; the first twenty have the ids of buyers."""
    rng = np.random.default_rng(seed)
    start = rng.integers(0, DAYS - 60, n)
    amount = rng.gamma(3.0, 15.0, n).round(2)
    debit = rng.random(n) < 0.6
    length = rng.exponential(500 * np.exp(-0.01 * (amount - 45)) * np.where(debit, 1.6, 1.0)).astype(int) + 1
    ended = start + length <= DAYS
    return pl.DataFrame(
        {
            "contract_id": [f"A{i:04d}" for i in range(n)],
            "valid_from": [FIRST + timedelta(days=int(d)) for d in start],
            "customer_id": [f"B{i:04d}" if i < 20 else f"K{i:04d}" for i in range(n)],
            "status": np.where(ended, "ended", "active").tolist(),
            "started_on": [FIRST + timedelta(days=int(d)) for d in start],
            "ended_on": [FIRST + timedelta(days=int(s + w)) if e else None for s, w, e in zip(start, length, ended, strict=True)],
            "end_reason": ["voluntary" if e else None for e in ended],
            "monthly_amount": amount,
            "payment_method": np.where(debit, "direct_debit", "card").tolist(),
        }
    )


def write_company(out: Path, frames: dict[str, pl.DataFrame] | None = None, **facts: Any) -> TableSet:
    """Write validated tables below an output root and open them."""
    frames = {"transactions": transactions(), "contracts": contracts()} if frames is None else frames
    folder = out / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
    rows = {name: len(frame) for name, frame in frames.items()}
    digests = {name: f"{hash_of(frame):064x}" for name, frame in frames.items()}
    given = {"first_day": FIRST, "last_day": LAST, "assumed_margin_rate": 0.4} | facts
    write_facts(folder, TableFacts(rows=rows, fingerprints=digests, **given))
    return TableSet.open(folder)


def hash_of(frame: pl.DataFrame) -> int:
    """Return a number that follows the content."""
    from relkit.models.base import fingerprint

    return int(fingerprint(frame), 16)
