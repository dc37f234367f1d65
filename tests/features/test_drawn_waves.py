"""Waves that were drawn: counted by customer, and mature once their windows and returns are known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from few_drawn import FIXED, LATER, drawn, lines

from relkit.features.drawn_waves import drawn_waves
from relkit.periods import AsOf

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.tables.table_set import TableSet

    Company = Callable[..., TableSet]


def test_waves_are_counted_with_the_day_on_which_they_can_be_measured(company: Company) -> None:
    two = drawn(("a", "treated"), ("b", "control"), ("c", "treated"), wave_id=["w1", "w1", "w2"])
    two["drawn_at"] = [two["drawn_at"][0], two["drawn_at"][0], datetime(2027, 5, 1, 8, tzinfo=UTC)]
    tables = company({"assignments": two, "transactions": lines(("a", 1, 10, "sale", None), ("b", 200, 1, "sale", None))}, **FIXED)
    found = drawn_waves(tables, AsOf.parse("2027-06-30"), days=84)
    assert found.select("wave_id", "drawn_on", "treated", "control", "ends_on", "is_over").rows() == [
        ("w1", date(2027, 3, 1), 1, 1, date(2027, 5, 24), True),
        ("w2", date(2027, 5, 1), 1, 0, date(2027, 7, 24), False),
    ]
    assert drawn_waves(tables, AsOf.parse("2027-02-28"), days=84).is_empty()


def test_without_assignments_nobody_was_drawn(company: Company) -> None:
    tables = company({"transactions": lines(("a", 1, 10, "sale", None))}, **FIXED)
    assert drawn_waves(tables, LATER, days=84).is_empty()


def test_test_accounts_are_not_counted(company: Company) -> None:
    people = {"customer_id": ["a", "b"], "is_test": [True, False]}
    tables = company(
        {"assignments": drawn(("a", "treated"), ("b", "control")), "customers": people, "transactions": lines(("b", 200, 1, "sale", None))},
        **FIXED,
    )
    assert drawn_waves(tables, LATER, days=84).select("treated", "control").row(0) == (0, 1)
