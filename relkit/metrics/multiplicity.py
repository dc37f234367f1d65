"""Multiple testing: p-values that stay valid when the smallest of them is picked out.

Holm (1979): the smallest of m p-values is multiplied by m, the next by m - 1 and so on, none falling below the previous
one. The probability of even one false finding among the m is then at most the level, however the tests are correlated. Bonferroni's
adjustment multiplies each of them by m; Holm's is never larger.

Benjamini and Hochberg (1995): the i-th smallest is multiplied by m / i, none exceeding the next one. Those at most the level then
contain an expected share of false findings of at most the level, if the tests are independent or positively dependent.

A test that could not be made has the p-value NaN: it keeps NaN and does not count among the tests.

Dunnett (1955, JASA 50, p. 1096-1121) compares several treatments with one control: its critical value accounts for the control that all
of them share, and so is smaller than Bonferroni's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import ParameterError
from relkit.units import LEVEL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from relkit.metrics.risk_sets import Floats

_NODES, _SCALE_NODES = 96, 48
"""Nodes of the two quadratures: more change nothing in the sixth decimal."""


def holm(p_values: ArrayLike) -> Floats:
    """Return the p-values adjusted for their number, shape (m,), in the order given.

    Args:
        p_values: shape (m,), from 0 to 1; NaN for a test that could not be made.

    Examples:
        >>> holm([0.01, 0.04, 0.03]).round(4).tolist()
        [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    # NaN sorts last and stays NaN.
    order, made = np.argsort(p, kind="stable"), int((~np.isnan(p)).sum())
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * (made - np.arange(len(p)))), 1.0)
    return adjusted


def bonferroni(p_values: ArrayLike, *, tests: int | None = None) -> Floats:
    """Return the p-values times the number of tests, at most 1; shape (m,).

    Args:
        p_values: shape (m,), from 0 to 1; NaN for a test that could not be made.
        tests: number of tests made, if some are not among the p-values.

    Examples:
        >>> bonferroni([0.01, 0.4], tests=10).tolist()
        [0.1, 1.0]
    """
    p = np.asarray(p_values, dtype=np.float64)
    return np.asarray(np.minimum(p * (int((~np.isnan(p)).sum()) if tests is None else tests), 1.0))


def benjamini_hochberg(p_values: ArrayLike, *, tests: int | None = None) -> Floats:
    """Return the q-values: the smallest false discovery rate at which each finding is kept; shape (m,), in the order given.

    Args:
        p_values: shape (m,), from 0 to 1; NaN for a test that could not be made.
        tests: number of tests made, if some were discarded because of their result: those count as not significant.

    Examples:
        >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(4).tolist()
        [0.03, 0.04, 0.04]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    known = int((~np.isnan(p)).sum())
    made = known if tests is None else tests
    raised = p[order] * (made / np.arange(1, len(p) + 1))
    adjusted = np.full(len(p), np.nan)
    adjusted[order[:known]] = np.minimum(np.minimum.accumulate(raised[:known][::-1])[::-1], 1.0)
    return adjusted


def dunnett_reach(control: float, treated: ArrayLike, *, level: float = LEVEL, df: float = math.inf, two_sided: bool = True) -> float:
    """Return the standard errors from each difference to the bound of its simultaneous interval (Dunnett 1955).

    Args:
        control: units in control.
        treated: units in each treated arm, shape (k,).
        level: probability that all k intervals contain their differences.
        df: degrees of freedom of the common variance; infinite for the normal distribution.
        two_sided: whether intervals have two bounds.

    Raises:
        ParameterError: no arm, an arm without units, or an invalid level.

    Examples:
        >>> round(dunnett_reach(100, [100, 100]), 3), round(dunnett_reach(100, [100]), 3)
        (2.212, 1.96)
    """
    from scipy.optimize import brentq

    if not 0 < level < 1:
        raise ParameterError(f"{level} is not between 0 and 1.", where="level", remedy="Give 0.95 for 95 %.")
    loadings = _loadings(control, treated)
    return float(brentq(lambda reach: _all_within(reach, loadings, df, two_sided=two_sided) - level, 1e-9, 60.0, xtol=1e-10))


def dunnett(statistics: ArrayLike, control: float, treated: ArrayLike, *, df: float = math.inf, two_sided: bool = True) -> Floats:
    """Return the p-values of comparisons with one control, adjusted for their number; shape (k,).

    Args:
        statistics: differences from control over their standard errors, shape (k,).
        control: units in control.
        treated: units in each treated arm, shape (k,).
        df: degrees of freedom of the common variance; infinite for the normal distribution.
        two_sided: whether differences of either sign count; if not, only those above zero.

    Examples:
        >>> dunnett([2.212, 0.5], 100, [100, 100]).round(3).tolist()
        [0.05, 0.835]
    """
    loadings = _loadings(control, treated)
    values = np.asarray(statistics, dtype=np.float64)
    reaches = np.abs(values) if two_sided else values
    return np.array([1.0 - _all_within(float(reach), loadings, df, two_sided=two_sided) for reach in reaches])


def _loadings(control: float, treated: ArrayLike) -> Floats:
    """Return the correlation of each difference with the control they share, shape (k,)."""
    sizes = np.asarray(treated, dtype=np.float64)
    if not len(sizes) or (sizes <= 0).any() or control <= 0:
        raise ParameterError("each arm needs units.", where="dunnett", remedy="Give the units of control and of each treated arm.")
    return np.sqrt(sizes / (sizes + control))


def _all_within(reach: float, loadings: Floats, df: float, *, two_sided: bool) -> float:
    """Return the probability that all statistics are within the reach: Dunnett (1955), by quadrature."""
    from scipy.special import gammaln, ndtr

    # With a small control all differences turn on it, and the probability given its value falls steeply.
    steepest = math.sqrt(1 - float(loadings.max()) ** 2)
    nodes, weights = np.polynomial.legendre.leggauss(int(min(max(_NODES, 26 / steepest), 1000)))
    z, dz = 8.5 * nodes, 8.5 * weights * np.exp(-0.5 * (8.5 * nodes) ** 2) / math.sqrt(2 * math.pi)
    # The common standard deviation, over its expectation: a chi variable over the root of df.
    scale, d_scale = np.ones(1), np.ones(1)
    if not math.isinf(df):
        nodes, weights = np.polynomial.legendre.leggauss(_SCALE_NODES)
        low, high = max(1 - 9 / math.sqrt(2 * df), 1e-9), 1 + 9 / math.sqrt(2 * df)
        scale = (high - low) / 2 * nodes + (high + low) / 2
        log_density = math.log(2) + df / 2 * math.log(df / 2) - gammaln(df / 2) + (df - 1) * np.log(scale) - df * scale**2 / 2
        d_scale = (high - low) / 2 * weights * np.exp(log_density)
    inside = np.ones((len(scale), len(z)))
    for loading in loadings:
        root = math.sqrt(1 - loading**2)
        above = ndtr((reach * scale[:, None] + loading * z) / root)
        inside *= above - ndtr((-reach * scale[:, None] + loading * z) / root) if two_sided else above
    return float(d_scale @ inside @ dz)
