"""Season curve of a fitted time-varying model: the purchase rate over a year, and in events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.metrics.intervals import normal_reach
from relkit.models.lifetime_value.exposure import day_numbers

if TYPE_CHECKING:
    from relkit.models.lifetime_value.time_varying_pareto_nbd import FittedTimeVaryingParetoNbd

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EventEffect:
    """Effect of an event on the purchase rate.

    Attributes:
        name: of the event.
        multiplier: of the purchase rate; 1 if it has no effect.
        low, high: its interval; NaN if there is none.
    """

    name: str
    multiplier: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class SeasonCurve:
    """Course of a rate over a year, with a mean of 1 over the year.

    Attributes:
        days: of the year of the as-of day (or the one before a leap year), shape (365,).
        purchases: multiplier of the purchase rate, shape (365,).
        low, high: its interval, shape (365,).
        events: effect of each event on the purchase rate.
        level: of the intervals.
    """

    days: tuple[date, ...]
    purchases: Floats
    low: Floats
    high: Floats
    events: tuple[EventEffect, ...]
    level: float


def season_curve(fitted: FittedTimeVaryingParetoNbd) -> SeasonCurve:
    """Return the purchase rate over the year and in events, with intervals by the delta method on the logarithm."""
    calendar, effects = fitted.settings.calendar, fitted.purchase_effects
    waves, year = len(calendar.season), fitted.info.as_of.year
    first = date(year - (year % 4 == 0), 1, 1)
    z = replace(calendar, events=()).on(day_numbers(first, 365))
    rate = np.exp(z @ effects[:waves])
    # The mean over the year depends on the effects as well.
    slope = z - (rate / rate.sum()) @ z
    covariance = fitted.covariance[4 : 4 + len(effects), 4 : 4 + len(effects)]
    score = normal_reach(fitted.settings.level)
    reach = np.exp(score * np.sqrt(np.einsum("dk,kl,dl->d", slope, covariance[:waves, :waves], slope)))
    rate = rate / rate.mean()
    days = tuple(first + timedelta(days=k) for k in range(365))
    errors = score * np.sqrt(np.diag(covariance))
    events = tuple(
        EventEffect(name, float(np.exp(effect)), float(np.exp(effect - error)), float(np.exp(effect + error)))
        for name, effect, error in zip(calendar.names[waves:], effects[waves:], errors[waves:], strict=True)
    )
    return SeasonCurve(days, rate, rate / reach, rate * reach, events, fitted.settings.level)
