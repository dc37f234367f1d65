"""Calibration of predicted effects: effect by tenth of the list, slope of the best linear predictor, error with its noise removed.

A model may rank well and be wrong by any factor, which the figures of a ranking do not see; money is planned with the predicted effects
themselves. Scores G (`uplift.aipw_scores`) must be of units from which the model has not learnt.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import ParameterError
from relkit.metrics.intervals import bounds, normal_reach
from relkit.metrics.uplift_figures import UpliftFigure, as_floats, cluster_codes, figure_of
from relkit.units import LEVEL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from relkit.metrics.ranking import Floats
    from relkit.metrics.uplift import Ranking


@dataclass(frozen=True, eq=False)
class EffectByGroup:
    """Measured and predicted effect by group of the list (group average treatment effects).

    Attributes:
        group: 1 is the best, shape (k,).
        customers: number in each, in rows; a fraction if ties straddle two groups, shape (k,).
        predicted: mean prediction, shape (k,).
        effect: mean of the scores G, shape (k,).
        std_error: of the effect, shape (k,).
        level: of the intervals.
    """

    group: NDArray[np.int64]
    customers: Floats
    predicted: Floats
    effect: Floats
    std_error: Floats
    level: float

    @property
    def low(self) -> Floats:
        """Lower bounds of the effects, shape (k,)."""
        return bounds(self.effect, self.std_error, self.level)[0]

    @property
    def high(self) -> Floats:
        """Upper bounds of the effects, shape (k,)."""
        return bounds(self.effect, self.std_error, self.level)[1]


def effect_by_group(
    ranking: Ranking,
    gain: ArrayLike,
    predicted: ArrayLike,
    *,
    groups: int = 10,
    cluster: ArrayLike | None = None,
    level: float = LEVEL,
) -> EffectByGroup:
    """Return the effect by group of equal size, best first; a tie group across a border is shared out between the two.

    Args:
        ranking: of n rows.
        gain: score G of each row, shape (n,).
        predicted: effect by the model, shape (n,), in units of the outcome.
        groups: number of groups, at most half the number of rows.
        cluster: household of each row, shape (n,).
        level: of the intervals.

    Raises:
        ParameterError: too many groups, lengths that differ, values that are not finite.

    Examples:
        >>> from relkit.metrics.uplift import Ranking
        >>> predicted = [0.9, 0.5, 0.5, 0.1]
        >>> found = effect_by_group(Ranking.of(predicted), [4.0, 1.0, 3.0, 0.0], predicted, groups=2)
        >>> found.effect.tolist(), found.predicted.round(2).tolist()
        ([3.0, 1.0], [0.7, 0.3])
    """
    values, forecast = as_floats("effect_by_group", gain=gain, predicted=predicted)
    if not 1 <= groups <= ranking.n // 2:
        raise ParameterError(f"groups is {groups}; it must lie between 1 and {ranking.n // 2}, half the rows.", where="effect_by_group")
    codes = None if cluster is None else cluster_codes(cluster, ranking.n)[ranking.order]
    ends = np.cumsum(ranking.masses())
    parts = [_group(ranking, values, forecast, _between(ranking, ends, place, groups), codes, level) for place in range(groups)]
    customers, means, effects, errors = (np.array(column) for column in zip(*parts, strict=True))
    return EffectByGroup(np.arange(1, groups + 1), customers, means, effects, errors, level)


def _group(
    ranking: Ranking, gain: Floats, predicted: Floats, part: tuple[slice, Floats], codes: NDArray[np.intp] | None, level: float
) -> tuple[float, float, float, float]:
    """Return rows, mean prediction, effect and standard error between two shares of the list."""
    rows, included = part
    at = ranking.order[rows]
    weight = included if ranking.weight is None else included * ranking.weight[rows]
    whole = float(weight.sum())
    effect = float(weight @ gain[at] / whole)
    influence = weight * (gain[at] - effect) * (len(at) / whole)
    figure = figure_of(effect, influence, cluster=None if codes is None else codes[rows], level=level)
    return float(included.sum()), float(weight @ predicted[at] / whole), effect, figure.std_error


def _between(ranking: Ranking, ends: Floats, place: int, groups: int) -> tuple[slice, Floats]:
    """Return the ranks of one of several equal groups, and the part of each row that belongs to it.

    Args:
        ranking: of n rows.
        ends: weight cumulated up to the end of each tie group.
        place: of the group, from 0.
        groups: their number.
    """
    low, high = (float(ends[-1]) * each / groups for each in (place, place + 1))
    rounding = 1e-9 * float(ends[-1]) / ranking.n
    first, last = np.searchsorted(ends, [low + rounding, high - rounding])
    tied = slice(int(first), int(last) + 1)
    begins = np.concatenate(([ends[first - 1] if first else 0.0], ends[first:last]))
    inside = (np.minimum(ends[tied], high) - np.maximum(begins, low)) / (ends[tied] - begins)
    bounds_of = np.append(ranking.starts[tied], ranking.starts[last + 1] if last + 1 < len(ranking.starts) else ranking.n)
    return slice(int(bounds_of[0]), int(bounds_of[-1])), np.repeat(inside, np.diff(bounds_of))


@dataclass(frozen=True, eq=False)
class UpliftCalibration:
    """Agreement of predicted effects with the measured ones.

    Attributes:
        bias: mean effect less mean prediction.
        slope: of the best linear predictor of the effect by the prediction; 1 is calibrated, below 1 exaggerates differences, 0 knows
            none. None if the prediction is constant.
        error: root mean square distance of the groups' effects from their predictions, its noise subtracted; 0 if noise explains it all.
        error_low: lower bound of it.
        error_high: upper bound of it.
        groups: effect by group.
    """

    bias: UpliftFigure
    slope: UpliftFigure | None
    error: float
    error_low: float
    error_high: float
    groups: EffectByGroup

    @property
    def heterogeneity_p_value(self) -> float | None:
        """Probability of such a slope if the prediction knew nothing of who differs from whom; one-sided; None without slope."""
        if self.slope is None:
            return None
        return (
            NormalDist().cdf(-self.slope.estimate / self.slope.std_error) if self.slope.std_error > 0 else float(self.slope.estimate <= 0)
        )


def uplift_calibration(
    ranking: Ranking,
    gain: ArrayLike,
    predicted: ArrayLike,
    *,
    groups: int = 10,
    cluster: ArrayLike | None = None,
    level: float = LEVEL,
) -> UpliftCalibration:
    """Return the calibration of predicted effects.

    The slope is that of Chernozhukov, Demirer, Duflo and Fernandez-Val (2018, Generic machine learning inference), with standard errors
    robust to heteroscedasticity (HC1); the error is that of Xu and Yadlowsky (AISTATS 2022), in the units of the outcome.

    Args:
        ranking: of n rows, by the prediction.
        gain: score G of each row, shape (n,).
        predicted: effect by the model, shape (n,), in units of the outcome.
        groups: of the list, for the error.
        cluster: household of each row, shape (n,).
        level: of the intervals.

    Raises:
        ParameterError: fewer than three rows, too many groups, lengths that differ, values that are not finite.

    Examples:
        >>> from relkit.metrics.uplift import Ranking
        >>> predicted = np.array([0.0, 1.0, 2.0, 3.0])
        >>> found = uplift_calibration(Ranking.of(predicted), 2 * predicted + 1, predicted, groups=2)
        >>> found.slope.estimate, found.bias.estimate
        (2.0, 2.5)
    """
    values, forecast = as_floats("uplift_calibration", gain=gain, predicted=predicted)
    weight = np.ones(ranking.n) if ranking.weight is None else ranking.by_row(ranking.weight)
    weight = weight * (ranking.n / weight.sum())
    table = effect_by_group(ranking, values, forecast, groups=groups, cluster=cluster, level=level)
    apart = values - forecast
    bias = float(weight @ apart / ranking.n)
    return UpliftCalibration(
        figure_of(bias, weight * (apart - bias), cluster=cluster, level=level),
        _slope(values, forecast, weight, cluster, level),
        *_error(table),
        table,
    )


def _slope(gain: Floats, predicted: Floats, weight: Floats, cluster: ArrayLike | None, level: float) -> UpliftFigure | None:
    n = len(gain)
    if n < 3:
        raise ParameterError(f"{n} rows; a slope needs at least 3.", where="uplift_calibration", remedy="Measure more customers.")
    x = predicted - weight @ predicted / n
    spread = float(weight @ x**2 / n)
    if np.ptp(predicted) == 0 or spread == 0:
        return None
    slope = float(weight @ (x * gain) / n / spread)
    residual = gain - weight @ gain / n - slope * x
    # figure_of divides by n - 1, HC1 by n - 2.
    influence = weight * x * residual / spread * np.sqrt((n - 1) / (n - 2))
    return figure_of(slope, influence, cluster=cluster, level=level)


def _error(table: EffectByGroup) -> tuple[float, float, float]:
    """Return the root of the mean squared distance, less what noise adds to it, with bounds on the scale of the square."""
    share = table.customers / table.customers.sum()
    noise = table.std_error**2
    square = (table.effect - table.predicted) ** 2 - noise
    estimate = float(share @ square)
    reach = normal_reach(table.level) * float(np.sqrt(share**2 @ (4 * np.maximum(square, 0) * noise + 2 * noise**2)))
    middle, low, high = (float(np.sqrt(max(value, 0.0))) for value in (estimate, estimate - reach, estimate + reach))
    return middle, low, high
