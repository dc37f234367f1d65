"""Thresholds read as the decimals that people write, and compared with counts in integers.

0.28 has no exact binary form: scaled by 100 it comes out above 28, and a set in exactly 28 of 100 baskets would be lost. A threshold is
therefore read as the fraction nearest to its shortest decimal (7/25), which also makes 0.1 + 0.2 the 0.3 that was meant, and a count is
compared with it by multiplication of integers.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FINEST = 10**9
"""Largest denominator of a threshold: nine decimals, so that the products with counts fit in 64 bits."""
_CLOSE = 1e-9
"""Relative distance below which a comparison of floats is made again in integers."""

Ints = NDArray[np.int64]


def as_fraction(threshold: float) -> Fraction:
    """Return the fraction that a decimal stands for.

    Examples:
        >>> as_fraction(0.28), as_fraction(0.1 + 0.2), as_fraction(2 / 3)
        (Fraction(7, 25), Fraction(3, 10), Fraction(2, 3))
    """
    return Fraction(str(threshold)).limit_denominator(_FINEST)


def least_count(share: float, of: int) -> int:
    """Return the smallest count that is at least a share of `of`.

    Examples:
        >>> least_count(0.07, 100), least_count(0.28, 100), least_count(0.29, 100), least_count(0.001, 9835)
        (7, 28, 29, 10)
    """
    exact = as_fraction(share) * of
    return -(-exact.numerator // exact.denominator)


def at_least(count: Ints, share: float, of: Ints) -> NDArray[np.bool_]:
    """Return whether each count is at least a share of the corresponding number, exactly; shape (n,).

    Args:
        count: shape (n,), up to 1e9.
        share: from 0 to 1.
        of: shape (n,), up to 1e9.

    Examples:
        >>> at_least(np.array([3, 29]), 0.75, np.array([4, 39])).tolist()
        [True, False]
    """
    least = as_fraction(share)
    return np.asarray(count * least.denominator >= of * least.numerator)


def ratio_at_least(top: Any, bottom: Any, least: float) -> NDArray[np.bool_]:
    """Return whether top / bottom is at least a threshold, exactly; shape (n,).

    Args:
        top: shape (n,), whole numbers below 2**63.
        bottom: likewise, above zero.
        least: the threshold.

    Examples:
        >>> ratio_at_least(np.array([60 * 2]), np.array([12 * 10]), 1.0).tolist()
        [True]
    """
    top, bottom, wanted = np.asarray(top), np.asarray(bottom), as_fraction(least)
    ratio = top / bottom
    found = ratio >= least
    for i in np.flatnonzero(np.abs(ratio - least) <= _CLOSE * max(abs(least), 1.0)):
        found[i] = int(top[i]) * wanted.denominator >= int(bottom[i]) * wanted.numerator
    return np.asarray(found)
