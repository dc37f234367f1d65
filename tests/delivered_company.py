"""A small company after features and scores, for the tests of deliveries and reports."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from score_records import record

from relkit.scores.kept_scores import record_of
from relkit.tables.table_set import TableFacts, write_facts

if TYPE_CHECKING:
    from pathlib import Path

MAY, JUNE = date(2025, 5, 31), date(2025, 6, 30)


def customers(n: int = 200, *, seed: int = 1) -> pl.DataFrame:
    """Customer table, one row per customer; every fifth is a prospect who never ordered."""
    rng = np.random.default_rng(seed)
    buyer = np.arange(n) % 5 != 4
    frame = pl.DataFrame(
        {
            "customer_id": [f"C{i:04d}" for i in range(n)],
            "is_left_censored": rng.random(n) < 0.1,
            "days_since_last_order": rng.integers(0, 700, n),
            "orders_12m": rng.integers(0, 20, n),
            "revenue_12m_eur": rng.gamma(1, 200, n),
            "margin_source": ["assumed"] * n,
            "channel_profile": rng.choice(["single", "multi"], n),
            "past_margin_eur": rng.gamma(1, 90, n),
            "has_open_case": rng.random(n) < 0.1,
            "consent_email": rng.choice(["granted", "refused", "unknown"], n),
            "contacts_30d_email": rng.integers(0, 5, n),
            "postcode": ["75001"] * n,
            "repeat_purchases": rng.integers(1, 9, n),
            "observed_days": rng.uniform(90, 700, n),
            "past_revenue_eur": rng.gamma(1, 300, n),
        }
    )
    orders = ["is_left_censored", "days_since_last_order", "channel_profile", "past_margin_eur", "repeat_purchases", "observed_days"]
    return frame.with_columns(pl.when(pl.Series(buyer)).then(pl.col(name)).alias(name) for name in orders)


def scores(people: pl.DataFrame, as_of: date = JUNE, *, seed: int = 1) -> pl.DataFrame:
    """The long score table of customers who ordered."""
    rng = np.random.default_rng(seed)
    ids = people.filter(pl.col("days_since_last_order").is_not_null())["customer_id"]
    margin = rng.gamma(1, 100, len(ids))
    return pl.concat(
        [
            score(ids, "p_alive", rng.random(len(ids)), as_of=as_of),
            score(ids, "expected_orders_90d", rng.gamma(1, 1, len(ids)), as_of=as_of, horizon=90),
            score(ids, "future_margin_24m", margin, as_of=as_of, bounds=(margin * 0.8, margin * 1.2), horizon=730),
            score(ids[:40], "churn_probability_90d", rng.random(len(ids[:40])) * 0.2, as_of=as_of, model="survival.cox", horizon=90),
        ]
    )


def score(ids, name, values, *, as_of=JUNE, model="lifetime_value.bg_nbd", version="1", bounds=(None, None), horizon=None) -> pl.DataFrame:
    """Rows of one score."""
    return pl.DataFrame({"customer_id": ids}, schema={"customer_id": pl.String}).with_columns(
        as_of=pl.lit(as_of),
        score=pl.lit(name),
        value=pl.Series(values, dtype=pl.Float64),
        lower=pl.lit(None, dtype=pl.Float64) if bounds[0] is None else pl.Series(bounds[0]),
        upper=pl.lit(None, dtype=pl.Float64) if bounds[1] is None else pl.Series(bounds[1]),
        horizon_days=pl.lit(horizon, dtype=pl.Int32),
        model=pl.lit(model),
        version=pl.lit(version),
        trained_as_of=pl.lit(as_of),
    )


def leave(out: Path, as_of: date = JUNE, *, people: pl.DataFrame | None = None, scored: bool = True, seed: int = 1) -> Path:
    """Write the output of the jobs before `deliver` under `out`, and return it."""
    people = customers(seed=seed) if people is None else people
    (out / "tables").mkdir(parents=True, exist_ok=True)
    write_facts(out / "tables", TableFacts(last_day=as_of, rows={"transactions": 900}, fingerprints={"transactions": "0" * 64}))
    folder = out / "features" / as_of.isoformat()
    folder.mkdir(parents=True)
    people.write_parquet(folder / "customers.parquet")
    if scored:
        folder = out / "scores" / as_of.isoformat()
        folder.mkdir(parents=True)
        scored = scores(people, as_of, seed=seed)
        scored.write_parquet(folder / "scores.parquet")
        behind = {"model": "lifetime_value.bg_nbd", "version": "1", "run_id": f"run-{seed}", "metric": "mae", "value": 0.5}
        models = {name: record_of(record(name)) | behind for name in scored["score"].unique().sort()}
        (folder / "models.json").write_text(json.dumps(models))
    return out
