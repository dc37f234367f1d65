"""A survival curve: a step function with a domain, and a stated rule for what lies beyond it.

Asking for S(t) outside the domain is an error: no number there comes from the data. Scores must exist for every
customer, those who have stayed longer than anyone observed included, so `conditional` carries the curve on with the
constant hazard of the last observed stretch (`relkit.metrics.risk_sets.tail_rate`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import ParameterError
from relkit.metrics.risk_sets import RiskSets, product_limit, step_at
from relkit.metrics.survival import log_log_band
from relkit.models.survival.spells import as_floats

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Counts, Floats

FEW = 10
"""Fewer spells at risk than this, all ending at once, are not taken to mean that everyone ends there."""


@dataclass(frozen=True, eq=False)
class SurvivalCurve:
    """A Kaplan-Meier curve with its log-log band.

    Attributes:
        days: shape (k,), ages where something happens, ascending.
        at_risk: shape (k,), spells at risk at that age.
        ended: shape (k,), spells that end at that age.
        survival: shape (k,), probability of outliving that age.
        std_error: shape (k,), Greenwood; 0 where `survival` is 0 or 1.
        lower: shape (k,).
        upper: shape (k,).
        tail_hazard: ends per day, past the last age.
        level: of the band.
    """

    days: Floats
    at_risk: Counts
    ended: Counts
    survival: Floats
    std_error: Floats
    lower: Floats
    upper: Floats
    tail_hazard: float
    level: float = 0.95

    @classmethod
    def from_counts(cls, sets: RiskSets, *, tail_hazard: float, level: float = 0.95) -> SurvivalCurve:
        """Return the Kaplan-Meier curve of the counts."""
        survival, greenwood = product_limit(sets)
        lower, upper = log_log_band(survival, greenwood, level)
        std_error = survival * np.sqrt(np.where(survival > 0, greenwood, 0.0))
        return cls(sets.days, sets.at_risk, sets.ended, survival, std_error, lower, upper, tail_hazard, level)

    @property
    def domain(self) -> tuple[float, float]:
        """First and last age of which the data speak, in days."""
        return 0.0, float(self.days[-1])

    def at(self, ages: float | list[float] | Floats) -> Floats:
        """Return S at `ages` (days), or raise a ParameterError that gives the domain.

        Examples:
            >>> from relkit.metrics.risk_sets import risk_sets
            >>> sets = risk_sets(np.array([1.0, 2.0, 2.0, 4.0]), np.array([True, True, False, False]))
            >>> SurvivalCurve.from_counts(sets, tail_hazard=0.2).at([0, 1, 3]).tolist()
            [1.0, 0.75, 0.5]
        """
        return self._read(self.survival, ages, 1.0)

    def band(self, ages: float | list[float] | Floats) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of S at `ages` (days)."""
        return self._read(self.lower, ages, 1.0), self._read(self.upper, ages, 1.0)

    def std_error_at(self, ages: float | list[float] | Floats) -> Floats:
        """Return Greenwood's standard error of S at `ages` (days)."""
        return self._read(self.std_error, ages, 0.0)

    def at_risk_at(self, ages: float | list[float] | Floats) -> Counts:
        """Return how many spells are at risk at `ages` (days); nobody is, past the domain."""
        position = np.searchsorted(self.days, as_floats(ages), side="left")
        counts: Counts = np.append(self.at_risk, 0)[position]
        return counts

    def _read(self, values: Floats, ages: float | list[float] | Floats, before: float) -> Floats:
        asked = as_floats(ages)
        first, last = self.domain
        if len(asked) and not (asked.min() >= first and asked.max() <= last):
            outside = asked[~((asked >= first) & (asked <= last))]
            raise ParameterError(
                f"the curve is known from {first:g} to {last:g} days, and {outside[0]:g} lies outside.",
                where="ages",
                remedy="Ask within the domain, or use conditional(), which carries the curve on by a stated rule.",
            )
        return step_at(self.days, values, asked, before)

    @property
    def median(self) -> float | None:
        """Return the first age at which S is 0.5 or less; None when the curve never gets there."""
        reached = np.flatnonzero(self.survival <= 0.5)
        return float(self.days[reached[0]]) if len(reached) else None

    def restricted_mean(self, days: float) -> float:
        """Return the mean days lived within the first `days`: the area under the curve up to there.

        Examples:
            >>> from relkit.metrics.risk_sets import risk_sets
            >>> sets = risk_sets(np.array([1.0, 2.0, 2.0, 4.0]), np.array([True, True, False, False]))
            >>> SurvivalCurve.from_counts(sets, tail_hazard=0.2).restricted_mean(4)
            2.75
        """
        self.at(days)
        edges = np.concatenate([[0.0], self.days[self.days < days], [days]])
        return float(np.diff(edges) @ step_at(self.days, self.survival, edges[:-1], 1.0))

    def conditional(self, ages: Floats, horizon: float) -> Floats:
        """Return the probability of outliving age + `horizon` for spells alive at `ages` (any age of 0 or more).

        Within the domain it is S(t + h) / S(t), as the product of the factors of the ages in between, so that it exists
        even where S has fallen to 0. A factor of 0 counts only where at least 10 were at risk. Past the last age the
        hazard is `tail_hazard`.

        Examples:
            >>> from relkit.metrics.risk_sets import risk_sets
            >>> sets = risk_sets(np.array([1.0, 2.0, 2.0, 4.0]), np.array([True, True, False, False]))
            >>> SurvivalCurve.from_counts(sets, tail_hazard=0.2).conditional(np.array([1.0, 9.0]), 2.0).round(4).tolist()
            [0.6667, 0.6703]
        """
        share = self.ended / np.maximum(self.at_risk, 1)
        whole = share >= 1
        logs = np.cumsum(np.log1p(-np.where(whole, 0.0, share)))
        walls = np.cumsum(whole & (self.at_risk >= FEW)).astype(np.float64)
        from_, to = ages, ages + horizon
        log_s = step_at(self.days, logs, to, 0.0) - step_at(self.days, logs, from_, 0.0)
        blocked = step_at(self.days, walls, to, 0.0) > step_at(self.days, walls, from_, 0.0)
        beyond = np.maximum(to - np.maximum(from_, self.days[-1]), 0.0)
        survived: Floats = np.where(blocked, 0.0, np.exp(log_s - self.tail_hazard * beyond))
        return survived
