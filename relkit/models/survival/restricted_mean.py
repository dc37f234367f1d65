"""Restricted mean survival time: the mean days that spells last within a given stretch, and its contrast between two groups.

It is the area under the survival curve up to there (Irwin 1949; Royston and Parmar 2013): "of the first 365 days, contracts
paid by direct debit last 31 days longer". It needs no proportional hazards, and a difference of days times a margin a day is
money. The variance is Greenwood's: the sum over ages u of (area from u on)^2 d / (n (n - d)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.intervals import normal_reach
from relkit.scalars import check_level
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.models.survival.curve import SurvivalCurve

_WHERE = "restricted_mean"


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval.

    Attributes:
        estimate: the value.
        lower: bound.
        upper: bound.
        p_value: of no difference.
    """

    estimate: float
    lower: float
    upper: float
    p_value: float


@dataclass(frozen=True)
class RestrictedMean:
    """Mean days lived within the first `days`.

    Attributes:
        days: the stretch.
        estimate: mean days lived in it.
        std_error: of the mean.
        lower: bound.
        upper: bound; never above `days`, as `lower` is never below 0.
        level: of the interval.
    """

    days: float
    estimate: float
    std_error: float
    lower: float
    upper: float
    level: float


@dataclass(frozen=True)
class RestrictedMeanContrast:
    """Contrast of the mean days of two groups.

    Attributes:
        days: the stretch.
        difference: mean of the one less that of the other, days.
        ratio: mean of the one over that of the other.
        level: of the intervals.
    """

    days: float
    difference: Interval
    ratio: Interval
    level: float


def restricted_mean(curve: SurvivalCurve, days: float, *, level: float = LEVEL) -> RestrictedMean:
    """Return the mean days lived within the first `days`, with its interval.

    Args:
        curve: a Kaplan-Meier curve.
        days: within the domain of the curve.
        level: of the interval.

    Raises:
        ParameterError: `days` is 0 or past the last observed age.

    Examples:
        >>> from relkit.metrics.risk_sets import risk_sets
        >>> from relkit.models.survival.curve import SurvivalCurve
        >>> sets = risk_sets(np.array([1.0, 2.0, 2.0, 4.0]), np.array([True, True, False, False]))
        >>> found = restricted_mean(SurvivalCurve.from_counts(sets, tail_hazard=0.2), 4)
        >>> found.estimate, round(found.std_error, 4)
        (2.75, 0.6495)
    """
    check_level(level)
    if not days > 0:
        raise ParameterError(f"days is {days:g}; it must be above 0.", where=_WHERE)
    mean = curve.restricted_mean(days)
    edges = np.concatenate([[0.0], curve.days[curve.days < days], [days]])
    areas = np.diff(edges) * np.concatenate([[1.0], curve.survival[curve.days < days]])
    beyond = np.cumsum(areas[::-1])[::-1][1:]  # from each age on
    n, d = (values[: len(beyond)].astype(np.float64) for values in (curve.at_risk, curve.ended))
    left = np.where(n > d, n * (n - d), 1.0)  # if all end, no area is left after them
    error = float(np.sqrt((np.where(n > d, beyond, 0.0) ** 2 * d / left).sum()))
    lower, upper = _bounds(mean, error, level)
    return RestrictedMean(float(days), mean, error, max(lower, 0.0), min(upper, float(days)), level)


def compare_restricted_means(one: RestrictedMean, other: RestrictedMean) -> RestrictedMeanContrast:
    """Return the difference and the ratio of two means of independent groups, each with its interval and test.

    The interval of the ratio is symmetric in its logarithm.

    Raises:
        ParameterError: the two are of different stretches or levels.
        NotEnoughEventsError: neither group had an end within the stretch, or one lasted no time at all.

    Examples:
        >>> paid = RestrictedMean(90, 82.970, 1.332, 80.359, 85.581, 0.95)
        >>> found = compare_restricted_means(paid, RestrictedMean(90, 75.895, 1.819, 72.329, 79.461, 0.95))
        >>> round(found.difference.lower, 2), round(found.ratio.upper, 3)
        (2.66, 1.157)
    """
    if (one.days, one.level) != (other.days, other.level):
        raise ParameterError("the two are of different stretches or levels.", where=_WHERE, remedy="Compute both with the same.")
    if one.std_error == other.std_error == 0 or min(one.estimate, other.estimate) <= 0:
        raise NotEnoughEventsError(
            f"the ends within {one.days:g} days are too few to compare.", where=_WHERE, remedy="Take a longer stretch, or more contracts."
        )
    gap, error = one.estimate - other.estimate, float(np.hypot(one.std_error, other.std_error))
    log_ratio = float(np.log(one.estimate / other.estimate))
    log_error = float(np.hypot(one.std_error / one.estimate, other.std_error / other.estimate))
    difference = Interval(gap, *_bounds(gap, error, one.level), _two_sided(gap / error))
    low, high = _bounds(log_ratio, log_error, one.level)
    ratio = Interval(float(np.exp(log_ratio)), float(np.exp(low)), float(np.exp(high)), _two_sided(log_ratio / log_error))
    return RestrictedMeanContrast(one.days, difference, ratio, one.level)


def _bounds(value: float, error: float, level: float) -> tuple[float, float]:
    reach = normal_reach(level) * error
    return value - reach, value + reach


def _two_sided(z: float) -> float:
    from math import erfc, sqrt

    return erfc(abs(z) / sqrt(2))
