"""The covariance of the cumulative effects of Aalen's additive regression, which lifelines does not give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from relkit.models.survival.lifetimes import Lifetimes

Floats = NDArray[np.float64]


def cumulative_covariance(X: Floats, lives: Lifetimes, ages: Floats, penalty: float) -> Floats:
    """Return the covariance of the cumulative effects at ages, shape (m, k, k) (Aalen 1989, eq. 4.3).

    At each age it grows by A^-1 (sum of x x' over those who end) A^-1, with A the sum of x x' over those at risk.

    Args:
        X: columns with an intercept, shape (n, k).
        lives: lifetimes observed from their start.
        ages: of ends, ascending, shape (m,).
        penalty: added to the diagonal of A.
    """
    order = np.argsort(lives.lower, kind="stable")
    until, ended, x = lives.lower[order], lives.ended[order], X[order] * np.sqrt(lives.weight[order])[:, None]
    starts, stops = np.searchsorted(until, ages, side="left"), np.searchsorted(until, ages, side="right")
    at_risk, gone, found = x.T @ x + penalty * np.eye(X.shape[1]), 0, []
    for start, stop in zip(starts, stops, strict=True):
        at_risk = at_risk - x[gone:start].T @ x[gone:start]
        gone, own = start, x[start:stop][ended[start:stop]]
        each = np.linalg.pinv(at_risk, hermitian=True) @ own.T
        found.append(each @ each.T)
    return np.cumsum(found, axis=0)
