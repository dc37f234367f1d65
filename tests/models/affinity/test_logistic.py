"""Logistic regression against scikit-learn, and its clustered errors against the spread of repeated samples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from relkit.models.affinity.logistic import fit_logistic


def sample(rng: np.random.Generator, customers: int, each: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return terms, answers and customers; the answers of a customer share a level, and his first term is the same in all rows."""
    customer = np.repeat(np.arange(customers), each)
    own, shared = rng.normal(size=customers)[customer], rng.normal(0, 1, customers)[customer]
    X = np.column_stack([np.ones(customers * each), own, rng.normal(3, 2, customers * each)])
    return X, (rng.random(len(X)) < expit(-1 + 0.5 * own + 0.3 * X[:, 2] + shared)).astype(float), customer


def test_coefficients_are_those_of_scikit_learn() -> None:
    X, y, customer = sample(np.random.default_rng(0), 200, 5)
    found = fit_logistic(X, y, customer, ridge=0.0)
    peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(X[:, 1:], y)
    assert found.converged
    assert found.coefficients.tolist() == pytest.approx([peer.intercept_[0], *peer.coef_[0]], abs=1e-5)


def test_errors_allow_for_rows_of_one_customer_being_alike() -> None:
    """Over 150 samples the mean standard error is within a fifth of the spread of the estimates; taken row by row it is not."""
    rng = np.random.default_rng(1)
    fits = [fit_logistic(*sample(rng, 60, 20)) for _ in range(150)]
    spread = np.std([fit.coefficients for fit in fits], axis=0)
    errors = np.mean([np.sqrt(np.diag(fit.covariance)) for fit in fits], axis=0)
    assert errors[:2].tolist() == pytest.approx(spread[:2].tolist(), rel=0.2)
    X, y, _ = sample(np.random.default_rng(1), 60, 20)
    alone = np.sqrt(np.diag(fit_logistic(X, y, np.arange(len(y))).covariance))
    assert alone[1] < 0.75 * spread[1]


def test_a_constant_term_and_separable_answers_do_not_stop_it() -> None:
    X = np.column_stack([np.ones(40), np.ones(40), np.r_[np.zeros(20), np.ones(20)]])
    found = fit_logistic(X, np.r_[np.zeros(20), np.ones(20)], np.arange(40))
    assert np.isfinite(found.coefficients).all()
    assert found.coefficients[2] > 2
