"""Natural cubic splines: scipy's interpolation is reproduced, and the tails are straight."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from relkit.errors import TableError
from relkit.models.splines import knots_of, natural_basis


def test_every_natural_spline_through_the_knots_is_reproduced() -> None:
    """scipy.interpolate.CubicSpline(knots, y, bc_type="natural"): one and only one natural cubic spline goes through K points."""
    knots, y = (1.0, 2.5, 4.0, 7.0, 9.0), np.array([0.3, -1.0, 2.0, 0.5, 0.7])
    spline = CubicSpline(knots, y, bc_type="natural")
    basis = natural_basis(np.array(knots), knots)
    weights = np.linalg.solve(np.vstack([np.ones(5), basis]).T, y)
    x = np.linspace(1.0, 9.0, 50)
    np.testing.assert_allclose(weights @ np.vstack([np.ones(50), natural_basis(x, knots)]), spline(x), atol=1e-10)


def test_tails_are_straight() -> None:
    beyond = natural_basis(np.array([-3.0, -2.0, -1.0, 10.0, 11.0, 12.0]), (0.0, 3.0, 6.0, 9.0))
    np.testing.assert_allclose(np.diff(beyond[:, :3], 2), 0, atol=1e-12)
    np.testing.assert_allclose(np.diff(beyond[:, 3:], 2), 0, atol=1e-10)


def test_knots_of_a_value_that_many_share_are_those_of_the_distinct_ones() -> None:
    values = np.concatenate([np.zeros(900), np.arange(1.0, 21.0)])
    assert knots_of(values, 3, name="orders", where="a test") == pytest.approx((1.0, 10.0, 19.0))
    with pytest.raises(TableError, match="orders has 2 different values, too few for a spline of 2 columns"):
        knots_of(np.array([0.0, 1.0, 1.0]), 3, name="orders", where="a test")
