"""Weights of the calendar: weeks as given, events as estimated from the orders of their days."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.models.lifetime_value.calendar_weights import CalendarWeights, WeekWeight
from relkit.models.lifetime_value.exposure import CalendarEvent, day_number

BEGIN = day_number(date(2024, 1, 1))


def weighed(orders: list[int], weeks: tuple[WeekWeight, ...] = (), events: tuple[CalendarEvent, ...] = ()) -> CalendarWeights:
    return CalendarWeights.of(np.array(orders), begin=BEGIN, end=BEGIN + 500, weeks=weeks, events=events)


def test_a_window_is_weighed_against_the_year_before_it() -> None:
    found = weighed([5] * 400, weeks=(WeekWeight(iso_week=5, weight=3.0),))
    fifth = day_number(date(2025, 1, 27)) - 1  # Monday of week 5
    past = (7 * 3.0 + 357) / 364  # it was in the year before as well
    assert found.ratio(fifth, 7) == pytest.approx(3.0 / past)
    assert found.ratio(fifth, 14) == pytest.approx(2.0 / past)
    assert weighed([5] * 400).ratio(fifth, 7) == 1.0


def test_the_effect_of_an_event_is_that_of_its_days_drawn_to_none() -> None:
    sale = [CalendarEvent(name="sale", starts_on=date(2024, month, 10), ends_on=date(2024, month, 14)) for month in (3, 9)]
    orders = [10] * 300
    first, second = (day_number(event.starts_on) - BEGIN for event in sale)
    orders[first : first + 5] = [30] * 5
    orders[second : second + 5] = [30] * 5
    found = weighed(orders, events=tuple(sale))
    assert found.effects["sale"] == pytest.approx((300 + 20) / (100 + 20))
    assert found.unseen == ()


def test_an_event_that_no_history_has_shown_has_no_effect() -> None:
    found = weighed([10] * 200, events=(CalendarEvent(name="sale", starts_on=date(2025, 1, 10), ends_on=date(2025, 1, 12)),))
    assert (found.effects, found.unseen) == ({}, ("sale",))
    assert found.ratio(day_number(date(2025, 1, 9)), 3) == 1.0


def test_weeks_that_no_year_has_are_refused() -> None:
    with pytest.raises(ParameterError, match="iso_week is 54"):
        WeekWeight(iso_week=54, weight=1.0)
    with pytest.raises(ParameterError, match="weight"):
        WeekWeight(iso_week=1, weight=0.0)
