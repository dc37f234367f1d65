from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.features.described_receipts import described_receipts, later_described_receipts
from relkit.periods import AsOf, Holdout

EDGE = AsOf.parse("2024-06-30")


@pytest.fixture
def tables(company) -> Any:
    """Return two customers with three baskets, an unidentified buyer, and products of which one has no category."""
    rows = [("a", "t1", "milk"), ("a", "t1", "beer"), ("b", "t2", "milk"), (None, "t3", "mystery"), ("a", "t4", "beer")]
    days = [1, 1, 2, 3, 20]
    return company(
        {
            "transactions": {
                "transaction_line_id": [str(i) for i in range(len(rows))],
                "transaction_id": [row[1] for row in rows],
                "customer_id": [row[0] for row in rows],
                "product_id": [row[2] for row in rows],
                "net_amount": [1.0] * len(rows),
                "line_kind": ["sale"] * len(rows),
                "occurred_at": [datetime(2024, 6, day, 12, tzinfo=UTC) for day in days],
            },
            "products": {"product_id": ["milk", "beer"], "category_1": ["dairy", "drinks"], "category_2": ["fresh", None]},
            "customers": {"customer_id": ["a", "b"], "country": ["FR", "BE"]},
            "customer_snapshots": {
                "customer_id": ["a", "a"],
                "as_of": [date(2024, 5, 1), date(2024, 5, 31)],
                "tier": ["x", "y"],
            },
        }
    )


def test_categories_lie_beside_the_products(tables):
    found = described_receipts(tables, EDGE, levels=("category_1", "category_2"))
    text = pl.List(pl.String)
    assert found.select(pl.col("products", "category_1", "category_2").cast(text)).rows() == [
        (["beer", "milk"], ["drinks", "dairy"], [None, "fresh"]),
        (["milk"], ["dairy"], ["fresh"]),
        (["mystery"], [None], [None]),
        (["beer"], ["drinks"], [None]),
    ]


@pytest.mark.parametrize(
    ("by", "expected"), [("country", ["FR", "BE", None, "FR"]), ("tier", ["y", None, None, "y"]), ("channel_id", [None] * 4)]
)
def test_a_receipt_has_the_attribute_of_its_customer(tables, by, expected):
    assert described_receipts(tables, EDGE, by=by)[by].to_list() == expected


def test_receipts_of_the_holdout_are_described_alike(tables):
    later = later_described_receipts(tables, Holdout.before(EDGE, days=15), levels=("category_1",), by="country")
    assert later.select("country", pl.col("category_1").cast(pl.List(pl.String))).rows() == [("FR", ["drinks"])]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"levels": ("category_4",)}, r"item_levels: unknown level 'category_4'; did you mean 'category_\d'\?"),
        ({"levels": ("category_3",)}, r"item_levels: no product has a category_3\. Map the categories"),
        ({"by": "contry"}, r"by: unknown column 'contry'; did you mean 'country'\? Known: channel_id, country"),
    ],
)
def test_what_the_tables_do_not_have_is_named(tables, asked, words):
    with pytest.raises(ParameterError, match=words):
        described_receipts(tables, EDGE, **asked)
