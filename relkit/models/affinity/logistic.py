"""Logistic regression by Newton's method, with a covariance that allows for rows of one customer being alike.

The covariance is the sandwich of Liang and Zeger (1986), clustered by customer: the products of one basket are not independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_STEPS = 50
TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class Logistic:
    """Coefficients of a logistic regression.

    Attributes:
        coefficients: shape (k,).
        covariance: shape (k, k), clustered.
        log_likelihood: without the penalty.
        converged: whether the steps became negligible.
    """

    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    converged: bool


def fit_logistic(X: Floats, y: Floats, cluster: NDArray[np.int64], *, ridge: float = 1.0) -> Logistic:
    """Return the maximum of the likelihood less a small penalty.

    Args:
        X: shape (n, k), the first column being ones; the penalty leaves it out.
        y: shape (n,), 0 or 1.
        cluster: shape (n,), ascending: the customer of each row.
        ridge: penalty on the squared coefficients of standardised columns.

    Examples:
        >>> X, y = np.column_stack([np.ones(8), np.tile([0.0, 1.0], 4)]), np.array([0, 1, 0, 1, 0, 1, 1, 0.0])
        >>> fit_logistic(X, y, np.arange(8), ridge=0.0).coefficients.round(3).tolist()  # log odds 1/3 and 3
        [-1.099, 2.197]
    """
    spread = X.std(axis=0)
    spread[spread == 0] = 1.0
    centre = X.mean(axis=0)
    spread[0], centre[0] = 1.0, 0.0
    Z, penalty = (X - centre) / spread, np.r_[0.0, np.full(X.shape[1] - 1, ridge)]
    rate = np.clip(y.mean(), 1e-6, 1 - 1e-6)
    beta = np.zeros(X.shape[1])
    beta[0] = np.log(rate / (1 - rate))
    value, converged = _value(Z, y, beta, penalty), False
    for _ in range(MOST_STEPS):
        p = _sigmoid(Z @ beta)
        curvature = (Z * (p * (1 - p))[:, None]).T @ Z + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curvature, Z.T @ (y - p) - penalty * beta)
        beta, gained, value = _halved(Z, y, beta, step, penalty, value)
        if gained < TOLERANCE * (abs(value) + 1):
            converged = True
            break
    turn = np.diag(1 / spread)
    turn[0, 1:] = -(centre / spread)[1:]
    covariance = turn @ _clustered(Z, y - _sigmoid(Z @ beta), cluster, penalty, beta) @ turn.T
    return Logistic(turn @ beta, covariance, value + 0.5 * float(penalty @ beta**2), converged)


def _halved(Z: Floats, y: Floats, beta: Floats, step: Floats, penalty: Floats, value: float) -> tuple[Floats, float, float]:
    """Return the new coefficients, what the step gained and the new value; a step that loses is halved."""
    for _ in range(30):
        moved = _value(Z, y, beta + step, penalty)
        if moved >= value:
            return beta + step, moved - value, moved
        step = step / 2
    return beta, 0.0, value


def _value(Z: Floats, y: Floats, beta: Floats, penalty: Floats) -> float:
    eta = Z @ beta
    return float(y @ eta - np.logaddexp(0.0, eta).sum() - 0.5 * (penalty @ beta**2))


def _clustered(Z: Floats, residual: Floats, cluster: NDArray[np.int64], penalty: Floats, beta: Floats) -> Floats:
    p = _sigmoid(Z @ beta)
    bread = np.linalg.inv((Z * (p * (1 - p))[:, None]).T @ Z + np.diag(penalty + 1e-9))
    starts = np.flatnonzero(np.r_[True, cluster[1:] != cluster[:-1]])
    sums = np.add.reduceat(Z * residual[:, None], starts, axis=0)
    return np.asarray(bread @ (sums.T @ sums) @ bread)


def _sigmoid(eta: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(eta))
