"""Days that stand for "no day": programs write the first or last day of their calendar where nothing is known.

Such a day becomes empty; how many there are is counted in the pass that measures a source, and remarked upon.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from relkit.remarks import Remark, french
from relkit.tables.date_orders import EARLIEST, LATEST
from relkit.tables.findings import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.tables.casting import Kind

DAYS = (
    date(1, 1, 1),
    date(1753, 1, 1),  # the first day of SQL Server
    date(1899, 12, 30),  # day 0 of spreadsheets
    date(1899, 12, 31),
    date(1900, 1, 1),
    date(2999, 12, 31),
    date(9999, 12, 31),
)
"""Days that stand for none unless `sentinels` of the mapping says otherwise."""

_MODERN = (date(1902, 1, 1), date(2098, 1, 1))
"""Between these a sentinel is that very day; outside, zones and their history may have moved it by a day, and nothing else is there."""
_DAY = timedelta(days=1)


def stands_for_none(read: pl.Expr, wanted: Kind, days: Sequence[date], zone: str) -> pl.Expr:
    """Return whether days or instants are among those that stand for none.

    Args:
        read: days or UTC instants.
        wanted: "date" or "utc".
        days: the sentinels.
        zone: IANA zone of the source, to whose days instants belong.

    Examples:
        >>> days = pl.DataFrame({"x": [date(9999, 12, 31), date(2024, 5, 1), None]})
        >>> days.select(stands_for_none(pl.col("x"), "date", DAYS, "UTC"))["x"].to_list()
        [True, False, False]
    """
    spans = _merged([_span(day) for day in days])
    marked = [read.is_between(first, last) for first, last in spans] if wanted == "date" else [_within(read, span, zone) for span in spans]
    return pl.any_horizontal(marked).fill_null(value=False) if marked else read.is_null() & False


def _span(day: date) -> tuple[date, date]:
    if _MODERN[0] <= day <= _MODERN[1]:
        return day, day
    return (day if day == date.min else day - _DAY), (day if day == date.max else day + _DAY)


def _merged(spans: list[tuple[date, date]]) -> list[tuple[date, date]]:
    """Return the spans with those that touch made one: fewer comparisons for each row."""
    merged: list[tuple[date, date]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + _DAY:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _within(read: pl.Expr, span: tuple[date, date], zone: str) -> pl.Expr:
    first, last = span
    if first <= _MODERN[0]:
        early = read >= datetime.combine(first, time(), UTC) if first != date.min else pl.lit(value=True)
        return early & (read < datetime.combine(last + _DAY, time(), UTC))
    if last >= _MODERN[1]:
        late = read < datetime.combine(last + _DAY, time(), UTC) if last != date.max else pl.lit(value=True)
        return (read >= datetime.combine(first, time(), UTC)) & late
    begins, ends = (datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC) for day in (first, last + _DAY))
    return (read >= begins) & (read < ends)


def near(value: pl.Expr, days: Sequence[date]) -> pl.Expr:
    """Return whether typed days or instants lie within a day of a sentinel, in whatever zone: the few that are worth converting."""
    spans = _merged([(day if day == date.min else day - _DAY, day if day == date.max else day + _DAY) for day in days])
    return pl.any_horizontal(value.cast(pl.Date).is_between(first, last) for first, last in spans)


def inside(days: Sequence[date]) -> tuple[date, ...]:
    """Return the sentinels that could be taken for days of a company's life."""
    return tuple(day for day in days if EARLIEST <= day <= LATEST)


def years(days: Sequence[date]) -> list[str]:
    """Return the years of the sentinels as four digits: a text without one of them is no sentinel."""
    return sorted({f"{day.year:04}" for day in days})


@dataclass(frozen=True, kw_only=True)
class SentinelsFound:
    """Values of one column that stand for no day.

    Attributes:
        place: file and column.
        rows: how many.
    """

    place: str
    rows: int

    def remark(self) -> Remark:
        """Return the remark on them."""
        return Remark(
            "days_that_stand_for_none",
            f"{self.place}: {counted(self.rows, 'value')} stand for no day (such as 0001-01-01 or 9999-12-31) and count as empty. "
            "Declare sentinels under company in the mapping file to change the list.",
            f"{self.place} : {french(self.rows)} valeur{'s' * (self.rows > 1)} signifient « aucune date » (comme 0001-01-01 ou 9999-12-31) "
            "et comptent comme vides. Déclarez sentinels sous company dans le fichier de correspondance pour changer la liste.",
        )
