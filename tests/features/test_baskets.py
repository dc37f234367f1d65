from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from relkit.errors import TableError
from relkit.features.baskets import basket_features, basket_products
from relkit.periods import AsOf

EDGE = AsOf.parse("2024-06-30")


def sold(*rows: tuple[str | None, str, str | None, float, int], **more: list[Any]) -> dict[str, list[Any]]:
    """Return sale lines from (customer, basket, product, amount, month of 2024; 0 for long ago)."""
    return {
        "transaction_line_id": [str(i) for i in range(len(rows))],
        "transaction_id": [r[1] for r in rows],
        "customer_id": [r[0] for r in rows],
        "product_id": [r[2] for r in rows],
        "net_amount": [r[3] for r in rows],
        "occurred_at": [datetime(2024, r[4], 1, tzinfo=UTC) if r[4] else datetime(2022, 1, 1, tzinfo=UTC) for r in rows],
        "line_kind": ["sale"] * len(rows),
    } | more


LINES = sold(
    ("a", "t1", "milk", 1.0, 1),
    ("a", "t1", "milk", 1.0, 1),
    ("a", "t1", "bread", 3.0, 1),
    ("a", "t2", "soap", 4.0, 2),
    ("a", "t2", None, 50.0, 2),
    ("a", "t3", "soap", 99.0, 0),
    ("b", "t4", None, 5.0, 3),
    (None, "t5", "milk", 5.0, 3),
)
PRODUCTS = {"product_id": ["milk", "bread", "soap"], "category_1": ["food", "food", "care"]}


def test_width_and_variety_of_baskets(company):
    found = basket_features(company({"transactions": LINES, "products": PRODUCTS}), EDGE)
    assert found.to_dicts() == [
        {
            "customer_id": "a",
            "baskets_12m": 2,
            "products_per_basket_12m": 1.5,
            "distinct_products_12m": 3,
            "top_category_12m": "food",
            "top_category_share_12m": 5 / 9,
        },
        {
            "customer_id": "b",
            "baskets_12m": 1,
            "products_per_basket_12m": None,
            "distinct_products_12m": None,
            "top_category_12m": None,
            "top_category_share_12m": None,
        },
    ]


def test_without_products_there_are_no_categories(company):
    found = basket_features(company({"transactions": LINES}), EDGE)
    assert found["top_category_12m"].to_list() == [None, None]
    assert found["distinct_products_12m"].to_list() == [3, None]


def test_of_equal_categories_the_first_by_name(company):
    rows = sold(("a", "t", "soap", 5.0, 1), ("a", "t", "milk", 5.0, 1), ("b", "u", "milk", 0.0, 1))
    found = basket_features(company({"transactions": rows, "products": PRODUCTS}), EDGE)
    assert found.select("top_category_12m", "top_category_share_12m").rows() == [("care", 0.5), ("food", None)]


def test_baskets_by_product_keep_buyers_who_are_not_identified(company):
    rows = LINES | {"quantity": [1.0, 2.0, None, 1.0, 1.0, 1.0, 1.0, 1.0]}
    found = (
        basket_products(company({"transactions": rows}), EDGE, since=AsOf.parse("2023-12-31"))
        .sort("transaction_id", "product_id")
        .collect()
    )
    assert found.rows() == [
        ("a", "t1", "bread", None, 3.0),
        ("a", "t1", "milk", 3.0, 2.0),
        ("a", "t2", "soap", 1.0, 4.0),
        (None, "t5", "milk", 1.0, 5.0),
    ]


def test_baskets_of_all_times(company):
    assert basket_products(company({"transactions": LINES}), EDGE).collect().height == 5


def test_an_absent_table_is_named(company):
    with pytest.raises(TableError, match=r"unknown table 'transactions'.*Known: stores"):
        basket_features(company({"stores": {"store_id": ["s"]}}), EDGE)
