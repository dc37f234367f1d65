"""Hazard ahead of a spell whose hazard is constant within each level of periods.

    path = PeriodPath(firsts, 30.4375)
    path.hazard(ages, until, rate)          hazard cumulated from each age to each of m later ones, shape (n, m)

Within a period log S falls on a straight line, so that S is known at every age, and given the age so far. `rate(rows, j)` is
the hazard of each of some rows in one period of level j, -log(1 - h_j); the last level has no end. Only the levels
that lie ahead are evaluated, in blocks of rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relkit.metrics.intervals import survival_bounds

Floats = NDArray[np.float64]
Indexes = NDArray[np.intp]
Rate = Callable[[Indexes, int], Floats]

BLOCK = 50_000
"""Rows per block: with 100 levels, 40 MB."""


@dataclass(frozen=True, eq=False)
class PeriodPath:
    """Levels of periods on the axis of age.

    Attributes:
        firsts: first period of each level, from 0, shape (L,).
        period_days: length of a period.
    """

    firsts: NDArray[np.int64]
    period_days: float

    def level_of(self, ages: Floats) -> Indexes:
        """Return the level of the period that begins or goes on at each age (days)."""
        level: Indexes = np.searchsorted(self.firsts, ages / self.period_days, side="right") - 1
        return level

    def hazard(self, ages: Floats, until: Floats, rate: Rate) -> Floats:
        """Return the hazard cumulated from `ages`, shape (n,), to `until`, shape (n, m), both in days.

        Examples:
            >>> path = PeriodPath(np.array([0, 1]), 30.0)
            >>> path.hazard(np.array([15.0]), np.array([[30.0, 60.0]]), lambda rows, j: np.full(len(rows), [0.2, 0.1][j])).round(9).tolist()
            [[0.1, 0.2]]
        """
        found: Floats = np.empty(until.shape)
        for at in range(0, len(ages), BLOCK):
            rows = np.arange(at, min(at + BLOCK, len(ages)))
            found[rows] = self._of_block(ages[rows], until[rows], rate, rows)
        return found

    def _of_block(self, ages: Floats, until: Floats, rate: Rate, rows: Indexes) -> Floats:
        rates = self.rates(ages, until.max(axis=1, initial=0.0), rate, rows)
        lengths = np.diff(self.firsts).astype(np.float64)
        before = np.concatenate((np.zeros((len(rows), 1)), np.cumsum(rates[:, :-1] * lengths, axis=1)), axis=1)

        def cumulated(at: Floats) -> Floats:
            level = self.level_of(at)
            inside = at / self.period_days - self.firsts[level]
            found: Floats = np.take_along_axis(before, level, 1) + np.take_along_axis(rates, level, 1) * inside
            return found

        return np.maximum(cumulated(until) - cumulated(ages[:, None]), 0.0)

    def rates(self, ages: Floats, last: Floats, rate: Rate, rows: Indexes) -> Floats:
        """Return `rate` of every level between `ages` and `last` (days), shape (n, L); 0 in the others."""
        begun, ended = self.level_of(ages), self.level_of(np.maximum(last, ages))
        rates = np.zeros((len(rows), len(self.firsts)))
        for j in range(int(begun.min(initial=len(self.firsts))), int(ended.max(initial=-1)) + 1):
            some = np.flatnonzero((begun <= j) & (j <= ended))
            if len(some):
                rates[some, j] = rate(rows[some], j)
        return rates

    def spans(self, ages: Floats, until: Floats) -> Floats:
        """Return the number of periods of each level between `ages` and `until` (days), both shape (n,): shape (n, L)."""
        edges = np.append(self.firsts, np.inf)
        low, high = (at[:, None] / self.period_days for at in (ages, until))
        shared: Floats = np.maximum(np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1]), 0.0)
        return shared

    def hazard_with_error(
        self, ages: Floats, days: Floats, rates: Floats, slopes: Floats, centred: Floats, covariance: Floats, free: NDArray[np.bool_]
    ) -> tuple[Floats, Floats]:
        """Return the hazard from each age to each number of days ahead, and the standard error of its logarithm, shape (n, m) each.

        By the delta method; parameters are the free baseline levels by cause, then the coefficients by cause.

        Args:
            ages: shape (n,), days.
            days: shape (m,), ahead.
            rates: of a period, by row and level, shape (n, L); 0 in levels that do not lie ahead.
            slopes: of the rate in each cause's linear predictor, shape (K, n, L).
            centred: covariates about their mean, shape (n, d).
            covariance: of the parameters, shape (p, p); NaN for one that is held fixed.
            free: which levels are parameters, shape (K, L).
        """
        hazard, error = np.empty((len(ages), len(days))), np.empty((len(ages), len(days)))
        known = np.where(np.isfinite(covariance), covariance, 0.0)
        for i, day in enumerate(days):
            spans = np.where(rates > 0, self.spans(ages, ages + day), 0.0)
            hazard[:, i] = np.einsum("ij,ij->i", spans, rates)
            along = spans * slopes
            levels = [part[:, mine] for part, mine in zip(along, free, strict=True)]
            effects = [centred * part.sum(axis=1)[:, None] for part in along]
            gradient = np.concatenate((*levels, *effects), axis=1)
            error[:, i] = np.sqrt(np.maximum(np.einsum("ij,ij->i", gradient @ known, gradient), 0.0))
        return hazard, np.divide(error, hazard, out=np.zeros_like(error), where=hazard > 0)


def bounds_in_blocks(n: int, m: int, level: float, of_block: Callable[[slice], tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Return the bounds of survival, symmetric in the logarithm of the hazard, shape (n, m) each.

    Args:
        n: rows.
        m: ages ahead.
        level: of the interval.
        of_block: hazard ahead and the standard error of its logarithm, of a slice of rows.
    """
    low, high = np.empty((n, m)), np.empty((n, m))
    for at in range(0, n, BLOCK):
        part = slice(at, min(at + BLOCK, n))
        low[part], high[part] = survival_bounds(*of_block(part), level)
    return low, high
