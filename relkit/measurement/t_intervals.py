"""Intervals and p-values of an estimate from its standard error, by Student's t or the normal distribution.

An alternative is about treated minus control: "greater" goes with an interval that is open above, at the full error rate on one side,
so that p and interval agree about zero.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

from scipy import special

from relkit.errors import ParameterError
from relkit.units import LEVEL

Alternative = Literal["two-sided", "greater", "less"]
TWO_SIDED: Alternative = "two-sided"


def reach(level: float = LEVEL, df: float = math.inf, alternative: Alternative = TWO_SIDED) -> float:
    """Return the standard errors from the estimate to a bound of its interval.

    Args:
        level: of the interval, between 0 and 1.
        df: degrees of freedom; infinite for the normal distribution.
        alternative: an open interval has the whole error rate on one side.

    Raises:
        ParameterError: the level or the alternative is invalid.

    Examples:
        >>> round(reach(0.95), 4), round(reach(0.95, 4), 4), round(reach(0.95, alternative="greater"), 4)
        (1.96, 2.7764, 1.6449)
    """
    if not 0 < level < 1:
        raise ParameterError(f"{level} is not between 0 and 1.", where="level", remedy="Give 0.95 for a 95 % interval.")
    if alternative not in get_args(Alternative):
        raise ParameterError.unknown("alternative", alternative, get_args(Alternative), where="alternative")
    at = (1 + level) / 2 if alternative == TWO_SIDED else level
    return float(special.ndtri(at) if math.isinf(df) else special.stdtrit(df, at))


def bounds(
    estimate: float, se: float, level: float = LEVEL, df: float = math.inf, alternative: Alternative = TWO_SIDED
) -> tuple[float, float]:
    """Return the lower and upper bound; infinite on the side that a one-sided test leaves open.

    Examples:
        >>> [round(bound, 3) for bound in bounds(1.0, 0.5)], bounds(1.0, 0.5, alternative="less")[0]
        ([0.02, 1.98], -inf)
    """
    half = reach(level, df, alternative) * se
    low = -math.inf if alternative == "less" else estimate - half
    high = math.inf if alternative == "greater" else estimate + half
    return low, high


def p_value(statistic: float, df: float = math.inf, alternative: Alternative = TWO_SIDED) -> float:
    """Return the probability of a statistic at least as far in the direction of the alternative, without any effect.

    Examples:
        >>> round(p_value(1.96), 4), round(p_value(1.96, alternative="less"), 4), round(p_value(2.7764, 4), 4)
        (0.05, 0.975, 0.05)
    """

    def below(at: float) -> float:
        return float(special.ndtr(at) if math.isinf(df) else special.stdtr(df, at))

    if alternative == TWO_SIDED:
        return 2 * below(-abs(statistic))
    return below(-statistic) if alternative == "greater" else below(statistic)
