"""Forecast probabilities of a yes or a no against what happened: order, sharpness and calibration, with intervals.

The area under the curve has the interval of DeLong, DeLong and Clarke-Pearson (1988), computed from midranks (Sun and Xu 2014) and
symmetric in its log-odds. Slope and intercept of the calibration are those of Cox (1958): the regression of what happened on the
forecast's log-odds, and the shift of all log-odds that makes their sum right. Rows may stand for several customers (`weight`), as
where those without the event were thinned before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.errors import NotEnoughEventsError
from relkit.metrics.intervals import normal_reach
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = NDArray[np.float64]

SMALLEST = 1e-12
"""Forecasts nearer to 0 or 1 than this are taken as this near, so that a wrong one has a finite loss."""
LARGEST_RESAMPLE = 10_000
NEWTON_STEPS = 50


@dataclass(frozen=True)
class Estimate:
    """A measure with its interval."""

    value: float
    lower: float
    upper: float


def auc(happened: NDArray[Any], score: Floats) -> float:
    """Return the probability that a row with the event has a higher score than one without; equal scores count half.

    Args:
        happened: shape (n,), booleans or 0 and 1.
        score: shape (n,).

    Raises:
        NotEnoughEventsError: all rows have the event, or none.

    Examples:
        >>> auc(np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
        0.875
    """
    from scipy import stats  # slow to import

    y = _both(happened)
    ones = int(y.sum())
    ranks = stats.rankdata(score)
    return float((ranks[y].sum() - ones * (ones + 1) / 2) / (ones * (len(y) - ones)))


def auc_interval(happened: NDArray[Any], score: Floats, *, level: float = LEVEL) -> Estimate:
    """Return the area under the curve with its interval.

    Args:
        happened: shape (n,), booleans or 0 and 1.
        score: shape (n,).
        level: of the interval.

    Raises:
        NotEnoughEventsError: all rows have the event, or none.
    """
    from scipy import stats

    y = _both(happened)
    ones, zeros = score[y], score[~y]
    m, n = len(ones), len(zeros)
    together, own, other = stats.rankdata(np.r_[ones, zeros]), stats.rankdata(ones), stats.rankdata(zeros)
    value = float((together[:m].sum() - m * (m + 1) / 2) / (m * n))
    above = (together[:m] - own) / n
    below = 1 - (together[m:] - other) / m
    variance = _variance(above) / m + _variance(below) / n
    inside = min(max(value, 0.5 / (m * n)), 1 - 0.5 / (m * n))
    reach = normal_reach(level) * np.sqrt(variance) / (inside * (1 - inside))
    low, high = special.expit(special.logit(inside) + np.array([-reach, reach]))
    return Estimate(value, min(float(low), value), max(float(high), value))


def log_loss(happened: NDArray[Any], probability: Floats, weight: Floats | None = None) -> float:
    """Return the mean of minus the logarithm of the probability given to what happened.

    Examples:
        >>> round(log_loss(np.array([1, 0]), np.array([0.5, 0.5])), 6)
        0.693147
    """
    return float(np.average(losses(happened, probability), weights=weight))


def losses(happened: NDArray[Any], probability: Floats) -> Floats:
    """Return the log loss of each row, shape (n,)."""
    given = np.where(np.asarray(happened, dtype=bool), probability, 1 - probability)
    found: Floats = -np.log(np.clip(given, SMALLEST, 1.0))
    return found


def calibration_error(happened: NDArray[Any], probability: Floats, weight: Floats | None = None, *, bins: int = 10) -> float:
    """Return the expected calibration error: the mean gap between forecast and share by tenth of the forecast, by size.

    Tenths are of the rows in order of the forecast; equal forecasts stay together, so that there may be fewer.

    Args:
        happened: shape (n,).
        probability: shape (n,).
        weight: how many customers each row stands for, shape (n,); one by default.
        bins: number of groups.

    Examples:
        >>> calibration_error(np.array([0, 0, 1, 1]), np.array([0.25, 0.25, 0.5, 0.5]), bins=2)
        0.375
    """
    p, y, w = _as_floats(happened, probability, weight)
    edges = np.unique(np.quantile(p, np.arange(1, bins) / bins))
    group = np.searchsorted(edges, p, side="left")
    forecast, share = np.bincount(group, w * p), np.bincount(group, w * y)
    return float(np.abs(forecast - share).sum() / w.sum())


def calibration_line(happened: NDArray[Any], probability: Floats, weight: Floats | None = None) -> tuple[float, float]:
    """Return intercept and slope of the calibration: 0 and 1 if forecasts are right.

    The intercept is that at slope 1: by how much the log-odds of all forecasts are too low. The slope is below 1 if forecasts
    are too extreme.

    Raises:
        NotEnoughEventsError: all rows have the event, or none.
    """
    _both(happened)
    p, y, w = _as_floats(happened, probability, weight)
    z = special.logit(np.clip(p, SMALLEST, 1 - SMALLEST))
    return shift_of(z, y, w), _slope(z, y, w)


def shift_of(z: Floats, y: Floats, w: Floats) -> float:
    """Return the number to add to all log-odds so that the expected events are those that happened."""
    shift = 0.0
    for _ in range(NEWTON_STEPS):
        p = special.expit(z + shift)
        step = float(w @ (y - p)) / max(float(w @ (p * (1 - p))), 1e-300)
        shift += float(np.clip(step, -2.0, 2.0))
        if abs(step) < 1e-10:
            break
    return shift


def lift(happened: NDArray[Any], score: Floats, weight: Floats | None = None, *, top: float = 0.1) -> float:
    """Return the share of events among the best-scored, over that among all; equal scores share what the cut leaves of them.

    Args:
        happened: shape (n,).
        score: shape (n,).
        weight: how many customers each row stands for, shape (n,); one by default.
        top: share of the customers taken, from the top.

    Raises:
        NotEnoughEventsError: no row has the event.

    Examples:
        >>> lift(np.array([1, 0, 0, 0, 1, 0, 0, 0, 0, 0]), np.arange(10.0)[::-1], top=0.1)
        5.0
    """
    s, y, w = _as_floats(happened, score, weight)
    return _lift(*_by_score(s), y, w, top)


def lift_interval(
    happened: NDArray[Any],
    score: Floats,
    weight: Floats | None = None,
    *,
    top: float = 0.1,
    level: float = LEVEL,
    replicates: int = 200,
    seed: int = 0,
) -> Estimate:
    """Return the lift with its interval from resamples of the rows; arguments as for `lift`, and those of the resampling."""
    s, y, w = _as_floats(happened, score, weight)
    order, group = _by_score(s)
    return resampled(lambda times: _lift(order, group, y, w * times, top), len(y), level=level, replicates=replicates, seed=seed)


def mean_interval(values: Floats, weight: Floats | None = None, *, level: float = LEVEL, replicates: int = 200, seed: int = 0) -> Estimate:
    """Return a weighted mean with its interval from resamples of the rows."""
    w = np.ones(len(values)) if weight is None else weight
    return resampled(lambda times: float((w * times) @ values / (w @ times)), len(values), level=level, replicates=replicates, seed=seed)


def resampled(measure: Callable[[Floats], float], n: int, *, level: float, replicates: int, seed: int) -> Estimate:
    """Return a measure of n rows with its interval from resamples.

    Of more than 10,000 rows as many are drawn, and the spread is narrowed by the square root of the share (the m out of n bootstrap).

    Args:
        measure: function of how often each row was drawn, shape (n,).
        n: number of rows.
        level: of the interval.
        replicates: number of resamples.
        seed: of the resampling.
    """
    value, rng, size = measure(np.ones(n)), np.random.default_rng(seed), min(n, LARGEST_RESAMPLE)
    draws = [_or_nan(measure, np.bincount(rng.integers(0, n, size), minlength=n).astype(np.float64)) for _ in range(replicates)]
    apart = (np.array(draws) - value) * np.sqrt(size / n)
    low, high = np.nanquantile(apart, [(1 - level) / 2, (1 + level) / 2]) + value
    return Estimate(value, float(low), float(high))


def _or_nan(measure: Callable[[Floats], float], times: Floats) -> float:
    try:
        return measure(times)
    except NotEnoughEventsError:
        return float("nan")


def _by_score(score: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows in order of score, best first, and the number of each one's group of equal scores."""
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    return order, np.cumsum(np.r_[False, ordered[1:] != ordered[:-1]])


def _lift(order: NDArray[np.intp], group: NDArray[np.intp], y: Floats, w: Floats, top: float) -> float:
    size, events = np.bincount(group, w[order]), np.bincount(group, (w * y)[order])
    if not events.sum() > 0:
        raise NotEnoughEventsError("nobody among these rows has the event.", where="lift")
    customers, found = np.r_[0.0, np.cumsum(size)], np.r_[0.0, np.cumsum(events)]
    reached = np.interp(top * customers[-1], customers, found)
    return float(reached / found[-1] / top)


def _slope(z: Floats, y: Floats, w: Floats) -> float:
    """Return the slope of the logistic regression of y on z, found by Newton steps."""
    X = np.column_stack([np.ones(len(z)), z])
    if np.ptp(z) < 1e-12:
        return 1.0
    b = np.array([0.0, 1.0])
    for _ in range(NEWTON_STEPS):
        p = special.expit(X @ b)
        hessian = X.T @ (X * (w * p * (1 - p))[:, None])
        step = np.linalg.lstsq(hessian, X.T @ (w * (y - p)), rcond=None)[0]
        b = b + np.clip(step, -5.0, 5.0)
        if np.abs(step).max() < 1e-9:
            break
    return float(b[1])


def _as_floats(happened: NDArray[Any], score: Floats, weight: Floats | None) -> tuple[Floats, Floats, Floats]:
    s, y = np.asarray(score, dtype=np.float64), np.asarray(happened, dtype=np.float64)
    return s, y, np.ones(len(s)) if weight is None else np.asarray(weight, dtype=np.float64)


def _both(happened: NDArray[Any]) -> NDArray[np.bool_]:
    y = np.asarray(happened, dtype=bool)
    if y.all() or not y.any():
        raise NotEnoughEventsError("all of these rows have the event, or none: there is nothing to tell apart.", where="auc")
    return y


def _variance(values: Floats) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.25
