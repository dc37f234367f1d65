"""Proper scores of forecasts of numbers: each asks of a forecast what it measures.

The mean of a forecast is judged by squared error, Poisson deviance and totals, its median by absolute error, the whole distribution by
its logarithm or the continuous ranked probability score (CRPS). A forecast of means judged by absolute error would gain by
understating: the median of most customers is 0 (Gneiting 2011).

    Gneiting, T. (2011), Making and evaluating point forecasts. Journal of the American Statistical Association 106 (494), 746-762.
    Czado, C., Gneiting, T. and Held, L. (2009), Predictive model assessment for count data. Biometrics 65 (4), 1254-1261.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = NDArray[np.float64]

_TAIL = 1e-6
"""Probability of larger numbers that is ignored: a CRPS is exact to its square times their distance."""
_FIRST, _WIDEST, _LARGEST = 4, 256, 1 << 14


def least_mean(n: int) -> float:
    """Return the smallest mean that n customers can distinguish from none: half a purchase among all of them.

    Examples:
        >>> least_mean(1_000)
        0.0005
    """
    return 0.5 / n


def poisson_deviances(actual: NDArray[Any], expected: Floats) -> Floats:
    """Return 2 (y ln(y / mu) - y + mu) of each customer, shape (n,); an expectation below `least_mean` counts as that.

    Args:
        actual: numbers, shape (n,).
        expected: means forecast, shape (n,).

    Examples:
        >>> poisson_deviances(np.array([0, 2]), np.array([0.5, 2.0])).tolist()
        [1.0, 0.0]
    """
    from scipy import special  # the declaration of a family, which names measures, does without scipy

    y = np.asarray(actual, dtype=float)
    mu = np.maximum(expected, least_mean(max(len(y), 1)))
    return np.asarray(2 * (special.xlogy(y, y) - special.xlogy(y, mu) - y + mu))


def crps_and_medians(actual: NDArray[Any], probability: Callable[[NDArray[np.intp], NDArray[np.int64]], Floats]) -> tuple[Floats, Floats]:
    """Return the CRPS, sum over m of (F(m) - 1{y <= m})^2, and the median of each forecast, both (n,).

    Numbers are asked for in blocks that grow, each of those customers alone whose distribution is not complete yet.

    Args:
        actual: numbers, shape (n,).
        probability: function of rows and numbers, both (k,), that returns the forecast probability of each number, shape (k,).

    Examples:
        >>> coin = lambda rows, m: np.where(m < 2, 0.5, 0.0)
        >>> crps_and_medians(np.array([0, 1, 2]), coin)
        (array([0.25, 0.25, 1.25]), array([0., 0., 0.]))
    """
    y = np.asarray(actual, dtype=float)
    cdf, crps, median = np.zeros(len(y)), np.zeros(len(y)), np.full(len(y), np.nan)
    left, low, width = np.arange(len(y)), 0, _FIRST
    while left.size and low < _LARGEST:
        m = np.arange(low, low + width)
        each = probability(np.repeat(left, width), np.tile(m, len(left))).reshape(-1, width)
        upto = np.minimum(cdf[left, None] + np.cumsum(each, axis=1), 1.0)
        crps[left] += ((upto - (y[left, None] <= m)) ** 2).sum(axis=1)
        reached = upto >= 0.5
        median[left] = np.where(np.isnan(median[left]) & reached.any(axis=1), m[reached.argmax(axis=1)], median[left])
        cdf[left] = upto[:, -1]
        low, width = low + width, min(2 * width, _WIDEST)
        left = left[(cdf[left] < 1 - _TAIL) | (y[left] >= low)]
    return crps, median
