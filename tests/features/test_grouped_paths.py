"""Paths from a table of grouped paths: channels split, rows of one path added up, periods as of a cutoff."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.features.grouped_paths import grouped_paths, later_grouped_paths
from relkit.features.journeys import Wanted
from relkit.models.attribution.coded_paths import CodedPaths
from relkit.periods import AsOf, Holdout
from relkit.tables.headline import business_days, headline

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.tables.table_set import TableSet

    Company = Callable[..., TableSet]

EDGE = AsOf.parse("2024-06-30")
ROWS: dict[str, Any] = {
    "path": ["b > a", "b>a ", "a|c", None, "a > > b", "b > a"],
    "conversions": [1.0, 2.0, 4.0, 8.0, 0.0, 16.0],
    "nulls": [None, 1.0, 0.0, 0.0, 5.0, 0.0],
    "value": [10.0, None, 40.0, 80.0, 3.0, 160.0],
    "separator": [None, ">", "|", None, ">", None],
    "period": [date(2024, 4, 1), date(2024, 5, 1), date(2024, 5, 1), date(2024, 6, 1), None, date(2024, 7, 1)],
    "segment": ["x", "y", "y", "x", "x", "y"],
}


def rows_of(frame: pl.DataFrame, *more: str) -> list[tuple[Any, ...]]:
    channels = pl.col("channels").cast(pl.List(pl.String)).list.join(">")
    return frame.select(channels, "conversions", "nulls", "value", *more).rows()


def test_rows_of_one_path_are_added_up_and_periods_ahead_left_out(company: Company) -> None:
    tables = company({"paths": ROWS})
    found = grouped_paths(tables, EDGE)
    assert rows_of(found) == [("", 8, 0, 80.0), ("a>b", 0, 5, 3.0), ("a>c", 4, 0, 40.0), ("b>a", 3, 1, 10.0)]
    assert CodedPaths.of(found).names.to_list() == ["a", "b", "c"]
    turned = {name: values[::-1] for name, values in ROWS.items()}
    assert grouped_paths(company({"paths": turned}, folder="turned"), EDGE).equals(found)


def test_segments_and_periods_are_kept_apart_if_they_are_asked_for(company: Company) -> None:
    tables = company({"paths": ROWS})
    found = rows_of(grouped_paths(tables, EDGE, Wanted(by="segment", period="month")), "segment", "period")
    assert ("b>a", 1.0, 0.0, 10.0, "x", date(2024, 4, 1)) in found
    assert ("b>a", 2.0, 1.0, 0.0, "y", date(2024, 5, 1)) in found


def test_a_holdout_has_the_periods_that_began_in_it(company: Company) -> None:
    split = Holdout.before(AsOf.parse("2024-07-15"), days=60)
    found = later_grouped_paths(company({"paths": ROWS}), split)
    assert rows_of(found) == [("", 8, 0, 80.0), ("b>a", 16, 0, 160.0)]


def test_the_days_of_grouped_paths_are_those_of_their_periods(company: Company) -> None:
    tables = company({"paths": ROWS})
    assert business_days({"paths": tables.folder / "paths.parquet"}, "UTC") == (date(2024, 4, 1), date(2024, 7, 1))
    assert headline(tables)["paths"] == 6
    bare = company({"paths": {name: ROWS[name] for name in ("path", "conversions")}}, folder="bare")
    assert business_days({"paths": bare.folder / "paths.parquet"}, "UTC") == (None, None)
    assert grouped_paths(bare, EDGE).height == 4
    assert later_grouped_paths(bare, Holdout.before(EDGE, days=30)).is_empty()
