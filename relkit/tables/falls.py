"""Falls of control totals against the previous check: rows or money that were there and no longer are.

Only what is comparable is compared. Of the month in which the older check ended, it saw a part: that part is the least that the month
must have now. Months before the first that the source has now are no fall by themselves, as exports often cover a moving window; if most
of a source is gone with them, its whole is less. Two checks that share no month are compared by their mean complete month.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relkit.tables.control_totals import UNDATED, ControlTotal, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS = "rows"


@dataclass(frozen=True, kw_only=True)
class Fall:
    """A total that fell.

    Attributes:
        table, source: of the rows.
        month: like 2025-06; `UNDATED` for the whole of the source.
        what: `ROWS`, or a column of money.
        before, now: the two totals.
        is_mean: both are means of the complete months of checks that share no month.
    """

    table: str
    source: str
    month: str
    what: str
    before: float
    now: float
    is_mean: bool = False

    @property
    def share(self) -> float:
        """Share that is gone, in [0, 1]; of money, more than 1 if the sum is negative now."""
        return 1.0 - self.now / self.before


def falls(table: str, before: Sequence[ControlTotal], now: Sequence[ControlTotal], *, most: float) -> tuple[Fall, ...]:
    """Return the totals that fell by more than a share: of each source its whole, then its months, the oldest first.

    Args:
        table: of the totals.
        before: totals of the previous check, by source and month.
        now: those of this check.
        most: largest share, in [0, 1), that may be gone.

    A source without a row now is not among them: see `vanished`.

    Examples:
        >>> may = ControlTotal(source="till", month="2025-05", rows=100, first="2025-05-01", last="2025-05-31", money={"net_amount": 9.0})
        >>> less = ControlTotal(source="till", month="2025-05", rows=40, first="2025-05-01", last="2025-05-31", money={"net_amount": 9.0})
        >>> [(fall.month, fall.what, round(fall.share, 2)) for fall in falls("transactions", [may], [less], most=0.5)]
        [('', 'rows', 0.6), ('2025-05', 'rows', 0.6)]
    """
    found: list[Fall] = []
    for source in dict.fromkeys(total.source for total in before):
        old, new = whole(before, source), whole(now, source)
        if old is not None and new is not None:
            months = ({t.month: t for t in totals if t.source == source} for totals in (before, now))
            found += _of_source(table, (old, new), *months, most=most)
    return tuple(found)


def vanished(before: Sequence[ControlTotal], now: Sequence[ControlTotal]) -> tuple[str, ...]:
    """Return the sources that had rows in a table before and have none now."""
    present = {total.source for total in now}
    return tuple(dict.fromkeys(total.source for total in before if total.source not in present))


def is_complete(month: str, own: ControlTotal) -> bool:
    """Return True if the rows of a source reach from the first to the last day of a month.

    Args:
        month: like 2025-06.
        own: whole of the source.

    Examples:
        >>> own = ControlTotal(source="till", month=UNDATED, rows=9, first="2025-01-01", last="2025-06-29")
        >>> is_complete("2025-05", own), is_complete("2025-06", own)
        (True, False)
    """
    year, number = (int(part) for part in month.split("-"))
    begins, ends = f"{month}-01", f"{month}-{monthrange(year, number)[1]}"
    return ends <= (own.last or "") and (own.first or ends) <= begins


def _of_source(
    table: str,
    wholes: tuple[ControlTotal, ControlTotal],
    before: dict[str, ControlTotal],
    now: dict[str, ControlTotal],
    *,
    most: float,
) -> list[Fall]:
    old, new = wholes
    shared = not (old.last and new.first and new.first[:7] > old.last[:7])
    if not shared:
        means = _mean(before, old), _mean(now, new)
        return [] if None in means else _fallen(table, UNDATED, means[0], means[1], most=most, is_mean=True)  # type: ignore[arg-type]
    found = _fallen(table, UNDATED, old, new, most=most)
    for month, total in sorted(before.items()):
        if month != UNDATED and not _is_cut(month, old, new):
            found += _fallen(table, month, total, now.get(month, ControlTotal(source=old.source, month=month, rows=0)), most=most)
    return found


def _is_cut(month: str, old: ControlTotal, new: ControlTotal) -> bool:
    """Return True if the source now begins after this month, or in it on a later day than before."""
    first = new.first or ""
    return month < first[:7] or (month == first[:7] and first > max(old.first or "", f"{month}-01"))


def _mean(months: dict[str, ControlTotal], own: ControlTotal) -> ControlTotal | None:
    """Return the mean complete month; None without one."""
    complete = [total for month, total in months.items() if month != UNDATED and is_complete(month, own)]
    if not complete:
        return None
    names = dict.fromkeys(name for total in complete for name in total.money)
    money = {name: round(sum(total.money.get(name, 0.0) for total in complete) / len(complete), 2) for name in names}
    return ControlTotal(source=own.source, month=UNDATED, rows=round(sum(t.rows for t in complete) / len(complete)), money=money)


def _fallen(table: str, month: str, old: ControlTotal, new: ControlTotal, *, most: float, is_mean: bool = False) -> list[Fall]:
    pairs: dict[str, tuple[float, float]] = {ROWS: (old.rows, new.rows)}
    pairs |= {name: (amount, new.money.get(name, 0.0)) for name, amount in old.money.items()}
    return [
        Fall(table=table, source=old.source, month=month, what=what, before=before, now=now, is_mean=is_mean)
        for what, (before, now) in pairs.items()
        if before > 0 and now < (1.0 - most) * before
    ]
