"""Time-dependent AUC, cumulative/dynamic: those who end within a time against those who outlive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.censoring import InView, refuse_late_entry
from relkit.metrics.near_ties import one_age
from relkit.metrics.risk_sets import distinct, step_at

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Flags, Floats


@dataclass(frozen=True, eq=False)
class TimeDependentAuc:
    """Area under the curve of cases against controls, by horizon.

    Attributes:
        days: horizons, ascending, shape (m,).
        auc: shape (m,).
        mean: over the horizons, each weighted by the share that ends between the one before and itself.
    """

    days: Floats
    auc: Floats
    mean: float


def time_dependent_auc(
    duration: Floats,
    event: Flags,
    risk: Floats,
    days: Floats,
    *,
    in_view: InView | None = None,
    entry: Floats | None = None,
    weight: Floats | None = None,
) -> TimeDependentAuc:
    """Return the probability that one who ends within t has a higher risk than one who outlives t, for each t.

    Events weigh 1 / G at their age, with G the probability of staying uncensored; ties in risk count one half (Uno, Cai, Tian and
    Wei 2007; Hung and Chiang 2010). The mean is weighted by the fall of the Kaplan-Meier curve of these spells (Lambert
    and Chevret 2016, eq. 2). O(n log n + n m); a risk that depends on t is sorted m times.

    Args:
        duration: shape (n,), days from the moment of the forecast.
        event: shape (n,).
        risk: shape (n,) or (n, m), larger for those expected to end sooner.
        days: shape (m,), ascending.
        in_view: the curve of staying uncensored, of the training spells if those are wanted; None means of these spells.
        entry: shape (n,), days; only None or 0 for all: late entries are refused.
        weight: shape (n,), how many each row stands for; None means 1 for all.

    Raises:
        NotEnoughEventsError: at one of the days nobody has ended, or nobody is left.

    Examples:
        >>> ages, ended = np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4, bool)
        >>> found = time_dependent_auc(ages, ended, np.array([3.0, 1.0, 2.0, 0.0]), np.array([1.0, 2.0]))
        >>> found.auc.tolist(), found.mean
        ([1.0, 0.75], 0.875)
    """
    refuse_late_entry(entry, "time_dependent_auc")
    if not len(days) or (np.diff(days) <= 0).any():
        raise ParameterError("ascending horizons are needed, one at least.", where="days")
    duration, days = one_age(duration, days)
    curve = in_view or InView.of(duration, event, weight)
    mass = np.ones(len(duration)) if weight is None else weight
    cases = curve.end_weights(duration, event & (duration <= days[-1])) * mass
    codes = [distinct(column)[1] for column in np.atleast_2d(risk.T)]
    if len(codes) not in (1, len(days)):
        raise ParameterError(f"risk has {len(codes)} columns; {len(days)} days need one, or one each.", where="risk")
    auc = np.empty(len(days))
    for j, day in enumerate(days):
        ended, running = cases * (duration <= day), mass * curve.outlived(duration, event, float(day))
        auc[j] = _area(codes[j % len(codes)], ended, running, float(day))
    return TimeDependentAuc(days, auc, _mean(auc, duration, event, mass, days))


def _area(code: np.ndarray[tuple[int], np.dtype[np.intp]], cases: Floats, controls: Floats, day: float) -> float:
    """Return the share of pairs of case and control in which the case has the higher risk, ties one half."""
    case, control = np.bincount(code, weights=cases), np.bincount(code, weights=controls)
    pairs = case.sum() * control.sum()
    if not pairs > 0:
        raise NotEnoughEventsError(
            f"of those observed nobody has ended within {day:g} days, or nobody has outlived them.",
            where="days",
            remedy="Choose horizons between the first event and the last age observed.",
        )
    return float(case @ (np.cumsum(control) - control / 2) / pairs)


def _mean(auc: Floats, duration: Floats, event: Flags, mass: Floats, days: Floats) -> float:
    ages, code = distinct(duration)
    ended = np.bincount(code, weights=mass * event)
    at_risk = np.cumsum(np.bincount(code, weights=mass)[::-1])[::-1]
    survival = np.cumprod(1 - np.divide(ended, at_risk, out=np.zeros(len(ages)), where=ended > 0))
    falls = -np.diff(step_at(ages, survival, days, 1.0), prepend=1.0)
    return float(auc @ falls / falls.sum())
