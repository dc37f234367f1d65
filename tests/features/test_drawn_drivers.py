"""Drivers as of many days at once are those of each day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import modelled_company as company
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.features.customer_drivers import COUNTS, customer_drivers
from relkit.features.drawn_drivers import drivers_at

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.tables.table_set import TableSet

DAYS = [date(2023, 3, 25), date(2023, 12, 31), date(2024, 2, 29), date(2024, 10, 26), date(2025, 6, 30)]
ATTRIBUTES = {
    "plan": {"personal_data": "none"},
    "score": {"personal_data": "none", "known_at": "2024-01-01"},
    "ends_on": {"personal_data": "none"},
    "left": {"personal_data": "none", "role": "outcome"},
}


def snapshots(rng: np.random.Generator) -> pl.DataFrame:
    n = 400
    days = [company.FIRST + timedelta(days=int(day)) for day in rng.integers(0, company.DAYS, n)]
    ids = [f"B{i:04d}" for i in rng.integers(0, 250, n)]
    ends = [day + timedelta(days=int(more)) for day, more in zip(days, rng.integers(-100, 400, n), strict=True)]
    rows = {"customer_id": ids, "as_of": days, "plan": rng.choice(["S", "M"], n), "score": rng.normal(size=n), "ends_on": ends}
    return pl.DataFrame(rows | {"left": rng.random(n) < 0.2}).unique(["customer_id", "as_of"], keep="first", maintain_order=True)


def contacts(rng: np.random.Generator) -> pl.DataFrame:
    n = 3_000
    seconds = rng.integers(0, company.DAYS * 86_400, n)
    sent = [datetime(2023, 1, 1, tzinfo=UTC) + timedelta(seconds=int(s)) for s in seconds]
    late = [at + timedelta(days=int(d)) for at, d in zip(sent, rng.integers(0, 20, n), strict=True)]
    ids = [f"B{i:04d}" for i in rng.integers(0, 250, n)]
    rows = {
        "contact_id": [f"k{i}" for i in range(n)],
        "customer_id": ids,
        "channel_id": ["email"] * n,
        "sent_at": sent,
        "recorded_at": late,
    }
    return pl.DataFrame(rows, schema_overrides={"sent_at": pl.Datetime("us", "UTC"), "recorded_at": pl.Datetime("us", "UTC")})


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> TableSet:
    """Return a company in Paris with purchases at night, contracts, contacts recorded late, snapshots and people."""
    folder: Path = tmp_path_factory.mktemp("drivers")
    rng = np.random.default_rng(5)
    lines = company.transactions()
    night = pl.Series(rng.integers(-13, 12, len(lines)))
    frames = {
        "transactions": lines.with_columns(pl.col("occurred_at") + pl.duration(hours=night)),
        "contracts": company.contracts(),
        "contacts": contacts(rng),
        "customer_snapshots": snapshots(rng),
        "customers": pl.DataFrame(
            {
                "customer_id": [f"B{i:04d}" for i in range(250)],
                "created_on": [company.FIRST + timedelta(days=int(d)) for d in rng.integers(0, 700, 250)],
                "birth_year": rng.integers(1940, 2004, 250),
                "is_test": [i == 7 for i in range(250)],
            }
        ),
    }
    return company.write_company(folder / "default", frames, business_zone="Europe/Paris", attributes=ATTRIBUTES)


def test_they_are_those_of_each_day(tables):
    ids = [f"B{i:04d}" for i in range(0, 250, 2)] + ["K0033", "nobody"]
    draws = pl.DataFrame({"customer_id": ids}).join(pl.DataFrame({"known_on": DAYS}), how="cross")
    found = drivers_at(tables, draws.sample(fraction=1.0, shuffle=True, seed=1))
    assert found.select("customer_id", "known_on").equals(draws.sort("customer_id", "known_on"))
    for day in DAYS:
        each = customer_drivers(tables, tables.as_of(day))
        assert {"plan", "score", "days_to_ends_on", "age_years", "contacts_90d", "orders"} <= set(each.columns)
        assert "left" not in each.columns
        want = pl.DataFrame({"customer_id": sorted(ids)}).join(each, on="customer_id", how="left", maintain_order="left")
        got = found.filter(pl.col("known_on") == day).drop("known_on")
        counts = [name for name in COUNTS if name in want.columns]
        assert_frame_equal(got.select(want.columns), want.with_columns(pl.col(counts).fill_null(0)))


def test_a_draw_that_comes_twice_counts_once(tables):
    draws = pl.DataFrame({"customer_id": ["B0001", "B0001"], "known_on": [DAYS[2]] * 2})
    assert len(drivers_at(tables, draws)) == 1


def test_slices_give_the_same(tables, monkeypatch):
    ids = pl.DataFrame({"customer_id": [f"B{i:04d}" for i in range(40)]})
    draws = ids.join(pl.DataFrame({"known_on": DAYS}), how="cross")
    whole = drivers_at(tables, draws)
    monkeypatch.setattr("relkit.features.drawn_drivers.DRAWS_AT_ONCE", 33)
    assert_frame_equal(drivers_at(tables, draws), whole, check_column_order=False)


def test_nobody_drawn(tables):
    assert drivers_at(tables, pl.DataFrame(schema={"customer_id": pl.String, "known_on": pl.Date})).is_empty()
