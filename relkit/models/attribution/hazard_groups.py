"""Groups of conversions that have credit of their own: all of them, by segment, by period, and by both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.models.attribution.credit import GROUP, GROUP_SCHEMA, TOTALS_SCHEMA

if TYPE_CHECKING:
    from relkit.models.attribution.coded_timelines import CodedTimelines, Ints

_EVERY = {"week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}


@dataclass(frozen=True, eq=False)
class ConversionGroups:
    """Groups of conversions, from the finest to all.

    Attributes:
        codes: finest group of each conversion; (n,).
        finest: segment and period of each finest group.
        groups: each group that has credit, and its number for each finest group.
    """

    codes: Ints
    finest: pl.DataFrame

    @property
    def number(self) -> int:
        """Number of finest groups."""
        return len(self.finest)

    @property
    def groupings(self) -> list[tuple[list[dict[str, Any]], Ints]]:
        """Ways to group: the groups of each, and the group of each finest group; that of all conversions first."""
        names = [name for name in GROUP if name in self.finest.columns]
        ways = [[], *([name] for name in names), *([names] if len(names) > 1 else [])]
        return [_grouped(self.finest, way) for way in ways]


def conversion_groups(timelines: CodedTimelines, period: str) -> ConversionGroups:
    """Return the groups of conversions, by segment if people have one and by period if one is asked for.

    Args:
        timelines: of people with n conversions.
        period: week, month, quarter, year, or empty for none.
    """
    columns = {}
    if timelines.segments is not None:
        columns["segment"] = timelines.segments.gather(timelines.order_people)
    if period and timelines.starts_on is not None:
        days = pl.Series(np.floor(timelines.order_days).astype(np.int64)).cast(pl.Duration("ms")) * 86_400_000
        columns["period"] = (pl.Series([timelines.starts_on]).cast(pl.Datetime("ms")) + days).dt.truncate(_EVERY[period]).cast(pl.Date)
    if not columns:
        return ConversionGroups(np.zeros(len(timelines.order_days), np.int64), pl.DataFrame({"code": [0]}))
    frame = pl.DataFrame(columns)
    finest = frame.unique().sort(frame.columns).with_row_index("code")
    codes = frame.join(finest, on=frame.columns, how="left", maintain_order="left")["code"].cast(pl.Int64).to_numpy()
    return ConversionGroups(codes, finest)


def totals_table(
    timelines: CodedTimelines, groups: ConversionGroups, credited: dict[str, np.ndarray[Any, np.dtype[np.float64]]]
) -> pl.DataFrame:
    """Return segment, period and the columns of `TOTALS_SCHEMA`; journeys are conversions, as a person at risk has no null path.

    Args:
        timelines: of people with n conversions.
        groups: of the conversions.
        credited: conversions and value that all channels together are credited with, by finest group.
    """
    values = timelines.order_values
    counts = np.bincount(groups.codes, minlength=groups.number).astype(np.float64)
    worth = np.bincount(groups.codes, values, minlength=groups.number).astype(np.float64)
    sums = {
        "journeys": counts,
        "conversions": counts,
        "value": worth,
        "unattributed": counts - credited["conversions"],
        "unattributed_value": worth - credited["value"],
        "nulls": np.zeros(groups.number),
        "null_value": np.zeros(groups.number),
    }
    tables = []
    for rows, codes in groups.groupings:
        own = {name: [row.get(name) for row in rows] for name in GROUP}
        added = {name: np.bincount(codes, amount, minlength=len(rows)) for name, amount in sums.items()}
        tables.append(pl.DataFrame(own | added, schema=GROUP_SCHEMA | TOTALS_SCHEMA))
    return pl.concat(tables).sort(*GROUP)


def _grouped(finest: pl.DataFrame, names: list[str]) -> tuple[list[dict[str, Any]], Ints]:
    if not names:
        return [{}], np.zeros(len(finest), np.int64)
    rows = finest.select(names).unique().sort(names).with_row_index("group")
    codes = finest.join(rows, on=names, how="left", maintain_order="left")["group"].cast(pl.Int64).to_numpy()
    return rows.drop("group").to_dicts(), codes
