"""Events of the calendar as covariates: by kind, with those to come, and none that was declared later."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from relkit.features.calendar_events import declared_events
from relkit.periods import AsOf

if TYPE_CHECKING:
    from conftest import Company

AS_OF = AsOf.parse("2025-06-30")
ROWS = {
    "kind": ["promotion", "promotion", "holiday", "season opening"],
    "starts_on": [date(2025, 9, 1), date(2025, 3, 1), date(2025, 5, 1), date(2025, 4, 1)],
    "scope": ["shoes", "everything", "everything", "everything"],
    "ends_on": [date(2025, 9, 14), date(2025, 3, 7), None, date(2025, 4, 2)],
}


def spans(found: tuple[dict[str, object], ...]) -> list[tuple[object, ...]]:
    return [tuple(event.values()) for event in found]


def test_events_by_kind_those_to_come_included(company: Company) -> None:
    assert spans(declared_events(company({"calendar": ROWS}), AS_OF)) == [
        ("event_season_opening", date(2025, 4, 1), date(2025, 4, 2)),
        ("holiday", date(2025, 5, 1), date(2025, 5, 1)),
        ("promotion", date(2025, 3, 1), date(2025, 3, 7)),
        ("promotion", date(2025, 9, 1), date(2025, 9, 14)),
    ]


def test_what_was_recorded_later_is_not_known(company: Company) -> None:
    recorded = [datetime(2025, 7, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC), None, datetime(2025, 6, 30, 23, tzinfo=UTC)]
    found = declared_events(company({"calendar": {**ROWS, "recorded_at": recorded}}), AS_OF)
    assert [event["name"] for event in found] == ["event_season_opening", "holiday", "promotion"]


def test_without_a_calendar_or_its_ends(company: Company) -> None:
    lines = {"customer_id": ["a"]}
    assert declared_events(company({"customers": lines}), AS_OF) == ()
    short = {name: values for name, values in ROWS.items() if name != "ends_on"}
    assert all(event["starts_on"] == event["ends_on"] for event in declared_events(company({"calendar": short}, folder="short"), AS_OF))
