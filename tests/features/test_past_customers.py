"""Customers of the past as if drawn: those who had ordered in the year before, with what they bought before and after."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from few_drawn import FIXED, LATER, lines

from relkit.errors import TableError
from relkit.features.campaign_windows import Windows
from relkit.features.past_customers import past_customers

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.tables.table_set import TableSet

    Company = Callable[..., TableSet]

WINDOWS = Windows(response_days=28, post_days=56)
"""The draw of `few_drawn` is on 2027-03-01; both windows before the end of 2027 begin after 2027-10-08, day 221."""


def test_each_customer_of_a_year_has_both_windows_and_the_same_time_before(company: Company) -> None:
    sales = lines(
        ("a", 200, 1, "sale", None),  # before: within 84 days of day 221
        ("a", 230, 2, "sale", None),  # response window
        ("a", 290, 4, "sale", None),  # post window
        ("b", 100, 8, "sale", None),  # too early to count as before, but an order of the year
        ("c", 240, 16, "sale", None),  # not yet a customer
        ("d", -200, 32, "sale", None),  # over a year ago
    )
    found = past_customers(company({"transactions": sales}, **FIXED), LATER, WINDOWS)
    assert found.day == date(2027, 10, 8)
    columns = ("customer_id", "pre_revenue", "revenue", "revenue_after")
    assert found.units.select(columns).rows() == [("a", 1.0, 2.0, 6.0), ("b", 0.0, 0.0, 0.0)]
    assert [each.column for each in found.measures] == ["margin", "revenue", "orders"]


def test_without_a_past_there_is_nothing_to_plan_from(company: Company) -> None:
    with pytest.raises(TableError, match=r"nobody had ordered in the year before 2027-10-08.*Plan with shorter windows"):
        past_customers(company({"transactions": lines(("c", 240, 16, "sale", None))}, **FIXED), LATER, WINDOWS)
