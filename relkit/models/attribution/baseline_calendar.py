"""Calendar of the baseline: stretches in which conversions are more or less frequent, and a clock that runs by the weekday.

The clock runs faster on weekdays with more conversions, so that the same time of the clock brings as many whatever the weekday: lengths
of exposure are measured by it. What is left, seasons and trends, is one factor for each stretch of the calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from relkit.models.attribution.coded_timelines import CodedTimelines, Floats

MOST_PERIODS = 24
"""Most stretches of the calendar; with more, each has few conversions and fits take longer."""
SHORTEST_DAYS = 7.0
WEEK = 7


@dataclass(frozen=True, eq=False)
class Calendar:
    """Stretches of the calendar and the clock.

    Attributes:
        edges: days at which stretches begin and the last one ends; (k + 1,).
        clock_days: time of the clock at the beginning of each day from day 0; (d + 1,).
    """

    edges: Floats
    clock_days: Floats

    @property
    def periods(self) -> int:
        """Number of stretches."""
        return len(self.edges) - 1

    def clock(self, days: Floats) -> Floats:
        """Return the time of the clock at days.

        Examples:
            >>> Calendar(np.array([0.0, 7.0]), np.array([0.0, 2.0, 3.0])).clock(np.array([0.5, 1.5]))
            array([1. , 2.5])
        """
        return np.interp(days, np.arange(len(self.clock_days)), self.clock_days)

    def lengths(self, spans: Floats) -> Floats:
        """Return the time of the clock between the first and the last day of spans; (s, 2) to (s,)."""
        return np.diff(self.clock(spans), axis=1)[:, 0]

    def period_of(self, days: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Return the stretch of each day."""
        return np.clip(np.searchsorted(self.edges, days, side="right") - 1, 0, self.periods - 1)


def calendar_of(timelines: CodedTimelines, weights: Floats | None = None) -> Calendar:
    """Return the calendar of the time at risk of all people, with the weekdays of their conversions.

    Args:
        timelines: of people with n conversions.
        weights: share of each conversion that would have come anyway, (n,); all of it by default. With the shares of a first fit, what
            channels bring on some weekdays (a newsletter on Tuesdays) is not taken for the baseline of these.
    """
    first = float(timelines.from_day.min(initial=np.inf))
    last = max(float(timelines.until_day.max(initial=0.0)), first + 1e-9)
    periods = int(np.clip((last - first) // SHORTEST_DAYS, 1, MOST_PERIODS))
    rates = _weekday_rates(timelines.order_days, weights, first, last)
    speed = rates[np.arange(int(np.ceil(last)) + 1) % WEEK]
    return Calendar(edges=np.linspace(first, last, periods + 1), clock_days=np.concatenate([np.zeros(1), np.cumsum(speed)]))


def _weekday_rates(order_days: Floats, weights: Floats | None, first: float, last: float) -> Floats:
    """Return conversions per day of each weekday, counted from day 0, with mean 1; one for all in less than four weeks."""
    if last - first < 4 * WEEK:
        return np.ones(WEEK)
    begin = np.ceil(first)
    end = begin + np.floor((last - begin) / WEEK) * WEEK
    whole = (order_days >= begin) & (order_days < end)
    own = None if weights is None else weights[whole]
    counts = np.bincount(np.floor(order_days[whole]).astype(np.int64) % WEEK, own, minlength=WEEK) + 1.0
    rates: Floats = counts / counts.mean()
    return rates
