"""Tests of the bounds of totals of a scored file, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.models.lifetime_value.total_spread import TotalSpread
from relkit.scores.total_bounds import Total, TotalBounds, effective_orders

KEPT = {"total_log_spread": 0.2, "total_degrees": 5, "total_origins": 2, "total_judged_days": 90.0, "total_in_money": True}


def test_each_score_has_its_own_spread() -> None:
    found = TotalBounds.read(
        {"future_margin_24m": KEPT, "expected_orders_90d": {}}, orders="expected_orders_90d", money="future_margin_24m"
    )
    assert found.money == TotalSpread(log_spread=0.2, degrees=5, origins=2, judged_days=90.0, in_money=True)
    assert (found.orders.log_spread, found.orders.origins) == (0.16, 0)


def test_a_loss_is_bounded_on_both_sides() -> None:
    found = TotalBounds.read({"m": KEPT}, orders="m", money="m").of_purchases(-100.0, orders=1e9)
    reach = np.exp(2.570582 * 0.2)
    assert (found.low, found.high) == pytest.approx((-100 * reach, -100 / reach), rel=1e-6)


def test_parts_that_are_off_independently_add_in_squares() -> None:
    assert Total(10.0, 7.0, 13.0) + Total(20.0, 16.0, 24.0) == Total(30.0, 25.0, 35.0)


def test_few_large_buyers_scatter_more() -> None:
    """One order of 90 and ten of 1: (100)^2 / (90 x 90 + 10 x 1) = 1.23 orders."""
    assert effective_orders(np.array([90.0, 10.0]), np.array([90.0, 1.0])) == pytest.approx(10_000 / 8_110)
    assert effective_orders(np.array([]), np.array([])) == 0.0
