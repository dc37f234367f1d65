"""As-of dates, calibration and holdout: all date arithmetic is here.

A date means the whole business day, in the zone of the business: everything that happened, and was
recorded, before the next midnight there is known. An instant means what was known at that instant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from relkit.errors import PeriodError

FIRST_DAY, LAST_DAY = date(1800, 1, 1), date(2200, 12, 31)
"""Days between which a cutoff may lie: what is farther away is a mark for "none" or a slip, and the calendar ends not far beyond."""


@dataclass(frozen=True)
class AsOf:
    """The information cutoff.

    Attributes:
        day: the business day of the cutoff.
        cutoff: first instant (UTC) that is not known; rows count when they are strictly before it.
        zone: IANA zone of the business day.

    Examples:
        >>> AsOf.parse("2025-06-30", zone="Europe/Paris").cutoff.isoformat()
        '2025-06-30T22:00:00+00:00'
        >>> AsOf.parse("2025-06-30").minus(days=30).day.isoformat()
        '2025-05-31'
    """

    day: date
    cutoff: datetime
    zone: str = "UTC"

    @classmethod
    def parse(cls, value: str | date | datetime | AsOf, *, zone: str = "UTC") -> AsOf:
        """Return the cutoff for a date (whole business day) or an instant (ISO 8601; a bare one is in `zone`).

        Raises:
            PeriodError: it is neither, or lies beyond `FIRST_DAY` and `LAST_DAY`.
        """
        if isinstance(value, AsOf):
            return value
        if isinstance(value, str):
            value = _read(value)
        if not isinstance(value, datetime):
            return cls.end_of(value, zone=zone)
        _within(value.date())
        aware = value if value.tzinfo else value.replace(tzinfo=_zone(zone))
        cutoff = aware.astimezone(UTC) + timedelta(microseconds=1)
        return cls(day=aware.astimezone(_zone(zone)).date(), cutoff=cutoff, zone=zone)

    @classmethod
    def end_of(cls, day: date, *, zone: str = "UTC") -> AsOf:
        """Return the cutoff after the whole of `day`.

        Raises:
            PeriodError: the day lies beyond `FIRST_DAY` and `LAST_DAY`.
        """
        _within(day)
        midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=_zone(zone))
        return cls(day=day, cutoff=midnight.astimezone(UTC), zone=zone)

    def minus(self, *, days: int) -> AsOf:
        """Return the cutoff after the whole business day `days` before this one.

        Raises:
            PeriodError: that day lies beyond `FIRST_DAY` and `LAST_DAY`.
        """
        if abs(days) > (LAST_DAY - FIRST_DAY).days:
            way = "before" if days > 0 else "after"
            raise PeriodError(f"{abs(days):,} days {way} {self.day} is beyond every calendar.", where="period", remedy="Choose fewer days.")
        return AsOf.end_of(self.day - timedelta(days=days), zone=self.zone)

    def known(self, instant: str, recorded_at: str | None = None) -> pl.Expr:
        """Return the filter for rows that happened, and were recorded, before the cutoff.

        A row with a null `recorded_at` counts as recorded when it happened.
        """
        happened = pl.col(instant) < self.cutoff
        if recorded_at is None:
            return happened
        return happened & (pl.col(recorded_at).is_null() | (pl.col(recorded_at) < self.cutoff))

    def business_day(self, instant: str) -> pl.Expr:
        """Return the business day of an instant column, as a date."""
        return pl.col(instant).dt.convert_time_zone(self.zone).dt.date()

    @property
    def spoken(self) -> str:
        """The cutoff in words: the day, with the time if it is an instant within it.

        Examples:
            >>> AsOf.parse("2025-06-30").spoken, AsOf.parse("2025-06-30T18:00").spoken
            ('2025-06-30 (UTC)', '2025-06-30 18:00 (UTC)')
        """
        if self == AsOf.end_of(self.day, zone=self.zone):
            return f"{self.day} ({self.zone})"
        last = self.cutoff - timedelta(microseconds=1)
        return f"{last.astimezone(_zone(self.zone)):%Y-%m-%d %H:%M} ({self.zone})"

    def __str__(self) -> str:
        """Return the day in ISO form, as in the names of folders and files."""
        return self.day.isoformat()


@dataclass(frozen=True)
class ObservationPeriod:
    """Days on which a source observed its customers, both ends included."""

    starts_on: date
    ends_on: date

    def __post_init__(self) -> None:
        """Refuse a period that ends before it starts."""
        if self.ends_on < self.starts_on:
            raise PeriodError(
                f"the period ends on {self.ends_on} before it starts on {self.starts_on}.",
                where="period",
                remedy="Swap the two dates, or choose a later end.",
            )

    @property
    def days(self) -> int:
        """The number of days, both ends counted."""
        return (self.ends_on - self.starts_on).days + 1


@dataclass(frozen=True)
class Holdout:
    """A split in time: models learn up to `calibration` and are judged on the `days` that follow.

    Examples:
        >>> split = Holdout.before(AsOf.parse("1998-06-30"), days=273)
        >>> str(split.calibration), str(split.end)
        ('1997-09-30', '1998-06-30')
    """

    calibration: AsOf
    end: AsOf
    days: int

    @classmethod
    def before(cls, end: AsOf, *, days: int, first_day: date | None = None) -> Holdout:
        """Return the split with the last `days` days up to `end` as holdout."""
        if days < 1:
            raise PeriodError(f"holdout_days is {days}; it must be at least 1.", where="holdout")
        calibration = end.minus(days=days)
        if first_day is not None and calibration.day <= first_day:
            raise PeriodError(
                f"a holdout of {days} days before {end} leaves nothing to learn from: the data start on {first_day}.",
                where="holdout",
                remedy="Choose fewer holdout_days, or a later as_of.",
            )
        return cls(calibration=calibration, end=end, days=days)

    def first(self, days: int) -> Holdout:
        """Return the first `days` of the holdout as a holdout; the whole of it if it is not longer.

        Examples:
            >>> str(Holdout.before(AsOf.parse("1998-06-30"), days=273).first(90))
            '1997-10-01 to 1997-12-29'
        """
        return self if days >= self.days else Holdout(calibration=self.calibration, end=self.calibration.minus(days=-days), days=days)

    def __str__(self) -> str:
        """Return the days of the holdout, as stored in registered versions."""
        return f"{self.calibration.minus(days=-1)} to {self.end}"

    @property
    def spoken(self) -> str:
        """The holdout, as part of a sentence."""
        return f"on the {self.days} days after {self.calibration}"

    @property
    def why(self) -> str:
        """Reason why the model was not judged on later days; empty, since it was."""
        return ""

    @property
    def anew(self) -> str:
        """Treatment of a champion that knew the outcomes, as part of a sentence."""
        return f"had learnt from days of this holdout, so its settings were fitted anew up to {self.calibration.day}"

    def was_seen(self, trained_as_of: date) -> bool:
        """Return whether a model that learnt up to a day knows outcomes of the holdout."""
        return trained_as_of > self.calibration.day


@dataclass(frozen=True)
class DrawnHoldout:
    """A split of customers, for data of one day only: the model is judged on a `share` of them, drawn by `seed`.

    They are judged from their first day on, over the first `days` of their lives.

    Examples:
        >>> split = DrawnHoldout(calibration=AsOf.parse("2020-01-01"), days=2101, share=0.3, seed=7)
        >>> str(split)
        '30% of the customers of 2020-01-01, drawn at random (seed 7), over their first 2101 days'
        >>> read_holdout(str(split)) == split
        True
    """

    calibration: AsOf
    days: int
    share: float
    seed: int

    @property
    def end(self) -> AsOf:
        """The information cutoff: that of the calibration."""
        return self.calibration

    def __str__(self) -> str:
        """Return the customers judged, as stored in registered versions."""
        who = f"{100 * self.share:g}% of the customers of {self.calibration}"
        return f"{who}, drawn at random (seed {self.seed}), over their first {self.days} days"

    @property
    def spoken(self) -> str:
        """The holdout, as part of a sentence."""
        who = f"{self.share:.0%} of the customers, drawn at random (seed {self.seed}) and not learnt from"
        return f"on {who}, over the first {self.days:,} days of each"

    @property
    def why(self) -> str:
        """Reason why the model was not judged on later days, as a sentence."""
        return "Customers are known as of one day only, so there are no later days to judge by: the holdout was drawn at random."

    @property
    def anew(self) -> str:
        """Treatment of a champion that knew the outcomes, as part of a sentence."""
        return "may have learnt from the customers of this holdout, so its settings were fitted anew without them"

    def was_seen(self, trained_as_of: date) -> bool:  # noqa: ARG002  (same signature as for a holdout in time)
        """Return whether a model that learnt up to a day knows the outcomes: it may have learnt from the customers drawn."""
        return True


@dataclass(frozen=True)
class RowHoldout(DrawnHoldout):
    """A split of rows, for data of one day only: the last of a file (`in_order`), or some drawn at random.

    Attributes:
        calibration, days, share, seed: as of a `DrawnHoldout`; `days` is the horizon of the outcome.
        in_order: hold out the last rows in the order of the file.

    Examples:
        >>> split = RowHoldout(calibration=AsOf.parse("2020-01-01"), days=90, share=0.3, seed=7, in_order=True)
        >>> str(split)
        'the last 30% of the rows of 2020-01-01, in the order of the file (seed 7), over 90 days'
        >>> read_holdout(str(split)) == split
        True
    """

    in_order: bool = False

    def __str__(self) -> str:
        """Return the rows judged, as stored in registered versions."""
        share = f"{100 * self.share:g}% of the rows of {self.calibration}"
        which = f"the last {share}, in the order of the file" if self.in_order else f"{share}, drawn at random"
        return f"{which} (seed {self.seed}), over {self.days} days"

    @property
    def spoken(self) -> str:
        """The holdout, as part of a sentence."""
        if self.in_order:
            return f"on the last {self.share:.0%} of the rows, in the order of the file, which it had not learnt from"
        return f"on {self.share:.0%} of the customers, drawn at random (seed {self.seed}) and not learnt from"

    @property
    def why(self) -> str:
        """Reason why the model was not judged on later days, as a sentence."""
        drawn = "the holdout is the end of the file" if self.in_order else "the holdout was drawn at random"
        return f"Customers are known as of one day only, so there are no later days to judge by: {drawn}."

    @property
    def anew(self) -> str:
        """Treatment of a champion that knew the outcomes, as part of a sentence."""
        return "may have learnt from the rows of this holdout, so its settings were fitted anew without them"


@dataclass(frozen=True)
class UnitHoldout(DrawnHoldout):
    """A split of units drawn for actions: those of later waves, or if waves are too few, some drawn at random.

    Attributes:
        calibration, days, share, seed: as of a `DrawnHoldout`; `days` is the length of the outcome's window.
        drawn_from: first day of the draws that are judged, the window of those learnt from having ended before; None if units are drawn at
            random.

    Examples:
        >>> split = UnitHoldout(calibration=AsOf.parse("2025-06-30"), days=84, share=0.3, seed=7, drawn_from=date(2025, 1, 1))
        >>> str(split)
        'units drawn from 2025-01-01 on, as of 2025-06-30, 30% of all (seed 7), over 84 days'
        >>> read_holdout(str(split)) == split
        True
    """

    drawn_from: date | None = None

    def __str__(self) -> str:
        """Return the units judged, as stored in registered versions."""
        which = "units drawn at random" if self.drawn_from is None else f"units drawn from {self.drawn_from} on"
        return f"{which}, as of {self.calibration}, {100 * self.share:g}% of all (seed {self.seed}), over {self.days} days"

    @property
    def spoken(self) -> str:
        """The holdout, as part of a sentence."""
        if self.drawn_from is None:
            return f"on {self.share:.0%} of the units, drawn at random (seed {self.seed}) and not learnt from"
        return f"on the units drawn from {self.drawn_from} on, having learnt from those whose {self.days} days had passed by then"

    @property
    def why(self) -> str:
        """Reason why the model was not judged on later waves, as a sentence; empty if it was."""
        if self.drawn_from is not None:
            return ""
        return "There are too few waves to learn from the earlier and judge on the later ones: the holdout was drawn at random."

    @property
    def anew(self) -> str:
        """Treatment of a champion that knew the outcomes, as part of a sentence."""
        return "may have learnt from the units of this holdout, so its settings were fitted anew without them"


def read_holdout(text: str, *, zone: str = "UTC") -> Holdout | DrawnHoldout | None:
    """Return the split stored in a registered version; None for "".

    Examples:
        >>> read_holdout("1997-10-01 to 1998-06-30").days
        273
    """
    if not text:
        return None
    drawn = _DRAWN.fullmatch(text)
    if drawn:
        share, day, seed, days = drawn.groups()
        edge = AsOf.parse(day, zone=zone)
        return DrawnHoldout(calibration=edge, days=int(days), share=round(float(share) / 100, 6), seed=int(seed))
    if rows := _ROWS.fullmatch(text):
        last, share, day, seed, days = rows.groups()
        edge = AsOf.parse(day, zone=zone)
        return RowHoldout(calibration=edge, days=int(days), share=round(float(share) / 100, 6), seed=int(seed), in_order=bool(last))
    if units := _UNITS.fullmatch(text):
        start_day, day, share, seed, days = units.groups()
        drawn_from = date.fromisoformat(start_day) if start_day else None
        edge, part = AsOf.parse(day, zone=zone), round(float(share) / 100, 6)
        return UnitHoldout(calibration=edge, days=int(days), share=part, seed=int(seed), drawn_from=drawn_from)
    start, end = (date.fromisoformat(day) for day in text.split(" to "))
    return Holdout.before(AsOf.parse(end, zone=zone), days=(end - start).days + 1)


_DRAWN = re.compile(r"([\d.]+)% of the customers of (\S+), drawn at random \(seed (\d+)\), over their first (\d+) days")

_ROWS = re.compile(
    r"(the last )?([\d.]+)% of the rows of (\S+), (?:in the order of the file|drawn at random) \(seed (\d+)\), over (\d+) days"
)

_UNITS = re.compile(r"units drawn (?:at random|from (\S+) on), as of (\S+), ([\d.]+)% of all \(seed (\d+)\), over (\d+) days")


def _read(text: str) -> date | datetime:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise PeriodError(
            f"{text!r} is neither a date nor an instant.", where="as_of", remedy="Write 2025-06-30 or 2025-06-30T18:00:00+02:00."
        ) from error


def _within(day: date) -> None:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise PeriodError(
            f"{day} is not between {FIRST_DAY} and {LAST_DAY}.", where="as_of", remedy="Write a day on which something is known."
        )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise PeriodError(f"{name!r} is not an IANA time zone.", where="zone", remedy="Write one like Europe/Paris.") from error
