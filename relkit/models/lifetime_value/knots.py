"""Horizons at which a pooled forecast was learnt, and the forecast of any number of days between and beyond them.

At a knot h the distribution is (1 - w) P_B(H) + w NB(n, k): the base model B at the effective horizon H = R h, which corrects its total,
and a negative binomial whose mean n comes from a regression on the base model, the customer's own past and trees.

Between knots time passes as in the base model: with t = (B(H(d)) - B(H_j)) / (B(H_j+1) - B(H_j)) of a customer, the expectation is
m_j + t (m_j+1 - m_j), and the base model's part of it (1 - t)(1 - w_j) B(H_j) + t (1 - w_j+1) B(H_j+1). The weight is the one at which the
base model has this part, a mean of w_j and w_j+1, and the rest is the negative binomial's. Below the first knot the expectation is in
proportion to the base model's; beyond the last one the base model's increments are added, uncorrected. At the knots
expectations do not fall with the horizon, and the probability of a purchase is kept from falling as far as a weight can keep it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.models.lifetime_value.alike import Alike  # noqa: TC001 a field of a dataclass
from relkit.models.lifetime_value.boosted_orders import BoostedOrders  # noqa: TC001 a field of a dataclass
from relkit.models.lifetime_value.negative_binomial_regression import log_probability, sizes
from relkit.models.lifetime_value.own_past import SHARE_OF_MEAN

if TYPE_CHECKING:
    from relkit.models.lifetime_value.own_past import OwnPast

Floats = NDArray[np.float64]

UNIT_DAYS = 28
"""Days in which the rate is counted that the size of the negative binomial follows."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Knots:
    """Corrections, regressions and weights learnt at k horizons, in ascending order.

    Attributes:
        horizons_days: the horizons, shape (k,).
        effective_days: H, the days that the base model is asked for, shape (k,); ascending.
        log_corrections: ln R by past errors, shape (k,).
        calendar: factor of the calendar in the days ahead, shape (k,).
        pool_weights: w, shape (k,).
        coefficients: of the regression: constant, then those of `own_past.REGRESSORS` but the last, shape (k, 5); 0 for one not learnt.
        size_coefficients: c0 and c1 of the size, shape (k, 2).
        base_means: mean of the base model over the customers of the fit, shape (k,).
        boosted: trees of recent orders with their powers, the last regressor; None if too little came to grow any.
    """

    horizons_days: Floats
    effective_days: Floats
    log_corrections: Floats
    calendar: Floats
    pool_weights: Floats
    coefficients: Floats
    size_coefficients: Floats
    base_means: Floats
    boosted: BoostedOrders | None = None

    def __len__(self) -> int:
        """Return the number of knots."""
        return len(self.horizons_days)

    def of_past(self, past: OwnPast) -> Floats:
        """Return the part of each regression's logarithm that comes from the customers' own past, shape (k, n)."""
        found = np.empty((len(self), past.customers))
        for j, (days, coefficients) in enumerate(zip(self.horizons_days, self.coefficients, strict=True)):
            logs = [np.log(part + self._floor(j)) for part in past.parts(float(days), season=bool(coefficients[-1]))]
            found[j] = coefficients[0] + sum(power * log for power, log in zip(coefficients[2:], logs, strict=True))
            if self.boosted is not None and (power := float(self.boosted.powers[j])):
                found[j] += power * np.log(self.boosted.orders(j, past, float(days)) + self._floor(j))
        return found

    @property
    def powers(self) -> Floats:
        """Powers of `own_past.REGRESSORS` in the regression at each horizon, shape (k, 5)."""
        boosted = np.zeros(len(self)) if self.boosted is None else self.boosted.powers
        return np.column_stack([self.coefficients[:, 1:], boosted])

    def damage(self) -> str:
        """Return the reason for which the trees do not belong to the horizons, or ""."""
        return "" if self.boosted is None or len(self.boosted.powers) == len(self) else "boosted: not as many horizons as are learnt"

    def regressed(self, knot: int, base: Floats, of_past: Floats) -> Floats:
        """Return the mean of each customer's negative binomial at a knot, from the base model's and its row of `of_past`, shape (n,)."""
        return np.asarray(np.exp(of_past + self.coefficients[knot, 1] * np.log(base + self._floor(knot))))

    def size_at(self, days: float, mean: Floats) -> Floats:
        """Return the size of each customer's negative binomial with a mean, at any horizon; beyond the last knot that of its rate there."""
        at = np.log(np.clip(days, self.horizons_days[0], self.horizons_days[-1]))
        c0, c1 = (np.interp(at, np.log(self.horizons_days), column) for column in self.size_coefficients.T)
        level = float(np.log(np.clip(days, 1e-9, self.horizons_days[-1]) / UNIT_DAYS))
        return sizes(np.log(np.maximum(mean, 1e-30)), level, c0, c1)

    def _floor(self, knot: int) -> float:
        return SHARE_OF_MEAN * float(self.base_means[knot])

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
        weight_at: weights of the negative binomial at the knots, shape (k, n).
        alive: P(alive): the base model's, or the highest probability of a purchase at a knot if that is higher, shape (n,).
    """

    knots: Knots
    base: Alike
    expected_at: Floats
    weight_at: Floats
    alive: Floats

    @classmethod
    def of(cls, knots: Knots, base: Alike, of_past: Floats) -> PooledForecast:
        """Return the forecasts of customers from the base model and from `Knots.of_past`."""
        expected, weights = np.zeros((len(knots) + 1, len(base.which))), np.zeros((len(knots), len(base.which)))
        buys = np.zeros(len(base.which))
        for j, (ahead, weight) in enumerate(zip(knots.effective_days.tolist(), knots.pool_weights.tolist(), strict=True)):
            own = base.expected_of_all(ahead)
            mean = knots.regressed(j, own, of_past[j])
            size = knots.size_at(float(knots.horizons_days[j]), mean)
            weights[j], buys = _rising(weight, 1 - base.none_of_all(ahead), 1 - none_of(mean, size), buys)
            np.maximum(expected[j], (1 - weights[j]) * own + weights[j] * mean, out=expected[j + 1])
        return cls(knots, base, expected, weights, np.maximum(base.alive, buys))

    def at(self, days: float) -> PooledCounts:
        """Return the distributions of the purchases in so many days."""
        knots, ahead = self.knots, self.knots.effective(days)
        own = self.base.expected_of_all(ahead)
        if not len(knots):
            return PooledCounts(self.base, ahead, np.zeros(len(own)), np.zeros(len(own)), np.ones(len(own)))
        weight = self._weight(days)
        missing = self.expected(days) - (1 - weight) * own
        mean = np.maximum(np.divide(missing, weight, out=np.zeros(len(own)), where=weight > 0), 0.0)
        return PooledCounts(self.base, ahead, weight, mean, knots.size_at(days, mean))

    def expected(self, days: float) -> Floats:
        """Return the purchases expected of each customer in so many days, shape (n,)."""
        steps = np.diff(self.expected_at, axis=0)
        total = self.base.alive * self.beyond(days)[self.base.which]
        for j in range(int(np.searchsorted(self.knots.horizons_days, days)) + 1):
            if j < len(steps):
                total += steps[j] * self.passed(j, days)[self.base.which]
        return total

    def passed(self, segment: int, days: float) -> Floats:
        """Return the share of a stretch between knots that is over after so many days, in each group, shape (g,)."""
        edges = np.append(0.0, self.knots.horizons_days)
        low, high = float(edges[segment]), float(edges[segment + 1])
        if days <= low:
            return np.zeros(len(self.base.x))
        if days >= high:
            return np.ones(len(self.base.x))
        effective = self.knots.effective
        before, now, then = (self.base.expected(effective(at)) for at in (low, days, high))
        width = then - before
        linear = np.full(len(width), (days - low) / (high - low))
        return np.asarray(np.clip(np.divide(now - before, width, out=linear, where=width > 0), 0.0, 1.0))

    def beyond(self, days: float) -> Floats:
        """Return the purchases beyond the last knot of each group if alive, shape (g,)."""
        last = float(self.knots.horizons_days[-1]) if len(self.knots) else 0.0
        if days <= last:
            return np.zeros(len(self.base.x))
        effective = self.knots.effective
        return np.maximum(self.base.expected(effective(days)) - self.base.expected(effective(last)), 0.0)

    def _weight(self, days: float) -> Floats:
        """Return the weight of each customer's negative binomial, shape (n,)."""
        horizons, weights = self.knots.horizons_days, self.weight_at
        j = int(np.searchsorted(horizons, days))
        if j in (0, len(horizons)) or days == horizons[j]:
            return np.asarray(weights[min(j, len(horizons) - 1)])
        now, then = (self.base.expected(self.knots.effective(at)) for at in (days, float(horizons[j])))
        passed = self.passed(j, days)
        share = np.divide(passed * then, now, out=passed.copy(), where=now > 0)
        return np.asarray(weights[j - 1] + np.clip(share, 0.0, 1.0)[self.base.which] * (weights[j] - weights[j - 1]))


def _rising(weight: float, base: Floats, regressed: Floats, before: Floats) -> tuple[Floats, Floats]:
    """Return the weight of each customer at a knot, and the highest probability of a purchase so far.

    A weight that falls with the horizon would let the probability fall of customers to whom the regression gives a higher one than the base
    model; theirs is kept up as far as needed, and at most 1.

    Args:
        weight: as learnt.
        base: probability of a purchase in the base model, shape (n,).
        regressed: the same of the negative binomial, shape (n,).
        before: the highest probability at the knots before, shape (n,).
    """
    weights, found = np.full(len(base), weight), (1 - weight) * base + weight * regressed
    low = np.flatnonzero((found < before) & (regressed > base))
    weights[low] = np.clip((before[low] - base[low]) / (regressed[low] - base[low]), weight, 1.0)
    found[low] = (1 - weights[low]) * base[low] + weights[low] * regressed[low]
    return weights, np.maximum(found, before)


def none_of(mean: Floats, size: Floats) -> Floats:
    """Return the probability of 0 of negative binomials, shape (n,)."""
    return np.asarray(np.exp(-size * np.log1p(mean / size)))


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
        return np.asarray((1 - self.weight) * self.base.none_of_all(self.ahead) + self.weight * none_of(self.mean, self.size))

    def probability(self, purchases: Floats) -> Floats:
        """Return the probability that each customer makes exactly `purchases[i]` purchases, shape (n,)."""
        own = self.base.probability_of_all(purchases, self.ahead)
        return np.asarray((1 - self.weight) * own + self.weight * np.exp(log_probability(purchases, self.mean, self.size)))

    def some(self, rows: NDArray[np.intp]) -> PooledCounts:
        """Return the distributions of the customers at some positions."""
        return PooledCounts(self.base.some(rows), self.ahead, self.weight[rows], self.mean[rows], self.size[rows])
