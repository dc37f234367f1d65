"""Values read from texts and other types: results, nulls, and misread values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pytest

from relkit.contracts import INSTANT
from relkit.errors import ParameterError
from relkit.tables import casting
from relkit.tables.casting import Style

PARIS = Style(zone="Europe/Paris", day_zone="Europe/Paris")


def read(values, function, *args):
    frame = pl.DataFrame({"x": values})
    kind = casting.kind_of(frame["x"].dtype)
    return frame.select(function(pl.col("x"), kind, *args))["x"].to_list()


def converted(values, dtype, style=None, *, given=None):
    frame = pl.DataFrame({"x": pl.Series(values, dtype=given)})
    kind = casting.kind_of(frame["x"].dtype)
    value = casting.convert(pl.col("x"), kind, dtype, style or Style())
    wrong = casting.misread(pl.col("x"), kind, pl.col("read"))
    out = frame.with_columns(value.alias("read")).with_columns(wrong.alias("wrong"))
    assert out["read"].dtype == dtype
    return out["read"].to_list(), out["wrong"].to_list()


def clock(*parts):
    return datetime(*parts)  # noqa: DTZ001  (the clock of a source, without zone)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        (pl.String(), "text"), (pl.Int16(), "integer"), (pl.Float32(), "decimal"), (pl.Decimal(9, 2), "decimal"), (pl.Boolean(), "bool"),
        (pl.Date(), "date"), (pl.Datetime("ns"), "instant"), (INSTANT, "utc"), (pl.Null(), "null"), (pl.Categorical(), "text"),
    ],
)  # fmt: skip
def test_each_type_has_a_kind(dtype, kind):
    assert casting.kind_of(dtype) == kind


def test_texts_are_stripped_and_ids_keep_their_zeros():
    assert read([" 007 ", "", "  ", None, "NA"], casting.text) == ["007", None, None, None, "NA"]


def test_whole_numbers_become_ids_without_a_point():
    assert read([17850.0, 0.5, None, 1e18], casting.text) == ["17850", "0.5", None, "1e+18"]
    assert read([17850, None], casting.text) == ["17850", None]


@pytest.mark.parametrize(
    ("style", "written", "number"),
    [
        (Style(), " 12.50 ", 12.5),
        (Style(), "-1e3", -1000.0),
        (Style(), "12,50", None),
        (Style(), "inf", None),
        (Style(thousands=","), "1,234,567.5", 1234567.5),
        (Style(thousands=","), "12,5", None),
        (Style(decimal=",", thousands="."), "12.5", None),
        (Style(decimal=","), "12,50", 12.5),
        (Style(decimal=","), "1 234 567,5", 1234567.5),
        (Style(decimal=","), "1\u202f234,5", 1234.5),
        (Style(decimal=","), "1\u00a0234", 1234.0),
        (Style(decimal=","), "1.234", None),
        (Style(decimal=",", thousands="."), "1.234,5", 1234.5),
        (Style(decimal=","), "12 34,5", None),
    ],
)
def test_numbers_are_read_with_the_marks_of_the_source(style, written, number):
    assert read([written], casting.number, style) == [number]


def test_what_says_nothing_is_null_and_what_cannot_be_read_is_misread():
    assert converted(["1.5", "x", "", " ", None, "NA", "NaN", "-"], pl.Float64) == (
        [1.5, None, None, None, None, None, None, None],
        [False, True, False, False, False, False, False, False],
    )
    assert converted([1.5, float("nan"), float("inf"), None], pl.Float64) == ([1.5, None, None, None], [False, False, True, False])


def test_a_fraction_is_no_whole_number():
    assert converted(["3", "3.0", "3.5", "9007199254740993", "x"], pl.Int64) == (
        [3, 3, None, 9007199254740993, None],
        [False, False, True, False, True],
    )
    assert converted([3.0, 3.5], pl.Int32) == ([3, None], [False, True])
    assert converted([3, 2**40], pl.Int32) == ([3, None], [False, True])


def test_yes_and_no_in_two_languages():
    assert converted(["Yes", "oui", "1", "TRUE", "no", "non", "0", "False", "maybe", ""], pl.Boolean) == (
        [True] * 4 + [False] * 4 + [None, None],
        [False] * 8 + [True, False],
    )
    assert converted([1, 0, 2], pl.Boolean) == ([True, False, None], [False, False, True])
    assert converted([True, None], pl.Boolean) == ([True, None], [False, False])


def test_days_are_iso_unless_a_format_is_given():
    assert converted(["2024-01-31", "2024-01-31 10:12:00", "2024-02-30", "31/01/2024"], pl.Date) == (
        [date(2024, 1, 31), date(2024, 1, 31), None, None],
        [False, False, True, True],
    )
    assert converted(["31/01/2024", "2024-01-31"], pl.Date, Style(format="%d/%m/%Y")) == ([date(2024, 1, 31), None], [False, True])
    assert converted([20240131], pl.Date, Style(format="%Y%m%d")) == ([date(2024, 1, 31)], [False])


@pytest.mark.parametrize(
    ("pattern", "written", "precision", "expected"),
    [
        ("%Y-%m", "2024-05", "month", date(2024, 5, 1)),
        ("%m/%Y", "05/2024", None, date(2024, 5, 1)),
        ("%Y", "2024", "year", date(2024, 1, 1)),
        ("%d/%m/%Y", "17/05/2024", "month", date(2024, 5, 1)),
        ("%d/%m/%Y", "17/05/2024", "year", date(2024, 1, 1)),
        ("%d/%m/%Y", "17/05/2024", "day", date(2024, 5, 17)),
    ],
)
def test_a_date_is_never_finer_than_its_precision(pattern, written, precision, expected):
    assert converted([written], pl.Date, Style(format=pattern, precision=precision))[0] == [expected]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-07-01 10:12:30", utc(2024, 7, 1, 8, 12, 30)),
        ("2024-07-01T10:12:30", utc(2024, 7, 1, 8, 12, 30)),
        ("2024-07-01 10:12", utc(2024, 7, 1, 8, 12)),
        ("2024-07-01 10:12:30.250", utc(2024, 7, 1, 8, 12, 30, 250_000)),
        ("2024-07-01 10:12:30,250", utc(2024, 7, 1, 8, 12, 30, 250_000)),
        ("2024-07-01T10:12:30Z", utc(2024, 7, 1, 10, 12, 30)),
        ("2024-07-01T10:12:30+05:30", utc(2024, 7, 1, 4, 42, 30)),
        ("2024-07-01 10:12:30 -0230", utc(2024, 7, 1, 12, 42, 30)),
        ("2024-07-01", utc(2024, 6, 30, 22)),
        ("2024-03-31 02:30:00", utc(2024, 3, 31, 1, 30)),  # skipped by summer time: an hour later
        ("2024-10-27 02:30:00", utc(2024, 10, 27, 0, 30)),  # occurs twice: the first
        ("2024-07-32 10:00:00", None),
        ("soon", None),
        ("", None),
    ],
)
def test_instants_in_iso_form_are_of_the_clock_of_the_source(written, expected):
    assert converted([written], INSTANT, PARIS) == ([expected], [expected is None and written != ""])


def test_usual_and_unusual_forms_stand_together_in_one_column():
    written = ["2024-07-01 10:00:00", "2024-07-01", None, "2024-07-01T10:00Z", "x"]
    assert converted(written, INSTANT, PARIS)[0] == [utc(2024, 7, 1, 8), utc(2024, 6, 30, 22), None, utc(2024, 7, 1, 10), None]


def test_a_bare_day_and_a_clock_time_are_of_the_zone_of_the_source_unless_only_the_day_counts():
    style = Style(zone="Asia/Tokyo", day_zone="America/New_York")
    assert converted(["2017-03-03", "2017-03-03 01:00:00"], INSTANT, style)[0] == [utc(2017, 3, 2, 15), utc(2017, 3, 2, 16)]
    assert converted(["20170303"], INSTANT, replace(style, format="%Y%m%d"))[0] == [utc(2017, 3, 2, 15)]
    assert converted([date(2017, 3, 3)], INSTANT, style)[0] == [utc(2017, 3, 2, 15)]
    assert converted([clock(2017, 3, 3)], INSTANT, style)[0] == [utc(2017, 3, 2, 15)]
    assert converted([clock(2017, 3, 3)], INSTANT, replace(style, precision="day"))[0] == [utc(2017, 3, 3, 5)]


def test_formats_with_a_clock_and_with_an_offset():
    assert converted(["01/07/2024 10h12"], INSTANT, Style(format="%d/%m/%Y %Hh%M", zone="Europe/Paris"))[0] == [utc(2024, 7, 1, 8, 12)]
    assert converted(["01/07/2024 10:12 +0200"], INSTANT, Style(format="%d/%m/%Y %H:%M %z"))[0] == [utc(2024, 7, 1, 8, 12)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-01-01 23:30:00.123456 UTC", utc(2024, 1, 1, 23, 30, 0, 123456)),
        ("2024-01-01 23:30:00 UTC", utc(2024, 1, 1, 23, 30)),
        ("2024-01-01T23:30:00 GMT", utc(2024, 1, 1, 23, 30)),
        ("2024-01-01 23:30:00+00", utc(2024, 1, 1, 23, 30)),
        ("2024-01-01 23:30:00.5 +0000", utc(2024, 1, 1, 23, 30, 0, 500000)),
        ("2024-01-01 23:30:00-05:30", utc(2024, 1, 2, 5)),
        ("2024-01-01 23:30:00+14:00", utc(2024, 1, 1, 9, 30)),
        ("2024-01-01 23:30:00+99:99", None),
        ("2024-01-01 23:30:00+14:30", None),
        ("2024-01-01 23:30:00+01:75", None),
        ("2024-01-01 23:30:00 CET", None),
    ],
)
def test_instants_as_warehouses_export_them(written, expected):
    assert converted([written, "x"], INSTANT, PARIS)[0] == [expected, None]
    assert converted(["2024-01-01", written], INSTANT, PARIS)[0][1] == expected


def test_an_instant_with_a_zone_belongs_to_its_business_day_and_one_without_to_the_day_written():
    written = ["2024-01-01 23:30:00 UTC", "2024-01-01T23:30:00Z", "2024-01-01 23:30:00", "2024-01-01 23:30 nonsense"]
    assert converted(written, pl.Date, PARIS)[0] == [date(2024, 1, 2), date(2024, 1, 2), date(2024, 1, 1), None]
    assert converted(["01/01/2024 23:30 +0000"], pl.Date, replace(PARIS, format="%d/%m/%Y %H:%M %z"))[0] == [date(2024, 1, 2)]
    assert converted([1704151800], pl.Date, replace(PARIS, format="epoch_seconds"))[0] == [date(2024, 1, 2)]


@pytest.mark.parametrize(
    ("form", "values", "expected"),
    [
        ("excel", ["45300", "45300,75", "61", "60", "59"], [(2024, 1, 9), (2024, 1, 9, 18), (1900, 3, 1), None, (1900, 2, 28)]),
        ("excel", ["1", "-1", "1e9", "x"], [(1900, 1, 1), None, None, None]),
        ("excel", [45300.5, float("nan")], [(2024, 1, 9, 12), None]),
        ("excel_1904", ["43838", "0"], [(2024, 1, 9), (1904, 1, 1)]),
        ("epoch_seconds", ["1704150000", "1e30"], [(2024, 1, 1, 23), None]),
        ("epoch_milliseconds", [1704150000000], [(2024, 1, 1, 23)]),
    ],
)  # fmt: skip
def test_days_of_spreadsheets_and_instants_counted_from_1970(form, values, expected):
    style = Style(format=form, decimal=",")
    instants = [None if parts is None else utc(*parts) for parts in expected]
    assert converted(values, INSTANT, style)[0] == instants
    assert converted(values, pl.Date, style)[0] == [None if at is None else at.date() for at in instants]


def test_instants_that_know_their_zone_keep_it():
    given = [utc(2024, 6, 30, 23)]
    assert converted(given, INSTANT, PARIS, given=pl.Datetime("ns", "Asia/Tokyo"))[0] == given
    assert converted(given, pl.Date, PARIS)[0] == [date(2024, 7, 1)]
    assert pl.DataFrame({"x": given}).select(casting.clock(pl.col("x"), "utc", PARIS)).item() == clock(2024, 7, 1, 1)


def test_nothing_becomes_a_null_of_any_type():
    assert converted([None], pl.Date) == ([None], [False])


@pytest.mark.parametrize(("values", "spoken"), [([1.5], "a number"), ([True], "a yes/no"), ([20240131], "a whole number")])
def test_a_number_is_no_day_without_a_format(values, spoken):
    with pytest.raises(ParameterError, match=rf"{spoken} cannot be read as a day\. Give its `format`: '%Y%m%d', excel"):
        converted(values, pl.Date)
