"""Information cutoffs, in the zone of the business; splits in time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relkit.errors import PeriodError
from relkit.periods import AsOf, Holdout, ObservationPeriod, UnitHoldout, read_holdout

ZONES = [
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Auckland",
    "America/Santiago",
    "America/Havana",
    "Africa/Cairo",
]


def test_a_date_means_the_whole_business_day():
    edge = AsOf.parse("2025-06-30", zone="Europe/Paris")
    assert edge.cutoff == datetime(2025, 6, 30, 22, tzinfo=UTC)
    assert edge.day == date(2025, 6, 30)
    assert str(edge) == "2025-06-30"


def test_a_day_on_which_the_clock_changes_has_its_own_length():
    spring = AsOf.parse("2025-03-30", zone="Europe/Paris").cutoff - AsOf.parse("2025-03-29", zone="Europe/Paris").cutoff
    autumn = AsOf.parse("2025-10-26", zone="Europe/Paris").cutoff - AsOf.parse("2025-10-25", zone="Europe/Paris").cutoff
    assert (spring, autumn) == (timedelta(hours=23), timedelta(hours=25))


def test_an_instant_is_known_itself_and_nothing_after_it():
    edge = AsOf.parse("2025-06-30T18:00:00+02:00", zone="Europe/Paris")
    rows = pl.DataFrame({"at": [datetime(2025, 6, 30, 16, tzinfo=UTC), datetime(2025, 6, 30, 16, 0, 0, 1, tzinfo=UTC)]})
    assert rows.filter(edge.known("at"))["at"].to_list() == [datetime(2025, 6, 30, 16, tzinfo=UTC)]
    assert edge.day == date(2025, 6, 30)


def test_a_bare_instant_is_in_the_zone_of_the_business():
    assert AsOf.parse("2025-06-30T00:30:00", zone="Europe/Paris").cutoff == datetime(2025, 6, 29, 22, 30, 0, 1, tzinfo=UTC)


def test_the_day_of_an_instant_is_the_business_day():
    assert AsOf.parse("2025-06-30T23:30:00+00:00", zone="Europe/Paris").day == date(2025, 7, 1)


def test_dates_datetimes_and_edges_are_taken_as_they_are():
    edge = AsOf.parse(date(2025, 6, 30))
    assert AsOf.parse(edge, zone="Europe/Paris") is edge
    assert AsOf.parse(datetime(2025, 6, 30, 12, tzinfo=timezone(timedelta(hours=2)))).cutoff == datetime(
        2025, 6, 30, 10, 0, 0, 1, tzinfo=UTC
    )


def test_rows_recorded_late_are_not_known():
    edge = AsOf.parse("2025-06-30")
    before, after = datetime(2025, 6, 30, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC)
    rows = pl.DataFrame(
        {"id": ["in time", "unsaid", "late", "future"], "at": [before, before, before, after], "rec": [before, None, after, before]}
    )
    assert rows.filter(edge.known("at", "rec"))["id"].to_list() == ["in time", "unsaid"]
    assert rows.filter(edge.known("at"))["id"].to_list() == ["in time", "unsaid", "late"]


def test_business_day_of_a_column():
    rows = pl.DataFrame({"at": [datetime(2025, 6, 30, 23, tzinfo=UTC)]})
    assert rows.select(AsOf.parse("2025-06-30", zone="Europe/Paris").business_day("at")).item() == date(2025, 7, 1)


@given(day=st.dates(date(1950, 1, 1), date(2090, 1, 1)), days=st.integers(0, 4000), zone=st.sampled_from(ZONES))
def test_minus_is_the_edge_of_the_earlier_day(day, days, zone):
    assert AsOf.end_of(day, zone=zone).minus(days=days) == AsOf.end_of(day - timedelta(days=days), zone=zone)


@given(day=st.dates(date(1950, 1, 1), date(2090, 1, 1)), zone=st.sampled_from(ZONES))
def test_the_last_microsecond_before_the_cutoff_is_on_the_day_and_the_cutoff_is_not(day, zone):
    edge = AsOf.end_of(day, zone=zone)
    rows = pl.DataFrame({"at": [edge.cutoff - timedelta(microseconds=1), edge.cutoff]})
    assert rows.select(edge.business_day("at"))["at"].to_list() == [day, day + timedelta(days=1)]
    assert rows.select(edge.known("at"))["at"].to_list() == [True, False]


@pytest.mark.parametrize("text", ["30/06/2025", "soon", "2025-13-01", ""])
def test_text_that_is_no_date_is_refused(text):
    with pytest.raises(PeriodError, match=r"as_of: '.*' is neither a date nor an instant\. Write 2025-06-30"):
        AsOf.parse(text)


@pytest.mark.parametrize("zone", ["Europe/Pariss", "", "../etc/passwd"])
def test_an_unknown_zone_is_refused(zone):
    with pytest.raises(PeriodError, match=r"is not an IANA time zone\. Write one like Europe/Paris"):
        AsOf.parse("2025-06-30", zone=zone)


def test_a_period_counts_both_ends():
    assert ObservationPeriod(date(2025, 1, 1), date(2025, 1, 31)).days == 31


def test_a_period_that_ends_before_it_starts_is_refused():
    with pytest.raises(PeriodError, match=r"the period ends on 2025-01-01 before it starts on 2025-01-02\. Swap the two dates"):
        ObservationPeriod(date(2025, 1, 2), date(2025, 1, 1))


def test_a_holdout_ends_at_the_edge_and_starts_after_the_calibration():
    split = Holdout.before(AsOf.parse("1998-06-30"), days=273, first_day=date(1997, 1, 1))
    assert (str(split.calibration), str(split.end), split.days) == ("1997-09-30", "1998-06-30", 273)


def test_a_holdout_of_no_days_is_refused():
    with pytest.raises(PeriodError, match="holdout_days is 0; it must be at least 1"):
        Holdout.before(AsOf.parse("1998-06-30"), days=0)


def test_a_holdout_that_leaves_nothing_to_learn_from_is_refused():
    with pytest.raises(PeriodError, match=r"leaves nothing to learn from: the data start on 1998-01-01\. Choose fewer"):
        Holdout.before(AsOf.parse("1998-06-30"), days=180, first_day=date(1998, 1, 1))


def test_an_edge_within_a_day_is_spoken_with_its_time():
    assert AsOf.parse("2025-06-30", zone="Europe/Paris").spoken == "2025-06-30 (Europe/Paris)"
    assert AsOf.parse("2025-06-30T16:00:00Z", zone="Europe/Paris").spoken == "2025-06-30 18:00 (Europe/Paris)"
    assert AsOf.parse("2025-06-30T23:59:59.999999", zone="Europe/Paris").spoken == "2025-06-30 (Europe/Paris)"


def test_units_of_later_waves_are_a_holdout_with_nothing_to_excuse():
    split = UnitHoldout(calibration=AsOf.parse("2025-06-30"), days=84, share=0.29, seed=7, drawn_from=date(2025, 1, 1))
    assert split.why == ""
    assert "having learnt from those whose 84 days had passed by then" in split.spoken
    assert split.was_seen(date(2025, 6, 30))
    assert read_holdout(str(split)) == split


def test_units_drawn_at_random_are_a_holdout_that_says_why():
    split = UnitHoldout(calibration=AsOf.parse("2025-06-30"), days=28, share=0.3, seed=7)
    assert "too few waves" in split.why
    assert split.spoken == "on 30% of the units, drawn at random (seed 7) and not learnt from"
    assert read_holdout(str(split)) == split


@pytest.mark.parametrize(
    "text",
    ["9999-12-31", "0001-01-01", "0001-01-01T00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00", "1799-12-31", "2201-01-01"],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_a_day_at_the_end_of_the_calendar_is_refused(text, zone):
    with pytest.raises(PeriodError, match=r"is not between 1800-01-01 and 2200-12-31\. Write a day on which something is known"):
        AsOf.parse(text, zone=zone)


@pytest.mark.parametrize(
    "text", ["9999-99-99", "2024-02-30", "2024-01-31T10:00:00+99:99", "99999-01-01", "-2024-01-01", "", "today", "\x00"]
)
def test_what_is_no_day_is_refused(text):
    with pytest.raises(PeriodError, match="is neither a date nor an instant"):
        AsOf.parse(text)


@pytest.mark.parametrize("days", [10**9, -(10**9), 10**30, 146_500])
def test_a_distance_beyond_every_calendar_is_refused(days):
    edge = AsOf.parse("2025-06-30")
    with pytest.raises(PeriodError, match=r"beyond every calendar\. Choose fewer days|is not between"):
        edge.minus(days=days)
    with pytest.raises(PeriodError):
        Holdout.before(edge, days=abs(days))
