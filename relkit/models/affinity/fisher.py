"""Fisher's exact test of a rule, one-sided: the probability of meeting at least so often if X and Y were independent.

Given n baskets of which n_x contain X and n_y contain Y, the number with both is hypergeometric. Its probability at the observed count is
computed from deviances (Loader 2000), which lose no digits at millions of baskets; the tail is a sum of ratios of neighbouring
probabilities, upward from the count, or downward if the count is below what independence predicts.

    Loader, C. (2000), Fast and accurate computation of binomial probabilities.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.models.affinity.measures import Counts

Floats = NDArray[np.float64]

_EXACT_BELOW = 16
"""Numbers whose error of Stirling's formula is computed from the logarithm of the factorial."""


def fisher_p_values(counts: Counts) -> Floats:
    """Return the one-sided p-value of each rule, shape (m,).

    Args:
        counts: of m rules.

    Examples:
        >>> from relkit.models.affinity.measures import Counts
        >>> fisher_p_values(Counts(np.array([3]), np.array([4]), np.array([4]), 8)).round(6)  # the lady tasting tea
        array([0.242857])
    """
    both, left, right, n = counts.both, counts.left, counts.right, counts.n
    at = np.exp(_log_probability(both, left, right, n))
    upward = both * n > left * right
    sums: Floats = _kernel()(both, left, right, np.broadcast_to(n, both.shape), upward)
    return np.where(upward, np.minimum(at * sums, 1.0), np.maximum(1.0 - at * sums, 0.0))


def _log_probability(both: Any, left: Any, right: Any, n: Any) -> Floats:
    """Return the logarithm of the hypergeometric probability of `both`: dbinom dbinom / dbinom, all with share right / n."""
    share = right / n
    return _log_binomial(both, left, share) + _log_binomial(right - both, n - left, share) - _log_binomial(right, n, share)


def _log_binomial(x: Any, n: Any, p: Floats) -> Floats:
    """Return the logarithm of the binomial probability of x successes in n (Loader 2000, eq. 1 to 3)."""
    x, n = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(n, np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = (
            _stirling_error(n)
            - _stirling_error(x)
            - _stirling_error(n - x)
            - _deviance(x, n * p)
            - _deviance(n - x, n * (1 - p))
            + 0.5 * np.log(n / (2 * np.pi * x * (n - x)))
        )
        ends = np.where(x == 0, n * np.log1p(-p), n * np.log(p))
    return np.where(n == 0, 0.0, np.where((x == 0) | (x == n), np.where(np.isnan(ends), 0.0, ends), inner))


def _stirling_error(n: Floats) -> Floats:
    """Return log n! less Stirling's formula."""
    table = _small_errors()
    inverse = 1 / np.maximum(n, 1.0)
    square = inverse * inverse
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))))
    return np.where(n < _EXACT_BELOW, table[np.minimum(n, _EXACT_BELOW - 1).astype(np.int64)], series)


@cache
def _small_errors() -> Floats:
    from math import factorial, log, pi

    errors = [log(factorial(n)) - ((n + 0.5) * log(n) - n + 0.5 * log(2 * pi)) for n in range(1, _EXACT_BELOW)]
    return np.array([0.0, *errors])


def _deviance(x: Floats, mean: Floats) -> Floats:
    """Return x log(x / mean) + mean - x without cancellation."""
    gap = (x - mean) / (x + mean)
    square = gap * gap
    # x log(x/mean) = 2 x artanh(gap); its first terms cancel against mean - x.
    series = (x - mean) * gap + 2 * x * gap * sum(square**j / (2 * j + 1) for j in range(1, 11))
    return np.where(np.abs(gap) < 0.1, series, x * np.log(x / mean) + mean - x)


def tail_sums(both: Any, left: Any, right: Any, n: Any, upward: Any) -> Any:
    """Return the tail over the probability of `both`: from it upward, or strictly below it. Compiled by numba."""
    sums = np.empty(len(both), np.float64)
    for i in range(len(both)):
        k, x, y, all_of_them = float(both[i]), float(left[i]), float(right[i]), float(n[i])
        term, total = 1.0, 0.0
        if upward[i]:
            while term > total * 1e-17:
                total += term
                term *= (x - k) * (y - k) / ((k + 1.0) * (all_of_them - x - y + k + 1.0))
                k += 1.0
        else:
            while True:
                bottom = (x - k + 1.0) * (y - k + 1.0)
                term *= k * (all_of_them - x - y + k) / bottom
                k -= 1.0
                if term <= total * 1e-17:
                    break
                total += term
        sums[i] = total
    return sums


@cache
def _kernel() -> Callable[..., Any]:
    import numba

    compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True)(tail_sums)
    return compiled
