"""Calendar of a model whose rates follow season and events: daily covariates, and their cumulative exposure.

    covariates = CalendarCovariates(season_harmonics=1, events=(CalendarEvent("promotion", first, last),))
    exposure = Exposure.of(covariates.on(days), effects)

A rate is multiplied by exp(effects' z(day)), the same for all customers on a day. The multiplied time since the first purchase,
A(t) = sum over the days in it of exp(effects' z), then takes the place of plain time in the model without covariates; for a
customer it is the difference of two values of one running total of the whole calendar.

Days are numbers since 1970-01-01. An age of t days extends to the end of the day first + t: a purchase at age t is on that day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from relkit.errors import ParameterError

Floats = NDArray[np.float64]
Days = NDArray[np.int64]

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, kw_only=True)
class CalendarEvent:
    """A period in which something changed the rates of all customers; periods with the same name share one effect.

    Attributes:
        name: of the covariate, e.g. "promotion".
        starts_on: first day.
        ends_on: last day.
    """

    name: str
    starts_on: date
    ends_on: date

    def __post_init__(self) -> None:
        """Refuse a period that ends before it starts, or has no valid name."""
        if not self.name.strip() or self.name.startswith("season"):
            raise ParameterError(f"an event is named {self.name!r}; give it a name that does not begin with 'season'.", where="events")
        if self.ends_on < self.starts_on:
            raise ParameterError(f"{self.name} ends on {self.ends_on} before it starts on {self.starts_on}.", where="events")


@dataclass(frozen=True, kw_only=True)
class CalendarCovariates:
    """Calendar covariates that may move rates on a day.

    Attributes:
        season_harmonics: pairs of sine and cosine of the day of the year; the k-th pair has k cycles a year.
        events: 0/1 covariates, one for each name.
        step_days: covariates are constant for so many days, at their mean over these; 7 gives calendar weeks from Monday to Sunday.

    Examples:
        >>> sale = CalendarEvent(name="sale", starts_on=date(2025, 1, 2), ends_on=date(2025, 1, 3))
        >>> calendar = CalendarCovariates(season_harmonics=1, events=(sale,), step_days=1)
        >>> calendar.names
        ('season_sin_1', 'season_cos_1', 'sale')
        >>> calendar.on(day_numbers(date(2025, 1, 1), 3)).round(3).tolist()
        [[0.009, 1.0, 0.0], [0.026, 1.0, 1.0], [0.043, 0.999, 1.0]]
    """

    season_harmonics: int
    events: tuple[CalendarEvent, ...]
    step_days: int

    @property
    def season(self) -> tuple[str, ...]:
        """Names of the covariates of the season."""
        return tuple(f"season_{wave}_{k}" for k in range(1, self.season_harmonics + 1) for wave in ("sin", "cos"))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all covariates: the season's, then the events' in alphabetical order."""
        return (*self.season, *sorted({event.name for event in self.events}))

    def on(self, days: Days) -> Floats:
        """Return the covariates of consecutive days, shape (days, covariates)."""
        if self.step_days == 1:
            return self._daily(days)
        step = self.step_days
        begins = (days + 3) // step * step - 3  # 1970-01-01 was a Thursday
        blocks = np.arange(begins[0], days[-1] + step, step)
        mean = self._daily(np.arange(blocks[0], blocks[-1] + step)).reshape(len(blocks), step, -1).mean(axis=1)
        return np.asarray(mean[(begins - blocks[0]) // step])

    def _daily(self, days: Days) -> Floats:
        turn = 2 * np.pi * share_of_year(days)
        waves = [wave(k * turn) for k in range(1, self.season_harmonics + 1) for wave in (np.sin, np.cos)]
        within = {name: np.zeros(len(days)) for name in self.names[len(waves) :]}
        for event in self.events:
            first, last = day_number(event.starts_on), day_number(event.ends_on)
            within[event.name][(days >= first) & (days <= last)] = 1.0
        return np.stack([*waves, *within.values()], axis=1) if waves or within else np.zeros((len(days), 0))


@dataclass(frozen=True, eq=False)
class Exposure:
    """Running totals of the multiplied time from the beginning of a calendar, with their derivatives in the effects.

    Attributes:
        rates: multiplier of each day, in units of time per day, shape (d,).
        covariates: of each day, shape (d, k).
        total: of the rates up to each day, shape (d + 1,), from 0.
        slopes: of the rates times the covariates, shape (d + 1, k).
    """

    rates: Floats
    covariates: Floats
    total: Floats
    slopes: Floats

    @classmethod
    def of(cls, covariates: Floats, effects: Floats, unit: float = 1.0) -> Exposure:
        """Return the exposure of a calendar of days.

        Args:
            covariates: of each day, shape (d, k).
            effects: on the logarithm of the rate, shape (k,).
            unit: of time, in days.

        Examples:
            >>> Exposure.of(np.array([[0.0], [1.0]]), np.array([np.log(2.0)])).total.tolist()
            [0.0, 1.0, 3.0]
        """
        rates = np.exp(covariates @ effects) / unit
        total, slopes = np.zeros(len(rates) + 1), np.zeros((len(rates) + 1, covariates.shape[1]))
        np.cumsum(rates, out=total[1:])
        np.cumsum(rates[:, None] * covariates, axis=0, out=slopes[1:])
        return cls(rates, covariates, total, slopes)

    def bend(self, at: Floats, on: Floats) -> Floats:
        """Return a weighted sum of second derivatives of totals in the effects, shape (k, k).

        Args:
            at: weight of the total up to each day, shape (d + 1,).
            on: additional weight of each day's own term, shape (d,).
        """
        # A day is in every total that reaches beyond it.
        later = np.cumsum(at[::-1])[::-1][1:]
        return np.asarray((self.covariates * (self.rates * (later + on))[:, None]).T @ self.covariates)


def day_number(day: date) -> int:
    """Return the days from 1970-01-01."""
    return day.toordinal() - _EPOCH


def day_numbers(first: date, days: int) -> Days:
    """Return the numbers of `days` days from `first` on."""
    return np.arange(day_number(first), day_number(first) + days, dtype=np.int64)


def share_of_year(days: Days) -> Floats:
    """Return the share of its year that is over in the middle of each day, shape of `days`.

    Examples:
        >>> share_of_year(day_numbers(date(2024, 12, 31), 2)).round(4).tolist()
        [0.9986, 0.0014]
    """
    years = days.astype("datetime64[D]").astype("datetime64[Y]")
    begins, ends = (part.astype("datetime64[D]").astype(np.int64) for part in (years, years + 1))
    return np.asarray((days - begins + 0.5) / (ends - begins))


def usable(covariates: Floats) -> NDArray[np.bool_]:
    """Return a mask of the covariates that are independent of a constant and of those before them, shape (k,).

    Examples:
        >>> usable(np.array([[1.0, 0.0, 2.0, 0.0], [1.0, 1.0, 0.0, 0.0]])).tolist()
        [False, True, False, False]
    """
    kept = [np.ones(len(covariates))]
    says = np.zeros(covariates.shape[1], dtype=bool)
    for k, column in enumerate(covariates.T):
        known = np.stack(kept, axis=1)
        rest = column - known @ np.linalg.lstsq(known, column, rcond=None)[0]
        says[k] = np.abs(rest).max(initial=0.0) > 1e-9
        if says[k]:
            kept.append(column)
    return says
