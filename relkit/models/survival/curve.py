"""A survival curve: a step function with a domain, and a stated rule for what lies beyond it.

Asking for S(t) outside the domain is an error: no number there comes from the data. Scores must exist for every
customer, those who have stayed longer than anyone observed included, so `conditional` extends the curve with the
constant hazard of the last observed stretch (`relkit.metrics.risk_sets.tail_rate`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import ParameterError
from relkit.metrics.bands import log_log_band
from relkit.metrics.intervals import normal_reach
from relkit.metrics.near_ties import reach
from relkit.metrics.risk_sets import RiskSets, ends_behind_tail, product_limit, step_at
from relkit.models.survival.spells import as_floats
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Counts, Flags, Floats

FEW = 10
"""Fewer spells at risk than this, all ending at once, are not taken to mean that everyone ends there."""
WIDEST = 30.0
"""Bounds that lie further apart than this on the scale of log(-log S) carry no more information than 0 and 1."""


@dataclass(frozen=True)
class Quantile:
    """The age by which a share of the spells has ended.

    Attributes:
        share: of the spells.
        days: the first age at which S is 1 - share or less; None if the curve never gets there, as for the bounds.
        lower: bound of the age.
        upper: bound of the age.
        level: of the interval.
    """

    share: float
    days: float | None
    lower: float | None
    upper: float | None
    level: float


@dataclass(frozen=True, eq=False)
class SurvivalCurve:
    """A Kaplan-Meier curve with its log-log band.

    Attributes:
        days: shape (k,), ages at which something happens, ascending.
        at_risk: shape (k,), spells at risk at that age, or the sum of their weights.
        ended: shape (k,), spells that end at that age.
        survival: shape (k,), probability of outliving that age.
        std_error: shape (k,), Greenwood; 0 if `survival` is 0 or 1.
        lower: shape (k,).
        upper: shape (k,).
        tail_hazard: ends per day, past the last age.
        level: of the band.
    """

    days: Floats
    at_risk: Counts | Floats
    ended: Counts | Floats
    survival: Floats
    std_error: Floats
    lower: Floats
    upper: Floats
    tail_hazard: float
    level: float = LEVEL

    @classmethod
    def from_counts(cls, sets: RiskSets, *, tail_hazard: float, level: float = LEVEL) -> SurvivalCurve:
        """Return the Kaplan-Meier curve of the counts."""
        survival, greenwood = product_limit(sets)
        lower, upper = log_log_band(survival, greenwood, level)
        std_error = survival * np.sqrt(np.where(survival > 0, greenwood, 0.0))
        return cls(sets.days, sets.at_risk, sets.ended, survival, std_error, lower, upper, tail_hazard, level)

    @property
    def domain(self) -> tuple[float, float]:
        """First and last age covered by the data, in days."""
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

    def at_risk_at(self, ages: float | list[float] | Floats) -> Counts | Floats:
        """Return the number of spells at risk at `ages` (days); 0 past the domain."""
        position = np.searchsorted(self.days, as_floats(ages) - reach(self.days), side="left")
        counts: Counts | Floats = np.append(self.at_risk, 0)[position]
        return counts

    def _read(self, values: Floats, ages: float | list[float] | Floats, before: float) -> Floats:
        asked = as_floats(ages)
        near = reach(self.days)
        first, last = self.domain[0] - near, self.domain[1] + near
        if len(asked) and not (asked.min() >= first and asked.max() <= last):
            outside = asked[~((asked >= first) & (asked <= last))]
            raise ParameterError(
                f"the curve is known from {self.domain[0]:g} to {self.domain[1]:g} days, and {outside[0]:g} lies outside.",
                where="ages",
                remedy="Ask within the domain, or use conditional(), which extends the curve by a stated rule.",
            )
        return step_at(self.days, values, asked, before)

    @property
    def median(self) -> float | None:
        """Return the first age at which S is 0.5 or less; None if the curve never gets there."""
        return self.quantile(0.5).days

    def quantile(self, share: float) -> Quantile:
        """Return the age by which a share of the spells has ended, with the interval that the band gives.

        A bound of the age is the age at which the band's bound of S reaches 1 - `share` (Brookmeyer and Crowley 1982, on the scale of
        log(-log S)).

        Examples:
            >>> from relkit.metrics.risk_sets import risk_sets
            >>> sets = risk_sets(np.arange(1.0, 101.0), np.ones(100, bool))
            >>> SurvivalCurve.from_counts(sets, tail_hazard=0.2).quantile(0.25)
            Quantile(share=0.25, days=25.0, lower=17.0, upper=34.0, level=0.95)
        """
        if not 0 < share < 1:
            raise ParameterError(f"share is {share:g}; it must lie between 0 and 1.", where="share", remedy="Write 0.5 for the median.")
        days, lower, upper = (self._first_down_to(1 - share, values) for values in (self.survival, self.lower, self.upper))
        return Quantile(share, days, lower, upper, self.level)

    def _first_down_to(self, height: float, values: Floats) -> float | None:
        # A product such as 0.9 x 0.8 may lie a rounding error above the height that it equals.
        reached = np.flatnonzero(values <= height + 1e-12)
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
        even if S has fallen to 0. A factor of 0 counts only if at least 10 were at risk. Past the last age the
        hazard is `tail_hazard`.

        Examples:
            >>> from relkit.metrics.risk_sets import risk_sets
            >>> sets = risk_sets(np.array([1.0, 2.0, 2.0, 4.0]), np.array([True, True, False, False]))
            >>> SurvivalCurve.from_counts(sets, tail_hazard=0.2).conditional(np.array([1.0, 9.0]), 2.0).round(4).tolist()
            [0.6667, 0.6703]
        """
        log_s, blocked, _ = self._ahead(ages, horizon)
        survived: Floats = np.where(blocked, 0.0, np.exp(log_s))
        return survived

    def conditional_band(self, ages: Floats, horizon: float, *, level: float) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of `conditional`, symmetric in log(-log S).

        The variance of the logarithm is Greenwood's sum over the ages in between (Kalbfleisch and Prentice 2002, eq. 1.14)
        and, past the last age, that of a rate estimated from the ends of the last stretch. If nobody ended in between
        the bounds are the value.

        Examples:
            >>> from relkit.metrics.risk_sets import risk_sets
            >>> sets = risk_sets(np.arange(1.0, 201.0), np.arange(200) % 2 == 0)
            >>> low, high = SurvivalCurve.from_counts(sets, tail_hazard=0.2).conditional_band(np.array([10.0]), 50.0, level=0.95)
            >>> low.round(3).tolist(), high.round(3).tolist()
            ([0.798], [0.902])
        """
        log_s, blocked, variance = self._ahead(ages, horizon)
        reach = normal_reach(level) * np.sqrt(variance)
        spread = np.divide(reach, -log_s, out=np.zeros_like(reach), where=log_s < 0)
        low, high = (np.where(blocked, 0.0, np.exp(log_s * np.exp(np.clip(sign * spread, -WIDEST, WIDEST)))) for sign in (1, -1))
        return low, high

    def _ahead(self, ages: Floats, horizon: float) -> tuple[Floats, Flags, Floats]:
        """Return log S(t + h) / S(t), whether everyone ends in between, and the variance of the logarithm."""
        ended, at_risk = self.ended.astype(np.float64), np.where(self.at_risk > 0, self.at_risk, 1).astype(np.float64)
        whole = ended >= at_risk
        left = np.where(whole, 1.0, at_risk - ended)
        sums = np.cumsum(
            [
                np.log1p(-np.where(whole, 0.0, ended / at_risk)),
                np.where(whole, 0.0, ended / (at_risk * left)),
                whole & (self.at_risk >= FEW),
            ],
            axis=1,
        )
        to = ages + horizon
        log_s, variance, walls = (step_at(self.days, one, to, 0.0) - step_at(self.days, one, ages, 0.0) for one in sums)
        beyond = self.tail_hazard * np.maximum(to - np.maximum(ages, self.days[-1]), 0.0)
        behind = max(ends_behind_tail(float(ended.sum())), 1.0)
        return log_s - beyond, walls > 0, variance + beyond**2 / behind
