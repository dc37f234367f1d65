"""BG/NBD: purchase frequency and unobserved dropout of customers without a contract.

While alive a customer buys at random moments at a rate lambda; after each repeat purchase he leaves with
probability p. Rates differ between customers as a gamma(r, alpha), leaving as a beta(a, b). Only x, t_x
and T (see `purchases`) are needed to estimate the four and to predict.

    Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005), "Counting your customers" the easy way: an alternative
    to the Pareto/NBD model. Marketing Science 24 (2), 275-284. Equation numbers below are theirs.

Free functions use the paper's notation, in whatever unit of time alpha, t_x and T share; the classes move
columns in and out and turn days into periods. The likelihood is maximised by Newton's method with exact
derivatives. All of it is numpy on blocks that stay in the processor's cache: a pass over a million customers takes
about 30 ms, less than compiling (or even loading) a kernel would.

Covariates of the lifetime shift a: a_i = a exp(h'z), b the same for all, so that exp(h) multiplies the odds a / b of the mean
probability of leaving after a purchase. CLVTools and pymc-marketing shift both a and b, by coefficients of their own or the
same one: then a and b may grow together, which describes how similar customers are and not when they leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.models.lifetime_value import nbd
from relkit.models.lifetime_value.family import ORDERS, SUMMARIES
from relkit.models.lifetime_value.formulas import after_a_repeat_purchase
from relkit.models.lifetime_value.purchase_model import Each, FittedPurchaseModel, Formulas, PurchaseModel, in_logarithms
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import polars as pl

    from relkit.models.lifetime_value.purchases import PurchaseCounts
    from relkit.models.maximum import Evaluation

Floats = NDArray[np.float64]

_BLOCK = 8192
# This close to a = 1 or a + b + x = 1 the closed form is 0 / 0.
_NEAR = 1e-4


# --- the paper, on arrays ---------------------------------------------------------------------------------------


def log_likelihood(r: float, alpha: Each, a: Each, b: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the log-likelihood of each customer (eq. 6).

    Args:
        r: shape of the purchase rates.
        alpha: scale of the purchase rates, in units of time.
        a: first parameter of the drop-out probabilities.
        b: second parameter of the drop-out probabilities.
        x: repeat purchases, shape (n,).
        t_x: time of the last purchase, shape (n,).
        T: time observed, shape (n,).

    Returns:
        Shape (n,).

    Examples:
        >>> log_likelihood(0.243, 4.414, 0.793, 2.426, np.array([0.0, 200.0]), np.array([0.0, 38.0]), np.array([40.0, 40.0])).round(3)
        array([-0.561, 98.804])
    """
    x, t_x, T = (np.asarray(values, dtype=float) for values in (x, t_x, T))
    odds = _log_odds_gone(r, alpha, a, b, x, t_x, T)
    shared = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha) + special.betaln(a, b + x) - special.betaln(a, b)
    return np.asarray(shared - (r + x) * np.log(alpha + T) + np.logaddexp(0.0, odds))


def probability_alive(r: float, alpha: Each, a: Each, b: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the probability that each customer has not left by T, shape (n,).

    Source: Fader, Hardie and Lee (2008), "Computing P(alive) using the BG/NBD model", brucehardie.com/notes/021.
    A customer who never came back cannot have left: the model lets people go only after a repeat purchase.

    Examples:
        >>> probability_alive(0.243, 4.414, 0.793, 2.426, np.array([2.0]), np.array([30.43]), np.array([38.86])).round(4)
        array([0.7266])
    """
    x, t_x, T = (np.asarray(values, dtype=float) for values in (x, t_x, T))
    own_alpha, own_a = (np.broadcast_to(value, x.shape) for value in (alpha, a))
    alive = np.empty(len(x))
    for part in _slices(len(alive)):
        alive[part] = special.expit(-_log_odds_gone(r, own_alpha[part], own_a[part], b, x[part], t_x[part], T[part]))
    return alive


def _log_odds_gone(r: float, alpha: Each, a: Each, b: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return log(P(gone) / P(alive)): minus infinity if x = 0. Kept as a logarithm, it cannot overflow."""
    x, t_x, T = (np.asarray(values, dtype=float) for values in (x, t_x, T))
    buyer = x > 0
    odds = np.log(a / np.where(buyer, b + x - 1, 1.0)) + (r + x) * np.log((alpha + T) / (alpha + t_x))
    return np.where(buyer, odds, -np.inf)


def purchases_if_alive(r: float, alpha: Each, a: Each, b: float, x: Floats, T: Floats, t: Each) -> Floats:
    """Return the purchases expected in (T, T + t] of a customer alive at T: the numerator of eq. 10.

    Euler's transformation turns the paper's ((alpha+T)/(alpha+T+t))^(r+x) 2F1(r+x, b+x; a+b+x-1; z) into
    (1-z)^(a-1) 2F1(a-1, a+b-1-r; a+b+x-1; z), in which x occurs only once and nothing overflows.

    Args:
        r: as in `log_likelihood`, like alpha, a, b.
        alpha: the same.
        a: the same.
        b: the same.
        x: repeat purchases, shape (n,).
        T: time observed, shape (n,).
        t: length of the time ahead, one for all or one each.

    Returns:
        Shape (n,).
    """
    given = np.broadcast_arrays(*(np.asarray(part, dtype=float) for part in (alpha, a, x, T, t)))
    alphas, own, x, T, ahead = (part.ravel() for part in given)
    closed = (own < 20) & (b < 100) & (r < 100) & (np.abs(own - 1) > _NEAR) & (np.abs(own + b + x - 1) > _NEAR)
    value = np.full(len(x), np.nan)
    if closed.any():
        value[closed] = _closed_form(r, alphas[closed], own[closed], b, x[closed], T[closed], ahead[closed])
    rest = ~np.isfinite(value)
    value[rest] = _integral(r, alphas[rest], own[rest], b, x[rest], T[rest], ahead[rest])
    return value.reshape(given[0].shape)


def _closed_form(r: float, alpha: Floats, a: Floats, b: float, x: Floats, T: Floats, t: Floats) -> Floats:
    """Return the closed form, to ten digits for a < 20, b < 100, r < 100 away from a = 1 and a + b + x = 1.

    If c - a - b of 2F1 is a large whole number, scipy's 2F1 returns NaN, and so does this.
    """
    c = a + b + x - 1
    z = t / (alpha + T + t)
    with np.errstate(invalid="ignore"):
        kept = np.exp((a - 1) * np.log1p(-z)) * special.hyp2f1(a - 1, a + b - 1 - r, c, z)
    return np.asarray(c / (a - 1) * (1 - kept))


def _integral(r: float, alpha: Floats, a: Floats, b: float, x: Floats, T: Floats, t: Floats) -> Floats:
    """Return the same as the mean of (1 - (1 + p t / (alpha+T))^-(r+x)) / p over p ~ beta(a, b+x).

    Valid for any parameters, even if 2F1 under- or overflows or the closed form is 0 / 0, but
    a hundred times slower. Substituting p / (1-p) = a / (b+x) e^(w sinh s) lets the integrand vanish doubly exponentially at
    both ends, so that equal steps in s converge to ten digits and more.
    """
    value = np.empty(len(x))
    for part in _slices(len(x), 512):
        p, weights = _leaving_probabilities(a[part], b + x[part])
        tau = t[part] / (alpha[part] + T[part])
        value[part] = (-np.expm1(-(r + x[part]) * np.log1p(p * tau)) / p * weights).sum(axis=0)
    return value


def _leaving_probabilities(a: Floats, rest: Floats) -> tuple[Floats, Floats]:
    """Return probabilities p of leaving and the weight of each in a mean over beta(a, rest), shapes (nodes, n)."""
    steps = np.linspace(-1, 1, 301)[:, None]
    wide = np.maximum(a, 1), np.maximum(rest, 1)
    width = np.sqrt(1 / wide[0] + 1 / wide[1])
    reach = np.arcsinh(12 + 40 / (width * np.minimum(a, rest)))
    logit = np.log(wide[0] / wide[1]) + width * np.sinh(steps * reach)
    log_p, log_q = -np.logaddexp(0, -logit), -np.logaddexp(0, logit)
    density = np.exp(a * log_p + rest * log_q - special.betaln(a, rest))
    return np.maximum(np.exp(log_p), 1e-200), density * np.cosh(steps * reach) * width * reach * 2 / 300


def expected_purchases(r: float, alpha: float, a: float, b: float, x: Floats, t_x: Floats, T: Floats, t: float) -> Floats:
    """Return the purchases expected of each customer in (T, T + t], shape (n,) (eq. 10).

    Examples:
        >>> customer = np.array([26.0]), np.array([216 / 7]), np.array([31.0])
        >>> expected_purchases(0.2425982, 4.4136842, 0.7929899, 2.4261667, *customer, 52.0).round(3)
        array([25.757])
    """
    return probability_alive(r, alpha, a, b, x, t_x, T) * purchases_if_alive(r, alpha, a, b, x, T, t)


def expected_purchases_new(r: float, alpha: Each, a: Each, b: float, t: Floats) -> Floats:
    """Return the repeat purchases expected of a new customer in (0, t], shape of `t` (eq. 9).

    Examples:
        >>> expected_purchases_new(0.2425982, 4.4136842, 0.7929899, 2.4261667, np.array([52.0])).round(4)
        array([1.444])
    """
    return purchases_if_alive(r, alpha, a, b, np.zeros(1), np.zeros(1), np.atleast_1d(np.asarray(t, dtype=float)))


def purchase_probability(r: float, alpha: Each, a: Each, b: float, x: Floats, t: Each) -> Floats:
    """Return P(X(t) = x) of a new customer, shape of `x` (eq. 8).

    The sum over j of the paper is a negative binomial distribution function, an incomplete beta here: its
    upper tail keeps the digits that one minus the sum loses.

    Examples:
        >>> purchase_probability(0.243, 4.414, 0.793, 2.426, np.array([11, 20]), 30.0).round(8)
        array([0.00199952, 0.00022223])
    """
    x = np.asarray(x, dtype=float)
    share = t / (alpha + t)
    size = special.gammaln(r + x) - special.gammaln(r) - special.gammaln(x + 1) + r * np.log1p(-share) + special.xlogy(x, share)
    stayed = np.exp(special.betaln(a, b + x) - special.betaln(a, b) + size)
    buyer = np.maximum(x, 1)
    left = np.exp(special.betaln(a + 1, b + buyer - 1) - special.betaln(a, b)) * special.betainc(buyer, r, share)
    return np.asarray(stayed + np.where(x > 0, left, 0.0))


def alive_later_if_alive(r: float, alpha: Each, a: Each, b: float, x: Floats, T: Floats, t: float) -> Floats:
    """Return the probability that a customer alive at T is still alive at T + t, shape (n,).

    He stays after each of his purchases: the mean of ((alpha+T) / (alpha+T+p t))^(r+x) over p ~ beta(a, b+x), which is
    2F1(r+x, a; a+b+x; -t/(alpha+T)). After Pfaff's transformation x occurs only once, as in `purchases_if_alive`.

    Examples:
        >>> alive_later_if_alive(0.243, 4.414, 0.793, 2.426, np.array([0.0, 26.0]), np.array([31.0, 31.0]), 52.0).round(4)
        array([0.9343, 0.5137])
    """
    terms = (np.asarray(values, dtype=float) for values in (r, alpha, a, b, x, T))
    r_, alpha_, a_, b_, x_, T_ = (np.ravel(values) for values in np.broadcast_arrays(*terms))
    z = t / (alpha_ + T_ + t)
    moderate = (a_ < 20) & (b_ < 100) & (r_ < 100)
    with np.errstate(all="ignore"):
        value = np.exp(a_ * np.log1p(-z)) * special.hyp2f1(a_, a_ + b_ - r_, a_ + b_ + x_, z)
    rest = np.flatnonzero(~(moderate & (value >= 0) & (value <= 1)))
    for part in _slices(len(rest), 512):
        at = rest[part]
        p, weights = _leaving_probabilities(a_[at], b_[at] + x_[at])
        value[at] = (np.exp(-(r_ + x_)[at] * np.log1p(p * t / (alpha_ + T_)[at])) * weights).sum(axis=0)
    return np.asarray(value)


def purchase_probability_if_alive(r: float, alpha: Each, a: Each, b: float, x: Floats, T: Floats, m: Floats, t: float) -> Floats:
    """Return P(m purchases in (T, T + t]) of a customer alive at T, shape (n,).

    He is a new customer whose rate is a gamma(r+x, alpha+T) and whose probability of leaving is a beta(a, b+x): eq. 8 with
    those. Either he stayed after each of the m, or he left at the last of them.

    Examples:
        >>> m = np.arange(3.0)
        >>> purchase_probability_if_alive(0.243, 4.414, 0.793, 2.426, np.ones(3), np.full(3, 30.0), m, 10.0).round(4)
        array([0.7283, 0.2166, 0.0438])
    """
    x, T, m = (np.asarray(values, dtype=float) for values in (x, T, m))
    rate, scale, stay, some = r + x, alpha + T, b + x, np.maximum(m, 1)
    whole = special.betaln(a, stay)
    stayed = np.exp(special.betaln(a, stay + m) - whole) * nbd.negative_binomial(rate, scale, m, t)
    left = np.exp(special.betaln(a + 1, stay + some - 1) - whole) * special.betainc(some, rate, t / (scale + t))
    return np.asarray(stayed + np.where(m > 0, left, 0.0))


def order_probability_if_alive(r: float, alpha: Each, a: Each, b: float, x: Floats, T: Floats, t: Each) -> Floats:
    """Return P(a purchase in (T, T + t]) of a customer alive at T, shape (n,): he leaves only after a purchase, so it is that of the NBD.

    Examples:
        >>> order_probability_if_alive(0.243, 4.414, 0.793, 2.426, np.ones(1), np.full(1, 30.0), 10.0).round(4)
        array([0.2717])
    """
    del a, b
    return nbd.order_probability_if_alive(r, alpha, x, T, t)


# --- the likelihood of a population, with its derivatives -------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Population:
    """A population as the optimiser reads it: sums by x, and rows by kind of customer; time in units of `unit`."""

    levels: Floats
    """Distinct x, shape (k,)."""
    at_level: Floats
    """Customers with each x, shape (k,)."""
    rows: tuple[NDArray[np.intp], Floats, Floats, Floats]
    """Rows of those who may have left: position of x in `levels`, t_x, T, customers."""
    once: tuple[Floats, Floats]
    """Rows of those who cannot: T, customers."""

    @classmethod
    def of(cls, counts: PurchaseCounts, unit: float, *, once_may_leave: bool = False) -> Population:
        """Return the population of counts; time is divided by `unit`.

        Args:
            counts: number of customers that share each triple, times in days.
            unit: of time, in days.
            once_may_leave: customers who did not come back may have left as well, as in the modified model.
        """
        levels, code = counts.levels()
        back = (counts.x > 0) | once_may_leave
        rows = (code[back], counts.t_x[back] / unit, counts.T[back] / unit, counts.customers[back])
        at_level = np.bincount(code, weights=counts.customers, minlength=len(levels)).astype(float, copy=False)
        return cls(levels=levels, at_level=at_level, rows=rows, once=(counts.T[~back] / unit, counts.customers[~back]))

    def __call__(self, logs: Floats) -> Evaluation:
        """Return the log-likelihood, its gradient and Hessian in the logarithms of r, alpha, a, b."""
        natural = np.exp(logs)
        return in_logarithms(natural, *self.derivatives(natural))

    def derivatives(self, natural: Floats) -> Evaluation:
        """Return the same in r, alpha, a, b themselves."""
        parts = (_by_level(natural, self.levels, self.at_level), _of_once(natural, *self.once), self._of_rows(natural))
        value = sum(part[0] for part in parts)
        return value, np.sum([part[1] for part in parts], axis=0), np.sum([part[2] for part in parts], axis=0)

    def _of_rows(self, natural: Floats) -> tuple[float, Floats, Floats]:
        """Return the part of those who came back: log(e^f + e^g), f if still alive and g if gone at t_x."""
        r, alpha, a, b = natural
        k = 1 / np.where(self.levels + b > 1, b + self.levels - 1, 1.0)
        totals = _Sums()
        for code, t_x, T, n in _blocks(self.rows):
            totals.add(r, alpha, np.log(a * k)[code], k[code], self.levels[code], t_x, T, n)
        return totals.derivatives(a)


def _blocks(rows: tuple[NDArray[Any], ...]) -> Iterator[tuple[NDArray[Any], ...]]:
    for part in _slices(len(rows[0])):
        yield tuple(column[part] for column in rows)


def _slices(length: int, size: int = _BLOCK) -> Iterator[slice]:
    """Return slices of a range short enough for a few arrays of that length to stay in the processor's cache."""
    return (slice(start, start + size) for start in range(0, length, size))


class _Sums:
    """Sums over customers who came back, from which value, gradient and Hessian follow."""

    def __init__(self) -> None:
        self.value = 0.0
        self.first = np.zeros(4)
        self.second = np.zeros((4, 4))
        self.spread = np.zeros((4, 4))

    def add(self, r: float, alpha: float, c: Floats, k: Floats, x: Floats, t_x: Floats, T: Floats, n: Floats) -> None:
        """Add a block of customers; c = log(a / (b+x-1)), k = 1 / (b+x-1)."""
        inner, outer = 1 / (alpha + t_x), 1 / (alpha + T)
        log_inner = -np.log(inner)
        s = np.log((alpha + T) * inner)
        rx = r + x
        h = rx * (inner - outer)
        odds_alive = np.exp(-c - rx * s)
        u = odds_alive / (1 + odds_alive)
        nu, nx = n * u, n * rx
        gone = n - nu
        self.value += float(n @ np.log1p(odds_alive) + n @ c - nx @ log_inner)
        self.first += (-n @ log_inner - nu @ s, nu @ h - nx @ inner, gone.sum(), -(gone @ k))
        self.second[0, 1] += nu @ (inner - outer) - n @ inner
        self.second[1, 1] += nx @ (inner * inner) - (nu * h) @ (inner + outer)
        self.second[2, 2] -= gone.sum()
        self.second[3, 3] += gone @ (k * k)
        between = np.stack((s, -h, np.ones_like(s), -k))
        self.spread += (between * (nu * (1 - u))) @ between.T

    def derivatives(self, a: float) -> tuple[float, Floats, Floats]:
        """Return the value, the gradient and the Hessian in r, alpha, a, b."""
        by_a = np.array([1, 1, 1 / a, 1])
        second = self.second.copy()
        second[1, 0] = second[0, 1]
        return self.value, self.first * by_a, (second + self.spread) * np.outer(by_a, by_a)


def _by_level(natural: Floats, x: Floats, n: Floats) -> tuple[float, Floats, Floats]:
    """Return the part of the likelihood that depends on x only."""
    r, alpha, a, b = natural
    gammaln, psi = special.gammaln, special.digamma
    value = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + special.betaln(a, b + x) - special.betaln(a, b)
    both = psi(a + b) - psi(a + b + x)
    first = (psi(r + x) - psi(r) + np.log(alpha), r / alpha + 0 * x, both, both + psi(b + x) - psi(b))
    bend = _trigamma(a + b) - _trigamma(a + b + x)
    hessian = np.zeros((4, 4))
    hessian[0, 0] = n @ (_trigamma(r + x) - _trigamma(r))
    hessian[0, 1] = hessian[1, 0] = n.sum() / alpha
    hessian[1, 1] = -n.sum() * r / alpha**2
    hessian[2, 2] = hessian[2, 3] = hessian[3, 2] = n @ bend
    hessian[3, 3] = n @ (bend + _trigamma(b + x) - _trigamma(b))
    return float(n @ value), np.array([n @ each for each in first]), hessian


def _of_once(natural: Floats, T: Floats, n: Floats) -> tuple[float, Floats, Floats]:
    """Return the part of customers who did not come back: -r log(alpha + T)."""
    r, alpha = natural[:2]
    logs = inverse = square = 0.0
    for times, number in _blocks((T, n)):
        each = 1 / (alpha + times)
        logs -= float(number @ np.log(each))
        inverse += float(number @ each)
        square += float(number @ (each * each))
    hessian = np.zeros((4, 4))
    hessian[0, 1] = hessian[1, 0] = -inverse
    hessian[1, 1] = r * square
    return -r * logs, np.array([-logs, -r * inverse, 0.0, 0.0]), hessian


def _trigamma(z: Any) -> Any:
    return special.polygamma(1, z)


def rows(
    r: float, alpha: Each, a: Each, b: float, x: Floats, t_x: Floats, T: Floats, *, once_may_leave: bool = False
) -> tuple[Floats, Floats, Floats]:
    """Return each customer's log-likelihood with first and second derivatives in r, alpha, a and b; alpha and a may be one per customer.

    It is log((1-u) e^g + u e^f) with f if still alive and g if gone at t_x, besides what both share: first derivatives are the mean
    of theirs, and second ones the mean of theirs plus the covariance of the first.
    """
    value, by_rate, bend_rate = nbd.rows(r, alpha, x, t_x, T)
    # The NBD's is f and what f and g share; those who may leave add log(1 + odds), the odds of being gone.
    may = (x > 0) | once_may_leave
    k, inner, outer, rx = 1 / np.where(may, b + x - 1, 1.0), 1 / (alpha + t_x), 1 / (alpha + T), r + x
    with np.errstate(divide="ignore"):
        odds = np.where(may, np.log(a * k) + rx * np.log((alpha + T) * inner), -np.inf)
    gone = special.expit(odds)
    between = np.stack(np.broadcast_arrays(np.log((alpha + T) * inner), rx * (outer - inner), 1 / a, -k))
    first, second = between * gone, between[:, None] * between[None] * (gone * (1 - gone))
    second[0, 1] += gone * (outer - inner)
    second[1, 1] += gone * rx * (inner**2 - outer**2)
    second[2, 2] -= gone / a**2
    second[3, 3] += gone * k**2
    first[:2] += by_rate
    second[:2, :2] += bend_rate
    second[1, 0] = second[0, 1]
    value = value + np.logaddexp(0.0, odds) + special.betaln(a, b + x) - special.betaln(a, b)
    psi, all_of = special.digamma, np.broadcast_to(a + b, x.shape)
    both, more = psi(all_of) - psi(all_of + x), _trigamma(all_of) - _trigamma(all_of + x)
    first[2] += both
    first[3] += both + nbd.at_each(lambda n: psi(b + n) - psi(b), x)
    second[2:, 2:] += more
    second[3, 3] += nbd.at_each(lambda n: _trigamma(b + n) - _trigamma(b), x)
    return value, first, second


# --- settings and fitted model ----------------------------------------------------------------------------------

FORMULAS = Formulas(
    terms=("r", "alpha", "a", "b"),
    times=("alpha",),
    start=lambda rate: (1.0, 1.0 / rate, 1.0, 4.0),
    population=Population.of,
    probability_alive=probability_alive,
    purchases_if_alive=purchases_if_alive,
    alive_later_if_alive=alive_later_if_alive,
    purchase_probability_if_alive=purchase_probability_if_alive,
    order_probability_if_alive=order_probability_if_alive,
    expected_purchases_new=expected_purchases_new,
    purchase_probability=purchase_probability,
    rows=rows,
    lifetime_term="a",
    tells_alive=after_a_repeat_purchase,
)


@dataclass(frozen=True, kw_only=True)
class BgNbd(PurchaseModel):
    """Settings of the BG/NBD model.

    Attributes:
        period_days: the unit of time of parameters and log-likelihood, in days; features and horizons stay in days.
        level: of the intervals in the summary.
        others: covariates of both processes, ridge penalties and weights, as in `PurchaseModel`.

    Examples:
        >>> from datetime import date
        >>> import polars as pl
        >>> days = {"last_purchase_age_days": [0, 0, 30, 200, 10, 90, 0, 60], "observed_days": [90, 200, 250, 260, 250, 120, 30, 300]}
        >>> people = pl.DataFrame({"customer_id": list("abcdefgh"), "repeat_purchases": [0, 0, 2, 7, 1, 3, 0, 2], **days})
        >>> fitted = BgNbd().fit(people, as_of=date(2025, 6, 30))
        >>> fitted.score(people, horizon_days=30).columns
        ['customer_id', 'p_alive', 'expected_orders_30d', 'order_probability_30d']
    """

    name: ClassVar[str] = "lifetime_value.bg_nbd"
    label = Text("BG/NBD", "BG/NBD")
    purpose = Text(
        "BG/NBD: orders ahead and the probability of still buying, for customers who leave without a word.",
        "BG/NBD : les commandes à venir et la probabilité d’acheter encore, pour des clients qui partent sans prévenir.",
    )
    role, reads = ORDERS, SUMMARIES
    competes = True
    figures = ("frequency_histogram", "alive_surface", "spreads", "rate_ratios", "tracking", "purchases_by_frequency", "deciles")
    formulas: ClassVar[Formulas] = FORMULAS

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedBgNbd:
        """Return the model fitted by maximum likelihood; arguments and errors as in `PurchaseModel.learn`."""
        return FittedBgNbd(settings=self, **self.learn(features, as_of))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedBgNbd(FittedPurchaseModel):
    """A fitted BG/NBD model.

    Attributes:
        settings: what was fitted.
        info: facts about the fit.
        r: shape of the purchase rates.
        alpha: scale of the purchase rates, in periods of `settings.period_days`.
        a: first parameter of the drop-out probabilities.
        b: second parameter of the drop-out probabilities.
        covariance: of the logarithms of r, alpha, a, b, then the coefficients; NaN for one without a standard error.
    """

    name: ClassVar[str] = BgNbd.name

    settings: BgNbd
    r: float
    alpha: float
    a: float
    b: float
