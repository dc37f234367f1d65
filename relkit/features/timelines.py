"""Timelines: the days of each person's touches and conversions, and the time during which a conversion would be known.

One row per person: every customer, also without touches, and the anonymous visitors. Days are counted from the first instant of the data
window: the start of the history that the source declares, else the first business day with a touch or a conversion.

At risk. A customer of the customers table is at risk from the start of the window. Of other people nothing is known before their first
touch or conversion, so they are at risk from then on. All are at risk up to the cutoff; if only first orders count, up to that order, and
customers who were there before the history starts are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.contracts import INSTANT
from relkit.features.business_days import business_days
from relkit.features.conversions import Conversions, conversions, there_before
from relkit.features.journey_groups import segments_of
from relkit.features.journey_people import are_tests, code_of, customer_names
from relkit.features.journey_touches import Touches, enumerated, known_touches
from relkit.features.known_rows import known_rows
from relkit.features.wanted_journeys import Wanted
from relkit.periods import AsOf
from relkit.tables.kept import kept
from relkit.units import SECONDS_PER_DAY, US_A_DAY, US_A_SECOND

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from relkit.periods import Holdout
    from relkit.tables.table_set import TableSet

    Ints = NDArray[np.int64]


def timelines(tables: TableSet, as_of: AsOf, wanted: Wanted | None = None) -> pl.DataFrame:
    """Return one row per person, customers in order of customer_id first, then visitors; test accounts are left out.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        wanted: the conversions, and the attribute that groups people; lookbacks and periods are left to the model.

    Returns:
        touch_days (list of f64), touch_channels (list of Enum), touch_kinds (list of Enum; "" if not known), order_days, order_values
        (lists of f64), from_day, until_day, is_customer, starts_on (first day of the window), segment (if asked for). Days are fractions,
        from the start of the window.

    Raises:
        TableError: there is no touchpoints table.
        ParameterError: an unknown attribute, or an invalid expression.
    """
    asked = wanted or Wanted()
    return kept(tables, f"timelines_{asked.digest}", lambda: _Lines.read(tables, as_of, asked).frame(tables, as_of, asked), as_of)


def later_timelines(tables: TableSet, split: Holdout, wanted: Wanted | None = None) -> pl.DataFrame:
    """Return the people at risk in the days of a holdout, from its first instant on.

    Earlier touches and orders are kept: they are the past of those days. Orders before `from_day` are none to be foretold.
    """
    rows = timelines(tables, split.end, wanted)
    if rows.is_empty():
        return rows
    start = _days_between(_start_of(rows["starts_on"][0], split.end.zone), split.calibration.cutoff)
    from_day = pl.max_horizontal("from_day", pl.lit(start))
    return rows.filter(pl.col("until_day") > start).with_columns(from_day=from_day)


def _start_of(day: date, zone: str) -> datetime:
    """Return the first instant of a business day, in UTC."""
    return AsOf.end_of(day, zone=zone).minus(days=1).cutoff


def _days_between(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / SECONDS_PER_DAY


@dataclass(frozen=True, eq=False)
class _Lines:
    """Touches and conversions, with the people who have none, and the first instant of the window."""

    touches: Touches
    conversions: Conversions
    people: NDArray[np.uint32]
    listed: NDArray[np.bool_]
    starts_on: date
    start: datetime

    @classmethod
    def read(cls, tables: TableSet, as_of: AsOf, wanted: Wanted) -> _Lines:
        """Read the tables as of a cutoff."""
        touches, sales = known_touches(tables, as_of), conversions(tables, as_of, wanted)
        listed = _listed(tables, as_of)
        there = np.pad(listed, (0, touches.people - len(listed)))
        there[touches.person] = True
        there[sales.customer] = True
        there[: len(listed)] &= ~are_tests(tables)
        if wanted.first_only:
            there[: len(listed)] &= ~there_before(tables)
        starts_on = _first_day(tables, touches.at, sales.at, as_of)
        return cls(touches, sales, np.flatnonzero(there).astype(np.uint32), listed, starts_on, _start_of(starts_on, as_of.zone))

    def frame(self, tables: TableSet, as_of: AsOf, wanted: Wanted) -> pl.DataFrame:
        """Return the timelines."""
        end = self._days(np.array([_micros(as_of.cutoff)]))[0]
        touches, orders = self._touch_lists(), self._order_lists()
        rows = pl.DataFrame({"person": self.people}).join(touches, on="person", how="left", maintain_order="left")
        rows = rows.join(orders, on="person", how="left", maintain_order="left")
        lists = ("touch_days", "touch_channels", "touch_kinds", "order_days", "order_values")
        rows = rows.with_columns(pl.col(name).fill_null([]) for name in lists)
        first = pl.min_horizontal(pl.col("touch_days").list.first(), pl.col("order_days").list.first()).fill_null(0.0)
        is_listed = pl.Series(np.append(self.listed, False)[np.minimum(self.people, len(self.listed))])
        until = pl.col("order_days").list.first().fill_null(end) if wanted.first_only else pl.lit(end)
        segment = []
        if wanted.by:
            at = pl.Series([as_of.cutoff], dtype=INSTANT).new_from_index(0, len(rows))
            segment = [segments_of(tables, as_of, wanted.by, self.people, at).alias("segment")]
        return rows.select(
            *lists,
            from_day=pl.when(is_listed).then(pl.min_horizontal(pl.lit(0.0), first)).otherwise(first),
            until_day=until,
            is_customer=pl.Series(self.people < self.touches.customers),
            starts_on=pl.lit(self.starts_on),
        ).with_columns(*segment)

    def _touch_lists(self) -> pl.DataFrame:
        """Return the touches of each person who has any."""
        touches = self.touches
        columns = {
            "person": touches.person,
            "touch_days": self._days(touches.at),
            "touch_channels": enumerated(touches.channel, touches.channels),
            "touch_kinds": enumerated(touches.kind, touches.kinds),
        }
        return _by_person(pl.DataFrame(columns))

    def _order_lists(self) -> pl.DataFrame:
        """Return the conversions of each person who has any, those of one instant one by one."""
        sales, number = self.conversions, self.conversions.number
        columns = {
            "person": np.repeat(sales.customer, number),
            "order_days": np.repeat(self._days(sales.at), number),
            "order_values": np.repeat(sales.value / number, number),
        }
        return _by_person(pl.DataFrame(columns))

    def _days(self, at: Ints) -> NDArray[np.float64]:
        """Return days since the start of the window."""
        found: NDArray[np.float64] = (at - _micros(self.start)) / US_A_DAY
        return found


def _by_person(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("person").set_sorted()).group_by("person", maintain_order=True).agg(pl.all())


def _micros(instant: datetime) -> int:
    since = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * SECONDS_PER_DAY + since.seconds) * US_A_SECOND + since.microseconds


def _listed(tables: TableSet, as_of: AsOf) -> NDArray[np.bool_]:
    """Return for each code of a customer whether the customers table has it, as known by the cutoff."""
    names = customer_names(tables)
    found = np.zeros(len(names), np.bool_)
    if tables.has("customers"):
        codes = known_rows(tables, "customers", as_of, "customer_id").select(code_of(names)).collect()["customer_id"]
        found[codes.drop_nulls().to_numpy()] = True
    return found


def _first_day(tables: TableSet, touches: Ints, sales: Ints, as_of: AsOf) -> date:
    """Return the first day of the window."""
    if tables.facts.history_starts_on is not None:
        return tables.facts.history_starts_on
    firsts = [int(at.min()) for at in (touches, sales) if len(at)]
    if not firsts:
        return as_of.day
    day: date = business_days(pl.Series([min(firsts)]).cast(INSTANT), as_of.zone)[0]
    return day
