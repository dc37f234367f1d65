"""Control totals of a table: rows, first and last day and sums of money, by source and month of the table's main date.

They are taken from the rows that are kept, and exact: amounts are added in ten-thousandths, so that neither the order of the rows nor
the number of threads changes a digit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.contracts import INSTANT
from relkit.tables.declared.columns import LARGEST, MONEY
from relkit.tables.schemas import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from relkit.contracts import Contract

UNDATED = ""
"""Month of the rows without a date."""
TOGETHER = " + "
"""Mark between the names of sources that read the same file into a table, whose rows cannot be distinguished."""
_PARTS = 10_000
_QUARTER_US = 900_000_000


@dataclass(frozen=True, kw_only=True)
class ControlTotal:
    """Totals of the rows of one source in one month, or in all.

    Attributes:
        source: as the mapping names it.
        month: like 2025-06; `UNDATED` for rows without a date, and for totals of all months.
        rows: kept.
        first, last: first and last day, as ISO texts; None without a date.
        money: sum of each column of money, in the programme's currency.
    """

    source: str
    month: str
    rows: int
    first: str | None = None
    last: str | None = None
    money: dict[str, float] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return the totals as written to JSON."""
        return {
            "source": self.source,
            "month": self.month,
            "rows": self.rows,
            "first": self.first,
            "last": self.last,
            "money": dict(self.money),
        }


def main_date(contract: Contract, names: Sequence[str]) -> str | None:
    """Return the date by which a table is counted: the first one that it requires, else the first one that is given.

    Examples:
        >>> from relkit.tables.schemas import TABLES
        >>> main_date(TABLES["contracts"], TABLES["contracts"].names)
        'started_on'
    """
    dates = [column for column in contract.columns if column.name in names and column.dtype in (pl.Date, INSTANT)]
    required = [column.name for column in dates if column.required]
    return next(iter([*required, *(column.name for column in dates)]), None)


def control_totals(
    rows: pl.LazyFrame, contract: Contract, names: Sequence[str], *, zone: str, origins: Mapping[str, str] | None = None
) -> tuple[ControlTotal, ...]:
    """Return the totals of each source and month, from one streamed pass.

    Args:
        rows: those kept, with `_source`.
        contract: the table.
        names: its columns that are there.
        zone: IANA zone of the business day.
        origins: source by name of file; a file that is not in it is its own source.
    """
    date, money = main_date(contract, names), [c.name for c in contract.columns if c.unit == MONEY and c.name in names]
    is_instant = date is not None and contract[date].dtype == INSTANT
    at = pl.lit(None, dtype=pl.Date) if date is None else _quarter(pl.col(date)) if is_instant else pl.col(date)
    narrow = rows.select(pl.col(SOURCE).alias("source"), at.alias("at"), *(_exact(name) for name in money))
    found = narrow.group_by("source", "at").agg(pl.len().alias("rows"), pl.col(money).sum()).collect(engine="streaming")
    day = _day(pl.col("at"), zone) if is_instant else pl.col("at")
    dated = found.select(pl.col("source").replace(dict(origins or {})), day.alias("day"), pl.col("rows").cast(pl.Int64), *money)
    totals = dated.group_by("source", pl.col("day").dt.truncate("1mo").alias("month")).agg(
        pl.col("rows", *money).sum(), pl.col("day").min().alias("first"), pl.col("day").max().alias("last")
    )
    return tuple(_total(row, money) for row in totals.sort("source", "month", nulls_last=True).iter_rows(named=True))


def whole(totals: Iterable[ControlTotal], source: str) -> ControlTotal | None:
    """Return the totals of a source over all its months; None if it has no row.

    Examples:
        >>> may, june = (ControlTotal(source="till", month=f"2025-0{m}", rows=m, money={"net_amount": 0.1}) for m in (5, 6))
        >>> whole([may, june], "till").rows, whole([may], "shop")
        (11, None)
    """
    own = [total for total in totals if total.source == source]
    if not own:
        return None
    names = dict.fromkeys(name for total in own for name in total.money)
    return ControlTotal(
        source=source,
        month=UNDATED,
        rows=sum(total.rows for total in own),
        first=min((total.first for total in own if total.first), default=None),
        last=max((total.last for total in own if total.last), default=None),
        money={name: round(sum(total.money.get(name, 0.0) for total in own), 2) for name in names},
    )


def _quarter(instant: pl.Expr) -> pl.Expr:
    """Return the quarter of an hour of an instant: zones differ by whole ones, and a day is looked up once for each, not for each row."""
    return (instant.to_physical() // _QUARTER_US).cast(pl.Int32)


def _day(quarter: pl.Expr, zone: str) -> pl.Expr:
    return (quarter.cast(pl.Int64) * _QUARTER_US).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone).dt.date()


def _exact(name: str) -> pl.Expr:
    """Return amounts in whole ten-thousandths, null for those that are no amounts."""
    value = pl.col(name)
    return pl.when(value.abs() <= LARGEST).then(value * _PARTS).round().cast(pl.Int64).alias(name)


def _total(row: dict[str, Any], money: Sequence[str]) -> ControlTotal:
    return ControlTotal(
        source=row["source"],
        month=f"{row['month']:%Y-%m}" if row["month"] else UNDATED,
        rows=row["rows"],
        first=row["first"].isoformat() if row["first"] else None,
        last=row["last"].isoformat() if row["last"] else None,
        money={name: round(row[name] / _PARTS, 2) for name in money},
    )
