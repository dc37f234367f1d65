"""Median of distributions of counts that are known one probability at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = NDArray[np.float64]


def median_of(none: Floats, mean: Floats, exactly: Callable[[NDArray[np.intp], int], Floats]) -> Floats:
    """Return the smallest number that each count exceeds with a probability of at most one half, shape (n,).

    By Markov's inequality it is at most twice the mean, so that the search ends.

    Args:
        none: probability of 0, shape (n,).
        mean: of each count, shape (n,).
        exactly: function of k positions and a number that returns the probability of that number for each, shape (k,).

    Examples:
        >>> from scipy import stats
        >>> mu = np.array([0.3, 4.0, 30.0])
        >>> median_of(np.exp(-mu), mu, lambda rows, m: stats.poisson.pmf(m, mu[rows])).tolist()
        [0.0, 4.0, 30.0]
    """
    found, most = np.zeros(len(none)), np.floor(2 * mean)
    left = np.flatnonzero((none < 0.5) & (most > 0))
    below = none[left]
    m = 0
    while len(left):
        m += 1
        below = below + exactly(left, m)
        found[left] = m
        more = (below < 0.5) & (m < most[left])
        left, below = left[more], below[more]
    return found
