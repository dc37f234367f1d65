from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from relkit.features.acquisition_cost import acquisition_cost
from relkit.features.cohorts import acquisition_cohorts
from relkit.periods import AsOf
from relkit.units import DAYS_PER_MONTH

START = datetime(2024, 1, 1, 12, tzinfo=UTC)
EDGE = AsOf.parse("2024-12-31")
Line = tuple[str, int, float]


def lines(*rows: Line, **more: list[Any]) -> dict[str, list[Any]]:
    """Return transactions from (customer, days after 1 January 2024, amount); a negative amount is a return."""
    n = range(len(rows))
    return {
        "transaction_line_id": [str(i) for i in n],
        "transaction_id": [f"t{i}" for i in n],
        "customer_id": [customer for customer, _, _ in rows],
        "occurred_at": [START + timedelta(days=day) for _, day, _ in rows],
        "net_amount": [amount for _, _, amount in rows],
        "line_kind": ["return" if amount < 0 else "sale" for _, _, amount in rows],
    } | more


def cell(frame: pl.DataFrame, starts_on: date, age: int) -> dict[str, Any]:
    return frame.filter((pl.col("starts_on") == starts_on) & (pl.col("age_months") == age)).row(0, named=True)


def test_value_is_cumulated_per_customer_and_return_lowers_it(company):
    rows = lines(("a", 0, 10.0), ("b", 1, 30.0), ("a", 20, 8.0), ("b", 45, 6.0), ("b", 46, -2.0))
    found = acquisition_cohorts(company({"transactions": rows}), EDGE)
    assert (found.length, found.measure, found.left_out) == ("month", "revenue", 0)
    january = date(2024, 1, 1)
    assert [cell(found.frame, january, age)["value"] for age in (0, 1, 2, 3)] == [20.0, 24.0, 26.0, 26.0]
    assert [cell(found.frame, january, age)["came_back"] for age in (0, 1, 2, 3)] == [0.0, 0.5, 0.5, 0.0]
    assert cell(found.frame, january, 1)["customers"] == 2


def test_a_figure_stands_only_where_the_whole_cohort_has_that_age(company):
    rows = lines(("a", 0, 10.0), ("b", 335, 10.0))
    found = acquisition_cohorts(company({"transactions": rows}), EDGE).frame
    assert found["starts_on"].unique().to_list() == [date(2024, 1, 1)]  # December is not over: its last members are 0 days old
    assert found["age_months"].max() == int((date(2024, 12, 31) - date(2024, 1, 31)).days / DAYS_PER_MONTH)


def test_margins_are_used_where_every_line_has_one(company):
    rows = lines(("a", 0, 10.0), ("a", 9, 20.0))
    assert acquisition_cohorts(company({"transactions": rows}, assumed_margin_rate=0.3), EDGE).frame["value"].max() == pytest.approx(9.0)


def test_customers_of_the_first_weeks_of_the_history_are_left_out(company):
    rows = lines(("a", 3, 10.0), ("b", 100, 10.0))
    found = acquisition_cohorts(company({"transactions": rows}, history_starts_on=date(2024, 1, 1)), EDGE)
    assert found.left_out == 1
    assert found.frame["starts_on"].unique().to_list() == [date(2024, 4, 1)]


def test_what_comes_after_the_edge_is_not_there(company):
    known = lines(("a", 0, 10.0), ("a", 40, 5.0))
    later = lines(("a", 0, 10.0), ("a", 40, 5.0), ("a", 400, 99.0))
    one, other = (acquisition_cohorts(company({"transactions": rows}, folder=f"t{len(rows)}"), EDGE).frame for rows in (known, later))
    assert one.equals(other)


def test_payback_lies_on_a_straight_line_between_two_ages(company):
    rows = lines(("a", 0, 10.0), ("a", 20, 8.0))
    found = acquisition_cohorts(company({"transactions": rows}), EDGE)
    assert found.payback_months(14.0)["payback_months"].to_list() == [0.5]
    assert found.payback_months(10.0)["payback_months"].to_list() == [0.0]
    assert found.payback_months(19.0)["payback_months"].to_list() == [None]


def test_many_cohorts_become_longer_ones(company):
    rows = lines(*[(str(week), 7 * week, 10.0) for week in range(80)])
    assert acquisition_cohorts(company({"transactions": rows}), AsOf.parse("2025-12-31")).length == "quarter"


def costs(*rows: tuple[str, str | None, float, date | None]) -> dict[str, list[Any]]:
    """Return costs from (scope, scope_id, amount, valid_to)."""
    return {
        "cost_id": [str(i) for i in range(len(rows))],
        "scope": [row[0] for row in rows],
        "scope_id": [row[1] for row in rows],
        "per": ["unit"] * len(rows),
        "amount": [row[2] for row in rows],
        "valid_from": [date(2020, 1, 1)] * len(rows),
        "valid_to": [row[3] for row in rows],
    }


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((("channel", None, 1.0, None),), None),
        ((("acquisition", None, 18.0, None), ("acquisition", "web", 4.0, None)), 18.0),
        ((("acquisition", "shop", 8.0, None), ("acquisition", "web", 4.0, None)), 6.0),
        ((("acquisition", None, 18.0, date(2024, 6, 1)), ("acquisition", "web", 4.0, None)), 4.0),
        ((("acquisition", None, 18.0, date(2024, 12, 31)),), 18.0),
        ((("acquisition", None, 18.0, date(2024, 12, 30)),), None),
    ],
)
def test_the_cost_of_acquisition_is_the_one_that_holds(company, rows, expected):
    assert acquisition_cost(company({"transactions": lines(("a", 0, 1.0)), "costs": costs(*rows)}), EDGE) == expected


def test_without_a_table_of_costs_none_is_known(company):
    assert acquisition_cost(company({"transactions": lines(("a", 0, 1.0))}), EDGE) is None
