"""Calibration test of probabilities at one horizon, of Hosmer and Lemeshow's kind, for censored spells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc

from relkit.errors import NotEnoughEventsError
from relkit.metrics.calibration import quantile_groups
from relkit.metrics.near_ties import one_age
from relkit.metrics.risk_sets import product_limit, risk_sets, step_at

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Flags, Floats, Indexes

FEWEST_ENDS = 5
"""Groups with fewer events are joined to the next (Demler, Paynter and Cook 2015)."""


@dataclass(frozen=True)
class OneCalibration:
    """A test of calibration at one horizon.

    Attributes:
        statistic: sum over groups of (observed - predicted)^2 / variance of observed.
        groups: number of groups, which is that of the degrees of freedom.
        p_value: probability of a statistic at least this large if the probabilities are right.
    """

    statistic: float
    groups: int
    p_value: float


def one_calibration(duration: Floats, event: Flags, churn: Floats, horizon: float, *, groups: int = 10) -> OneCalibration:
    """Return the test of Greenwood, Nam and D'Agostino: Kaplan-Meier against the mean forecast by quantile of the forecast.

    The variance is Greenwood's, which is right even if many are censored (Demler, Paynter and Cook 2015, eq. 4; Nam
    and D'Agostino divide by that of complete data). Nothing was estimated from the days on which the forecasts are judged,
    so each group is one degree of freedom.

    Args:
        duration: shape (n,), days from the moment of the forecast.
        event: shape (n,).
        churn: shape (n,), probability of churn within `horizon`.
        horizon: days.
        groups: quantile groups; those with under 5 events are joined.

    Raises:
        NotEnoughEventsError: fewer than 5 events within the horizon.

    Examples:
        >>> ages, ended = np.array([1.0] * 5 + [9.0] * 15), np.array([True] * 5 + [False] * 15)
        >>> found = one_calibration(ages, ended, np.full(20, 0.4), 5.0)
        >>> round(found.statistic, 4), found.groups
        (2.4, 1)
    """
    duration, at = one_age(duration, np.array([horizon]))
    gone = event & (duration <= at)
    if gone.sum() < FEWEST_ENDS:
        raise NotEnoughEventsError(
            f"{gone.sum()} {'spell' if gone.sum() == 1 else 'spells'} ended within {horizon:g} days; the test needs {FEWEST_ENDS}.",
            where="one_calibration",
        )
    cell = _joined(quantile_groups(churn, groups), gone)
    terms = []
    for group in np.unique(cell):
        rows = cell == group
        sets = risk_sets(duration[rows], event[rows])
        survival, greenwood = product_limit(sets)
        s, v = float(step_at(sets.days, survival, at, 1.0)[0]), float(step_at(sets.days, greenwood, at, 0.0)[0])
        # A group that ended as a whole has no variance of its own: the expected one stands in.
        mean = float(churn[rows].mean())
        variance = s**2 * v if 0 < s < 1 else max(mean * (1 - mean), 1e-12) / rows.sum()
        terms.append((1 - s - mean) ** 2 / variance)
    statistic = float(sum(terms))
    return OneCalibration(statistic, len(terms), float(chdtrc(len(terms), statistic)))


def _joined(cell: Indexes, gone: Flags) -> Indexes:
    """Return the groups, from the lowest forecast up, with 5 or more events in each."""
    codes, code = np.unique(cell, return_inverse=True)
    ends = np.bincount(code, weights=gone, minlength=len(codes))
    label, held, new = 0, 0.0, np.zeros(len(codes), np.intp)
    for g, count in enumerate(ends):
        new[g], held = label, held + count
        if held >= FEWEST_ENDS:
            label, held = label + 1, 0.0
    if held > 0 or new[-1] == label:
        new[new == label] = max(label - 1, 0)  # the remainder at the top goes to the group below
    found: Indexes = new[code]
    return found
