"""Forecasts of customers alive on a day with rates that follow the calendar: purchases, survival and their distribution.

Alive at T, a customer's purchase rate is gamma(r + x, alpha + A(T)) and his rate of leaving gamma(s, beta + C(T)), independent.
So he is alive at T + t with probability ((beta + C(T)) / (beta + C(T + t)))^s, and buys

    (r + x) / (alpha + A(T)) * sum over days of a / c * [ V(C at its end) - V(C at its beginning) ],
    V(v) = integral from 0 to v of (1 + u / (beta + C(T)))^-s du

with a and c the multipliers of the day: a piecewise closed form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.models.lifetime_value import nbd
from relkit.models.lifetime_value.pareto_nbd import days_alive
from relkit.models.lifetime_value.time_varying_likelihood import nodes_within

if TYPE_CHECKING:
    from relkit.models.lifetime_value.exposure import Exposure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

AHEAD_DAYS = 5 * 366
"""Days ahead for which the calendar is followed day by day; beyond, rates stay at their mean over its last year."""
_YEAR = 365
_CELLS = 8192


class Forecast:
    """Expectations, from some moments of time on, of customers who are alive then.

    Examples:
        >>> from relkit.models.lifetime_value.exposure import Exposure
        >>> flat = Exposure.of(np.zeros((2500, 0)), np.zeros(0))
        >>> ahead = Forecast((1.0, 10.0, 1.0, 10.0), flat, flat, np.array([0]), np.array([10]))
        >>> (2 / ahead.b * ahead.per_rate(np.array([0]), np.array([20.0]))).round(4)
        array([1.3863])
    """

    def __init__(self, terms: tuple[float, ...], buying: Exposure, leaving: Exposure, start: Ints, now: Ints) -> None:
        """Store the moments.

        Args:
            terms: r, alpha, s, beta.
            buying: the calendar of purchasing, extending `AHEAD_DAYS` beyond the last moment, and beyond any later day requested.
            leaving: the calendar of leaving.
            start: position of the first day in the calendar, shape (m,).
            now: position of the moment, shape (m,).
        """
        self.r, self.s = terms[0], terms[2]
        self.buying, self.leaving, self.now = buying, leaving, now
        self.b = terms[1] + buying.total[now] - buying.total[start]
        """alpha + A at each moment, shape (m,)."""
        self.d = terms[3] + leaving.total[now] - leaving.total[start]
        """beta + C at each moment, shape (m,)."""
        self._bought = np.zeros((len(now), 1))

    def alive(self, which: Ints, days: Floats) -> Floats:
        """Return the probability that a customer alive at moment `which` is still alive `days` later, broadcast shape."""
        return np.asarray(np.exp(-self.s * np.log1p(self._passed(which, days) / self.d[which])))

    def per_rate(self, which: Ints, days: Floats) -> Floats:
        """Return the purchases expected within `days` by a customer with a rate of one, broadcast shape."""
        whole = np.minimum(np.floor(days), AHEAD_DAYS).astype(np.int64)
        self._reach(int(whole.max(initial=0)))
        rest, at = days - whole, self.now[which] + whole
        far = whole == AHEAD_DAYS
        a, c = self._rates(self.buying, at, far), self._rates(self.leaving, at, far)
        passed = self.leaving.total[at] - self.leaving.total[self.now[which]]
        scale = self.d[which] + passed
        shrunk = np.exp(-self.s * np.log1p(passed / self.d[which]))
        return np.asarray(self._bought[which, whole] + shrunk * a / c * days_alive(self.s, scale, c * rest))

    def probability(self, which: Ints, x: Floats, m: Floats, days: float) -> Floats:
        """Return the probability of `m` purchases within `days` of a customer alive at moment `which` after x purchases, shape of m."""
        shape, left = self.r + x, np.full(len(m), days)
        there = nbd.purchase_probability(shape, self.b[which], m, self._exposed(self.buying, which, left))  # type: ignore[arg-type]
        found = self.alive(which, left) * there
        begins = np.arange(int(np.ceil(days)))
        step = max(1, _CELLS // max(len(m), 1))
        for first in range(0, len(begins), step):
            found += self._left(which, shape, m, begins[first : first + step], days)
        return np.asarray(found)

    def order_probability(self, which: Ints, x: Floats, days: float) -> Floats:
        """Return the probability of a purchase within `days` of a customer alive at moment `which` after x purchases, shape of x.

        It is the sum over the days of the probability that the first one falls on each, before the customer leaves.
        """
        shape, found = self.r + x, np.zeros(len(x))
        begins = np.arange(int(np.ceil(days)))
        step = max(1, _CELLS // max(len(x), 1))
        for first in range(0, len(begins), step):
            found += self._first_purchase(which, shape, begins[first : first + step], days)
        return found

    def _first_purchase(self, which: Ints, shape: Floats, begins: Ints, days: float) -> Floats:
        """Return the probability that the first purchase falls on one of the days that begin so long after the moment."""
        now, b, d = self.now[which][:, None], self.b[which][:, None], self.d[which][:, None]
        at, lengths = now + begins, np.minimum(days - begins, 1.0)
        a, c = self.buying.rates[at] * lengths, self.leaving.rates[at] * lengths
        b_begin, d_begin = b + self.buying.total[at] - self.buying.total[now], d + self.leaving.total[at] - self.leaving.total[now]
        moments, weights = nodes_within(b_begin, a, d_begin, c)
        rate, lasting, own = b_begin + a * moments, d_begin + c * moments, shape[:, None]
        density = own * a / rate * np.exp(-own * np.log(rate / b) - self.s * np.log(lasting / d)) * weights
        return np.asarray(density.sum(axis=(0, 2)))

    def _left(self, which: Ints, shape: Floats, m: Floats, begins: Ints, days: float) -> Floats:
        """Return the probability of leaving on one of the days that begin so long after the moment, after `m` purchases."""
        now, b, d = self.now[which][:, None], self.b[which][:, None], self.d[which][:, None]
        at, lengths = now + begins, np.minimum(days - begins, 1.0)
        a, c = self.buying.rates[at] * lengths, self.leaving.rates[at] * lengths
        a_begin, d_begin = self.buying.total[at] - self.buying.total[now], d + self.leaving.total[at] - self.leaving.total[now]
        moments, weights = nodes_within(b + a_begin, a, d_begin, c)
        scale = d_begin + c * moments
        density = self.s * c / scale * np.exp(-self.s * np.log(scale / d)) * weights
        bought = nbd.purchase_probability(shape[:, None], b, m[:, None], a_begin + a * moments)  # type: ignore[arg-type]
        return np.asarray((density * bought).sum(axis=(0, 2)))

    def _exposed(self, path: Exposure, which: Ints, days: Floats | float) -> Floats:
        whole = np.minimum(np.floor(days), AHEAD_DAYS).astype(np.int64)
        at = self.now[which] + whole
        rate = self._rates(path, at, whole == AHEAD_DAYS)
        return np.asarray(path.total[at] - path.total[self.now[which]] + rate * (days - whole))

    def _passed(self, which: Ints, days: Floats) -> Floats:
        return self._exposed(self.leaving, which, days)

    def _rates(self, path: Exposure, at: Ints, far: NDArray[np.bool_]) -> Floats:
        """Return the multipliers of the days that begin at `at`; far ahead, the mean of the year before."""
        mean = (path.total[at] - path.total[np.maximum(at - _YEAR, 0)]) / np.minimum(_YEAR, np.maximum(at, 1))
        return np.where(far, mean, path.rates[np.minimum(at, len(path.rates) - 1)])

    def _reach(self, days: int) -> None:
        """Extend the running sums of purchases to so many days."""
        if days < self._bought.shape[1]:
            return
        days = min(max(days, 2 * self._bought.shape[1]), AHEAD_DAYS)
        at = self.now[:, None] + np.arange(days + 1)
        passed = self.leaving.total[at] - self.leaving.total[self.now][:, None]
        lived = days_alive(self.s, self.d[:, None], passed)
        ratio = self.buying.rates[at[:, :-1]] / self.leaving.rates[at[:, :-1]]
        self._bought = np.zeros((len(self.now), days + 1))
        np.cumsum(np.diff(lived, axis=1) * ratio, axis=1, out=self._bought[:, 1:])
