"""Logistic regression with a ridge penalty, by Newton's method on standardised columns.

The penalty is half of `penalty` times the sum of squares of the coefficients, the intercept left out (le Cessie and van Houwelingen
1992): a normal prior of variance 1 / penalty on each. With one to a hundred columns the normal equations cost a pass over the rows, so
that a fit takes a few passes, however small the penalty.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

MOST_STEPS, TOLERANCE = 60, 1e-9


def fit_logistic(
    X: Floats, y: Floats, weight: Floats, *, penalty: float, start: Floats | None = None, tolerance: float = TOLERANCE
) -> Floats:
    """Return intercept and coefficients, shape (d + 1,).

    Args:
        X: columns of mean about 0 and spread about 1, shape (n, d).
        y: 0 and 1, shape (n,).
        weight: of the rows, shape (n,).
        penalty: of the squares of the coefficients, in rows.
        start: coefficients to start from, shape (d + 1,).
        tolerance: relative change of the loss at which steps end.

    Examples:
        >>> x = np.array([[-1.0], [-1.0], [1.0], [1.0]])
        >>> fit_logistic(x, np.array([0.0, 1.0, 1.0, 1.0]), np.ones(4), penalty=1e6).round(3).tolist()
        [1.099, 0.0]
    """
    ridge = np.full(X.shape[1] + 1, penalty, dtype=np.float64)
    ridge[0] = 0.0
    b = np.r_[_log_odds(y, weight), np.zeros(X.shape[1])] if start is None else start.copy()
    loss = _loss(X, y, weight, ridge, b)
    for _ in range(MOST_STEPS):
        gradient, hessian = _derivatives(X, y, weight, ridge, b)
        step = np.asarray(np.linalg.solve(hessian, gradient), dtype=np.float64)
        b, after = _shortened(X, y, weight, ridge, b, step, loss)
        if loss - after <= tolerance * max(abs(after), 1.0):
            return b
        loss = after
    return b


def log_odds(X: Floats, b: Floats) -> Floats:
    """Return the log-odds of rows, shape (n,)."""
    found: Floats = X @ b[1:] + b[0]
    return found


def _derivatives(X: Floats, y: Floats, weight: Floats, ridge: Floats, b: Floats) -> tuple[Floats, Floats]:
    p = special.expit(log_odds(X, b))
    curve, rest = weight * p * (1 - p), weight * (y - p)
    hessian = np.empty((len(b), len(b)))
    hessian[1:, 1:] = (X * curve[:, None]).T @ X
    hessian[0, 1:] = hessian[1:, 0] = curve @ X
    hessian[0, 0] = curve.sum()
    gradient = np.r_[rest.sum(), rest @ X] - ridge * b
    return gradient, hessian + np.diag(np.maximum(ridge, 1e-10))


def _shortened(X: Floats, y: Floats, weight: Floats, ridge: Floats, b: Floats, step: Floats, loss: float) -> tuple[Floats, float]:
    """Return the coefficients after a step, halved until the loss does not rise."""
    for _ in range(30):
        after = _loss(X, y, weight, ridge, b + step)
        if after <= loss:
            return b + step, after
        step = step / 2
    return b, loss


def _loss(X: Floats, y: Floats, weight: Floats, ridge: Floats, b: Floats) -> float:
    z = log_odds(X, b)
    return float(weight @ (np.logaddexp(0.0, z) - y * z) + ridge @ (b * b) / 2)


def _log_odds(y: Floats, weight: Floats) -> float:
    """Return the log-odds of the share of ones, half a row added to each side."""
    ones, total = float(weight @ y), float(weight.sum())
    return float(np.log((ones + 0.5) / (total - ones + 0.5)))
