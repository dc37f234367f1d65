"""Spread of what comes around a forecast total, and the bounds of a total that follow from it.

    spread = spread_of(np.array([0.1, -0.2, 0.05]), days=90)
    spread.reach(5000)                    # a total of 5,000 orders, times or divided by this factor

Past errors are few, so their mean square is averaged with that of a prior, which weighs as much as `PRIOR_ORIGINS` origins, and the
bounds have the tails of Student's t with that many degrees of freedom in all. The chance of the orders themselves comes on top, and for a
segment the error that it does not share with the portfolio.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.errors import ParameterError
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping

Floats = NDArray[np.float64]

PRIOR_ORIGINS = 3
"""Past origins that the prior spread is worth."""
PRIOR_SPREADS = {28: 0.17, 90: 0.16, 180: 0.15}
"""Standard deviation of the logarithm of a total's error by horizon in days, on real shops (see docs/evidence.md)."""
HISTORY_SPREAD = 0.3
"""Standard deviation of the logarithm of the error that a group formed by what its customers did (a tenth of the forecast, a cohort, a
number of orders) does not share with the portfolio: with it, 95 % bounds held in 91 to 93 % of such groups of 30 orders or more, on
six shops."""
DESCRIPTION_SPREAD = 0.1
"""The same of a group formed by what describes its customers (country, age, household), where at most .05 was seen."""
FACT = "total_"
"""Start of the names of the facts that are kept of a spread."""


@dataclass(frozen=True, kw_only=True)
class TotalSpread:
    """Spread of the logarithm of a total around its forecast.

    Attributes:
        log_spread: standard deviation, without the chance of the orders themselves.
        degrees: of freedom of that estimate.
        origins: past origins behind it; 0 if it is the prior alone.
        judged_days: horizon at which they were judged, in days; 0 without any.
        in_money: whether they are errors of money; otherwise of orders.
    """

    log_spread: float
    degrees: int
    origins: int
    judged_days: float
    in_money: bool = False

    def reach(self, orders: float, *, of_segment: float = 0.0, level: float = LEVEL) -> float:
        """Return the factor by which a total may be too high or too low.

        Args:
            orders: number of orders forecast, whose own chance counts as that of a Poisson number.
            of_segment: standard deviation of the logarithm of the error that a segment does not share with the portfolio.
            level: probability that the total times or divided by the factor contains what comes.

        Raises:
            ParameterError: the orders, the segment's spread or the level is out of range.
        """
        if not (orders >= 0 and of_segment >= 0 and 0 < level < 1):
            raise ParameterError(
                f"orders {orders}, of_segment {of_segment} and level {level} must be positive, the level below 1.",
                where="bounds of a total",
            )
        shared = self.log_spread**2 + 1 / max(orders, 1.0)
        # The spread of segments is known from many groups: the more of the variance is theirs, the lighter the tails (Satterthwaite 1946).
        degrees = self.degrees * ((shared + of_segment**2) / shared) ** 2
        return float(np.exp(special.stdtrit(degrees, (1 + level) / 2) * np.sqrt(shared + of_segment**2)))

    def facts(self) -> dict[str, Any]:
        """Return the spread as facts that are kept with a score.

        Examples:
            >>> spread_of(np.array([0.3]), days=90).facts()["total_origins"]
            1
        """
        return {f"{FACT}{name}": value for name, value in asdict(self).items()}

    @classmethod
    def of_facts(cls, kept: Mapping[str, Any], *, days: float) -> Self:
        """Return the spread that was kept with a score; the prior of the horizon if none was."""
        names = [each.name for each in fields(cls)]
        if not all(f"{FACT}{name}" in kept for name in names):
            return cls(**asdict(spread_of(np.empty(0), days=days)))
        return cls(**{name: kept[f"{FACT}{name}"] for name in names})


def spread_of(errors: Floats, *, days: float, judged_days: float | None = None, in_money: bool = False) -> TotalSpread:
    """Return the spread that past errors and the prior give together.

    Args:
        errors: logarithms of past errors, shape (m,), of origins that do not overlap; may be empty.
        days: horizon of the total.
        judged_days: horizon of the errors; by default that of the total.
        in_money: whether they are errors of money.

    Raises:
        ParameterError: the horizon is not positive.

    Examples:
        >>> round(spread_of(np.array([0.1, -0.2, 0.05]), days=90).log_spread, 3)
        0.147
    """
    if not days > 0:
        raise ParameterError(f"days {days} must be positive.", where="bounds of a total")
    weight = PRIOR_ORIGINS + len(errors)
    prior = np.interp(np.log(days), np.log(list(PRIOR_SPREADS)), list(PRIOR_SPREADS.values()))
    variance = (PRIOR_ORIGINS * prior**2 + float(errors @ errors)) / weight
    judged = float(days if judged_days is None else judged_days) if len(errors) else 0.0
    return TotalSpread(
        log_spread=float(np.sqrt(variance)), degrees=weight, origins=len(errors), judged_days=judged, in_money=in_money and len(errors) > 0
    )
