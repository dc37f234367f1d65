"""Likelihood of contracts that renew: beta-discrete-Weibull with a first parameter for each pattern of covariates.

A contract outlives its t-th renewal with probability S(t) = B(a, b + t^c) / B(a, b); c = 1 is the shifted
beta-geometric. Contracts of one pattern share a = alpha exp(g'z); b and c are common to all. Everything is in the logarithms
of a, b and c, in periods, with exact derivatives.

The sufficient statistics are the numbers of contracts of each pattern that stayed to each renewal, or left at it (`Lives`): with
one pattern there are no more rows than renewals, with as many patterns as contracts no more than two per contract.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import special

if TYPE_CHECKING:
    from relkit.models.lifetime_value.renewals import RenewalCounts
    from relkit.models.maximum import Evaluation

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]

# From this argument on, Stirling's series of log Gamma to six terms is exact to double precision.
_LARGE = 10
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)


def log_beta_ratio(a: Floats, x: Floats, h: Floats) -> Floats:
    """Return log B(a, x + h) - log B(a, x), to full relative precision however large x is relative to a.

    Subtracting two values of betaln loses all digits of a probability of leaving of 1e-8; here nothing large
    is subtracted.

    Examples:
        >>> float(np.exp(log_beta_ratio(np.array(0.6681), np.array(3.8061), np.array(12.0))).round(4))
        0.378
        >>> float((-log_beta_ratio(np.array(0.1), np.array(1e12), np.array(1.0)) * 1e13).round(9))
        1.0
    """
    value = np.zeros(np.broadcast_shapes(np.shape(a), np.shape(x), np.shape(h)))
    for _ in range(_LARGE if value.size and np.min(x) < _LARGE else 0):
        value += np.log1p(-a * (h / ((x + h) * (x + a))))
        x = x + 1.0
    top = x + h
    value += (x - 0.5) * np.log1p(a * (h / (x * (a + top)))) - a * np.log1p(h / (x + a)) - h * np.log1p(a / top)
    return np.asarray(value + _stirling(top) - _stirling(x) - _stirling(top + a) + _stirling(x + a))


def log_survival_ratio(a: Floats, b: float, c: float, start: Floats, end: Floats) -> Floats:
    """Return log S(end) / S(start), the log-probability that those alive at `start` are alive at `end`, in periods."""
    passed = np.asarray(start, dtype=np.float64) ** c
    return log_beta_ratio(np.asarray(a), b + passed, np.asarray(end, dtype=np.float64) ** c - passed)


def _stirling(y: Floats) -> Floats:
    square, total = 1 / y**2, np.zeros_like(y)
    for weight in reversed(_STIRLING):
        total = total * square + weight
    return np.asarray(total / y)


@dataclass(frozen=True, eq=False)
class Lives:
    """Numbers of contracts of each pattern that stayed to a renewal, and that left at one.

    Attributes:
        patterns: number of patterns.
        stayed: pattern, renewal and number: contracts observed to outlive the renewal, less those first observed after it.
        left: pattern, renewal and number of contracts that left at it.
    """

    patterns: int
    stayed: tuple[Whole, Whole, Floats]
    left: tuple[Whole, Whole, Floats]

    @classmethod
    def of_counts(cls, counts: RenewalCounts) -> Self:
        """Return the lives of one pattern, from the counts of the renewals."""
        k = np.arange(1, len(counts.at_risk) + 1)
        stays = counts.at_risk - counts.left
        one = np.zeros(len(k), dtype=np.intp)
        return cls(1, (one, k, stays - np.append(stays[1:], 0.0)), (one, k, counts.left))

    @classmethod
    def of_spells(
        cls, pattern: Whole, before: Whole, last: Whole, ended: NDArray[np.bool_], patterns: int, weights: Floats | None = None
    ) -> Self:
        """Return the lives of spells, each with its pattern, that reached the renewals `before` + 1 to `last`; `weights` of them each."""
        width = int(last.max(initial=0)) + 1
        until = last - ended
        stayed = np.concatenate([pattern * width + until, pattern * width + before])
        each = np.ones(len(pattern)) if weights is None else weights
        left = (pattern * width + last)[ended]
        return cls(patterns, _summed(stayed, np.concatenate([each, -each]), width), _summed(left, each[ended], width))

    def every(self, step: int) -> Lives:
        """Return the lives of every `step`-th pattern, a sample from which a fit can start; all of them if patterns are few."""
        if self.patterns < step * 10:
            return self
        stayed, left = (tuple(part[rows[0] % step == 0] for part in rows) for rows in (self.stayed, self.left))
        return Lives(self.patterns, stayed, left)


def _summed(key: Whole, weight: Floats, width: int) -> tuple[Whole, Whole, Floats]:
    """Return pattern, renewal and sum of the weights of each key with a nonzero sum."""
    each, position = np.unique(key, return_inverse=True)
    total = np.bincount(position, weight, minlength=len(each))
    pattern, renewal = np.divmod(each, width)
    kept = (total != 0) & (renewal > 0)
    return pattern[kept], renewal[kept], total[kept]


class _Derivatives(NamedTuple):
    """Value and derivatives of a function of log a, log b, log c, by row.

    Attributes:
        value: shape (n,).
        first: shape (3, n).
        second: shape (6, n): aa, ab, ac, bb, bc, cc.
    """

    value: Floats
    first: Floats
    second: Floats


_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


def by_pattern(a: Floats, b: float, c: float, lives: Lives) -> _Derivatives:
    """Return the log-likelihood of each pattern and its derivatives in log a, log b, log c.

    Args:
        a: first parameter of each pattern, shape (p,).
        b: second parameter.
        c: duration dependence; 1 for none.
        lives: the observations.
    """
    stayed, left = lives.stayed, lives.left
    staying = _log_ratio(a[stayed[0]], b, c, np.zeros(1, dtype=np.intp), stayed[1])
    leaving = _log_left(_log_ratio(a[left[0]], b, c, left[1] - 1, left[1]))

    def total(stays: Floats, leaves: Floats) -> Floats:
        of_stays = np.bincount(stayed[0], stayed[2] * stays, lives.patterns)
        return np.asarray(of_stays + np.bincount(left[0], left[2] * leaves, lives.patterns), dtype=np.float64)

    return _Derivatives(
        total(staying.value, leaving.value),
        np.array([total(x, y) for x, y in zip(staying.first, leaving.first, strict=True)]),
        np.array([total(x, y) for x, y in zip(staying.second, leaving.second, strict=True)]),
    )


def _log_ratio(a: Floats, b: float, c: float, start: Whole, end: Whole) -> _Derivatives:
    """Return log S(end) / S(start) and its derivatives, by row; `start` may be one for all."""
    top = int(end.max(initial=0))
    u = np.arange(top + 1.0) ** c
    ends, starts = _end_of(a, b, c, u, end), _end_of(a, b, c, u, start)
    value = log_beta_ratio(a, b + u[start], u[end] - u[start])
    return _Derivatives(value, ends[0] - starts[0], ends[1] - starts[1])


def _end_of(a: Floats, b: float, c: float, u: Floats, at: Whole) -> tuple[Floats, Floats]:
    """Return first and second derivatives of log Gamma(b + u) - log Gamma(a + b + u) at u = t^c, by row.

    Terms that do not depend on a are computed once for each renewal.
    """
    grows = c * np.log(np.maximum(np.arange(float(len(u))), 1.0))
    own, bend = special.psi(b + u)[at], special.zeta(2.0, b + u)[at]
    v, w, both = (u * grows)[at], 1 + grows[at], a + b + u[at]
    psi, trigamma = special.psi(both), special.zeta(2.0, both)
    slope, curve = own - psi, bend - trigamma
    rows = len(psi)
    first = np.empty((3, rows))
    second = np.empty((6, rows))
    first[0], first[1], first[2] = -a * psi, b * slope, v * slope
    second[0] = -a * (a * trigamma + psi)
    second[1] = -a * b * trigamma
    second[2] = -a * v * trigamma
    second[3] = b * (b * curve + slope)
    second[4] = b * v * curve
    second[5] = v * (v * curve + w * slope)
    return first, second


def _log_left(ratio: _Derivatives) -> _Derivatives:
    """Return log(1 - e^L) and its derivatives, from L and its own."""
    q = -1 / np.expm1(-ratio.value)
    first, bend = q * ratio.first, q - q**2
    second = np.array([q * own + bend * ratio.first[i] * ratio.first[j] for own, (i, j) in zip(ratio.second, _PAIRS, strict=True)])
    return _Derivatives(np.log(-np.expm1(ratio.value)), first, second.reshape(6, -1))


def log_likelihood(logs: Floats, lives: Lives, *, with_c: bool, Z: Floats | None = None) -> Evaluation:
    """Return the log-likelihood, its gradient and its Hessian in log(alpha), log(b), log(c) if it is free, and g.

    Args:
        logs: the point, shape (k,).
        lives: the observations.
        with_c: whether log(c) is among the parameters; c is 1 if not.
        Z: covariates of each pattern, shape (p, q), for a = alpha exp(Zg); None for none.
    """
    shapes = 3 if with_c else 2
    linear = np.zeros(1) if Z is None else Z @ logs[shapes:]
    a = np.exp(np.clip(logs[0] + linear, -700.0, 700.0))
    found = by_pattern(a, float(np.exp(logs[1])), float(np.exp(logs[2])) if with_c else 1.0, lives)
    gradient, hessian = np.empty(len(logs)), np.empty((len(logs), len(logs)))
    gradient[:shapes] = found.first[:shapes].sum(axis=1)
    for total, (i, j) in zip(found.second.sum(axis=1), _PAIRS, strict=True):
        if j < shapes:
            hessian[i, j] = hessian[j, i] = total
    if Z is not None:
        gradient[shapes:] = found.first[0] @ Z
        hessian[:shapes, shapes:] = found.second[:shapes] @ Z
        hessian[shapes:, :shapes] = hessian[:shapes, shapes:].T
        hessian[shapes:, shapes:] = (Z * found.second[0][:, None]).T @ Z
    return float(found.value.sum()), gradient, hessian
