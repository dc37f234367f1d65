from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from relkit.features.coded_lines import all_known_lines, baskets_of_lines, known_lines
from relkit.periods import AsOf

EDGE = AsOf.parse("2024-06-30")


def transactions(*rows: tuple[str | None, str]) -> dict[str, Any]:
    """Return one line per (customer, transaction), each on a day of its own; the product is the number of the line."""
    start = datetime(2024, 1, 1, 12, tzinfo=UTC)
    return {
        "transactions": {
            "transaction_line_id": [f"l{i}" for i in range(len(rows))],
            "transaction_id": [transaction for _, transaction in rows],
            "customer_id": [customer for customer, _ in rows],
            "occurred_at": [start + timedelta(days=i) for i in range(len(rows))],
            "product_id": [f"{i}" for i in range(len(rows))],
            "net_amount": [1.0] * len(rows),
            "line_kind": ["sale"] * len(rows),
        }
    }


SPREAD = [("a", "t1"), ("b", "t2"), ("a", "t1"), (None, "t1"), ("b", "t1"), (None, "t3"), (None, "t1")]
CONTIGUOUS = sorted(SPREAD, key=str)


@pytest.mark.parametrize("rows", [SPREAD, CONTIGUOUS, SPREAD[:1], SPREAD * 3])
def test_lines_have_one_basket_exactly_if_they_share_customer_and_transaction(company, rows):
    found = all_known_lines(company(transactions(*rows)), EDGE).select("basket", pl.col("product_id").cast(pl.String)).collect()
    basket_of = {int(product): basket for basket, product in found.rows()}
    assert len(basket_of) == len(rows)
    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            assert (basket_of[i] == basket_of[j]) == (one == other)


def test_identified_lines_are_in_order_of_customer_and_day(company):
    lines = known_lines(company(transactions(*SPREAD)), EDGE).collect()
    assert lines["customer"].null_count() == 0
    assert lines.select("customer", "day").rows() == sorted(lines.select("customer", "day").rows())


def test_baskets_of_named_lines_have_the_same_codes(company):
    tables = company(transactions(*SPREAD))
    named = baskets_of_lines(tables, pl.Series(["l6", "l2", "unknown", "l2"]))
    codes = dict(all_known_lines(tables, EDGE).select(pl.col("product_id").cast(pl.String), "basket").collect().rows())
    assert dict(named.select("line_id", "basket").rows()) == {"l2": codes["2"], "l6": codes["6"]}
    assert named["product_id"].cast(pl.String).to_list() == ["2", "6"]
    assert baskets_of_lines(tables, pl.Series([], dtype=pl.String)).is_empty()
