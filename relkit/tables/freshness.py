"""Newest day of each source against the age that the mapping allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from relkit.tables.control_totals import TOGETHER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from relkit.tables.control_totals import ControlTotal


@dataclass(frozen=True, kw_only=True)
class Stale:
    """A source whose newest row is older than declared.

    Attributes:
        source: as the mapping names it.
        newest: day of its newest row up to the day of the check; None if no row of it has a day.
        allowed_days: its declared freshness.
    """

    source: str
    newest: date | None
    allowed_days: int


def newest_days(totals: Iterable[ControlTotal], today: date) -> dict[str, date]:
    """Return the newest day of each source that does not lie after `today`, to the month's first or last day seen for months to come."""
    found: dict[str, date] = {}
    for total in totals:
        for text in (total.first, total.last):
            if text is not None and (day := date.fromisoformat(text)) <= today:
                for source in total.source.split(TOGETHER):
                    found[source] = max(day, found.get(source, day))
    return found


def stale(totals: Iterable[ControlTotal], allowed: Mapping[str, int], today: date) -> tuple[Stale, ...]:
    """Return the sources whose newest row is older than allowed.

    Args:
        totals: control totals of all tables; the newest row of a source is that of any table it feeds.
        allowed: days, by source.
        today: day of the check, in the business zone.

    Examples:
        >>> from relkit.tables.control_totals import ControlTotal
        >>> june = ControlTotal(source="till", month="2025-06", rows=1, first="2025-06-01", last="2025-06-27")
        >>> stale([june], {"till": 3}, date(2025, 6, 30)), stale([june], {"till": 3}, date(2025, 7, 1))[0].newest
        ((), datetime.date(2025, 6, 27))
    """
    newest = newest_days(totals, today)
    return tuple(
        Stale(source=source, newest=newest.get(source), allowed_days=days)
        for source, days in allowed.items()
        if source not in newest or newest[source] < today - timedelta(days=days)
    )
