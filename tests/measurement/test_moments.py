from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.measurement.moments import Moments, together


def rows(n: int = 60, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(5, 2, (n, 3))


def test_covariances_are_numpys_and_parts_add_up() -> None:
    values = rows()
    whole = Moments.of_rows(("a", "b", "c"), values)
    np.testing.assert_allclose(whole.covariances(), np.cov(values.T))
    parts = together(Moments.of_rows(whole.names, part) for part in np.split(values, [1, 20, 41]))
    assert parts.n == whole.n
    np.testing.assert_allclose(parts.mean, whole.mean)
    np.testing.assert_allclose(parts.deviations, whole.deviations)


def test_weighted_sums_have_their_own_covariances() -> None:
    values, weights = rows(), np.array([[1.0, -2.0, 0.0], [0.0, 1.0, 1.0]])
    whole = Moments.of_rows(("a", "b", "c"), values)
    np.testing.assert_allclose(whole.covariance_along(weights), np.cov((values @ weights.T).T))
    assert whole.variance_along(weights[0]) == pytest.approx((values @ weights[0]).var(ddof=1))


def test_what_cancels_out_has_no_variance() -> None:
    values = rows()
    values[:, 2] = 3 * values[:, 0] - values[:, 1]
    whole = Moments.of_rows(("a", "b", "c"), values)
    assert whole.variance_along(np.array([3.0, -1.0, -1.0])) == 0.0


def test_names_that_differ_or_are_unknown_are_refused() -> None:
    one = Moments.of_rows(("a", "b", "c"), rows())
    with pytest.raises(ParameterError, match="moments of a, b, c and of x, y, z do not add up"):
        one + Moments.of_rows(("x", "y", "z"), rows())
    with pytest.raises(ParameterError, match="unknown measure 'd'"):
        one.at("d")
