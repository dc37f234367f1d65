"""Intervals of weighted sums of counts, as of credit: each event brings a weight of its own, and their number is a Poisson draw.

The gamma interval of Fay and Feuer has the exact Poisson interval as its case of equal weights, stays above zero, and gives an upper
bound even to what has not happened yet.

    Fay, M. P. and Feuer, E. J. (1997), Confidence intervals for directly standardized rates: a method based on the gamma distribution,
    Statistics in Medicine 16, 791-801.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.metrics.intervals import normal_reach
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Floats


def weighted_count_bounds(total: Floats, squares: Floats, one_more: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return the lower and upper bound of the expectation of weighted sums of counts, each of their shape.

    Args:
        total: sum of the weights of the events observed, shape (...), 0 or more.
        squares: sum of their squares, the variance of the sum; of the same shape.
        one_more: the largest weight that one more event could bring; of the same shape.
        level: of the interval.

    Examples:
        Ten events of weight 1 have the exact Poisson interval; none at all still has an upper bound, 3.7.

        >>> low, high = weighted_count_bounds(np.array([10.0, 0.0]), np.array([10.0, 0.0]), np.ones(2))
        >>> low.round(3).tolist(), high.round(3).tolist()
        ([4.795, 0.0], [18.39, 3.689])
    """
    tail = (1 - level) / 2
    return _gamma_quantile(total, squares, tail), _gamma_quantile(total + one_more, squares + one_more**2, 1 - tail)


def signed_sum_bounds(total: Floats, squares: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return symmetric bounds of weighted sums of counts whose weights may be negative, each of their shape.

    Examples:
        >>> low, high = signed_sum_bounds(np.array([-1.0]), np.array([4.0]))
        >>> low.round(2).tolist(), high.round(2).tolist()
        ([-4.92], [2.92])
    """
    reach = normal_reach(level) * np.sqrt(squares)
    return total - reach, total + reach


def _gamma_quantile(mean: Floats, variance: Floats, probability: float) -> Floats:
    """Return the quantile of gamma distributions of these means and variances; the mean itself if it does not vary."""
    from scipy.special import gammaincinv

    varies = (mean > 0) & (variance > 0)
    scale = np.divide(variance, mean, out=np.zeros_like(mean), where=varies)
    shape = np.divide(mean, scale, out=np.ones_like(mean), where=varies)
    quantile: Floats = np.where(varies, scale * gammaincinv(shape, probability), mean)
    return quantile
