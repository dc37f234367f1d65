from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.models.attribution.coded_paths import CodedPaths
from relkit.models.attribution.journey_groups import groupings_of, totals_of

FRAME = pl.DataFrame({
    "channels": pl.Series([["a"], [], ["b", "a"], ["b"], ["a"]], dtype=pl.List(pl.String)),
    "conversions": [1.0, 2.0, 0.0, 1.0, 3.0],
    "nulls": [0.0, 0.0, 4.0, 0.0, 1.0],
    "value": [10.0, 20.0, 7.0, 5.0, -6.0],
    "segment": ["new", "known", "new", None, "new"],
    "period": [date(2025, 5, 1), date(2025, 5, 1), date(2025, 6, 1), date(2025, 6, 1), None],
})  # fmt: skip


def test_totals_of_all_segments_periods_and_both() -> None:
    totals = totals_of(CodedPaths.of(FRAME))
    assert totals.height == 1 + 3 + 2 + 4
    whole = totals.row(0, named=True)
    assert (whole["segment"], whole["period"]) == (None, None)
    assert (whole["journeys"], whole["conversions"], whole["nulls"]) == (12.0, 7.0, 5.0)
    assert (whole["value"], whole["unattributed"], whole["unattributed_value"], whole["null_value"]) == (29.0, 2.0, 20.0, 7.0)


@pytest.mark.parametrize("column", ["journeys", "conversions", "value", "unattributed", "nulls", "null_value"])
def test_segments_add_up_and_one_that_is_not_known_is_among_them(column: str) -> None:
    totals = totals_of(CodedPaths.of(FRAME))
    segments = totals.filter(pl.col("segment").is_not_null(), pl.col("period").is_null())
    assert segments["segment"].to_list() == ["known", "new", "unknown"]
    assert segments[column].sum() == totals[column][0]


def test_journeys_of_an_unknown_period_are_in_no_period() -> None:
    totals = totals_of(CodedPaths.of(FRAME))
    periods = totals.filter(pl.col("period").is_not_null(), pl.col("segment").is_null())
    assert periods["conversions"].to_list() == [3.0, 1.0]


def test_columns_without_any_value_make_no_groups() -> None:
    empty = FRAME.with_columns(segment=pl.lit(None, pl.String), period=pl.lit(None, pl.Date))
    assert len(groupings_of(CodedPaths.of(empty))) == 1
    assert_frame_equal(totals_of(CodedPaths.of(empty)), totals_of(CodedPaths.of(FRAME.drop("segment", "period"))))
