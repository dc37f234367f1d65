"""Customers still to come: the pace of acquisition, if it is steady, and the value they would add to a total.

    pace = Pace(counts=(90, 102, ...), year_before=1100)
    pace.is_steady, pace.a_month
    added(pace, months=24, worth_of_an_order=18.0, repeat_orders=..., annual_discount_rate=0.10)

Acquisition is steady if at least `LEAST` customers were won in twelve months, the year before brought at most `MOST_CHANGE` times as many
or as few, and no trend within the year that chance does not explain would change the pace as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from relkit.metrics.count_trend import trend_of_counts
from relkit.scores.total_bounds import Total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.models.lifetime_value.total_spread import TotalSpread

Floats = NDArray[np.float64]
Why = Literal["", "short", "few", "year", "trend"]

MONTHS = 12
LEAST = 60
"""Fewest customers won in a year from which a pace is estimated."""
MOST_CHANGE = 1.25
"""Change of the pace within a year, as a factor, beyond which acquisition is not steady."""
USUAL_CHANGE = 0.15
"""Standard deviation of the logarithm of the change from one year to the next that is assumed at least, a year's change being one draw."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Pace of acquisition.

    Attributes:
        counts: customers won in each of the last twelve months, the earliest first; empty if the history is shorter.
        year_before: customers won in the twelve months before; None if unknown.

    Examples:
        >>> steady = Pace(counts=(30, 28, 33, 31, 29, 30, 32, 27, 31, 30, 29, 30), year_before=350)
        >>> steady.is_steady, steady.a_month, Pace(counts=steady.counts, year_before=200).why_not
        (True, 30.0, 'year')
    """

    counts: tuple[int, ...]
    year_before: int | None = None

    @property
    def a_month(self) -> float:
        """Customers won in a month, on average."""
        return float(np.mean(self.counts)) if self.counts else 0.0

    @property
    def is_steady(self) -> bool:
        """True if the pace may be carried forward."""
        return not self.why_not

    @cached_property
    def why_not(self) -> Why:
        """Reason why acquisition is not steady: a short history, few customers, a change from the year before, or a trend."""
        if not self.counts:
            return "short"
        if sum(self.counts) < LEAST:
            return "few"
        if self.year_before is not None and not 1 / MOST_CHANGE <= self.change <= MOST_CHANGE:
            return "year"
        slope, p = trend_of_counts(np.array(self.counts))
        return "trend" if p < 0.05 and abs(slope) * MONTHS > np.log(MOST_CHANGE) else ""

    @property
    def change(self) -> float:
        """Customers won in the last year over those of the year before; infinite if there were none."""
        return sum(self.counts) / self.year_before if self.year_before else float("inf")

    @property
    def log_spread(self) -> float:
        """Standard deviation of the logarithm of the pace ahead: chance within the year, and the change from one year to the next."""
        counts = np.array(self.counts, dtype=float)
        dispersion = max(1.0, float(counts.var(ddof=1) / counts.mean()))
        seen = abs(float(np.log(self.change))) if self.year_before else 0.0
        return float(np.hypot(np.sqrt(dispersion / counts.sum()), max(seen, USUAL_CHANGE)))


def added(
    pace: Pace,
    spread: TotalSpread,
    *,
    repeat_orders: Sequence[float] | Floats,
    worth_of_an_order: float,
    months: int,
    annual_discount_rate: float = 0.0,
) -> Total:
    """Return the value that customers still to come would add within a horizon, with its bounds.

    They come in the middle of each month at the pace of the last twelve; each brings the first order at once and the others as new
    customers of the model do, all of the same worth.

    Args:
        pace: of acquisition.
        spread: of totals of the customers there are, which those to come share.
        repeat_orders: expected of a new customer within 0, 1, ... `months` months of the first order, shape (months + 1,).
        worth_of_an_order: margin or revenue of one order.
        months: horizon.
        annual_discount_rate: 0.10 for 10 % a year.

    Examples:
        >>> from relkit.models.lifetime_value.total_spread import spread_of
        >>> pace, prior = Pace(counts=(10,) * 12), spread_of(np.empty(0), days=60)
        >>> added(pace, prior, repeat_orders=np.array([0.0, 0.5, 1.0]), worth_of_an_order=20.0, months=2).value
        600.0
    """
    at = np.arange(months)
    first, later = ((1 + annual_discount_rate) ** (-(at + step) / MONTHS) for step in (0.5, 1.0))
    # Orders j to j + 1 months after a first one in mid-month m come on average at the end of month m + j; the last lie half within.
    again = [np.diff(repeat_orders)[: months - m] * later[m:] for m in at]
    repeats = sum(float(each.sum()) - 0.5 * float(each[-1]) for each in again)
    orders = pace.a_month * (float(first.sum()) + repeats)
    value = orders * worth_of_an_order
    reach = spread.reach(orders, of_segment=pace.log_spread)
    return Total(value, value / reach, value * reach)
