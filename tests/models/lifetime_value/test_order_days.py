"""Order days: summaries of any earlier day, counted by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from relkit.models.lifetime_value.order_days import OrderDays

DAY = (date(2025, 1, 1) - date(1970, 1, 1)).days
"""2025-01-01, on which the first customer starts; the second starts on the 11th, the third on the 31st."""
HISTORIES = pl.DataFrame(
    {
        "first_order_on": [date(2025, 1, 1), date(2025, 1, 11), date(2025, 1, 31)],
        "repeat_ages_days": pl.Series([[5.0, 12.4, 40.0], [], [0.3, 3.0]], dtype=pl.List(pl.Float64)),
    }
)


def test_the_summary_of_an_earlier_day_knows_nothing_later() -> None:
    then = OrderDays.of(HISTORIES).as_of(DAY + 20)
    assert then.known.tolist() == [0, 1]
    assert (then.x.tolist(), then.t_x.tolist(), then.T.tolist()) == ([2, 0], [12, 0], [20, 10])


def test_orders_between_two_days_count_the_first_order_and_the_last_day() -> None:
    orders = OrderDays.of(HISTORIES)
    assert orders.between(DAY, DAY + 33).tolist() == [2, 1, 3]
    assert orders.between(DAY - 1, DAY + 5).tolist() == [2, 0, 0]
    assert orders.between(np.full(3, DAY + 5), DAY + np.array([12, 9, 99])).tolist() == [1, 0, 3]


def test_daily_orders_are_those_of_all_customers() -> None:
    daily = OrderDays.of(HISTORIES).daily(DAY, DAY + 33)
    assert np.flatnonzero(daily).tolist() == [0, 5, 10, 12, 30, 31, 33]
    assert daily.sum() == 7
