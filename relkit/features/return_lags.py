"""Lags of returns: the share of eventual returns that has come back within u days of the sale.

Recent sales have had little time to come back, so the lags known on a day are too short on the whole: a lag is known only
if it is no longer than the age of its sale (right truncation). Working back from the longest lag corrects that. Among the returns
whose sale is at least u days old and which took at most u days, the part that took exactly u days is h(u), and

    F(u) = product over s > u of (1 - h(s))

is the reverse-time Kaplan-Meier estimate (Lagakos, Barraj and De Gruttola 1988), which is the chain ladder of insurers in days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LONGEST_DAYS = 365
"""Age in days after which nothing is expected back."""
FEWEST = 20
"""Fewest returns from which lags are estimated, and fewest at risk at each lag."""
DEFAULT_DAYS = 30
"""Days over which returns are assumed to come in evenly if too few are known."""
_HEAVY = 0.99
"""Quantile at which the amounts of single returns are capped."""


@dataclass(frozen=True, eq=False)
class ReturnLags:
    """Distribution of the time until returns come in.

    Attributes:
        back: F(0), F(1), ... by age in days; the last is 1 and applies to every later age.
        returns: number behind the estimate; 0 for the default.
    """

    back: Floats
    returns: int

    def at(self, age_days: Ints) -> Floats:
        """Return the share that is back at an age, in (0, 1]; shape of the ages, which are 0 or more."""
        return self.back[np.minimum(age_days, len(self.back) - 1)]

    def days_until(self, share: float) -> int:
        """Return the days within which a share of what comes back is back."""
        return int(np.argmax(self.back >= share))


def return_lags(lag_days: Ints, age_days: Ints, amounts: Floats) -> ReturnLags:
    """Return the distribution of the lags of returns, estimated from those known on a day.

    Args:
        lag_days: from sale to return, 0 or more; (n,).
        age_days: from sale to the day on which returns are known, never below the lag; (n,).
        amounts: what came back, 0 or more; (n,). The heaviest hundredth counts as its smallest.

    Examples:
        Half of what is sold comes back after a day, half after three; of the sales of the last two days only the fast half is known.

        >>> lags, ages = np.repeat([1, 3, 1], [40, 40, 20]), np.repeat([9, 9, 2], [40, 40, 20])
        >>> return_lags(lags, ages, np.ones(100)).back
        array([0. , 0.5, 0.5, 1. ])
    """
    kept = (lag_days <= LONGEST_DAYS) & (amounts > 0)
    lag, age, amount = lag_days[kept], age_days[kept], amounts[kept]
    if len(lag) < FEWEST:
        return ReturnLags(np.minimum((np.arange(DEFAULT_DAYS) + 1.0) / DEFAULT_DAYS, 1.0), 0)
    last = int(np.flatnonzero(_at_risk(lag, age, np.ones(len(lag))) >= FEWEST)[-1])
    inside = lag <= last
    lag, age, amount = lag[inside], age[inside], np.minimum(amount, np.quantile(amount, _HEAVY))[inside]
    last = int(lag.max())
    took = np.bincount(lag, weights=amount, minlength=last + 1)
    risk = _at_risk(lag, age, amount)[: last + 1]
    hazard = np.divide(took, risk, out=np.zeros(last + 1), where=risk > 0)
    later = np.cumprod((1 - hazard)[::-1])[::-1]
    return ReturnLags(np.clip(np.append(later[1:], 1.0), 0.0, 1.0), len(lag))


def _at_risk(lag: Ints, age: Ints, weight: Floats) -> Floats:
    """Return, by u = 0, 1, ..., the weight of the returns that took at most u days and whose sale is at least u days old."""
    n = int(lag.max()) + 1
    taken = np.cumsum(np.bincount(lag, weights=weight, minlength=n))
    too_young = np.cumsum(np.bincount(np.minimum(age, n), weights=weight, minlength=n + 1))[:n]
    return np.asarray(taken - np.append(0.0, too_young[:-1]))
