"""Reliability of forecast probabilities, by group: mean forecast and observed share, if all outcomes are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.errors import ParameterError
from relkit.metrics.calibration import quantile_groups
from relkit.metrics.intervals import share_bounds
from relkit.units import LEVEL

Floats = NDArray[np.float64]

LEAST_P_VALUE, MOST_ERRORS = 0.01, 3.0
"""Criteria of `Reliability.holds`: a test that right forecasts fail once in a hundred times, and no group further off than this."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Reliability:
    """Forecasts and outcomes, by group of forecast in ascending order.

    Attributes:
        predicted: mean forecast of the group, shape (g,).
        observed: share for which it happened, shape (g,).
        std_error: of that share if the forecasts are right, shape (g,).
        size: number in the group, shape (g,).
        brier: mean squared distance of the forecasts from 0 or 1, whichever happened.
        log_score: mean logarithm of the probability given to what happened.
    """

    predicted: Floats
    observed: Floats
    std_error: Floats
    size: NDArray[np.int64]
    brier: float
    log_score: float

    @property
    def errors(self) -> Floats:
        """Error of each group in standard errors, shape (g,)."""
        return (self.observed - self.predicted) / np.maximum(self.std_error, 1e-12)

    @property
    def statistic(self) -> float:
        """Sum of the squares of `errors` (Hosmer and Lemeshow 1980); chi-squared with g degrees of freedom if the forecasts are right."""
        return float(self.errors @ self.errors)

    @property
    def p_value(self) -> float:
        """Probability of a statistic at least this large if the forecasts are right; they were made before the days that judge them."""
        return float(special.chdtrc(len(self.size), self.statistic))

    @property
    def mean_error(self) -> float:
        """Mean absolute gap between forecast and share, weighted by size."""
        return float(np.average(np.abs(self.observed - self.predicted), weights=self.size))

    @property
    def holds(self) -> bool:
        """True if the gaps are within chance: the p-value is above 0.01 and every group is within 3 standard errors."""
        return self.p_value > LEAST_P_VALUE and bool((np.abs(self.errors) <= MOST_ERRORS).all())

    def bounds(self, level: float = LEVEL) -> tuple[Floats, Floats]:
        """Return the score interval of each observed share (Wilson 1927), shapes (g,)."""
        return share_bounds(self.observed, self.size.astype(np.float64), level)


def reliability(probability: Floats, happened: NDArray[Any], *, groups: int = 10) -> Reliability:
    """Return forecasts and outcomes by quantile of the forecast; equal forecasts stay in one group, so there may be fewer.

    Args:
        probability: forecasts, shape (n,).
        happened: whether it happened, shape (n,).
        groups: number of quantile groups.

    Raises:
        ParameterError: there is no forecast, or one is not a probability.

    Examples:
        >>> found = reliability(np.array([0.2, 0.2, 0.2, 0.2, 0.6, 0.6]), np.array([0, 0, 1, 0, 1, 0]), groups=2)
        >>> found.observed.tolist(), found.size.tolist(), round(found.statistic, 4), found.holds
        ([0.25, 0.5], [4, 2], 0.1458, True)
    """
    p, y = np.asarray(probability, dtype=float), np.asarray(happened, dtype=float)
    if not len(p) or not ((p >= 0) & (p <= 1)).all():
        raise ParameterError("probabilities must lie between 0 and 1, and there must be some.", where="reliability")
    code, size = np.unique(quantile_groups(p, groups), return_inverse=True, return_counts=True)[1:]
    predicted, observed, variance = (np.bincount(code, weights=each) / size for each in (p, y, p * (1 - p)))
    given = np.clip(np.where(y > 0, p, 1 - p), 1e-12, 1.0)
    return Reliability(
        predicted=predicted,
        observed=observed,
        std_error=np.sqrt(variance / size),
        size=size,
        brier=float(np.mean((p - y) ** 2)),
        log_score=float(np.log(given).mean()),
    )
