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

import numpy as np
from numpy.typing import NDArray

from relkit.models.lifetime_value.alike import Alike  # noqa: TC001 a field of a dataclass
from relkit.models.lifetime_value.negative_binomial_regression import log_probability, sizes

Floats = NDArray[np.float64]

SHARE_OF_MEAN = 0.05
"""Of the base model's mean, added to each regressor before the logarithm: a customer without recent orders is not at minus infinity."""
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
        coefficients: of the regression: constant, base model, last days, long run, shape (k, 4).
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

    def effective(self, days: float) -> float:
        """Return the days that the base model is asked for at any horizon."""
        if not len(self):
            return days
        beyond = max(days - float(self.horizons_days[-1]), 0.0)
        return float(np.interp(days, np.append(0.0, self.horizons_days), np.append(0.0, self.effective_days))) + beyond


@dataclass(frozen=True, eq=False)
class Regressors:
    """Regressors of each customer that do not come from the base model.

    Attributes:
        recent: orders in the last h days at each knot, shape (k, n).
        long_run: orders since the start of the history per day of it, shape (n,).
    """

    recent: Floats
    long_run: Floats


def columns(base: Floats, recent: Floats, long_run: Floats, base_mean: float) -> Floats:
    """Return the columns of the regression, shape (n, 4): 1 and the logarithms of the three, each with a share of the mean added."""
    floor = SHARE_OF_MEAN * base_mean
    return np.column_stack([np.ones(len(base)), *(np.log(part + floor) for part in (base, recent, long_run))])


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
    def of(cls, knots: Knots, base: Alike, regressors: Regressors) -> PooledForecast:
        """Return the forecasts of customers."""
        expected = np.zeros((len(knots) + 1, len(base.which)))
        for j in range(len(knots)):
            own, weight = base.expected_of_all(float(knots.effective_days[j])), knots.pool_weights[j]
            long_run = regressors.long_run * knots.horizons_days[j]
            regressed = np.exp(columns(own, regressors.recent[j], long_run, float(knots.base_means[j])) @ knots.coefficients[j])
            np.maximum(expected[j], (1 - weight) * own + weight * regressed, out=expected[j + 1])
        return cls(knots, base, expected)

    def some(self, rows: NDArray[np.intp]) -> PooledForecast:
        """Return the forecasts of the customers at some positions."""
        return PooledForecast(self.knots, self.base.some(rows), self.expected_at[:, rows])

    def parts(self, days: float) -> tuple[float, Floats, Floats, Floats]:
        """Return the effective horizon, then the weight, the mean and the size of each customer's negative binomial, each (n,)."""
        knots, ahead = self.knots, self.knots.effective(days)
        own = self.base.expected_of_all(ahead)
        if not len(knots):
            return ahead, *(np.zeros(len(own)) for _ in range(2)), np.ones(len(own))
        weight = self._weight(days)
        missing = self.expected(days) - (1 - weight) * own
        mean = np.maximum(np.divide(missing, weight, out=np.zeros(len(own)), where=weight > 0), 0.0)
        at = np.log(np.clip(days, knots.horizons_days[0], knots.horizons_days[-1]))
        c0, c1 = (np.interp(at, np.log(knots.horizons_days), column) for column in knots.size_coefficients.T)
        level = float(np.log(max(days, 1e-9) / UNIT_DAYS))
        return ahead, weight, mean, sizes(np.log(np.maximum(mean, 1e-30)), level, c0, c1)

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

    def none(self, days: float) -> Floats:
        """Return the probability that each customer makes no purchase, shape (n,)."""
        ahead, weight, mean, size = self.parts(days)
        return np.asarray((1 - weight) * self.base.none_of_all(ahead) + weight * np.exp(-size * np.log1p(mean / size)))

    def probability(self, purchases: Floats, days: float) -> Floats:
        """Return the probability that each customer makes exactly `purchases[i]` purchases, shape (n,)."""
        ahead, weight, mean, size = self.parts(days)
        own = self.base.probability_of_all(purchases, ahead)
        return np.asarray((1 - weight) * own + weight * np.exp(log_probability(purchases, mean, size)))

    def _weight(self, days: float) -> Floats:
        weights = np.append(self.knots.pool_weights[0], self.knots.pool_weights)
        total = np.full(len(self.base.which), weights[0])
        for j, step in enumerate(np.diff(weights)):
            if step and (passed := self.passed(j, days)) is not None:
                total += step * passed[self.base.which]
        return total
