"""Ages of sources."""

from __future__ import annotations

from datetime import date

from relkit.tables.control_totals import ControlTotal
from relkit.tables.freshness import Stale, newest_days, stale

JUNE = ControlTotal(source="till", month="2025-06", rows=9, first="2025-06-02", last="2025-06-28")
PLANNED = ControlTotal(source="till", month="2026-01", rows=1, first="2026-01-01", last="2026-01-31")
UNDATED = ControlTotal(source="stores", month="", rows=4)


def test_a_source_is_stale_from_the_day_after_its_declared_age():
    assert stale([JUNE], {"till": 3}, date(2025, 7, 1)) == ()
    assert stale([JUNE], {"till": 3}, date(2025, 7, 2)) == (Stale(source="till", newest=date(2025, 6, 28), allowed_days=3),)
    assert stale([JUNE], {"till": 0}, date(2025, 6, 28)) == ()


def test_a_planned_day_makes_nothing_fresh():
    assert newest_days([JUNE, PLANNED], date(2025, 7, 9)) == {"till": date(2025, 6, 28)}


def test_the_newest_row_of_a_source_is_that_of_any_table_it_feeds():
    other = ControlTotal(source="till", month="2025-07", rows=1, first="2025-07-01", last="2025-07-05")
    assert newest_days([other, JUNE], date(2025, 7, 9)) == {"till": date(2025, 7, 5)}


def test_a_source_without_a_day_or_a_row_is_stale_if_it_must_be_fresh():
    assert stale([UNDATED], {"stores": 30, "shop": 1}, date(2025, 7, 2)) == (
        Stale(source="stores", newest=None, allowed_days=30),
        Stale(source="shop", newest=None, allowed_days=1),
    )
    assert stale([UNDATED], {}, date(2025, 7, 2)) == ()
