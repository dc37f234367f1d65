"""Intervals that stay valid however often one looks: the asymptotic confidence sequence of Waudby-Smith et al. (2021).

An interval of a fixed size holds on one day that was set in advance; a curve drawn each day needs one that holds on all days at once.
With n units and a standard error se its half-width is

    se root n x root( 2 (n r^2 + 1) / (n r)^2 x log( root(n r^2 + 1) / alpha ) )

(Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2021, arXiv 2103.06476), narrowest relative to the fixed one near `tuned_units`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import ParameterError
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.measurement.effect import Effect
    from relkit.metrics.risk_sets import Floats

TUNED_UNITS = 5_000
"""Units at which the sequence is tightest by default: a small campaign."""


def always_valid(effect: Effect, *, tuned_units: float = TUNED_UNITS) -> Effect:
    """Return an effect with an interval and a p-value that hold at every look, two-sided at the level of the effect.

    Args:
        effect: at one look.
        tuned_units: units at which intervals are to be tightest: those at which a decision is expected.

    Raises:
        ParameterError: the number of units is not above zero.

    Examples:
        >>> import polars as pl
        >>> from relkit.measurement.designs import Design
        >>> rows = {"arm": ["treated", "control"] * 50, "margin": [0.0, 1.0, 2.0, 3.0, 4.0] * 20}
        >>> fixed = Design.of(pl.DataFrame(rows), propensity=None, wave=None, cluster=None).effect("margin")
        >>> found = always_valid(fixed, tuned_units=100)
        >>> round(fixed.high, 3), round(found.high, 3)
        (0.567, 0.867)
    """
    if effect.estimate is None or not effect.se:
        return effect
    n, level = float(effect.n_treated + effect.n_control), effect.level
    half = float(half_widths(np.array([effect.se]), np.array([n]), level=level, tuned_units=tuned_units)[0])
    p = always_valid_p(effect.estimate / effect.se, n, level=level, tuned_units=tuned_units)
    return replace(effect, low=effect.estimate - half, high=effect.estimate + half, p_value=p, alternative="two-sided")


def half_widths(se: Floats, units: Floats, *, level: float = LEVEL, tuned_units: float = TUNED_UNITS) -> Floats:
    """Return half the width of the interval at each of several looks, such as the days of a curve, shape (t,).

    Args:
        se: standard error at each look, shape (t,).
        units: units in both arms at each look, shape (t,).
        level: probability that all intervals contain their effects.
        tuned_units: units at which intervals are to be tightest.

    Raises:
        ParameterError: the number of units is not above zero, or the level is invalid.
    """
    r = rate(tuned_units, level=level)
    inside = units * r**2 + 1
    return np.asarray(se * np.sqrt(units) * np.sqrt(2 * inside / (units * r) ** 2 * np.log(np.sqrt(inside) / (1 - level))))


def always_valid_p(z: float, units: float, *, level: float = LEVEL, tuned_units: float = TUNED_UNITS) -> float:
    """Return the p-value that holds at every look: the error rate at which the interval begins to exclude zero.

    Args:
        z: estimate over its standard error.
        units: units in both arms.
        level: for which the sequence is tuned.
        tuned_units: units at which it is tightest.
    """
    r = rate(tuned_units, level=level)
    inside = units * r**2 + 1
    return min(1.0, math.sqrt(inside) * math.exp(-(z**2) * units * r**2 / (2 * inside)))


def rate(tuned_units: float, *, level: float = LEVEL) -> float:
    """Return the parameter r of the sequence that is tightest at a number of units (Waudby-Smith et al. 2021).

    Examples:
        >>> round(rate(5_000), 5)
        0.03984
    """
    if not tuned_units > 0:
        raise ParameterError(f"{tuned_units} is not above 0.", where="tuned_units", remedy="Give the units at which to decide.")
    if not 0 < level < 1:
        raise ParameterError(f"{level} is not between 0 and 1.", where="level", remedy="Give 0.95 for a 95 % interval.")
    log = -2 * math.log(1 - level)
    return math.sqrt((log + math.log(log + 1)) / tuned_units)
