from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from relkit.features.purchase_histories import purchase_histories
from relkit.features.purchases import purchase_summary
from relkit.periods import AsOf

START = datetime(2024, 1, 1, 12, tzinfo=UTC)
EDGE = AsOf.parse("2024-06-30")


def lines(*rows: tuple[str, int, str]) -> dict[str, dict[str, list[Any]]]:
    """Return transactions from (customer, days after 1 January 2024, kind)."""
    return {
        "transactions": {
            "transaction_line_id": [str(i) for i in range(len(rows))],
            "transaction_id": [f"t{i}" for i in range(len(rows))],
            "customer_id": [customer for customer, _, _ in rows],
            "occurred_at": [START + timedelta(days=day) for _, day, _ in rows],
            "net_amount": [10.0] * len(rows),
            "line_kind": [kind for _, _, kind in rows],
        }
    }


def test_ages_are_those_of_the_purchase_days(company):
    rows = (("b", 40, "sale"), ("a", 3, "sale"), ("a", 10, "sale"), ("a", 10, "sale"), ("a", 30, "sale"), ("a", 31, "return"))
    found = purchase_histories(company(lines(*rows)), EDGE)
    assert found["customer_id"].to_list() == ["a", "b"]
    assert found["repeat_ages_days"].to_list() == [[7.0, 27.0], []]
    assert found["repeat_ages_days"].dtype == pl.List(pl.Float64)


def test_they_add_one_column_to_the_summary_and_agree_with_it(company):
    tables = company(lines(*[(str(day % 7), day, "sale") for day in range(0, 180, 3)]))
    found = purchase_histories(tables, EDGE)
    assert_frame_equal(found.drop("repeat_ages_days"), purchase_summary(tables, EDGE))
    ages = found["repeat_ages_days"].list
    assert (ages.len() == found["repeat_purchases"]).all()
    assert (ages.last() == found["last_purchase_age_days"]).all()
