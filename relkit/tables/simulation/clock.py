"""Time: calendar days against the operational time in which customers order at a constant rate.

Seasons, drift and promotions multiply everybody's rate by s(t). An inhomogeneous Poisson process is a
homogeneous one in the operational time C(t) = the integral of s, so that all exact results of BG/NBD
apply once days are replaced by C (Cox and Lewis 1966, 2.3). In the clean world s = 1 and C(t) = t.

Days are whole numbers counted from the first day of the data (0); the instant t = k is the end of day
k - 1 and the start of day k. Earlier days are negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from relkit.units import US_A_DAY, US_A_SECOND

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ZONE = "Europe/Paris"
"""Zone of the business day of every simulated company."""


@dataclass(frozen=True, eq=False)
class Clock:
    """Calendar time against operational time.

    Attributes:
        first: the earliest day covered (negative or 0).
        cumulative: C at first, first + 1, ..., shape (days + 1,), increasing.

    Examples:
        >>> clock = Clock.steady(first=0, days=10)
        >>> float(clock.operational(np.array([4.5]))[0])
        4.5
    """

    first: int
    cumulative: Floats

    @classmethod
    def steady(cls, *, first: int, days: int) -> Clock:
        """Return the clock on which every day counts the same."""
        return cls.of(np.ones(days), first=first)

    @classmethod
    def of(cls, multipliers: Floats, *, first: int) -> Clock:
        """Return the clock of daily multipliers s, the first of which belongs to day `first`."""
        cumulative = np.concatenate([[0.0], np.cumsum(multipliers)])
        return cls(first=first, cumulative=cumulative - cumulative[-first])

    @property
    def last(self) -> int:
        """The latest instant covered."""
        return self.first + len(self.cumulative) - 1

    def operational(self, instants: NDArray[np.generic]) -> Floats:
        """Return C at instants in days."""
        grid = np.arange(self.first, self.last + 1, dtype=np.float64)
        return np.interp(instants.astype(np.float64), grid, self.cumulative)

    def calendar(self, operational: Floats) -> Floats:
        """Return the instants, in days, at which C takes these values."""
        grid = np.arange(self.first, self.last + 1, dtype=np.float64)
        return np.interp(operational, self.cumulative, grid)


@dataclass(frozen=True, eq=False)
class Calendar:
    """Whole days as dates, and seconds of a local day as UTC instants.

    Attributes:
        starts_on: the date of day 0.
        first: earliest day covered.
        noon_offsets: microseconds from local time to UTC at noon of each day from `first` on.
    """

    starts_on: date
    first: int
    noon_offsets: Ints

    @classmethod
    def covering(cls, starts_on: date, *, first: int, last: int) -> Calendar:
        """Return the calendar of the days from `first` to `last`, both included."""
        zone = ZoneInfo(ZONE)
        offsets = []
        for day in range(first, last + 1):
            noon = datetime.combine(starts_on + timedelta(days=day), time(12), zone).utcoffset()
            assert noon is not None
            offsets.append(round(noon.total_seconds()) * US_A_SECOND)
        return cls(starts_on=starts_on, first=first, noon_offsets=np.array(offsets, dtype=np.int64))

    def dates(self, days: NDArray[np.generic]) -> NDArray[np.datetime64]:
        """Return the dates of whole days, numpy datetime64[D]."""
        return np.datetime64(self.starts_on, "D") + days.astype(np.int64)

    def instants(self, days: NDArray[np.generic], seconds: NDArray[np.generic]) -> Ints:
        """Return UTC microseconds since 1970 of local `seconds` after midnight of `days`.

        Seconds lie between 5 h and 24 h, when no clock changes: one offset per day suffices.
        """
        whole = days.astype(np.int64)
        midnight = (np.datetime64(self.starts_on, "D").astype(np.int64) + whole) * US_A_DAY
        return midnight + seconds.astype(np.int64) * US_A_SECOND - self.noon_offsets[whole - self.first]
