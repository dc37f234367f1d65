"""Negative-binomial regression against scipy 1.x: the likelihood of `stats.nbinom`, and a search without derivatives of ours."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize, stats

from relkit.models.lifetime_value.negative_binomial_regression import Counts, Shrinkage, log_probability, regress, sizes

Floats = NDArray[np.float64]
SHRINKAGE = Shrinkage(np.array([0.0, 0.5, 0.5, 0.0, 0.0]), np.array([0.002, 0.01, 0.01, 0.0, 0.002]))


def drawn(n: int = 3000) -> tuple[Floats, Floats, Floats, Floats]:
    rng = np.random.default_rng(5)
    X = np.column_stack([np.ones(n), np.log(rng.gamma(0.5, 2.0, (n, 2)).round(1) + 0.05)])
    offset, level = np.where(np.arange(n) < n // 2, 0.2, 0.0), np.where(np.arange(n) < n // 2, 0.0, np.log(90 / 28))
    mu = np.exp(offset + X @ np.array([-0.4, 0.6, 0.3]))
    k = np.exp(0.1 + 0.5 * (np.log(mu) - level))
    return X, offset, level, rng.negative_binomial(k, k / (k + mu)).astype(float)


def loss(at: Floats, X: Floats, offset: Floats, level: Floats, y: Floats) -> float:
    """Return the mean penalised loss of a customer, written down anew from the definition."""
    log_mu = offset + X @ at[:3]
    k = np.exp(np.clip(at[3] + at[4] * (log_mu - level), -6, 6))
    own = stats.nbinom.logpmf(y, k, k / (k + np.exp(log_mu)))
    return float(-own.mean() + 0.002 * (at[0] ** 2 + at[4] ** 2) + 0.01 * ((at[1] - 0.5) ** 2 + (at[2] - 0.5) ** 2))


def test_it_is_the_optimum_that_scipy_finds() -> None:
    rows = drawn()
    found = regress(Counts.of(*rows), SHRINKAGE)
    theirs = optimize.minimize(loss, np.array([0.0, 0.5, 0.5, 0.0, 0.0]), args=rows, method="BFGS", options={"gtol": 1e-7})
    assert found == pytest.approx(theirs.x, abs=2e-4)
    assert loss(found, *rows) <= theirs.fun + 1e-10


def test_equal_rows_stand_for_several_customers() -> None:
    X, offset, level, y = drawn(400)
    once = Counts(X, offset, level, y, np.ones(len(y)))
    twice = Counts.of(*(np.concatenate((part, part)) for part in (X, offset, level, y)))
    assert twice.customers.sum() == 800
    assert len(twice.y) <= 400
    assert regress(twice, SHRINKAGE) == pytest.approx(regress(once, SHRINKAGE), abs=1e-7)


def test_probabilities_are_those_of_scipy() -> None:
    y, mu, k = np.arange(6.0), np.full(6, 2.5), np.linspace(0.01, 400, 6)
    assert log_probability(y, mu, k) == pytest.approx(stats.nbinom.logpmf(y, k, k / (k + mu)), rel=1e-9)
    assert log_probability(np.array([0.0, 1.0]), np.zeros(2), np.ones(2)).tolist() == [0.0, -np.inf]
    assert sizes(np.array([0.0, 100.0]), 0.0, 0.5, 1.0) == pytest.approx(np.exp([0.5, 6.0]))
