"""Natural cubic splines for nonlinear covariate effects without wild tails.

Between knots xi_1 < ... < xi_K the effect is a cubic, smooth to the second derivative; outside them it is a straight line
(Hastie, Tibshirani and Friedman 2009, eqs. 5.4 and 5.5). Knots lie at quantiles, the outer ones at 5 and 95 % (Harrell
2015, table 2.3, for five knots), so that a few outlying customers do not shape the curve.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

OUTER = 0.05
"""Share of the values below the first knot, and above the last."""
CLOSE = 1e-3
"""Knots closer together than this share of the range coincide."""


def natural_basis(x: Floats, knots: Sequence[float]) -> Floats:
    """Return the basis of natural cubic splines, less its constant, shape (K - 1, n): x itself, then K - 2 bends.

    Each bend is divided by the square of the span of the knots, so that it is of the same magnitude as x.

    Args:
        x: shape (n,).
        knots: K of them, ascending; K is 3 or more.

    Examples:
        >>> natural_basis(np.array([0.0, 1.0, 2.0, 3.0]), (0.0, 1.0, 2.0)).tolist()
        [[0.0, 1.0, 2.0, 3.0], [0.0, 0.125, 0.75, 1.5]]
    """
    *inner, before, last = knots
    span = (last - knots[0]) ** 2

    def d(knot: float) -> Floats:
        cubed: Floats = (np.maximum(x - knot, 0.0) ** 3 - np.maximum(x - last, 0.0) ** 3) / (last - knot)
        return cubed

    anchor = d(before)
    return np.stack([x, *((d(knot) - anchor) / span for knot in inner)])


def knots_of(values: Floats, count: int, *, name: str, where: str) -> tuple[float, ...]:
    """Return knots at equally spaced quantiles from 5 to 95 %.

    If quantiles coincide because many customers share a value, the quantiles of the distinct values are used.

    Args:
        values: shape (n,), all known.
        count: of the knots.
        name: of the covariate.
        where: the caller, for the message.

    Raises:
        TableError: fewer distinct values than knots.

    Examples:
        >>> [round(knot, 6) for knot in knots_of(np.arange(101.0), 4, name="age", where="a test")]
        [5.0, 35.0, 65.0, 95.0]
    """
    distinct, levels = np.unique(values), np.linspace(OUTER, 1 - OUTER, count)
    if len(distinct) < count:
        raise TableError(
            f"{name} has {len(distinct)} different values, too few for a spline of {count - 1} columns.",
            where=where,
            remedy=f"Give {name} fewer columns in splines, or leave it out of them.",
        )
    knots = np.quantile(values, levels)
    if np.diff(knots).min() <= CLOSE * (distinct[-1] - distinct[0]):
        knots = np.quantile(distinct, levels)
    return tuple(float(knot) for knot in knots)
