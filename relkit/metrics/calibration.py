"""Predicted against observed churn probabilities, by group of predicted risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import ParameterError
from relkit.metrics.bands import log_log_band
from relkit.metrics.near_ties import one_age
from relkit.metrics.risk_sets import product_limit, risk_sets, step_at
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Counts, Flags, Floats, Indexes


@dataclass(frozen=True, eq=False)
class Calibration:
    """Predicted against observed churn probabilities, by group of predicted risk.

    Attributes:
        horizon: days.
        predicted: shape (g,), mean prediction of the group, in ascending order if groups are made from it.
        observed: shape (g,), Kaplan-Meier estimate of the share that churned.
        lower: shape (g,), log-log; if none or all churned, the bound of Clopper and Pearson (1934), of those then under observation.
        upper: shape (g,).
        size: shape (g,), spells in the group.
        level: of the interval.
    """

    horizon: float
    predicted: Floats
    observed: Floats
    lower: Floats
    upper: Floats
    size: Counts
    level: float

    @property
    def mean_error(self) -> float:
        """Mean absolute gap between predicted and observed, weighted by size."""
        return float(np.average(np.abs(self.predicted - self.observed), weights=self.size))


def calibration(duration: Floats, event: Flags, churn: Floats, horizon: float, *, groups: int = 10, level: float = LEVEL) -> Calibration:
    """Return predicted and observed probabilities of churn within `horizon` by quantile of the prediction.

    Equal predictions stay in one group, so there may be fewer than `groups`.

    Args:
        duration: shape (n,), days from the moment of the forecast.
        event: shape (n,).
        churn: shape (n,), probability of churn within `horizon`.
        horizon: days.
        groups: number of quantile groups.
        level: of the log-log interval of the observed share.

    Examples:
        >>> found = calibration(np.array([1.0, 5.0, 1.0, 5.0]), np.array([True, False, True, True]), np.full(4, 0.5), 4.0)
        >>> found.observed.tolist(), found.size.tolist()
        ([0.5], [4])
    """
    return calibration_of_groups(duration, event, churn, horizon, quantile_groups(churn, groups), level=level)


def calibration_of_groups(
    duration: Floats, event: Flags, churn: Floats, horizon: float, group: Indexes, *, level: float = LEVEL
) -> Calibration:
    """Return predicted and observed probabilities of churn within `horizon` for given groups, such as segments.

    Args:
        duration: shape (n,), days from the moment of the forecast.
        event: shape (n,).
        churn: shape (n,), probability of churn within `horizon`.
        horizon: days.
        group: shape (n,), any numbers; the result is in their ascending order.
        level: of the log-log interval of the observed share.
    """
    duration, at = one_age(duration, np.array([horizon]))
    horizon = float(at[0])
    rows = [_group(duration[m], event[m], churn[m], horizon, level) for m in (group == g for g in np.unique(group))]
    predicted, observed, lower, upper, size = (np.array(column) for column in zip(*rows, strict=True))
    return Calibration(horizon, predicted, observed, lower, upper, size, level)


def quantile_groups(churn: Floats, groups: int) -> Indexes:
    """Return the quantile group of each forecast, shape (n,), from 0; equal forecasts stay together.

    Examples:
        >>> quantile_groups(np.array([0.1, 0.2, 0.2, 0.9]), 2).tolist()
        [0, 0, 0, 1]
    """
    if groups < 1:
        raise ParameterError(f"groups is {groups}; it must be at least 1.", where="calibration")
    edges = np.unique(np.quantile(churn, np.arange(1, groups) / groups))
    return np.searchsorted(edges, churn, side="left")


def _group(duration: Floats, event: Flags, churn: Floats, horizon: float, level: float) -> tuple[float, float, float, float, int]:
    sets = risk_sets(duration, event)
    survival, greenwood = product_limit(sets)
    s, v = (float(step_at(sets.days, values, np.array([horizon]), start)[0]) for values, start in ((survival, 1.0), (greenwood, 0.0)))
    low, high = (float(bound[0]) for bound in log_log_band(np.array([s]), np.array([v]), level))
    if s in {0.0, 1.0}:  # the band has no width if none or all churned: the exact binomial bound of those then under observation
        in_view = max(int((event | (duration >= horizon)).sum()), 1)
        bound = ((1 - level) / 2) ** (1 / in_view)
        low, high = (bound, high) if s == 1.0 else (low, 1 - bound)
    return float(churn.mean()), 1 - s, 1 - high, 1 - low, len(churn)
