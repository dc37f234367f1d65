"""Correction of a total by the errors that its model made at past origins: the same season of the years before, or the last days.

A model fitted with what was known at an origin forecast a total, and another came; e is the logarithm of their ratio. The next total is
multiplied by

    R = exp(phi clip(sum_j g^j e_j / (sum_j g^j + 1), -0.7, 0.7)),    g = 0.7,

over up to four origins that lie one, two, ... years ago, so that each judged the same season; without any, by exp(phi clip(e_last / 2,
-0.7, 0.7)) with the error of the last origin. Never in full: an error is partly chance and partly a season that does not return. Where
a year before is known the last origin adds nothing, since its season was another one. phi goes from 0, where the last origin knew a
month, to 1, where it knew three, and is smaller if the days judged are fewer than the horizon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_DAYS = 60
"""Days that must be known at an origin that lies a horizon ago; else it lies half-way."""
YEAR_DAYS = 364
"""Whole weeks, so that a year before begins on the same day of the week."""
_MONTH_DAYS, _QUARTER_DAYS = 30, 90
MOST = 0.7
"""Largest logarithm of a factor."""
_DISCOUNT, _MOST_YEARS = 0.7, 4


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
        years: those of the same season in years before, the latest first; none if too little was known then.
        earlier: 60 days before the last one; None if too little was known then.
        trust: phi, from 0 to 1.
    """

    last: Origin
    years: tuple[Origin, ...]
    earlier: Origin | None
    trust: float


def origins(known_days: int, horizon_days: int) -> Origins:
    """Return the past origins for a horizon.

    Args:
        known_days: from the start of the history to the as-of day.
        horizon_days: days ahead.

    Examples:
        >>> origins(700, 90).last
        Origin(known_days=610, window_days=90, is_year=False)
        >>> [year.known_days for year in origins(900, 90).years]
        [536, 172]
        >>> round(origins(98, 90).trust, 2)  # only 49 days were known 49 days ago
        0.17
    """
    known, window = known_days - horizon_days, horizon_days
    if known < LEAST_DAYS:
        known = known_days // 2
        window = min(horizon_days, known_days - known)
    trust = float(np.clip((known - _MONTH_DAYS) / (_QUARTER_DAYS - _MONTH_DAYS), 0, 1)) * window / horizon_days
    ago = [known_days - YEAR_DAYS * (j + 1) for j in range(_MOST_YEARS)]
    years = tuple(Origin(day, window, is_year=True) for day in ago if day >= _QUARTER_DAYS and window <= YEAR_DAYS)
    earlier = Origin(known - LEAST_DAYS, window) if known - LEAST_DAYS >= _MONTH_DAYS else None
    return Origins(Origin(known, window), years, earlier, trust)


def log_correction(trust: float, last: float, years: Sequence[float]) -> float:
    """Return ln R.

    Args:
        trust: phi.
        last: error of the last origin, ln(came / forecast).
        years: errors of the same season in years before, the latest first; may be empty.

    Examples:
        >>> log_correction(1.0, 0.2, (-0.4,)), log_correction(0.5, 4.0, ())
        (-0.2, 0.35)
        >>> round(log_correction(1.0, 0.2, (-0.4, -0.1)), 4)  # -0.47 / 2.7
        -0.1741
    """
    weights = _DISCOUNT ** np.arange(len(years))
    error = float(weights @ np.array(years) / (weights.sum() + 1)) if len(years) else last / 2
    return trust * float(np.clip(error, -MOST, MOST))


def log_error(came: float, forecast: float) -> float:
    """Return ln(came / forecast); fewer than half an order counts as half an order.

    Examples:
        >>> round(log_error(90, 100), 3)
        -0.105
    """
    return float(np.log(max(came, 0.5) / max(forecast, 0.5)))
