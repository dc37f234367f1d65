"""Nelson-Aalen estimate of the cumulative hazard, without assumptions about its shape.

H(t) is the sum over ages u <= t of d(u) / n(u), with d the ends and n the spells at risk (Nelson 1972; Aalen 1978).
Its slope is the risk of ending: a straight line is a constant risk, a bend is an age at which the risk changes.

Ends at one age are either taken together, d / n, or one by one, 1/n + 1/(n-1) + ... (Fleming and Harrington 1984), as
if a finer clock had separated them. Bands are symmetric in log H, which is log(-log S) of S = exp(-H).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

from relkit.errors import ParameterError
from relkit.metrics.intervals import log_bounds
from relkit.metrics.risk_sets import risk_sets, step_at
from relkit.models.survival.observed import Observed
from relkit.models.survival.spells import as_floats
from relkit.scalars import check_level
from relkit.units import LEVEL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from relkit.metrics.risk_sets import Counts, Floats

_WHERE = "nelson_aalen"
Ties = Literal["together", "one by one"]


@dataclass(frozen=True, eq=False)
class CumulativeHazard:
    """A Nelson-Aalen curve with its band.

    Attributes:
        days: shape (k,), ages at which something happens, ascending.
        at_risk: shape (k,), spells at risk at that age, or the sum of their weights.
        ended: shape (k,), spells that end at that age, or the sum of their weights.
        hazard: shape (k,), H just after that age.
        std_error: shape (k,).
        lower: shape (k,); 0 before the first end.
        upper: shape (k,); 0 before the first end.
        level: of the band.
    """

    days: Floats
    at_risk: Counts | Floats
    ended: Counts | Floats
    hazard: Floats
    std_error: Floats
    lower: Floats
    upper: Floats
    level: float

    @property
    def domain(self) -> tuple[float, float]:
        """First and last age covered by the data, in days."""
        return 0.0, float(self.days[-1])

    def at(self, ages: float | list[float] | Floats) -> Floats:
        """Return H at `ages` (days), or raise a ParameterError that gives the domain."""
        return self._read(self.hazard, ages)

    def band(self, ages: float | list[float] | Floats) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of H at `ages` (days)."""
        return self._read(self.lower, ages), self._read(self.upper, ages)

    def std_error_at(self, ages: float | list[float] | Floats) -> Floats:
        """Return the standard error of H at `ages` (days)."""
        return self._read(self.std_error, ages)

    def _read(self, values: Floats, ages: float | list[float] | Floats) -> Floats:
        return step_at(self.days, values, within(self.domain, ages), 0.0)


def within(domain: tuple[float, float], ages: float | list[float] | Floats) -> Floats:
    """Return `ages` as an array, or raise a ParameterError if one lies outside the domain."""
    asked = as_floats(ages)
    inside = (asked >= domain[0]) & (asked <= domain[1])
    if not inside.all():
        raise ParameterError(
            f"the curve is known from {domain[0]:g} to {domain[1]:g} days, and {asked[~inside][0]:g} lies outside.",
            where="ages",
            remedy="Ask within the domain.",
        )
    return asked


def nelson_aalen(
    duration: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    *,
    ties: Ties = "together",
    level: float = LEVEL,
) -> CumulativeHazard:
    """Return the cumulative hazard of ending.

    Args:
        duration: shape (n,), days, age at the end or when last observed.
        event: shape (n,), whether it ended.
        entry: shape (n,), days, age when first observed; None means 0 for all.
        weight: shape (n,), above 0, how many spells each stands for; None means one each.
        ties: sum for the ends at one age: "together" d / n, with the variance d (n - d) / n^3 of a binomial (Klein 1991);
            "one by one" 1/n + ... + 1/(n-d+1), with the variance 1/n^2 + ... + 1/(n-d+1)^2.
        level: of the band.

    Raises:
        ParameterError: a value is missing or out of range.
        NotEnoughEventsError: no spell ended.

    Examples:
        >>> nelson_aalen([1, 2, 2, 4], [1, 1, 1, 0]).at([1, 2]).round(4).tolist()
        [0.25, 0.9167]
        >>> nelson_aalen([1, 2, 2, 4], [1, 1, 1, 0], ties="one by one").at([2]).round(4).tolist()
        [1.0833]
    """
    check_level(level)
    if ties not in ("together", "one by one"):
        raise ParameterError.unknown("ties", ties, ("together", "one by one"), where=_WHERE)
    seen = Observed.of(duration, event, entry, weight, where=_WHERE)
    sets = risk_sets(seen.duration, seen.event, seen.entry, seen.weight)
    n, d = np.where(sets.at_risk > 0, sets.at_risk, 1).astype(np.float64), sets.ended.astype(np.float64)
    steps, variances = (d / n, d * (n - d) / n**3) if ties == "together" else _one_by_one(n, d)
    hazard, std_error = np.cumsum(steps), np.sqrt(np.cumsum(variances))
    lower, upper = log_bounds(hazard, std_error / np.where(hazard > 0, hazard, 1.0), level)
    return CumulativeHazard(sets.days, sets.at_risk, sets.ended, hazard, std_error, lower, upper, level)


def _one_by_one(n: Floats, d: Floats) -> tuple[Floats, Floats]:
    """Return the sums of 1 / (n - i) and of their squares for i from 0 to d - 1, by the digamma and trigamma functions."""
    left = np.maximum(n - d, 0.0) + 1
    first = special.digamma(n + 1) - special.digamma(left)
    second = special.polygamma(1, left) - special.polygamma(1, n + 1)
    # One end needs no difference of near equals.
    return np.where(d == 1, 1 / n, np.where(d > 0, first, 0.0)), np.where(d == 1, 1 / n**2, np.where(d > 0, second, 0.0))
