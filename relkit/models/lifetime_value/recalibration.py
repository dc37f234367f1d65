"""Correction of a total by the errors that its model made at past origins: the last one, and the same season a year before.

A model fitted with what was known at an origin forecast a total, and another came; e is the logarithm of their ratio. The next total is
multiplied by

    R = exp(phi clip(e_last / 4 + e_year / 2, -0.7, 0.7)),    or exp(phi clip(e_last / 2, -0.7, 0.7)) without a year,

never in full: an error is partly chance and partly a season that does not return. phi goes from 0, where the origin knew a month, to 1,
where it knew three, and is smaller if the days judged are fewer than the horizon. The fractions are slopes of an origin's error on
those of the origins before it, on six real shops (see docs/models.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST_DAYS = 60
"""Days that must be known at an origin that lies a horizon ago; else it lies half-way."""
YEAR_DAYS = 364
"""Whole weeks, so that a year before begins on the same day of the week."""
_MONTH_DAYS, _QUARTER_DAYS = 30, 90
_MOST = 0.7


@dataclass(frozen=True)
class Origin:
    """A past origin.

    Attributes:
        known_days: from the start of the history to it.
        window_days: days after it whose orders are compared.
        is_year: whether its window is the same season a year before.
    """

    known_days: int
    window_days: int
    is_year: bool = False


@dataclass(frozen=True)
class Origins:
    """The past origins for a horizon, and the trust in them.

    Attributes:
        last: the last one.
        other: a year before, or 60 days before today if a year before too little was known; None if neither is possible.
        trust: phi, from 0 to 1.
    """

    last: Origin
    other: Origin | None
    trust: float


def origins(known_days: int, horizon_days: int) -> Origins:
    """Return the past origins for a horizon.

    Args:
        known_days: from the start of the history to the as-of day.
        horizon_days: days ahead.

    Examples:
        >>> origins(700, 90).last
        Origin(known_days=610, window_days=90, is_year=False)
        >>> origins(700, 90).other
        Origin(known_days=336, window_days=90, is_year=True)
        >>> round(origins(98, 90).trust, 2)  # only 49 days were known 49 days ago
        0.17
    """
    known, window = known_days - horizon_days, horizon_days
    if known < LEAST_DAYS:
        known = known_days // 2
        window = min(horizon_days, known_days - known)
    trust = float(np.clip((known - _MONTH_DAYS) / (_QUARTER_DAYS - _MONTH_DAYS), 0, 1)) * window / horizon_days
    return Origins(Origin(known, window), _other(known_days, known, window), trust)


def _other(known_days: int, last: int, window: int) -> Origin | None:
    if known_days - YEAR_DAYS >= _QUARTER_DAYS and window <= YEAR_DAYS:
        return Origin(known_days - YEAR_DAYS, window, is_year=True)
    earlier = last - LEAST_DAYS
    return Origin(earlier, window) if earlier >= _MONTH_DAYS else None


def log_correction(trust: float, last: float, year: float | None) -> float:
    """Return ln R.

    Args:
        trust: phi.
        last: error of the last origin, ln(came / forecast).
        year: error of the origin a year before; None without one.

    Examples:
        >>> round(log_correction(1.0, 0.2, -0.4), 3), log_correction(0.5, 4.0, None)
        (-0.15, 0.35)
    """
    error = last / 2 if year is None else last / 4 + year / 2
    return trust * float(np.clip(error, -_MOST, _MOST))


def log_error(came: float, forecast: float) -> float:
    """Return ln(came / forecast); fewer than half an order counts as half an order.

    Examples:
        >>> round(log_error(90, 100), 3)
        -0.105
    """
    return float(np.log(max(came, 0.5) / max(forecast, 0.5)))
