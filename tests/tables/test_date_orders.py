"""Formats that read every text of a column, and the reasons why one does not."""

from __future__ import annotations

import polars as pl
import pytest

from relkit.tables.date_orders import best_order, orders, why_unread


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["31/12/2024", "01/02/2024"], ("%d/%m/%Y",)),
        (["11/13/2000", "01/02/2000"], ("%m/%d/%Y",)),
        (["01/02/2024", "03/04/2024"], ("%d/%m/%Y", "%m/%d/%Y")),
        (["13/01/2024", "01/13/2024"], ()),
        (["31.12.24 10:12", "01.02.24 23:59"], ("%d.%m.%y %H:%M", "%y.%m.%d %H:%M")),  # 31 may be a year
        (["20241231", "20240102"], ("%Y%m%d",)),
        (["31 December 2024", "1 May 2023"], ("%d %B %Y",)),
        (["2024-01-31T10:12:00+0200"], ("%Y-%m-%dT%H:%M:%S%z",)),
        (["abc"], ()),
        ([None, " "], ()),
    ],
)
def test_only_formats_that_read_every_text_are_found(texts, found):
    assert orders(pl.Series(texts, dtype=pl.String)) == found


def test_a_year_of_two_digits_is_no_year_of_four():
    assert "%d/%m/%Y" not in orders(pl.Series(["31/12/24"]))


def test_the_best_order_says_how_much_it_reads():
    assert best_order(pl.Series(["31/12/2024", "?", "30/11/2024"])) == ("%d/%m/%Y", pytest.approx(2 / 3))
    assert best_order(pl.Series(["?"])) is None


@pytest.mark.parametrize(
    ("text", "pattern", "why"),
    [
        ("31/02/2024", "%d/%m/%Y", "no day of the calendar: day 31 of month 2"),
        ("29/02/2023", "%d/%m/%Y", "no day of the calendar: day 29 of month 2"),
        ("11/13/2000", "%d/%m/%Y", "no day of the calendar: month 13"),
        ("31/12/2024 25:00", "%d/%m/%Y %H:%M", "no time of the day: hour 25"),
        ("2024-13-01", None, "no day of the calendar: month 13"),
        ("0500-01-01", None, "its year 500 is not between 1800 and 2200"),
        ("abc", "%d/%m/%Y", "not written as %d/%m/%Y"),
        ("31/12/2024", None, "not written as 2024-01-31 or 2024-01-31 10:12"),
        ("abc", "excel", "no number of days, as a spreadsheet counts them, that lies between 1800 and 2200"),
        ("1e30", "epoch_seconds", "no number of seconds since 1970 that lies between 1800 and 2200"),
    ],
)
def test_the_reason_names_the_part_that_is_wrong(text, pattern, why):
    assert why_unread(text, pattern) == why
