"""Forecasts of customers who buy at regular (Erlang) intervals, by counting stages of an interval.

An Erlang(k, lambda) interval is k consecutive stages, each passed at the rate lambda; the purchase comes at
the end of the last. If the stage j that a customer has reached at T is known as well (0 to k-1 stages passed since the last
purchase), the future is a Poisson process of stages: the n-th purchase ahead is the (nk - j)-th stage.

Given that a customer is alive at T with x repeat purchases, the last at t_x,

    stage j has the weight       w_j  ~  (R)_j / j! z^j,        R = r + kx,  z = (T - t_x) / (alpha + T)
    and in stage j               lambda is gamma(R + j, alpha + T),  p is beta(a, b) as updated by x,

so that the stages passed in t are negative binomial and an incomplete beta function gives the probability of the n-th purchase:
I(nk - j, R + j) at q = t / (alpha + T + t). A customer's expectation is therefore a sum over j of weights that depend on
(x, t_x, T) with terms that depend on x and t / (alpha + T) only. Nothing is approximated by a model with k = 1.

    Reutterer, T., Platzer, M. and Schroeder, N. (2021), Leveraging purchase regularity for predicting customer behavior the easy
    way. International Journal of Research in Marketing 38 (1), 194-215: the model; there the expectation given a past is an approximation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

# Purchases ahead that are summed one by one; beyond them the sum is an integral with Euler-Maclaurin corrections.
_ONE_BY_ONE = 32
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
# Chebyshev points of a panel of log tau as wide as _WIDTH: nine digits between them.
_POINTS, _WIDTH = 16, 0.75
_ANGLES = (np.arange(_POINTS) + 0.5) * np.pi / _POINTS


def stage_weights(k: int, r: float, alpha: float, x: Floats, t_x: Floats, T: Floats) -> tuple[Floats, Floats]:
    """Return the probability of each stage for customers alive at T, shape (n, k), and the log of their normaliser, shape (n,).

    The normaliser is S in P(no purchase in (t_x, T]) = S ((alpha + t_x) / (alpha + T))^(r + kx), given the past; it is k positive
    terms, so that no digit is lost however large x is.

    Args:
        k: stages of an interval.
        r: shape of the rates.
        alpha: scale of the rates, in units of time.
        x: repeat purchases, shape (n,).
        t_x: time of the last purchase, shape (n,).
        T: time observed, shape (n,).

    Examples:
        >>> weights, log_sum = stage_weights(2, 1.0, 10.0, np.array([3.0]), np.array([20.0]), np.array([30.0]))
        >>> weights.round(4).tolist(), float(log_sum[0].round(4))
        ([[0.3636, 0.6364]], 1.0116)
    """
    shape, z = r + k * x, (T - t_x) / (alpha + T)
    terms = np.ones((len(x), k))
    for j in range(1, k):
        terms[:, j] = terms[:, j - 1] * (shape + j - 1) * z / j
    total = terms.sum(axis=1)
    return terms / total[:, None], np.log(total)


def purchases_by_stage(k: int, r: float, a: float, b: Floats, x: Floats, tau: Floats) -> Floats:
    """Return the purchases expected in t of customers alive at T, by the stage they are in, shape (n, k).

    Args:
        k: stages of an interval.
        r: shape of the rates of new customers.
        a: first parameter of the drop-out probabilities.
        b: second one, for customers with this past, shape (n,).
        x: repeat purchases, shape (n,).
        tau: t / (alpha + T), shape (n,).

    Examples:
        >>> purchases_by_stage(2, 1.0, 0.8, np.array([5.0]), np.array([3.0]), np.array([0.5])).round(4).tolist()
        [[1.3721, 1.9892]]
    """
    return _over_purchases(k, r, a, b, x, tau, leaving=0)


def departures_by_stage(k: int, r: float, a: float, b: Floats, x: Floats, tau: Floats) -> Floats:
    """Return the probability that customers alive at T have left by T + t, by the stage they are in, shape (n, k).

    Args:
        k: as in `purchases_by_stage`, like the others.
        r: the same.
        a: the same.
        b: the same.
        x: the same.
        tau: the same.
    """
    return _over_purchases(k, r, a, b, x, tau, leaving=1)


def reached_by_stage(k: int, r: float, x: Floats, tau: Floats, purchases: Floats) -> Floats:
    """Return the probability of at least so many purchases in t if nobody left, by stage, shape (n, k).

    Args:
        k: as in `purchases_by_stage`, like r, x and tau.
        r: the same.
        x: the same.
        tau: the same.
        purchases: number of them, 0 or more, shape (n,).
    """
    stages = np.arange(k)
    ahead = k * np.asarray(purchases)[:, None] - stages
    found = special.betainc(np.maximum(ahead, 1), (r + k * x)[:, None] + stages, (tau / (1 + tau))[:, None])
    return np.where(ahead > 0, found, 1.0)


def _over_purchases(k: int, r: float, a: float, b: Floats, x: Floats, tau: Floats, *, leaving: int) -> Floats:
    """Return sum over n >= 1 of E[(1-p)^(n-1) p^leaving] P(the n-th purchase comes in time), shape (n, k)."""
    rows = len(x) * k
    stage = np.tile(np.arange(k, dtype=float), len(x))
    shape, b, tau = np.repeat(r + k * x, k) + stage, np.repeat(b, k), np.repeat(tau, k)
    total, last = np.zeros(rows), np.zeros((4, rows))
    here = np.arange(rows)
    for n in range(1, _ONE_BY_ONE + 1):
        term = _term(k, n, a, b[here], stage[here], shape[here], tau[here], leaving)
        total[here] += term
        last[:, here] = np.roll(last[:, here], -1, axis=0)
        last[3, here] = term
        # A negative binomial tail falls at least as (n-th term) q^k: the remainder is below a trillionth.
        here = here[term * (1 + tau[here]) > 1e-15 * total[here]]
        if not len(here):
            return total.reshape(-1, k)
    total[here] += _beyond(k, a, b[here], stage[here], shape[here], tau[here], leaving, last[2:, here])
    return total.reshape(-1, k)


def _term(k: int, n: Floats | int, a: float, b: Floats, stage: Floats, shape: Floats, tau: Floats, leaving: int) -> Floats:
    """Return one term of the sum; n need not be whole."""
    stayed = np.exp(special.betaln(a + leaving, b + n - 1) - special.betaln(a, b))
    return np.asarray(stayed * special.betainc(n * k - stage, shape, tau / (1 + tau)))


def _beyond(k: int, a: float, b: Floats, stage: Floats, shape: Floats, tau: Floats, leaving: int, last: Floats) -> Floats:
    """Return the terms after the first `_ONE_BY_ONE`: the Euler-Maclaurin formula at half-integers, up to the third difference."""
    rest = (a, b, stage, shape, tau, leaving)
    after = _term(k, _ONE_BY_ONE + 1, *rest), _term(k, _ONE_BY_ONE + 2, *rest)
    slope = after[0] - last[1]
    third = after[1] - 3 * after[0] + 3 * last[1] - last[0]
    mean = shape * tau
    spread = np.sqrt(mean * (1 + tau))
    start = np.full(len(b), _ONE_BY_ONE + 0.5)
    # From there on, five standard deviations of log(lambda) below the mean, only the probability of coming in time varies.
    middle = np.maximum(mean * np.exp(-5 / np.sqrt(shape)) / k, start)
    end = np.maximum((mean + 12 * spread + 40 * (1 + tau)) / k, middle)
    total = slope / 24 - third * 17 / 5760
    for low, high in ((start, middle), (middle, end)):
        width = np.log(high / low) / 2
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            n = low * np.exp(width * (node + 1))
            total += weight * width * n * _term(k, n, *rest)
    return np.asarray(total)


@dataclass(frozen=True, eq=False)
class StageTable:
    """Purchases expected by stage as a function of tau, one for each x, for populations: computed on demand, and cached.

    Panels of log tau are the same for all, so that a customer's expectation does not depend on the other rows.

    Attributes:
        k: stages of an interval.
        r: shape of the rates.
        a: first parameter of the drop-out probabilities.
        b: second one, for customers without a repeat purchase.
        panels: values at the Chebyshev points of a panel, shape (points, k), by x and the number of the panel.

    Examples:
        >>> x, tau = np.array([3.0]), np.array([0.5])
        >>> bool(np.isclose(stage_table(2, 1.0, 0.8, 2.0)(x, tau), purchases_by_stage(2, 1.0, 0.8, 2.0 + x, x, tau), rtol=1e-9).all())
        True
    """

    k: int
    r: float
    a: float
    b: float
    panels: dict[tuple[float, int], Floats] = field(default_factory=dict)

    def __call__(self, x: Floats, tau: Floats) -> Floats:
        """Return `purchases_by_stage` of customers with x repeat purchases, shape (n, k)."""
        found = np.zeros((len(x), self.k))
        ahead = np.flatnonzero(tau > 0)
        place = np.log(tau[ahead]) / _WIDTH
        number = np.floor(place)
        (levels, at_x), (numbers, at_number) = (np.unique(values, return_inverse=True) for values in (x[ahead], number))
        cells, cell = np.unique(at_x * len(numbers) + at_number, return_inverse=True)
        keys = [(float(levels[each // len(numbers)]), int(numbers[each % len(numbers)])) for each in cells]
        self._compute([key for key in keys if key not in self.panels])
        if keys:
            table = np.stack([self.panels[key] for key in keys])
            found[ahead] = _between(table, cell, 2 * (place - number) - 1)
        return found

    def _compute(self, keys: list[tuple[float, int]]) -> None:
        if not keys:
            return
        x = np.repeat([key[0] for key in keys], _POINTS)
        places = np.array([key[1] for key in keys])[:, None] + (np.cos(_ANGLES) + 1) / 2
        values = purchases_by_stage(self.k, self.r, self.a, self.b + x, x, np.exp(places.ravel() * _WIDTH))
        self.panels.update(zip(keys, values.reshape(len(keys), _POINTS, self.k), strict=True))


@lru_cache(maxsize=4)
def stage_table(k: int, r: float, a: float, b: float) -> StageTable:
    """Return the table of a model; a few are cached, since an integral over time reads the same panels again and again."""
    return StageTable(k, r, a, b)


def _between(table: Floats, cell: NDArray[np.intp], at: Floats) -> Floats:
    """Return the polynomials through the Chebyshev points of panels, shape (n, k), each at a point between -1 and 1.

    The barycentric formula (Berrut and Trefethen 2004, SIAM Review 46 (3), eq. 4.2 with the weights 5.3).
    """
    above, below = np.zeros((len(at), table.shape[2])), np.zeros(len(at))
    for i, angle in enumerate(_ANGLES):
        apart = at - np.cos(angle)
        share = (-1) ** i * np.sin(angle) / np.where(np.abs(apart) < 1e-15, 1e-15, apart)
        above += share[:, None] * table[cell, i]
        below += share
    return np.asarray(above / below[:, None])
