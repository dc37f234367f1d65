"""Totals that fell, and those that may: what is comparable between two checks."""

from __future__ import annotations

from calendar import monthrange

from relkit.tables.control_totals import ControlTotal
from relkit.tables.falls import falls, vanished


def month(name, rows, *, first=None, last=None, net=0.0, source="till"):
    year, number = map(int, name.split("-"))
    first, last = first or f"{name}-01", last or f"{name}-{monthrange(year, number)[1]}"
    return ControlTotal(source=source, month=name, rows=rows, first=first, last=last, money={"net_amount": net})


def fallen(before, now, most=0.5):
    return [(fall.month, fall.what) for fall in falls("transactions", before, now, most=most)]


def test_a_complete_month_that_lost_more_than_the_share_is_a_fall():
    before = [month("2025-05", 100), month("2025-06", 100)]
    assert fallen(before, [month("2025-05", 100), month("2025-06", 49)]) == [("2025-06", "rows")]
    assert fallen(before, [month("2025-05", 100), month("2025-06", 50)]) == []
    assert fallen(before, [month("2025-05", 100), month("2025-06", 95)], most=0.04) == [("2025-06", "rows")]


def test_money_falls_by_itself_and_a_sum_that_turns_negative_too():
    before = [month("2025-06", 10, net=100.0)]
    assert fallen(before, [month("2025-06", 10, net=1.0)]) == [("", "net_amount"), ("2025-06", "net_amount")]
    assert fallen(before, [month("2025-06", 10, net=-5.0)]) == [("", "net_amount"), ("2025-06", "net_amount")]
    assert fallen([month("2025-06", 10, net=-100.0)], [month("2025-06", 10, net=-1.0)]) == []


def test_the_running_month_of_the_older_check_is_the_least_that_it_must_have():
    before = [month("2025-05", 100), month("2025-06", 10, last="2025-06-03")]
    whole_june = [month("2025-05", 100), month("2025-06", 101)]
    assert fallen(before, whole_june) == []
    assert fallen(before, [month("2025-05", 100), month("2025-06", 4)]) == [("2025-06", "rows")]


def test_the_running_month_of_this_check_is_not_compared_with_a_full_one():
    before = [month("2025-05", 100), month("2025-06", 100)]
    assert fallen(before, [*before, month("2025-07", 3, last="2025-07-01")]) == []


def test_months_missing_at_the_end_fell():
    before = [month("2025-04", 300), month("2025-05", 100), month("2025-06", 100)]
    assert fallen(before, [month("2025-04", 300)]) == [("2025-05", "rows"), ("2025-06", "rows")]


def test_a_month_missing_in_the_middle_fell():
    before = [month("2025-04", 300), month("2025-05", 100), month("2025-06", 100)]
    assert fallen(before, [before[0], before[2]]) == [("2025-05", "rows")]


def test_a_window_that_moves_on_is_no_fall():
    before = [month(f"2025-0{number}", 100) for number in range(1, 7)]
    now = [month("2025-01", 30, first="2025-01-22"), *before[1:], month("2025-07", 70, last="2025-07-21")]
    assert fallen(before, now) == []
    assert fallen(before, [*before[1:], month("2025-07", 100)]) == []


def test_an_export_that_loses_most_of_its_past_fell_as_a_whole():
    before = [month(f"2025-0{number}", 100) for number in range(1, 7)]
    assert fallen(before, before[4:]) == [("", "rows")]


def test_checks_without_a_common_month_are_compared_by_their_mean_complete_month():
    june, july = [month("2025-06", 100)], [month("2025-07", 30)]
    (fall,) = falls("transactions", june, july, most=0.5)
    assert (fall.before, fall.now, fall.is_mean) == (100, 30, True)
    assert fallen(june, [month("2025-07", 30, last="2025-07-10")]) == []
    assert fallen(june, [month("2025-07", 60)]) == []


def test_rows_without_a_date_are_compared_as_a_whole():
    before = [ControlTotal(source="stores", month="", rows=100)]
    assert fallen(before, [ControlTotal(source="stores", month="", rows=40)]) == [("", "rows")]
    assert fallen(before, [ControlTotal(source="stores", month="", rows=60)]) == []


def test_each_source_is_compared_with_itself():
    before = [month("2025-06", 100), month("2025-06", 100, source="shop")]
    now = [month("2025-06", 190), month("2025-06", 10, source="shop")]
    assert {fall.source for fall in falls("transactions", before, now, most=0.5)} == {"shop"}


def test_a_source_without_a_row_has_vanished_and_is_no_fall():
    before = [month("2025-06", 100), month("2025-06", 100, source="shop")]
    assert vanished(before, [month("2025-06", 1, source="new"), before[0]]) == ("shop",)
    assert fallen(before, [before[0]]) == []
