"""Horizons at which a pooled forecast was learnt, and the forecast of any number of days between and beyond them.

At a knot h the distribution is (1 - w) P_B(H) + w NB(n, k): the base model B at the effective horizon H = R h, which corrects its total,
and a negative binomial whose mean n comes from a regression on the base model, the last h days and the long run.

Between knots time passes as in the base model: with t = (B(H(d)) - B(H_j)) / (B(H_j+1) - B(H_j)) of a customer, the expectation is
m_j + t (m_j+1 - m_j) and the weight is w_j + t (w_j+1 - w_j); the mean of the negative binomial is what is missing to the expectation.
It cannot be negative as long as weights do not rise with the horizon, and they do not. Below the first knot the expectation
is in proportion to the base model's; beyond the last one the base model's increments are added, uncorrected. At the knots
expectations do not fall with the horizon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.models.lifetime_value.alike import Alike  # noqa: TC001 a field of a dataclass
from relkit.models.lifetime_value.negative_binomial_regression import log_probability, sizes
from relkit.models.lifetime_value.own_past import regressors

if TYPE_CHECKING:
    from relkit.models.lifetime_value.own_past import OwnPast

Floats = NDArray[np.float64]

UNIT_DAYS = 28
"""Days in which the rate is counted that the size of the negative binomial follows."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Knots:
    """What was learnt at k horizons, in ascending order.

    Attributes:
        horizons_days: the horizons, shape (k,).
        effective_days: H, the days that the base model is asked for, shape (k,); ascending.
        log_corrections: ln R by past errors, shape (k,).
        calendar: factor of the calendar in the days ahead, shape (k,).
        pool_weights: w, shape (k,); never ascending.
        coefficients: of the regression: constant, then those of `own_past.REGRESSORS`, shape (k, 5); 0 for one not learnt.
        size_coefficients: c0 and c1 of the size, shape (k, 2).
        base_means: mean of the base model over the customers of the fit, shape (k,).
    """

    horizons_days: Floats
    effective_days: Floats
    log_corrections: Floats
    calendar: Floats
    pool_weights: Floats
    coefficients: Floats
    size_coefficients: Floats
    base_means: Floats

    def __len__(self) -> int:
        """Return the number of knots."""
        return len(self.horizons_days)

    def columns(self, knot: int, base: Floats, past: OwnPast) -> Floats:
        """Return the columns of the regression at a knot, shape (n, 5), from the base model's expectations and the customers' own past."""
        parts = past.parts(float(self.horizons_days[knot]), season=bool(self.coefficients[knot, -1]))
        return regressors(base, parts, float(self.base_means[knot]))

    def effective(self, days: float) -> float:
        """Return the days that the base model is asked for at any horizon."""
        if not len(self):
            return days
        beyond = max(days - float(self.horizons_days[-1]), 0.0)
        return float(np.interp(days, np.append(0.0, self.horizons_days), np.append(0.0, self.effective_days))) + beyond


@dataclass(frozen=True, eq=False)
class PooledForecast:
    """Forecasts of n customers for any number of days.

    Attributes:
        knots: what was learnt.
        base: the customers in the base model.
        expected_at: expectations at the knots after a first one of 0 at 0 days, shape (k + 1, n).
    """

    knots: Knots
    base: Alike
    expected_at: Floats

    @classmethod
    def of(cls, knots: Knots, base: Alike, past: OwnPast) -> PooledForecast:
        """Return the forecasts of customers from the base model and from their own past."""
        expected = np.zeros((len(knots) + 1, len(base.which)))
        for j, weight in enumerate(knots.pool_weights):
            own = base.expected_of_all(float(knots.effective_days[j]))
            regressed = np.exp(knots.columns(j, own, past) @ knots.coefficients[j])
            np.maximum(expected[j], (1 - weight) * own + weight * regressed, out=expected[j + 1])
        return cls(knots, base, expected)

    def at(self, days: float) -> PooledCounts:
        """Return the distributions of the purchases in so many days."""
        knots, ahead = self.knots, self.knots.effective(days)
        own = self.base.expected_of_all(ahead)
        if not len(knots):
            return PooledCounts(self.base, ahead, np.zeros(len(own)), np.zeros(len(own)), np.ones(len(own)))
        weight = self._weight(days)
        missing = self.expected(days) - (1 - weight) * own
        mean = np.maximum(np.divide(missing, weight, out=np.zeros(len(own)), where=weight > 0), 0.0)
        at = np.log(np.clip(days, knots.horizons_days[0], knots.horizons_days[-1]))
        c0, c1 = (np.interp(at, np.log(knots.horizons_days), column) for column in knots.size_coefficients.T)
        level = float(np.log(max(days, 1e-9) / UNIT_DAYS))
        return PooledCounts(self.base, ahead, weight, mean, sizes(np.log(np.maximum(mean, 1e-30)), level, c0, c1))

    def expected(self, days: float) -> Floats:
        """Return the purchases expected of each customer in so many days, shape (n,)."""
        steps = np.diff(self.expected_at, axis=0)
        total = self.base.alive * self.beyond(days)[self.base.which]
        for j, step in enumerate(steps):
            if (passed := self.passed(j, days)) is not None:
                total += step * passed[self.base.which]
        return total

    def passed(self, segment: int, days: float) -> Floats | None:
        """Return the share of a segment between knots that is over after so many days, in each group, shape (g,); None for none."""
        edges = np.append(0.0, self.knots.horizons_days)
        low, high = float(edges[segment]), float(edges[segment + 1])
        if days <= low:
            return None
        if days >= high:
            return np.ones(len(self.base.x))
        effective = self.knots.effective
        before, now, then = (self.base.expected(effective(at)) for at in (low, days, high))
        width = then - before
        return np.clip(np.divide(now - before, width, out=np.full(len(width), (days - low) / (high - low)), where=width > 0), 0.0, 1.0)

    def beyond(self, days: float) -> Floats:
        """Return the purchases beyond the last knot of each group if alive, shape (g,)."""
        last = float(self.knots.horizons_days[-1]) if len(self.knots) else 0.0
        if days <= last:
            return np.zeros(len(self.base.x))
        effective = self.knots.effective
        return np.maximum(self.base.expected(effective(days)) - self.base.expected(effective(last)), 0.0)

    def _weight(self, days: float) -> Floats:
        weights = np.append(self.knots.pool_weights[0], self.knots.pool_weights)
        total = np.full(len(self.base.which), weights[0])
        for j, step in enumerate(np.diff(weights)):
            if step and (passed := self.passed(j, days)) is not None:
                total += step * passed[self.base.which]
        return total


@dataclass(frozen=True, eq=False)
class PooledCounts:
    """Distributions of the purchases of n customers at one horizon.

    Attributes:
        base: the customers in the base model.
        ahead: days that the base model is asked for.
        weight: of the negative binomial, shape (n,).
        mean: of the negative binomial, shape (n,).
        size: of the negative binomial, shape (n,).
    """

    base: Alike
    ahead: float
    weight: Floats
    mean: Floats
    size: Floats

    @property
    def none(self) -> Floats:
        """Probability that each customer makes no purchase, shape (n,)."""
        regressed = np.exp(-self.size * np.log1p(self.mean / self.size))
        return np.asarray((1 - self.weight) * self.base.none_of_all(self.ahead) + self.weight * regressed)

    def probability(self, purchases: Floats) -> Floats:
        """Return the probability that each customer makes exactly `purchases[i]` purchases, shape (n,)."""
        own = self.base.probability_of_all(purchases, self.ahead)
        return np.asarray((1 - self.weight) * own + self.weight * np.exp(log_probability(purchases, self.mean, self.size)))

    def some(self, rows: NDArray[np.intp]) -> PooledCounts:
        """Return the distributions of the customers at some positions."""
        return PooledCounts(self.base.some(rows), self.ahead, self.weight[rows], self.mean[rows], self.size[rows])
