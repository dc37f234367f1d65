from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from relkit.features.channel_tests import SCHEMA, channel_tests
from relkit.periods import AsOf
from relkit.tables.table_set import TableFacts, TableSet

if TYPE_CHECKING:
    from pathlib import Path

TESTS = pl.DataFrame(
    {
        "lift_test_id": ["b", "a", "late"],
        "channel_id": ["search", "email", "search"],
        "starts_on": [date(2025, 5, 1), date(2025, 3, 1), date(2025, 5, 1)],
        "ends_on": [date(2025, 5, 31), date(2025, 3, 31), date(2025, 5, 31)],
        "incremental_conversions": [10.0, 5.0, 7.0],
        "low": [1.0, 2.0, 3.0],
        "high": [20.0, 8.0, 9.0],
        "recorded_at": [None, None, "2025-07-02"],
    }
).with_columns(pl.col("recorded_at").str.to_datetime(time_unit="us", time_zone="UTC"))


def tables(folder: Path, frame: pl.DataFrame) -> TableSet:
    frame.write_parquet(folder / "lift_tests.parquet")
    return TableSet(folder, TableFacts(rows={"lift_tests": len(frame)}, fingerprints={}))


def test_experiments_are_known_when_they_end_and_are_recorded(tmp_path: Path) -> None:
    known = tables(tmp_path, TESTS)
    assert channel_tests(known, AsOf.parse("2025-06-30"))["lift_test_id"].to_list() == ["a", "b"]
    assert channel_tests(known, AsOf.parse("2025-05-30"))["lift_test_id"].to_list() == ["a"]
    assert set(channel_tests(known, AsOf.parse("2025-07-31"))["lift_test_id"]) == {"a", "b", "late"}


def test_columns_that_are_not_given_are_null(tmp_path: Path) -> None:
    found = channel_tests(tables(tmp_path, TESTS.drop("recorded_at")), AsOf.parse("2025-06-30"))
    assert dict(found.schema) == SCHEMA
    assert found.select(pl.col("level", "method", "source").null_count()).row(0) == (3, 3, 3)


def test_without_the_table_there_are_none(tmp_path: Path) -> None:
    assert channel_tests(TableSet(tmp_path, TableFacts(rows={}, fingerprints={})), AsOf.parse("2025-06-30")).is_empty()
