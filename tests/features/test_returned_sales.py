"""Returns and their sales; a cancel on the day of the sale is no return."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from relkit.features.returned_sales import returned_sales

DAY = "2024-06-30"
NOON = datetime(2024, 6, 30, 12, tzinfo=UTC)


def ago(*days):
    return [NOON - timedelta(days=n) for n in days]


def lines(*rows, **more):
    """Return transactions from (id, customer, days ago, product, amount, kind, return_of)."""
    names = ("transaction_line_id", "customer_id", "occurred_at", "product_id", "net_amount", "line_kind", "return_of")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    columns["occurred_at"] = ago(*columns["occurred_at"])
    return {"transactions": columns | {"transaction_id": columns["transaction_line_id"]} | more}


def found(tables, as_of=None):
    back = returned_sales(tables, tables.as_of(as_of))
    ages = back.select((tables.as_of("2024-06-30").day - back["sale_day"]).dt.total_days().alias("sold"))["sold"]
    return list(zip(back["customer_id"], back["amount"], ages, back["link"], strict=True))


@pytest.mark.parametrize(
    ("of", "product", "amount", "expected"),
    [
        ("1", "q", -5.0, (90, "line")),
        (None, "p", -5.0, (90, "product")),
        ("unknown", "p", -5.0, (90, "product")),
        (None, None, -10.0, (90, "amount")),
        (None, "r", -5.0, (40, "customer")),
    ],
)
def test_a_return_belongs_to_its_line_else_product_amount_customer(company, of, product, amount, expected):
    sold = [("1", "a", 90, "p", 10.0, "sale", None), ("2", "a", 40, "q", 8.0, "sale", None), ("3", "a", 5, "p", 9.0, "sale", None)]
    tables = company(lines(*sold, ("4", "a", 20, product, amount, "return", of)))
    assert found(tables, DAY) == [("a", -amount, *expected)]


def test_a_return_without_an_earlier_sale_belongs_to_none(company):
    tables = company(lines(("1", "a", 30, "p", -10.0, "return", None), ("2", "a", 5, "p", 9.0, "sale", None)))
    assert found(tables, DAY) == [("a", 10.0, None, None)]


def test_a_line_of_another_customer_is_not_the_sale(company):
    rows = [("1", "b", 30, "p", 10.0, "sale", None), ("2", "a", 25, "q", 7.0, "sale", None), ("3", "a", 9, "z", -1.0, "return", "1")]
    assert found(company(lines(*rows)), DAY) == [("a", 1.0, 25, "customer")]


def test_cancels_of_the_day_are_no_returns_but_those_of_later_days_are(company):
    """Of 10 sold, 4 are cancelled the same day; 13 more than is left of the day belong to an earlier sale, and so does a later cancel."""
    rows = [
        ("0", "a", 80, "p", 50.0, "sale", None),
        ("1", "a", 60, "p", 10.0, "sale", None),
        ("2", "a", 60, "p", -4.0, "cancel", "1"),
        ("3", "b", 60, "p", 50.0, "sale", None),
        ("4", "b", 50, "p", 10.0, "sale", None),
        ("5", "b", 50, "p", -23.0, "cancel", None),
        ("6", "c", 60, None, 5.0, "sale", None),
        ("7", "c", 60, None, -5.0, "cancel", None),
        ("8", "d", 60, "p", 5.0, "sale", None),
        ("9", "d", 59, "p", -5.0, "cancel", None),
    ]
    assert sorted(found(company(lines(*rows)), DAY)) == [("b", 13.0, 60, "product"), ("d", 5.0, 60, "product")]


def test_nobody_and_test_accounts_and_the_future_do_not_count(company):
    rows = [
        ("1", "a", 30, "p", 10.0, "sale", None),
        ("2", "a", 3, "p", -10.0, "return", "1"),
        ("3", "robot", 30, "p", 10.0, "sale", None),
        ("4", "robot", 20, "p", -10.0, "return", "3"),
        ("5", None, 20, "p", -10.0, "return", "1"),
        ("6", "a", 9, "p", -2.0, "return", "1"),
    ]
    recorded = {"recorded_at": ago(30, 3, 30, 20, 20, 2)}
    people = {"customers": {"customer_id": ["a", "robot"], "is_test": [False, True]}}
    tables = company(lines(*rows, **recorded) | people)
    assert found(tables, "2024-06-26") == []
    assert found(tables, "2024-06-27") == [("a", 10.0, 30, "line")]
    assert found(tables, DAY) == [("a", 10.0, 30, "line"), ("a", 2.0, 30, "line")]


def test_no_returns_is_an_empty_frame(company):
    tables = company(lines(("1", "a", 30, "p", 10.0, "sale", None)))
    back = returned_sales(tables, tables.as_of(DAY))
    assert back.is_empty()
    assert back.columns == ["customer_id", "day", "product_id", "amount", "sale_day", "link"]
