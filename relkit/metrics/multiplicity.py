"""Multiple testing: p-values that stay valid when the smallest of them is picked out.

Holm (1979): the smallest of m p-values is multiplied by m, the next by m - 1 and so on, none falling below the previous
one. The probability of even one false finding among the m is then at most the level, however the tests are correlated. Bonferroni's
adjustment multiplies each of them by m; Holm's is never larger.

Benjamini and Hochberg (1995): the i-th smallest is multiplied by m / i, none exceeding the next one. Those at most the level then
contain an expected share of false findings of at most the level, if the tests are independent or positively dependent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from relkit.metrics.risk_sets import Floats


def holm(p_values: ArrayLike) -> Floats:
    """Return the p-values adjusted for their number, shape (m,), in the order given.

    Args:
        p_values: shape (m,), from 0 to 1.

    Examples:
        >>> holm([0.01, 0.04, 0.03]).round(4).tolist()
        [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p)))), 1.0)
    return adjusted


def bonferroni(p_values: ArrayLike, *, tests: int | None = None) -> Floats:
    """Return the p-values times the number of tests, at most 1; shape (m,).

    Args:
        p_values: shape (m,), from 0 to 1.
        tests: number of tests made, if some are not among the p-values.

    Examples:
        >>> bonferroni([0.01, 0.4], tests=10).tolist()
        [0.1, 1.0]
    """
    p = np.asarray(p_values, dtype=np.float64)
    return np.asarray(np.minimum(p * (len(p) if tests is None else tests), 1.0))


def benjamini_hochberg(p_values: ArrayLike, *, tests: int | None = None) -> Floats:
    """Return the q-values: the smallest false discovery rate at which each finding is kept; shape (m,), in the order given.

    Args:
        p_values: shape (m,), from 0 to 1.
        tests: number of tests made, if some were discarded because of their result: those count as not significant.

    Examples:
        >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(4).tolist()
        [0.03, 0.04, 0.04]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    made = len(p) if tests is None else tests
    raised = p[order] * (made / np.arange(1, len(p) + 1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return adjusted
