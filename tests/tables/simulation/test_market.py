from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from relkit.tables.simulation import CompanyTruth, Disturbances, SimulationSettings
from relkit.tables.simulation.market import make_market, promotion_days, pulled_forward, seasons
from relkit.tables.simulation.purchases import Buyers, draw_order_days

HARD = SimulationSettings(world="hard")
PLANTED = Disturbances()


def test_nothing_moves_the_clean_world():
    market = make_market(SimulationSettings())
    assert (np.diff(market.clock.cumulative) == 1).all()
    assert (market.price_level == 1).all()
    assert (market.promoted == -1).all()


def test_orders_a_day_follow_season_drift_and_promotions():
    """Daily orders of customers who never drop out against the planted multipliers: chi-square over days within 4 standard errors."""
    market = make_market(HARD)
    n = 20_000
    buyers = Buyers(rate=np.full(n, 0.7), dropout=np.full(n, 1e-12), mean_order=np.ones(n))
    customer, day, *_ = draw_order_days(np.random.default_rng(1), buyers, np.zeros(n, dtype=np.int64), market.clock, HARD.days)
    repeat = np.concatenate([[False], customer[1:] == customer[:-1]])
    counts = np.bincount(day[repeat], minlength=HARD.days)[30:1060]
    days = np.arange(30, 1060)
    want = n * 0.1 * seasons(HARD, days) * PLANTED.rate_drift ** (days / 365.25)
    want = want * np.where(market.promoted_categories(days) >= 0, PLANTED.promotion_lift, 1.0)
    chi = ((counts - want) ** 2 / want).sum()
    assert abs(chi - len(days)) < 4 * np.sqrt(2 * len(days)) + 0.03 * len(days)  # a day in forty has its collisions moved on
    peak = seasons(HARD, np.arange(365))
    assert peak.max() / peak.min() == pytest.approx(1.35 / 0.65, rel=1e-3)
    assert date.fromordinal(HARD.starts_on.toordinal() + int(peak.argmax())) == date(2022, 12, 15)


def test_promotions_draw_a_share_of_the_orders_that_were_due_after_them():
    market = make_market(HARD)
    rng = np.random.default_rng(2)
    customer = np.repeat(np.arange(30_000), 4)
    day = np.sort(rng.integers(0, HARD.days, (30_000, 4)), axis=1).ravel()
    moved, eligible = pulled_forward(np.random.default_rng(3), HARD, market, customer, day)
    changed = moved != day
    n = int(eligible.sum())
    assert n > 5000
    assert not (changed & ~eligible).any()
    assert abs(changed.sum() / n - PLANTED.pull_forward_share) < 4 * np.sqrt(0.21 / n)
    assert (market.promoted_categories(moved[changed]) >= 0).all()
    same = customer[1:] == customer[:-1]
    assert (np.diff(moved)[same] >= 0).all()
    assert ((day - moved)[changed] <= PLANTED.promotion_days + PLANTED.pull_forward_days).all()


def test_promotions_end_with_what_they_pull_within_the_data():
    starts = promotion_days(HARD)
    assert starts[0] == 45
    assert (np.diff(starts) == 91).all()
    assert starts[-1] + PLANTED.promotion_days + PLANTED.pull_forward_days <= HARD.days
    assert len(promotion_days(SimulationSettings(world="hard", days=20))) == 0


def test_the_calendar_says_what_was_planted(clean: CompanyTruth, hard: CompanyTruth):
    quiet = pl.read_parquet(clean.data / "calendar.parquet")
    assert set(quiet["kind"]) == {"holiday"}
    assert date(2024, 12, 25) in quiet["starts_on"].to_list()
    busy = pl.read_parquet(hard.data / "calendar.parquet")
    promotions = busy.filter(pl.col("kind") == "promotion")
    assert len(promotions) == len(promotion_days(HARD))
    assert (promotions["ends_on"] - promotions["starts_on"]).dt.total_days().unique().to_list() == [9]
    assert busy.filter(pl.col("kind") == "price_change").height == 2


def test_prices_change_in_products_as_planted(hard: CompanyTruth):
    products = pl.read_parquet(hard.data / "products.parquet").filter(pl.col("price").is_not_null()).sort("product_id", "valid_from")
    levels = products.group_by("product_id", maintain_order=True).agg(pl.col("price") / pl.col("price").first())
    assert np.allclose(np.stack(levels["price"].to_list()).mean(axis=0), [1, 1.06, 1.06 * 1.04], atol=1e-3)
