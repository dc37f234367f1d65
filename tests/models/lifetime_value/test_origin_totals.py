"""Tests of the totals at an origin, with a model whose forecasts are known."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from relkit.models.lifetime_value.origin_totals import totals_at
from relkit.models.lifetime_value.origin_values import order_value_at
from relkit.models.lifetime_value.past_forecasts import PastForecasts

ORIGIN = date(2025, 3, 31)
FEATURES = pl.DataFrame({"customer_id": ["a", "b", "c"], "expected": [1.0, 0.5, 2.0], "value": [10.0, 20.0, 5.0]})
OUTCOMES = pl.DataFrame(
    {
        "customer_id": ["c", "b", "a"],
        "holdout_purchases": [3, 0, 1],
        "holdout_days": [90.0] * 3,
        "holdout_mean_value": [6.0, None, 12.0],
    }
)
ORDERS = SimpleNamespace(info=SimpleNamespace(as_of=ORIGIN), expected_purchases=lambda rows, days: rows["expected"].to_numpy() * days / 90)
VALUES = SimpleNamespace(expected_order_value=lambda rows: rows["value"].to_numpy())


def test_totals_by_hand() -> None:
    found = totals_at(ORDERS, FEATURES, OUTCOMES, VALUES)
    assert (found.origin, found.days, found.forecast, found.came) == (ORIGIN, 90.0, 3.5, 4.0)
    assert (found.forecast_money, found.came_money) == (30.0, 30.0)


def test_without_a_model_of_values_money_is_unknown() -> None:
    found = totals_at(ORDERS, FEATURES, OUTCOMES)
    past = PastForecasts.of([found])
    assert np.isnan([found.forecast_money, found.came_money]).all()
    assert past.spread(90, money=True) == past.spread(90)
    assert past.spread(90).in_money is False


def test_money_has_errors_of_its_own() -> None:
    past = PastForecasts.of([totals_at(ORDERS, FEATURES, OUTCOMES, VALUES)])
    assert past.errors(90) == pytest.approx([np.log(4 / 3.5)])
    assert past.errors(90, money=True) == pytest.approx([0.0])
    assert past.spread(90, money=True).reach(1e9) < past.spread(90).reach(100.0)


def test_what_was_not_known_on_a_day_is_left_out() -> None:
    past = PastForecasts.of([totals_at(ORDERS, FEATURES, OUTCOMES)])
    assert len(past.known_on(date(2025, 6, 29)).origins) == 1
    assert len(past.known_on(date(2025, 6, 28)).origins) == 0


def test_too_few_values_give_no_model() -> None:
    assert order_value_at(FEATURES, ORIGIN) is None
