"""Spend on channels."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from relkit.features.channel_spend import channel_spend

if TYPE_CHECKING:
    import polars as pl

    from conftest import Company


def at(*days: str) -> list[datetime]:
    return [datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC) for day in days]


def touches(channels: str, days: list[datetime], **columns: list[Any]) -> dict[str, dict[str, list[Any]]]:
    ids = [str(i) for i in range(len(days))]
    people = {"touchpoint_id": ids, "customer_id": ids, "channel_id": channels.split(), "occurred_at": days}
    return {"touchpoints": people | columns}


def costs(*rows: tuple[str | None, str, float, date | None, date | None], scope: str = "channel") -> dict[str, dict[str, list[Any]]]:
    names = ("scope_id", "per", "amount", "valid_from", "valid_to")
    listed = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    return {"costs": {"cost_id": [str(i) for i in range(len(rows))], "scope": [scope] * len(rows)} | listed}


def whole(frame: pl.DataFrame) -> dict[str, tuple[int, int, float | None]]:
    """Return touches, touches with a known cost and cost by channel, of all days."""
    rows = frame.filter(frame["period"].is_null()).select("channel", "touches", "priced_touches", "cost").rows()
    return {channel: (number, priced, cost) for channel, number, priced, cost in rows}


def test_a_touch_costs_what_its_row_states(company: Company) -> None:
    tables = company(touches("ad ad direct tv", at("2024-05-01", "2024-06-02", "2024-06-03", "2024-06-03"), cost=[0.5, 0.25, 0.0, None]))
    spend = channel_spend(tables, tables.as_of("2024-06-30"), period="month")
    assert whole(spend) == {"ad": (2, 2, 0.75), "direct": (1, 1, 0.0), "tv": (1, 0, None)}
    assert spend.drop_nulls("period").select("channel", "period", "cost").rows() == [
        ("ad", date(2024, 5, 1), 0.5),
        ("ad", date(2024, 6, 1), 0.25),
        ("direct", date(2024, 6, 1), 0.0),
        ("tv", date(2024, 6, 1), None),
    ]


def test_a_touch_without_a_cost_has_that_of_its_channel_on_its_day(company: Company) -> None:
    declared = costs(
        ("ad", "contact", 0.1, None, date(2024, 5, 31)),
        ("ad", "unit", 0.2, date(2024, 6, 1), None),
        (None, "contact", 1.0, date(2024, 6, 20), None),
    )
    days = at("2024-05-01", "2024-06-01", "2024-06-02", "2024-06-25", "2024-06-25")
    tables = company(touches("ad ad ad ad post", days, cost=[None, None, 7.0, None, None]) | declared)
    assert whole(channel_spend(tables, tables.as_of("2024-06-30"))) == {
        "ad": (4, 4, pytest.approx(0.1 + 0.2 + 7.0 + 1.2)),
        "post": (1, 1, 1.0),
    }


def test_minutes_are_priced_if_the_duration_is_known(company: Company) -> None:
    days, declared = at("2024-06-01", "2024-06-01", "2024-06-02"), costs(("call", "minute", 0.5, None, None))
    tables = company(touches("call call call", days, duration_s=[120.0, None, 60.0]) | declared)
    assert whole(channel_spend(tables, tables.as_of("2024-06-30"))) == {"call": (3, 2, 1.5)}


def test_costs_per_month_are_spread_over_the_days(company: Company) -> None:
    """From the first touchpoint, 11 May, to the cutoff, 15 June: 21 of 31 days and 15 of 30."""
    days = at("2024-05-11", "2024-06-01", "2024-06-05")
    declared = costs(
        ("tv", "month", 310.0, None, date(2024, 5, 31)), ("tv", "month", 60.0, date(2024, 6, 1), None), ("ad", "month", 9e9, None, None)
    )
    tables = company(touches("ad blog blog", days, cost=[2.0, None, None]) | declared)
    spend = channel_spend(tables, tables.as_of("2024-06-15"), period="month")
    assert whole(spend) == {"ad": (1, 1, 2.0), "blog": (2, 0, None), "tv": (0, 0, 240.0)}  # the touches of ad carry its cost
    assert spend.filter(channel="tv").drop_nulls("period").select("period", "cost").rows() == [
        (date(2024, 5, 1), 210.0),
        (date(2024, 6, 1), 30.0),
    ]


def test_costs_of_actions_and_the_future_are_left_out(company: Company) -> None:
    late = [None, None, datetime(2024, 7, 2, tzinfo=UTC)]
    days = at("2024-06-01", "2024-07-01", "2024-06-02")
    rows = touches("ad ad ad", days, cost=[None, 5.0, 7.0], recorded_at=late) | costs(("ad", "contact", 1.0, None, None), scope="action")
    tables = company(rows)
    assert whole(channel_spend(tables, tables.as_of("2024-06-30"))) == {"ad": (1, 0, None)}
    assert whole(channel_spend(tables, tables.as_of("2024-07-02"))) == {"ad": (3, 2, 12.0)}


def test_without_touchpoints_nothing_is_known(company: Company) -> None:
    tables = company({"customers": {"customer_id": ["a"]}})
    assert channel_spend(tables, tables.as_of("2024-06-30"), period="week").is_empty()
