"""Spend whose largest values are limited, next to the raw figures: a few large orders make the interval of a mean wide.

A winsorised value is moved to the limit and stays in the comparison. There is one limit, a quantile of all units drawn in all arms, zeros
included: limits taken within each arm would differ, and so make an effect of their own. The lower tail is limited on request only.
A trimmed mean leaves out the same share of each arm at both ends (Yuen 1974, Biometrika 61, p. 165-170).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.errors import ParameterError, TableError
from relkit.measurement.effect import Effect
from relkit.measurement.t_intervals import TWO_SIDED, Alternative
from relkit.units import LEVEL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from relkit.metrics.risk_sets import Floats


@dataclass(frozen=True)
class Limits:
    """Limits of a measure, the same for all arms.

    Attributes:
        measure: column limited.
        low: lower limit; minus infinity if there is none.
        high: upper limit; infinity if there is none.
        n_limited: units whose value was moved.
    """

    measure: str
    low: float
    high: float
    n_limited: int

    def applied(self, units: pl.DataFrame) -> pl.DataFrame:
        """Return the units with the measure limited."""
        return units.with_columns(pl.col(self.measure).cast(pl.Float64).clip(self.low, self.high))


def limits_of(units: pl.DataFrame, measure: str, *, upper: float | None = 0.99, lower: float | None = None) -> Limits:
    """Return the limits of a measure from all units drawn, by linear interpolation between order statistics.

    Args:
        units: one row per unit drawn, of all arms.
        measure: column to be limited.
        upper: share of units below the upper limit; None for no upper limit.
        lower: share of units below the lower limit; None for no lower limit.

    Raises:
        ParameterError: a share that is not between 0 and 1, or a lower share that is not below the upper one.
        TableError: no units, or a value that is missing or not finite.

    Examples:
        >>> units = pl.DataFrame({"arm": ["treated"] * 3 + ["control"] * 2, "margin": [0.0, 0.0, 400.0, 10.0, 20.0]})
        >>> limits = limits_of(units, "margin", upper=0.75)
        >>> limits.high, limits.n_limited, limits.applied(units)["margin"].to_list()
        (20.0, 1, [0.0, 0.0, 20.0, 10.0, 20.0])
    """
    shares = [share for share in (lower, upper) if share is not None]
    if any(not 0 < share < 1 for share in shares) or shares != sorted(set(shares)):
        remedy = "Give shares between 0 and 1, the lower one below the upper one, such as 0.05 and 0.95."
        raise ParameterError(f"the shares {shares} are invalid.", where="limits", remedy=remedy)
    values = _finite(units[measure].cast(pl.Float64).to_numpy(), measure)
    low = -math.inf if lower is None else float(np.quantile(values, lower))
    high = math.inf if upper is None else float(np.quantile(values, upper))
    return Limits(measure, low, high, int(((values < low) | (values > high)).sum()))


def trimmed_difference(
    treated: ArrayLike,
    control: ArrayLike,
    *,
    trimmed: float = 0.01,
    measure: str = "measure",
    level: float = LEVEL,
    alternative: Alternative = TWO_SIDED,
) -> Effect:
    """Return the difference of trimmed means by Yuen's test.

    Args:
        treated: values of the treated, shape (n,).
        control: values of the control units, shape (n,).
        trimmed: share of units left out at each end of each arm, below 0.5.
        measure: name of the measure.
        level: of the interval.
        alternative: of the test.

    Raises:
        ParameterError: the share is invalid.
        TableError: an arm is empty, or a value is missing or not finite.

    Examples:
        >>> found = trimmed_difference([3.0, 4, 5, 6, 90], [1.0, 2, 3, 4, 5], trimmed=0.2)
        >>> found.estimate, found.n_treated, round(found.p_value, 3)
        (2.0, 3, 0.158)
    """
    if not 0 <= trimmed < 0.5:
        raise ParameterError(f"{trimmed} is not from 0 to below 0.5.", where="trimmed", remedy="Give the share cut at each end.")
    arms = [_trimmed(_finite(values, measure), trimmed) for values in (treated, control)]
    (above, var_above, n_above), (below, var_below, n_below) = arms
    known = n_above > 1 and n_below > 1
    below_line = var_above**2 / (n_above - 1) + var_below**2 / (n_below - 1) if known else 0.0
    df = (var_above + var_below) ** 2 / below_line if below_line else None
    spread = (var_above, var_below, 0.0) if known else None
    return Effect.of(
        measure, (above, below), (n_above, n_below), spread=spread, df=df, level=level, alternative=alternative, method="trimmed"
    )


def _trimmed(values: Floats, share: float) -> tuple[float, float, int]:
    """Return the trimmed mean, its variance (Yuen 1974) and the units kept."""
    ordered, n = np.sort(values), len(values)
    cut = int(share * n)
    kept = n - 2 * cut
    winsorised = np.clip(ordered, ordered[cut], ordered[n - cut - 1])
    squares = float(((winsorised - winsorised.mean()) ** 2).sum())
    return float(ordered[cut : n - cut].mean()), squares / (kept * max(kept - 1, 1)), kept


def _finite(values: ArrayLike, measure: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if not len(array):
        raise TableError("there are no units.", where=f"units.{measure}", remedy="Measure after units were drawn into both arms.")
    if not np.isfinite(array).all():
        raise TableError("some values are missing or not finite.", where=f"units.{measure}", remedy="Give each unit drawn a number.")
    return array
