from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from measured_shop import drawn_units

from relkit.errors import TableError
from relkit.measurement.designs import Design
from relkit.measurement.money import NO_COST, ORDERS_NOT_RAISED, account_of, campaign_part, cumulated, incremental, ratio_of_effects

MEASURES = ("margin", "cost", "orders")


def plain(units: pl.DataFrame) -> Design:
    return Design.of(units, propensity=None, wave=None, cluster=None)


def test_totals_are_the_effect_times_the_units_treated() -> None:
    design = Design.of(drawn_units())
    found = design.estimates(MEASURES, target="treated")
    effect, total = design.effect("margin", target="treated"), incremental(found, "margin")
    n = design.sizes[0]
    assert (total.estimate, total.low, total.high) == pytest.approx((effect.estimate * n, effect.low * n, effect.high * n))
    assert total.p_value == effect.p_value


def test_net_is_margin_minus_cost_unit_by_unit() -> None:
    rng = np.random.default_rng(2)
    units = drawn_units().with_columns(cost=pl.when(pl.col("arm") == "treated").then(pl.Series(rng.gamma(2, 1, 400))).otherwise(0.0))
    account = account_of(plain(units).estimates(MEASURES), orders="orders")
    net = plain(units.with_columns(net=pl.col("margin") - pl.col("cost"))).effect("net")
    assert (account.net.estimate, account.net.se) == pytest.approx((net.estimate * account.n_treated, net.se * account.n_treated))
    assert account.net.estimate == pytest.approx(account.margin.estimate - account.cost.estimate)
    assert account.roi.estimate == pytest.approx(account.net.estimate / account.cost.estimate)
    assert account.roi.estimate == pytest.approx(account.margin_per_cost.estimate - 1)
    assert account.roi.low == pytest.approx(account.margin_per_cost.low - 1)


def test_roi_breaks_even_exactly_when_net_does() -> None:
    """Fieller's set of a ratio contains r if above - r x below does not differ from zero: with r = 0, if net does not."""
    for seed in range(6):
        account = account_of(plain(drawn_units(300, seed=seed)).estimates(MEASURES))
        if account.roi.low is not None:
            assert (account.roi.low > 0) == (account.net.low > 0)


def test_cost_per_order_is_undefined_if_orders_were_not_raised() -> None:
    raised = drawn_units(4000).with_columns(orders=pl.col("orders") + (pl.col("arm") == "treated").cast(pl.Int64))
    account = account_of(plain(raised).estimates(MEASURES), orders="orders")
    assert account.cost_per_order.estimate == pytest.approx(account.cost.estimate / account.orders.estimate)
    assert account.cost_per_order.low < account.cost_per_order.estimate < account.cost_per_order.high
    lowered = raised.with_columns(orders=-pl.col("orders"))
    assert account_of(plain(lowered).estimates(MEASURES), orders="orders").cost_per_order.reason == ORDERS_NOT_RAISED
    unclear = drawn_units(60, seed=9).with_columns(orders=pl.Series(np.r_[np.zeros(58), 1, 1]))
    found = account_of(plain(unclear).estimates(MEASURES), orders="orders").cost_per_order
    assert (found.low, found.reason) == (None, ORDERS_NOT_RAISED)


def test_an_action_without_cost_has_no_return_per_euro() -> None:
    account = account_of(plain(drawn_units().with_columns(cost=pl.lit(0.0))).estimates(MEASURES))
    assert (account.roi.estimate, account.roi.reason) == (None, NO_COST)
    assert account.net.estimate == pytest.approx(account.margin.estimate)


def test_a_ratio_of_effects_without_interval_in_arms_of_one_unit() -> None:
    units = pl.DataFrame({"arm": ["treated", "control"], "margin": [3.0, 1.0], "cost": [1.0, 0.0]})
    found = ratio_of_effects(plain(units).estimates(("margin", "cost")), {"margin": 1.0}, {"cost": 1.0})
    assert (found.estimate, found.low) == (2.0, None)


def part(units: pl.DataFrame, customers: str = "unit_id") -> object:
    design = plain(units)
    found, influence = design.influence(("margin", "cost"), target="treated")
    return campaign_part(found, influence, design.units[customers], {"margin": 1.0, "cost": -1.0})


def test_campaigns_of_different_customers_add_their_variances() -> None:
    first, second = drawn_units(3000, seed=1), drawn_units(3000, seed=2).with_columns(unit_id=pl.col("unit_id") + "x")
    total, alone = cumulated([part(first), part(second)]), [cumulated([part(units)]) for units in (first, second)]
    assert total.estimate == pytest.approx(sum(each.estimate for each in alone))
    assert total.se == pytest.approx(np.hypot(alone[0].se, alone[1].se), rel=1e-3)
    net = account_of(plain(first).estimates(("margin", "cost"), target="treated")).net
    assert (alone[0].estimate, alone[0].se) == (pytest.approx(net.estimate), pytest.approx(net.se, rel=1e-3))


def test_the_same_customers_twice_are_not_twice_as_certain() -> None:
    units = drawn_units(1000)
    once, twice = cumulated([part(units)]), cumulated([part(units), part(units)])
    assert (twice.estimate, twice.se) == (pytest.approx(2 * once.estimate), pytest.approx(2 * once.se))


def test_no_campaign_is_refused() -> None:
    with pytest.raises(TableError, match="campaigns: there is no campaign"):
        cumulated([])
