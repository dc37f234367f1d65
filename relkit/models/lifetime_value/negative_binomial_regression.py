"""Negative-binomial regression of counts whose dispersion follows their mean, penalised, by Newton's method.

    ln mu = offset + X b,    size k = exp(clip(c0 + c1 (ln mu - level), -6, 6)),    variance mu + mu^2 / k

A customer who buys often is more even, relative to the mean, than one who hardly ever buys, so that one size for all is too wide for
the first and too narrow for the second. `level` is the logarithm of the horizon in units of 28 days: the size depends on the rate.
The penalty is on the mean loss of a customer, so that a sample leads to the same shrinkage as all customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from relkit.models.maximum import maximise

if TYPE_CHECKING:
    from relkit.models.maximum import Evaluation

Floats = NDArray[np.float64]

LARGEST_EXPONENT = 6.0
"""Of the size: from e^-6, nearly all mass at zero, to e^6, nearly Poisson."""
_EDGE = 12.0


@dataclass(frozen=True, eq=False)
class Counts:
    """Observed counts and their regressors; rows may stand for several customers.

    Attributes:
        X: regressors, the first of which is 1, shape (n, p).
        offset: added to ln mu, shape (n,).
        level: logarithm of the horizon in units of 28 days, shape (n,).
        y: counts, shape (n,).
        customers: that each row stands for, shape (n,).
    """

    X: Floats
    offset: Floats
    level: Floats
    y: Floats
    customers: Floats

    @classmethod
    def of(cls, X: Floats, offset: Floats, level: Floats, y: Floats) -> Counts:
        """Return the counts of customers with equal rows once, in ascending order: most of those who bought once differ in age only."""
        table = pl.DataFrame({str(j): column for j, column in enumerate((*X.T, offset, level, y))})
        rows = table.group_by(table.columns).agg(pl.len().cast(pl.Float64).alias("customers")).sort(table.columns)
        *columns, offset, level, y, customers = (rows[name].to_numpy() for name in rows.columns)
        return cls(np.column_stack(columns), offset, level, y, customers)


@dataclass(frozen=True, eq=False)
class Shrinkage:
    """Centre and strength of the penalty on each of b and c, shape (p + 2,)."""

    centre: Floats
    strength: Floats


def regress(counts: Counts, shrinkage: Shrinkage) -> Floats:
    """Return b, then c0 and c1, at the maximum of the mean log-likelihood less sum of strength (coefficient - centre)^2, shape (p + 2,).

    Raises:
        NotConvergedError: no maximum was found.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> y = rng.negative_binomial(2.0, 2.0 / (2.0 + 3.0), 20_000).astype(float)  # mean 3, size 2
        >>> ones, nought = np.ones(len(y)), np.zeros(len(y))
        >>> counts = Counts(ones[:, None], nought, nought, y, ones)
        >>> b, c0, c1 = regress(counts, Shrinkage(np.zeros(3), np.array([0.0, 0.0, 1.0])))
        >>> round(float(np.exp(b)), 1), round(float(np.exp(c0 + c1 * b)), 1)
        (3.0, 2.0)
    """
    width = counts.X.shape[1]
    start = shrinkage.centre.copy()
    came, expected = counts.customers @ counts.y, counts.customers @ np.exp(counts.offset + counts.X @ start[:width])
    start[0] += np.log(max(float(came), 0.5) / float(expected))
    low = np.full(len(start), -_EDGE)
    found = maximise(lambda at: _penalised(counts, shrinkage, at), start, low=low, high=-low, where="negative-binomial regression")
    return found.at


def sizes(log_mu: Floats, level: Floats | float, c0: Floats | float, c1: Floats | float) -> Floats:
    """Return the size k of each customer, shape of `log_mu`."""
    return np.asarray(np.exp(np.clip(c0 + c1 * (log_mu - level), -LARGEST_EXPONENT, LARGEST_EXPONENT)))


def log_probability(y: Floats, mu: Floats, k: Floats) -> Floats:
    """Return the logarithm of the probability of each count, shape of `y`; a mean of 0 has all its mass at 0.

    Examples:
        >>> bool(np.isclose(np.exp(log_probability(np.arange(400.0), np.full(400, 3.0), np.full(400, 2.0))).sum(), 1.0))
        True
    """
    parts = special.gammaln(y + k) - special.gammaln(k) - special.gammaln(y + 1)
    return np.asarray(parts - k * np.log1p(mu / k) + special.xlogy(y, mu / (k + mu)))


def _penalised(counts: Counts, shrinkage: Shrinkage, at: Floats) -> Evaluation:
    """Return the penalised log-likelihood of all customers, its gradient and its Hessian."""
    value, gradient, hessian = _likelihood(counts, at)
    customers, away = counts.customers.sum(), at - shrinkage.centre
    pull = customers * shrinkage.strength
    return value - float(pull @ away**2), gradient - 2 * pull * away, hessian - np.diag(2 * pull)


def _likelihood(counts: Counts, at: Floats) -> Evaluation:
    X, y, n, width = counts.X, counts.y, counts.customers, counts.X.shape[1]
    c0, c1 = at[width:]
    eta = np.clip(counts.offset + X @ at[:width], -30.0, 30.0)
    raw = c0 + c1 * (eta - counts.level)
    inside = np.abs(raw) < LARGEST_EXPONENT
    mu, k = np.exp(eta), sizes(eta, counts.level, c0, c1)
    value = float(n @ log_probability(y, mu, k))
    both = k + mu
    of_eta = k * (y - mu) / both
    of_k = _digammas(y, k) + np.log1p(-mu / both) + (mu - y) / both
    eta_eta = -(k + y) * mu * k / both**2
    eta_k = np.where(inside, k * mu * (y - mu) / both**2, 0.0)
    bend = _trigammas(y, k) + 1 / k - 2 / both + (k + y) / both**2
    k_k = np.where(inside, k * of_k + k**2 * bend, 0.0)
    of_k = np.where(inside, k * of_k, 0.0)
    # ln k moves with b through ln mu, with c0 and with c1.
    moves = np.column_stack([c1 * X, np.ones(len(y)), eta - counts.level])
    means = np.column_stack([X, np.zeros((len(y), 2))])
    gradient = means.T @ (n * of_eta) + moves.T @ (n * of_k)
    cross = (means * (n * eta_k)[:, None]).T @ moves
    hessian = (means * (n * eta_eta)[:, None]).T @ means + cross + cross.T + (moves * (n * k_k)[:, None]).T @ moves
    twist = X.T @ (n * of_k)
    hessian[:width, -1] += twist
    hessian[-1, :width] += twist
    return value, gradient, hessian


def _digammas(y: Floats, k: Floats) -> Floats:
    """Return psi(y + k) - psi(k), which is 0 for most customers."""
    found, some = np.zeros(len(y)), np.flatnonzero(y)
    found[some] = special.digamma(y[some] + k[some]) - special.digamma(k[some])
    return found


def _trigammas(y: Floats, k: Floats) -> Floats:
    found, some = np.zeros(len(y)), np.flatnonzero(y)
    found[some] = special.polygamma(1, y[some] + k[some]) - special.polygamma(1, k[some])
    return found
