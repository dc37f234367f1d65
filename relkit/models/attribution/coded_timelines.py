"""Timelines as arrays: the days of each person's touches and conversions, and the days on which a conversion was possible.

    timelines = CodedTimelines.of(frame)
    timelines.names[timelines.touch_channels[timelines.touch_offsets[0]:timelines.touch_offsets[1]]]    channels of the first person

A row is one person, also without touches or conversions: the time of those whom no channel reached is what the others are compared
with. Days are counted from one instant for all, the beginning of the first day of the data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column, Contract, check
from relkit.errors import TableError

if TYPE_CHECKING:
    from datetime import date
    from typing import Self

Codes = NDArray[np.int16]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

TOUCH_DAYS, TOUCH_CHANNELS, TOUCH_KINDS = "touch_days", "touch_channels", "touch_kinds"
ORDER_DAYS, ORDER_VALUES = "order_days", "order_values"
_TOUCHES = (TOUCH_DAYS, TOUCH_CHANNELS, TOUCH_KINDS)
_ORDERS = (ORDER_DAYS, ORDER_VALUES)
_LISTS = (*_TOUCHES, *_ORDERS)
_WHERE = "timelines"

TIMELINES_CONTRACT = Contract(
    name="timelines",
    key=(),
    meaning="People, one row each, with the days of their touches and conversions since the beginning of the data.",
    columns=(
        Column(
            name=TOUCH_DAYS,
            dtype=pl.List(pl.Float64),
            required=True,
            nullable=False,
            unit="days",
            meaning="Time of each touch since the beginning of the first day of the data; empty for people without a touch.",
        ),
        Column(
            name=TOUCH_CHANNELS,
            dtype=pl.List(pl.String),
            required=True,
            nullable=False,
            meaning="Channel of each touch, in the same order.",
        ),
        Column(name=TOUCH_KINDS, dtype=pl.List(pl.String), meaning="Kind of each touch; needed if lookbacks differ by kind."),
        Column(name=ORDER_DAYS, dtype=pl.List(pl.Float64), required=True, nullable=False, unit="days", meaning="Time of each conversion."),
        Column(name=ORDER_VALUES, dtype=pl.List(pl.Float64), meaning="Value of each conversion; without it values are zero."),
        Column(
            name="from_day",
            dtype=pl.Float64,
            required=True,
            nullable=False,
            unit="days",
            meaning="Time from which a conversion of the person would be known.",
        ),
        Column(
            name="until_day",
            dtype=pl.Float64,
            required=True,
            nullable=False,
            unit="days",
            meaning="Time up to which a conversion of the person would be known.",
        ),
        Column(name="is_customer", dtype=pl.Boolean, meaning="False for visitors who are known by a device only."),
        Column(name="segment", dtype=pl.String, meaning="Group of people that has credit of its own."),
        Column(
            name="starts_on",
            dtype=pl.Date,
            meaning="First day of the data, the same in all rows; needed for credit by period and for lift tests.",
        ),
    ),
)
"""Columns of timelines as models read them. The lists may be of text, categories or enumerated values."""


@dataclass(frozen=True, eq=False)
class CodedTimelines:
    """Timelines of p people with m touches and n conversions; touches and conversions are in order of time within each person.

    Attributes:
        names: name of each code, ascending; a Series of text.
        touch_days: (m,) float64.
        touch_channels: code of each touch; (m,) int16.
        touch_kinds: kind of each touch, or None if it is not given; (m,) text.
        touch_offsets: position of each person's first touch, and the number of touches; (p + 1,) int64.
        order_days, order_values: (n,) float64.
        order_offsets: position of each person's first conversion, and their number; (p + 1,) int64.
        from_day, until_day: the time at risk of each person; (p,) float64.
        segments: group of each person, or None.
        starts_on: first day of the data, or None.
    """

    names: pl.Series
    touch_days: Floats
    touch_channels: Codes
    touch_kinds: pl.Series | None
    touch_offsets: Ints
    order_days: Floats
    order_values: Floats
    order_offsets: Ints
    from_day: Floats
    until_day: Floats
    segments: pl.Series | None
    starts_on: date | None

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self.from_day)

    @property
    def order_people(self) -> Ints:
        """Row of the person of each conversion; (n,)."""
        return np.repeat(np.arange(self.people), np.diff(self.order_offsets))

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """Return the timelines of some people; `kept` is true for them, (p,)."""
        touches, orders = (np.repeat(kept, np.diff(offsets)) for offsets in (self.touch_offsets, self.order_offsets))
        return replace(
            self,
            touch_days=self.touch_days[touches],
            touch_channels=self.touch_channels[touches],
            touch_kinds=None if self.touch_kinds is None else self.touch_kinds.filter(pl.Series(touches)),
            touch_offsets=_kept_offsets(self.touch_offsets, kept),
            order_days=self.order_days[orders],
            order_values=self.order_values[orders],
            order_offsets=_kept_offsets(self.order_offsets, kept),
            from_day=self.from_day[kept],
            until_day=self.until_day[kept],
            segments=None if self.segments is None else self.segments.filter(pl.Series(kept)),
        )

    @property
    def within(self) -> Self:
        """The same without conversions outside the time at risk of their person, which are the past of that time."""
        people, days = self.order_people, self.order_days
        kept = (days >= self.from_day[people]) & (days <= self.until_day[people])
        if kept.all():
            return self
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(people[kept], minlength=self.people))])
        return replace(self, order_days=days[kept], order_values=self.order_values[kept], order_offsets=offsets)

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Self:
        """Read a frame of timelines.

        Raises:
            TableError: a column is missing or of another type, a list, a channel or a day is null, lists differ in length, or a
                person's time at risk ends before it begins.

        Examples:
            >>> frame = pl.DataFrame({
            ...     "touch_days": [[3.5, 1.0], []], "touch_channels": [["b", "a"], []], "order_days": [[4.0], [2.0]],
            ...     "from_day": [0.0, 0.0], "until_day": [10.0, 10.0],
            ... })  # fmt: skip
            >>> timelines = CodedTimelines.of(frame)
            >>> timelines.names.to_list(), timelines.touch_channels.tolist(), timelines.touch_days.tolist()
            (['a', 'b'], [0, 1], [1.0, 3.5])
        """
        rows = _checked(frame)
        channels = _flat(frame, TOUCH_CHANNELS)
        names = channels.unique().cast(pl.String).sort().alias("channel")
        codes = channels.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int16)
        touch_offsets, order_offsets = _offsets(rows[TOUCH_DAYS]), _offsets(rows[ORDER_DAYS])
        days, order_days = _days(frame, TOUCH_DAYS), _days(frame, ORDER_DAYS)
        values = _flat(frame, ORDER_VALUES).cast(pl.Float64).to_numpy() if ORDER_VALUES in frame.columns else np.zeros(len(order_days))
        kinds = _flat(frame, TOUCH_KINDS).cast(pl.String) if TOUCH_KINDS in frame.columns else None
        by_touch, by_order = _by_time(days, touch_offsets), _by_time(order_days, order_offsets)
        return cls(
            names=names,
            touch_days=days[by_touch],
            touch_channels=codes[by_touch],
            touch_kinds=kinds if kinds is None or isinstance(by_touch, slice) else kinds.gather(by_touch),
            touch_offsets=touch_offsets,
            order_days=order_days[by_order],
            order_values=values[by_order],
            order_offsets=order_offsets,
            from_day=rows["from_day"].to_numpy(),
            until_day=rows["until_day"].to_numpy(),
            segments=rows["segment"].fill_null("unknown") if "segment" in rows.columns else None,
            starts_on=_one_day(rows),
        )


def columns_read(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of timelines that a frame has, for its fingerprint."""
    return frame.select(name for name in TIMELINES_CONTRACT.names if name in frame.columns)


def _flat(frame: pl.DataFrame, name: str) -> pl.Series:
    return frame[name].explode(empty_as_null=False, keep_nulls=False)


def _days(frame: pl.DataFrame, name: str) -> Floats:
    return _flat(frame, name).cast(pl.Float64).to_numpy()


def _offsets(lengths: pl.Series) -> Ints:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths.to_numpy().astype(np.int64))])


def _kept_offsets(offsets: Ints, kept: NDArray[np.bool_]) -> Ints:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(np.diff(offsets)[kept])])


def _by_time(days: Floats, offsets: Ints) -> Ints | slice:
    """Return the order of time within each person; a slice of everything if that is the order given."""
    steps = np.diff(days) < 0
    steps[offsets[(offsets > 0) & (offsets < len(days))] - 1] = False  # a new person may begin earlier
    if not steps.any():
        return slice(None)
    people = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return np.lexsort((days, people))


def _one_day(rows: pl.DataFrame) -> date | None:
    """Return the first day of the data, which is the same in all rows."""
    days = rows["starts_on"].drop_nulls().unique() if "starts_on" in rows.columns else pl.Series([], dtype=pl.Date)
    if len(days) > 1:
        problem = f"starts_on has {len(days)} different days; days are counted from one for all people."
        raise TableError(problem, where=_WHERE, remedy="Count all days from the first day of the data.")
    return days[0] if len(days) else None


def _checked(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the plain columns as other frames are checked, and the lists by their lengths."""
    lists = [name for name in _LISTS if name in frame.columns]
    for name in lists:
        if not isinstance(frame[name].dtype, pl.List):
            problem = f"{name} is {frame[name].dtype}, expected a list: one value for each touch or conversion of the person."
            raise TableError(problem, where=_WHERE, remedy="Give one row per person, with lists.")
    plain = [
        Column(name=column.name, dtype=pl.UInt32, required=column.required, nullable=False) if column.name in _LISTS else column
        for column in TIMELINES_CONTRACT.columns
    ]
    shape = frame.with_columns(pl.col(name).list.len().cast(pl.UInt32) for name in lists)
    rows = check(shape, Contract(name=_WHERE, key=(), columns=tuple(plain)))
    for first, *others in (_TOUCHES, _ORDERS):
        for other in (name for name in others if name in lists):
            if (rows[first] != rows[other]).any():
                raise TableError(
                    f"{first} and {other} differ in length.", where=_WHERE, remedy="Give one value each per touch or conversion."
                )
    _no_holes(frame, lists)
    if late := int((rows["until_day"] < rows["from_day"]).sum()):
        raise TableError(f"until_day is before from_day in {late:,} rows.", where=_WHERE, remedy="Leave these people out.")
    return rows


def _no_holes(frame: pl.DataFrame, lists: list[str]) -> None:
    """Refuse touches and conversions of which something is not known; the kind of a touch may be."""
    for name in lists:
        flat = _flat(frame, name)
        holes = flat.null_count() + (int((~flat.is_finite()).sum()) if flat.dtype.is_float() else 0)
        if holes and name != TOUCH_KINDS:
            raise TableError(f"{name} has {holes:,} values that are null or not a number.", where=_WHERE, remedy="Leave them out.")
