"""Days whose declared order of day and month may be the wrong one.

Both orders read every value only if no day is beyond the twelfth. That is a question if the other order is by far the more likely: as
declared, the days are scattered over months; the other way round, all lie within one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relkit.remarks import Remark
from relkit.tables import date_orders
from relkit.tables.file_columns import exactly
from relkit.tables.questions import Answer, Question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.tables.sources import Source

LEAST_DAYS = 4
"""Distinct days below which nothing is likely."""
_A_MONTH = 31
_SCATTERED = 5
"""Times as long a span as the other order's."""


def swapped(pattern: str | None) -> str | None:
    """Return the format with day and month in the other order, None if it has no such order.

    Examples:
        >>> swapped("%d/%m/%Y %H:%M"), swapped("%Y-%m-%d"), swapped("%Y%m")
        ('%m/%d/%Y %H:%M', '%Y-%d-%m', None)
    """
    if pattern is None or pattern.count("%d") != 1 or pattern.count("%m") != 1:
        return None
    return pattern.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def question(column: str, pattern: str, other: str) -> Question:
    """Return the question about a column of text that both formats may read."""
    text = exactly(column).str.strip_chars()
    there = text.is_not_null() & (text != "")
    as_read, instead = (date_orders.read(text, order).dt.date() for order in (pattern, other))
    asked = {
        "unread": (there & as_read.is_not_null() & instead.is_null()).sum(),
        "days": as_read.n_unique(),
        "first": as_read.min(),
        "last": as_read.max(),
        "other_first": instead.min(),
        "other_last": instead.max(),
    }

    def answer(source: Source, found: Mapping[str, Any]) -> list[Answer]:
        if found["unread"] or found["days"] < LEAST_DAYS or found["first"] is None:
            return []
        span, other_span = (found["last"] - found["first"]).days, (found["other_last"] - found["other_first"]).days
        if other_span > _A_MONTH or span < _SCATTERED * max(other_span, 1):
            return []
        return [_remark(source, column, pattern, other, found)]

    return Question(name=f"order of {column}", asked=asked, answer=answer)


def _remark(source: Source, column: str, pattern: str, other: str, found: Mapping[str, Any]) -> Remark:
    spans = {name: (f"{found[name]:%Y-%m-%d}", f"{found[name]:%d/%m/%Y}") for name in ("first", "last", "other_first", "other_last")}
    en, fr = ({name: both[place] for name, both in spans.items()} for place in (0, 1))
    return Remark(
        "days_with_two_orders",
        f'{source.spoken}, column {column}: "{pattern}" and "{other}" both read every value. As declared, days go from {en["first"]} to '
        f"{en['last']}; the other way round, from {en['other_first']} to {en['other_last']}. Check which is meant.",
        f"{source.spoken}, colonne {column} : « {pattern} » et « {other} » lisent toutes les valeurs. Comme déclaré, les dates vont du "
        f"{fr['first']} au {fr['last']} ; dans l’autre ordre, du {fr['other_first']} au {fr['other_last']}. Vérifiez l’ordre voulu.",
    )
