"""One share of returns for every page and file."""

from __future__ import annotations

import polars as pl
import pytest

from relkit.scores.returns_used import returns_used


def used(**columns):
    return returns_used(pl.DataFrame(columns), orders="orders", order_value="worth")


def test_customers_count_by_what_they_should_buy():
    found = used(expected_return_share=[0.0, 0.5], returns_to_come=[1.0, 2.0], orders=[3.0, 1.0], worth=[10.0, 30.0])
    assert (found.share, found.to_come) == (0.25, 3.0)
    assert (found.low, found.high) == pytest.approx((0.05, 0.45))


def test_without_orders_or_values_they_count_alike():
    assert used(expected_return_share=[0.0, 0.5]).share == 0.25
    assert used(expected_return_share=[0.0, 0.5], worth=[1.0, 3.0]).share == 0.375


def test_those_without_a_share_are_left_out():
    assert used(expected_return_share=[0.4, None], orders=[1.0, 9.0]).share == 0.4


NOTHING = [{"orders": [1.0]}, {"expected_return_share": [None]}, {"expected_return_share": [0.3], "orders": [0.0]}]


@pytest.mark.parametrize("columns", NOTHING)
def test_nothing_is_reported_if_nothing_is_expected_back(columns):
    frame = pl.DataFrame(columns, schema_overrides={"expected_return_share": pl.Float64} if "expected_return_share" in columns else {})
    assert returns_used(frame, orders="orders", order_value="worth") is None
