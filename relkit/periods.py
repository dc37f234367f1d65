"""As-of dates, calibration and holdout: all date arithmetic stands here.

A date means the whole business day, in the zone of the business: everything that happened, and was
recorded, before the next midnight there is known. An instant means what was known at that instant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from relkit.errors import PeriodError


@dataclass(frozen=True)
class AsOf:
    """The edge of what is known.

    Attributes:
        day: the business day of the edge.
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
        """Return the edge for a date (whole business day) or an instant (ISO 8601; a bare one is in `zone`)."""
        if isinstance(value, AsOf):
            return value
        if isinstance(value, str):
            value = _read(value)
        if not isinstance(value, datetime):
            return cls.end_of(value, zone=zone)
        aware = value if value.tzinfo else value.replace(tzinfo=_zone(zone))
        cutoff = aware.astimezone(UTC) + timedelta(microseconds=1)
        return cls(day=aware.astimezone(_zone(zone)).date(), cutoff=cutoff, zone=zone)

    @classmethod
    def end_of(cls, day: date, *, zone: str = "UTC") -> AsOf:
        """Return the edge after the whole of `day`."""
        midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=_zone(zone))
        return cls(day=day, cutoff=midnight.astimezone(UTC), zone=zone)

    def minus(self, *, days: int) -> AsOf:
        """Return the edge after the whole business day that lies `days` before this one."""
        return AsOf.end_of(self.day - timedelta(days=days), zone=self.zone)

    def known(self, instant: str, recorded_at: str | None = None) -> pl.Expr:
        """Return the filter for rows that happened, and were recorded, before the edge.

        A row whose `recorded_at` is null is taken as recorded when it happened.
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
        """The edge as people read it: the day, with the time where it is an instant within it.

        Examples:
            >>> AsOf.parse("2025-06-30").spoken, AsOf.parse("2025-06-30T18:00").spoken
            ('2025-06-30 (UTC)', '2025-06-30 18:00 (UTC)')
        """
        if self == AsOf.end_of(self.day, zone=self.zone):
            return f"{self.day} ({self.zone})"
        last = self.cutoff - timedelta(microseconds=1)
        return f"{last.astimezone(_zone(self.zone)):%Y-%m-%d %H:%M} ({self.zone})"

    def __str__(self) -> str:
        """Return the day in ISO form, as folders and files carry it."""
        return self.day.isoformat()


@dataclass(frozen=True)
class ObservationPeriod:
    """The days on which a source saw its customers, both ends included."""

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
        """Return the split whose last `days` days, up to `end`, judge the model."""
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


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise PeriodError(f"{name!r} is not an IANA time zone.", where="zone", remedy="Write one like Europe/Paris.") from error
