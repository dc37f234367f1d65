"""Confidence sets of a ratio of two estimates (Fieller 1954), which need not be intervals.

The set contains each ratio r for which `above - r * below` does not differ from zero. If the denominator differs clearly from zero, that
is an interval; if not, it is unbounded: everything but the stretch between two bounds, or every number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from relkit.texts import EMPTY, Text

UNBOUNDED = Text(
    "The denominator is not clearly different from 0: the ratio has no finite interval.",
    "Le dénominateur ne se distingue pas clairement de 0 : le ratio n’a pas d’intervalle fini.",
)


@dataclass(frozen=True)
class RatioSet:
    """Ratios that agree with the data.

    Attributes:
        estimate: the ratio of the estimates; None if the denominator is 0.
        low: lower bound; None if the set is unbounded.
        high: upper bound; None if the set is unbounded.
        excluded: the stretch that an unbounded set leaves out; None if it leaves out nothing, or is an interval.
        reason: why there is no interval; empty if there is one.

    Examples:
        >>> found = fieller(2.0, 1.0, 0.04, 0.01, 0.0, 1.96)
        >>> round(found.low, 3), round(found.high, 3), found.is_bounded
        (1.509, 2.651, True)
        >>> fieller(2.0, 0.1, 0.04, 0.01, 0.0, 1.96).is_bounded
        False
    """

    estimate: float | None
    low: float | None
    high: float | None
    excluded: tuple[float, float] | None = None
    reason: Text = EMPTY

    @property
    def is_bounded(self) -> bool:
        """Return whether the set is an interval."""
        return self.low is not None

    def minus(self, shift: float) -> RatioSet:
        """Return the set moved down by a constant: a relative change is a ratio minus one."""
        excluded = None if self.excluded is None else (self.excluded[0] - shift, self.excluded[1] - shift)
        low, high = (None if bound is None else bound - shift for bound in (self.low, self.high))
        return RatioSet(None if self.estimate is None else self.estimate - shift, low, high, excluded, self.reason)


def fieller(above: float, below: float, var_above: float, var_below: float, covariance: float, reach: float) -> RatioSet:
    """Return the confidence set of above / below.

    Args:
        above: numerator.
        below: denominator, of any sign.
        var_above: variance of the numerator.
        var_below: variance of the denominator.
        covariance: of the two.
        reach: standard errors from an estimate to its bound, such as 1.96.
    """
    estimate = above / below if below else None
    square = reach**2
    # The roots of (above - r below)^2 = square * var(above - r below): a r^2 - 2 b r + c = 0.
    a, b, c = below**2 - square * var_below, above * below - square * covariance, above**2 - square * var_above
    inside = b**2 - a * c
    if a > 0 and inside >= 0:
        roots = sorted(((b - math.sqrt(inside)) / a, (b + math.sqrt(inside)) / a))
        return RatioSet(estimate, roots[0], roots[1])
    if a < 0 < inside:
        roots = sorted(((b - math.sqrt(inside)) / a, (b + math.sqrt(inside)) / a))
        return RatioSet(estimate, None, None, (roots[0], roots[1]), UNBOUNDED)
    return RatioSet(estimate, None, None, None, UNBOUNDED)
