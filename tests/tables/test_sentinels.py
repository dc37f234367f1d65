"""Days that stand for none: empty, counted, reported; and days of no calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from checked_files import checked, codes

from relkit.tables.sentinels import DAYS, stands_for_none

BUYERS = "  customers: {from: b, columns: {customer_id: card, created_on: since}}\n"


def created(folder, *days, company="", rule="since"):
    (folder / "b.csv").write_text("card;since\n" + "".join(f"c{place};{day}\n" for place, day in enumerate(days)))
    tables = BUYERS.replace("created_on: since", f"created_on: {rule}")
    report = checked(folder, "1;c0;2024-01-01;1.5\n", company=company, sources=", b: {files: b.csv}", tables=tables)
    return report, pl.read_parquet(folder / "out/tables/customers.parquet")["created_on"].to_list()


def test_sentinels_become_empty_and_are_counted(tmp_path):
    report, days = created(tmp_path, "2023-05-01", "0001-01-01", "9999-12-31", "1900-01-01 00:00:00", "2999-12-31")
    assert days == [date(2023, 5, 1), None, None, None, None]
    (remark,) = report.remarks
    assert (remark.code, remark.en[:46]) == ("days_that_stand_for_none", "b.csv, column since: 4 values stand for no day")


def test_the_list_of_sentinels_is_declared(tmp_path):
    report, days = created(tmp_path, "1970-01-01", "1900-01-01", company=", sentinels: 1970-01-01")
    assert (days, codes(report)) == ([None, date(1900, 1, 1)], ["days_that_stand_for_none"])


def test_a_day_of_no_life_goes_to_quarantine_with_its_year(tmp_path):
    report, days = created(tmp_path, "0204-01-01", "2023-05-01")
    assert days == [date(2023, 5, 1)]
    assert report.tables["customers"].rules[0].why == "its year 204 is not between 1800 and 2200"


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Pacific/Kiritimati"])
def test_extremes_with_a_zone_do_not_stop_a_check(tmp_path, zone):
    lines = "1;c;0001-01-01T00:00:00Z;1.5\n2;c;9999-12-31T23:59:59+00:00;1\n3;c;0001-01-01T00:00:00+14:00;1\n4;c;2024-01-01;2\n"
    report = checked(tmp_path, lines, source=f", zone: {zone}")
    assert report.tables["transactions"].rows_kept == 1
    assert codes(report) == ["days_that_stand_for_none"]


def test_modern_sentinels_are_that_day_of_the_source_alone():
    at = pl.DataFrame({"x": [datetime(1969, 12, 31, 23, tzinfo=UTC), datetime(1970, 1, 1, 23, tzinfo=UTC)]})
    assert at.select(stands_for_none(pl.col("x"), "utc", [date(1970, 1, 1)], "Europe/Paris"))["x"].to_list() == [True, False]
    assert not at.select(stands_for_none(pl.col("x"), "utc", DAYS, "UTC").any()).item()
