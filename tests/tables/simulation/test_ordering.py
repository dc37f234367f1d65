from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.simulation import Disturbances, SimulationSettings
from relkit.tables.simulation.ordering import _heavy

if TYPE_CHECKING:
    from relkit.tables.simulation import CompanyTruth

PLANTED = Disturbances()


def test_a_share_of_orders_has_a_heavy_tail():
    """P(factor > y) = share * y^-tail for y > 1 (1 + Lomax is Pareto); 4 standard errors."""
    n = 1_000_000
    factor = _heavy(np.random.default_rng(1), SimulationSettings(world="hard"), np.ones(n))
    for y in (1.0, 2.0, 5.0, 10.0):
        share = PLANTED.heavy_share * y**-PLANTED.heavy_tail
        assert abs((factor > y).mean() - share) < 4 * np.sqrt(share / n)


def test_later_cohorts_spend_less_in_the_hard_world(clean: CompanyTruth, hard: CompanyTruth):
    """Both worlds draw the same people: the ratio of their mean orders is the drift, the heavy tail and the prices, exactly."""
    columns = ["customer_id", "first_ordered_on", "mean_order_value"]
    pairs = clean.customers.select(columns).collect().join(hard.customers.select(columns).collect(), on="customer_id").drop_nulls()
    years = pairs.select((pl.col("first_ordered_on_right") - pl.date(2022, 7, 1)).dt.total_days() / 365.25).to_series().to_numpy()
    level = 1.06 * 1.04 * (1 + PLANTED.heavy_share / (PLANTED.heavy_tail - 1))
    ratio = (pairs["mean_order_value_right"] / pairs["mean_order_value"]).to_numpy()
    np.testing.assert_allclose(ratio, PLANTED.spend_drift**years * level, rtol=1e-9)


def test_customers_of_the_hard_world_may_have_been_there_before(clean: CompanyTruth, hard: CompanyTruth):
    assert not clean.customers.select(pl.col("is_left_censored").any()).collect().item()
    buyers = hard.customers.filter(pl.col("came_as") == "buyer").collect()
    share = buyers["is_left_censored"].mean()
    assert abs(share - PLANTED.earlier_buyer_share) < 4 * np.sqrt(0.16 / len(buyers))
    earlier = buyers.filter("is_left_censored")
    customers = pl.read_parquet(hard.data / "customers.parquet").join(earlier, on="customer_id")
    assert (customers["created_on"] == customers["first_ordered_on"]).all()
    assert customers.filter(pl.col("created_on") >= pl.date(2022, 7, 1)).height == 0
