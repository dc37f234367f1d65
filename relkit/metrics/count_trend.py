"""Trend of counts: a Poisson regression on time whose variance is a multiple of the mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


def trend_of_counts(counts: NDArray[np.int64]) -> tuple[float, float]:
    """Return the slope of the logarithm of the mean per step, and its p-value.

    The test is Student's t with the degrees of freedom of the residuals, the dispersion estimated from Pearson's residuals and at least 1
    (McCullagh and Nelder 1989, Generalized Linear Models, chapter 6).

    Args:
        counts: of equal steps, in order of time, at least three, not all 0.

    Examples:
        >>> slope, p = trend_of_counts(np.array([100, 110, 121, 133, 146, 161]))
        >>> round(slope, 3), round(p, 3)
        (0.095, 0.011)
    """
    x = np.column_stack([np.ones(len(counts)), np.arange(len(counts)) - (len(counts) - 1) / 2])
    beta = np.array([np.log(counts.mean()), 0.0])
    for _ in range(50):
        mean = np.exp(x @ beta)
        step = np.linalg.solve(_information(x, mean), x.T @ (counts - mean))
        beta = beta + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-10:
            break
    mean, free = np.exp(x @ beta), len(counts) - 2
    dispersion = max(1.0, float(((counts - mean) ** 2 / mean).sum()) / free)
    error = float(np.sqrt(dispersion * np.linalg.inv(_information(x, mean))[1, 1]))
    return float(beta[1]), float(2 * stats.t.sf(abs(beta[1]) / error, free))


def _information(x: Floats, mean: Floats) -> Floats:
    return np.asarray(x.T @ (mean[:, None] * x))
