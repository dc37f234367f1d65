"""The ridge regression against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from relkit.models.affinity.penalised_logistic import fit_logistic


@pytest.mark.parametrize("penalty", [0.1, 10.0, 1000.0])
def test_it_is_that_of_scikit_learn(penalty):
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(3)
    X = rng.normal(size=(700, 4))
    y = (rng.random(700) < special.expit(X @ [1.0, -0.5, 0.0, 2.0] - 2)).astype(float)
    w = rng.integers(1, 4, 700).astype(float)
    theirs = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=5000).fit(X, y, sample_weight=w)
    ours = fit_logistic(X, y, w, penalty=penalty)
    np.testing.assert_allclose(ours, np.r_[theirs.intercept_, theirs.coef_[0]], atol=2e-4)


def test_separated_rows_and_a_constant_column_end():
    X = np.column_stack([np.r_[-np.ones(20), np.ones(20)], np.zeros(40)])
    found = fit_logistic(X, np.r_[np.zeros(20), np.ones(20)], np.ones(40), penalty=1.0)
    assert np.isfinite(found).all()
    assert found[1] > 1
    assert found[2] == 0
