from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from relkit.features.contract_versions import contract_versions
from relkit.features.spells import contract_spells, main_contracts
from relkit.periods import AsOf

if TYPE_CHECKING:
    import polars as pl

EDGE = AsOf.parse("2024-06-30")
START = date(2024, 1, 1)


def versions(days: list[date | None], amounts: list[float], **columns: list[Any]) -> dict[str, dict[str, list[Any]]]:
    n = len(days)
    plain: dict[str, list[Any]] = {
        "contract_id": ["a"] * n,
        "customer_id": ["c"] * n,
        "valid_from": days,
        "status": ["active"] * n,
        "started_on": [START] * n,
        "ended_on": [None] * n,
        "end_reason": [None] * n,
        "monthly_amount": amounts,
    }
    return {"contracts": plain | columns}


def pieces(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return frame.select("entry_days", "duration_days", "monthly_amount", "event", "is_active").rows()


def test_a_contract_is_cut_where_a_version_begins(company):
    tables = company(versions([START, date(2024, 2, 1), date(2024, 4, 1)], [10.0, 12.0, 15.0]))
    assert pieces(contract_versions(tables, EDGE)) == [
        (0.0, 31.0, 10.0, False, False),
        (31.0, 91.0, 12.0, False, False),
        (91.0, 181.0, 15.0, False, True),
    ]


def test_what_is_known_later_changes_nothing(company):
    tables = company(versions([START, date(2024, 2, 1), date(2024, 7, 1)], [10.0, 12.0, 99.0]))
    assert pieces(contract_versions(tables, EDGE)) == [(0.0, 31.0, 10.0, False, False), (31.0, 181.0, 12.0, False, True)]


def test_the_version_of_the_end_tells_nothing_of_what_led_to_it(company):
    ended = date(2024, 3, 1)
    rows = versions([START, ended], [10.0, 0.0], ended_on=[None, ended], end_reason=[None, "voluntary"], status=["active", "ended"])
    assert pieces(contract_versions(company(rows), EDGE)) == [(0.0, 60.0, 10.0, True, False)]


def test_a_version_that_begins_at_the_edge_is_what_scores_hold(company):
    tables = company(versions([START, date(2024, 6, 30)], [10.0, 12.0]))
    found = contract_versions(tables, EDGE)
    assert pieces(found) == [(0.0, 181.0, 10.0, False, False), (181.0, 181.0, 12.0, False, True)]
    assert main_contracts(found)["monthly_amount"].to_list() == [12.0]


def test_before_the_history_nobody_was_watched(company):
    tables = company(versions([START, date(2024, 2, 1), date(2024, 4, 1)], [10.0, 12.0, 15.0]), history_starts_on=date(2024, 3, 1))
    assert pieces(contract_versions(tables, EDGE)) == [(60.0, 91.0, 12.0, False, False), (91.0, 181.0, 15.0, False, True)]


def test_before_the_first_version_known_it_is_taken_to_hold(company):
    tables = company(versions([date(2024, 2, 1)], [10.0]))
    assert pieces(contract_versions(tables, EDGE)) == [(0.0, 181.0, 10.0, False, True)]


def test_columns_and_totals_are_those_of_the_spells(company):
    tables = company(versions([START, date(2024, 2, 1)], [10.0, 12.0]))
    spells, found = contract_spells(tables, EDGE), contract_versions(tables, EDGE)
    assert found.schema == spells.schema
    assert (found["duration_days"] - found["entry_days"]).sum() == spells["duration_days"].sum()
