"""The margin rate of all sales."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from relkit.features.margin_rate import MarginRate, margin_rate
from relkit.periods import AsOf

EDGE = AsOf.parse("2024-06-30")


def lines(**columns):
    n = len(columns["net_amount"])
    plain = {
        "transaction_line_id": [str(i) for i in range(n)],
        "transaction_id": [str(i) for i in range(n)],
        "customer_id": ["a"] * n,
        "occurred_at": [datetime(2024, 5, 1, tzinfo=UTC)] * n,
        "line_kind": ["sale"] * n,
    }
    return {"transactions": plain | columns}


def test_it_is_measured_where_every_line_carries_its_margin(company):
    tables = company(lines(net_amount=[100.0, 50.0], margin_amount=[40.0, 5.0]))
    assert margin_rate(tables, EDGE) == MarginRate(0.3, "measured")


def test_returns_count_against_it_and_fees_and_strangers_do_not(company):
    given = lines(
        net_amount=[100.0, -20.0, 1000.0, 500.0],
        margin_amount=[40.0, -8.0, 1000.0, 500.0],
        line_kind=["sale", "return", "fee", "sale"],
        customer_id=["a", "a", "a", None],
    )
    assert margin_rate(company(given), EDGE) == MarginRate(0.4, "measured")


def test_lines_without_a_margin_take_the_declared_rate(company):
    tables = company(lines(net_amount=[100.0, 100.0], margin_amount=[40.0, None]), assumed_margin_rate=0.2)
    assert margin_rate(tables, EDGE) == MarginRate(pytest.approx(0.3), "assumed")


def test_lines_without_a_margin_are_left_out_where_none_is_declared(company):
    tables = company(lines(net_amount=[100.0, 900.0], margin_amount=[40.0, None]))
    assert margin_rate(tables, EDGE) == MarginRate(0.4, "measured")


def test_where_nothing_is_known_there_is_none(company):
    assert margin_rate(company(lines(net_amount=[100.0])), EDGE) is None


def test_more_returned_than_sold_gives_none(company):
    given = lines(net_amount=[10.0, -20.0], margin_amount=[4.0, -8.0], line_kind=["sale", "return"])
    assert margin_rate(company(given), EDGE) is None


def test_sales_below_cost_have_no_margin(company):
    assert margin_rate(company(lines(net_amount=[10.0], margin_amount=[-3.0])), EDGE) == MarginRate(0.0, "measured")


def test_the_future_is_not_known(company):
    given = lines(net_amount=[10.0, 10.0], margin_amount=[1.0, 9.0], occurred_at=[datetime(2024, m, 1, tzinfo=UTC) for m in (5, 8)])
    assert margin_rate(company(given), EDGE) == MarginRate(0.1, "measured")
