from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from relkit.tables.simulation.clock import ZONE, Calendar, Clock


def test_calendar_and_operational_time_are_inverse():
    rng = np.random.default_rng(1)
    clock = Clock.of(rng.uniform(0.2, 3.0, 400), first=-100)
    instants = rng.uniform(-100, 300, 1000)
    np.testing.assert_allclose(clock.calendar(clock.operational(instants)), instants, rtol=0, atol=1e-9)
    assert clock.last == 300
    assert clock.operational(np.array([0]))[0] == 0


def test_operational_time_adds_up_the_days():
    clock = Clock.of(np.array([1.0, 2.0, 4.0]), first=-1)
    np.testing.assert_allclose(clock.operational(np.array([-1, 0, 1, 1.5, 2])), [-1, 0, 2, 4, 6])


def test_local_hours_become_utc_across_changes_of_the_clock():
    """2024-03-31 and 2024-10-27: clocks changed in Paris."""
    calendar = Calendar.covering(date(2024, 3, 1), first=-5, last=300)
    days, seconds = np.array([-3, 29, 30, 31, 239, 240, 241]), np.array([5, 9, 12, 18, 20, 8, 23]) * 3600 + 61
    got = [datetime.fromtimestamp(us / 1e6, UTC) for us in calendar.instants(days, seconds)]
    want = [
        (datetime(2024, 3, 1, tzinfo=ZoneInfo(ZONE)) + timedelta(days=int(d))).replace(hour=int(s) // 3600, minute=1, second=1)
        for d, s in zip(days, seconds, strict=True)
    ]
    assert got == [w.astimezone(UTC) for w in want]
    assert calendar.dates(np.array([-1, 0])).tolist() == [date(2024, 2, 29), date(2024, 3, 1)]
