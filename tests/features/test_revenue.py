from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from relkit.errors import TableError
from relkit.features.revenue import revenue_features
from relkit.periods import AsOf

EDGE = AsOf.parse("2024-06-30")
LAST_NOON = datetime(2024, 6, 30, 12, tzinfo=UTC)


def lines(*rows: tuple[str | None, int, float, str], **more: list[Any]) -> dict[str, list[Any]]:
    """Return transactions from (customer, days before 30 June 2024 at noon, amount, kind)."""
    return {
        "transaction_line_id": [str(i) for i in range(len(rows))],
        "transaction_id": [str(i) for i in range(len(rows))],
        "customer_id": [r[0] for r in rows],
        "occurred_at": [LAST_NOON - timedelta(days=r[1]) for r in rows],
        "net_amount": [r[2] for r in rows],
        "line_kind": [r[3] for r in rows],
    } | more


def test_revenue_is_net_of_returns_and_without_fees(company):
    rows = lines(
        ("a", 0, 10.1, "sale"),
        ("a", 0, -0.2, "return"),
        ("a", 0, -0.3, "cancel"),
        ("a", 0, 5.0, "fee"),
        ("a", 0, 9.0, "gift_card"),
        (None, 0, 1.0, "sale"),
    )
    found = revenue_features(company({"transactions": rows}, currency="USD"), EDGE)
    assert found.to_dicts() == [
        {
            "customer_id": "a",
            "past_revenue_usd": 9.6,
            "revenue_12m_usd": 9.6,
            "past_margin_usd": None,
            "margin_12m_usd": None,
            "margin_source": None,
        }
    ]


def test_twelve_months_are_365_days_with_the_last(company):
    rows = lines(("a", 364, 1.0, "sale"), ("a", 365, 10.0, "sale"), ("b", 365, 10.0, "sale"))
    found = revenue_features(company({"transactions": rows}), EDGE)
    assert found.select("past_revenue_eur", "revenue_12m_eur").rows() == [(11.0, 1.0), (10.0, 0.0)]


def test_margin_of_the_line_then_of_the_product_then_the_declared_rate(company):
    rows = lines(
        ("line", 0, 10.0, "sale"),
        ("measured", 0, 10.0, "sale"),
        ("assumed", 0, 10.0, "sale"),
        ("unstated", 0, 10.0, "sale"),
        ("rate", 0, 10.0, "sale"),
        ("mixed", 0, 10.0, "sale"),
        ("mixed", 400, -10.0, "return"),
        margin_amount=[4.0, None, None, None, None, 4.0, None],
        product_id=["m", "m", "a", "u", "x", "m", "m"],
        quantity=[2.0, 2.0, 2.0, 2.0, None, 2.0, -2.0],
    )
    products = {"product_id": ["m", "a", "u"], "unit_margin": [1.5, 1.0, 0.5], "margin_source": ["measured", "assumed", None]}
    found = revenue_features(company({"transactions": rows, "products": products}, assumed_margin_rate=0.25), EDGE)
    assert {r[0]: r[1:] for r in found.select("customer_id", "past_margin_eur", "margin_12m_eur", "margin_source").iter_rows()} == {
        "line": (4.0, 4.0, "measured"),
        "measured": (3.0, 3.0, "measured"),
        "assumed": (2.0, 2.0, "assumed"),
        "unstated": (1.0, 1.0, "assumed"),
        "rate": (2.5, 2.5, "assumed"),
        "mixed": (1.0, 4.0, "measured"),
    }


def test_half_a_margin_is_no_margin(company):
    rows = lines(("a", 0, 10.0, "sale"), ("a", 400, 10.0, "sale"), ("b", 0, 1.0, "sale"), margin_amount=[4.0, None, None])
    found = revenue_features(company({"transactions": rows}), EDGE)
    assert found.select("past_margin_eur", "margin_12m_eur", "margin_source").rows() == [(None, 4.0, "measured"), (None, None, None)]


def test_the_product_version_of_the_day_gives_the_margin(company):
    rows = lines(
        ("first", 100, 9.0, "sale"), ("second", 10, 9.0, "sale"), ("on the day", 20, 9.0, "sale"), product_id=["p"] * 3, quantity=[1.0] * 3
    )
    products = {
        "product_id": ["p", "p", "p", "q"],
        "valid_from": [date(2024, 5, 1), EDGE.minus(days=20).day, date(2024, 7, 1), None],
        "unit_margin": [1.0, 2.0, 50.0, 7.0],
    }
    found = revenue_features(company({"transactions": rows, "products": products}), EDGE)
    assert found.select("customer_id", "past_margin_eur").rows() == [("first", 1.0), ("on the day", 2.0), ("second", 2.0)]


def test_lines_of_unknown_products_keep_their_revenue(company):
    rows = lines(("a", 0, 9.0, "sale"), ("b", 0, 9.0, "sale"), product_id=["gone", None], quantity=[1.0, 1.0])
    products = {"product_id": ["p", "p"], "valid_from": [None, date(2024, 1, 1)], "unit_margin": [1.0, 2.0]}
    found = revenue_features(company({"transactions": rows, "products": products}), EDGE)
    assert found.select("customer_id", "past_revenue_eur", "past_margin_eur").rows() == [("a", 9.0, None), ("b", 9.0, None)]


def test_an_absent_table_is_named(company):
    with pytest.raises(TableError, match=r"unknown table 'transactions'.*Known: stores"):
        revenue_features(company({"stores": {"store_id": ["s"]}}), EDGE)
