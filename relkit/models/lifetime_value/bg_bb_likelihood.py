"""The likelihood of the BG/BB model with exact derivatives, for any numbers of opportunities (notation of `bg_bb`).

A customer with x, t_x and n either is alive at n, or left after s = t_x, ..., n - 1 opportunities (2010, eq. 5):

    L(x, t_x, n) = A(x, n) S(n) + sum over s of A(x, s) D(s)
    A(x, s) = B(alpha + x, beta + s - x) / B(alpha, beta)         bought at x given opportunities of s
    S(s) = B(gamma, delta + s) / B(gamma, delta)                  alive after s
    D(s) = B(gamma + 1, delta + s) / B(gamma, delta)              alive after s, not after s + 1

All three are quotients of rising factorials, whose logarithms are sums of log(z + i): no difference of large gamma
functions, no loss of digits for tiny or huge parameters. The terms of the sum depend on x and s only and decrease with s, so
that a sum from t_x to n - 1 is a difference of two sums to the end, which loses a digit or two at most: the cost is
that of a table of x by s, plus a few operations for each triple that occurs, however many customers share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relkit.errors import NotEnoughEventsError
from relkit.models.maximum import Evaluation, Maximum, maximise

if TYPE_CHECKING:
    from relkit.models.lifetime_value.opportunities import OpportunityCounts

Floats = NDArray[np.float64]
Index = NDArray[np.intp]

TERMS = ("alpha", "beta", "gamma", "delta")
# Bounds of the logarithms: e^-8 is a population that always or never buys, e^10 one without differences.
_LOW, _HIGH = np.full(4, -8.0), np.full(4, 10.0)


class _Rising(NamedTuple):
    """log of z (z + 1) ... (z + k - 1) for k = 0, ..., top, and its first two derivatives in z; shape (top + 1,) each."""

    value: Floats
    first: Floats
    second: Floats

    @classmethod
    def of(cls, z: float, top: int) -> _Rising:
        each = z + np.arange(top)
        return cls(*(np.concatenate(([0.0], np.cumsum(part))) for part in (np.log(each), 1 / each, -1 / each**2)))


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms of the likelihood over x (rows) and s (columns 0 to top).

    Attributes:
        bought: log A(x, s), shape (r, top + 1); -inf for s < x.
        alive: log S(s), shape (top + 1,).
        left: log D(s), shape (top + 1,).
        rising: rising factorials from alpha, beta, alpha + beta, delta, gamma + delta.
        x: of the rows, shape (r,).
    """

    bought: Floats
    alive: Floats
    left: Floats
    rising: tuple[_Rising, ...]
    x: Index

    @classmethod
    def of(cls, parameters: tuple[float, ...], x: Index, top: int) -> Terms:
        """Return the terms at alpha, beta, gamma, delta for the values of x that occur, up to `top` opportunities."""
        alpha, beta, gamma, delta = parameters
        a, b, ab, d, gd = rising = tuple(_Rising.of(z, top + 1) for z in (alpha, beta, alpha + beta, delta, gamma + delta))
        s = np.arange(top + 1)
        idle = s - x[:, None]
        bought = np.where(idle >= 0, a.value[x][:, None] + b.value[np.maximum(idle, 0)] - ab.value[s], -np.inf)
        return cls(bought, (d.value - gd.value)[:-1], np.log(gamma) + d.value[:-1] - gd.value[1:], rising, x)

    def gone(self) -> tuple[Floats, Floats]:
        """Return log of A(x, s) D(s), and of its sum from s to the last but one column, both (r, top + 1)."""
        each = self.bought + self.left
        sums = np.full(each.shape, -np.inf)
        sums[:, :-1] = np.logaddexp.accumulate(each[:, -2::-1], axis=1)[:, ::-1]
        return each, sums


def row_index(x: NDArray[np.int64]) -> tuple[Index, Index]:
    """Return the values of x that occur, ascending, and the position of each row's among them."""
    there = np.zeros(int(x.max(initial=0)) + 1, dtype=bool)
    there[x] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[x]


def log_alive_and_gone(terms: Terms, row: Index, t_x: NDArray[np.int64], n: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return the logarithms of the two parts of the likelihood, alive at n and left before, shape (m,) each."""
    _, sums = terms.gone()
    return terms.bought[row, n] + terms.alive[n], _between(sums[row, t_x], sums[row, n], t_x < n)


def _between(from_here: Floats, from_there: Floats, some: NDArray[np.bool_]) -> Floats:
    """Return log(e^from_here - e^from_there), -inf if there is no term between."""
    found = np.full(from_here.shape, -np.inf)
    found[some] = from_here[some] + np.log(-np.expm1(from_there[some] - from_here[some]))
    return found


class Likelihood:
    """The log-likelihood of counts, as a function of the logarithms of the parameters.

    Examples:
        >>> from relkit.models.lifetime_value.opportunities import OpportunityCounts
        >>> one = OpportunityCounts.of(np.array([1]), np.array([1]), np.array([2]))
        >>> value, gradient, hessian = Likelihood(one)(np.zeros(4))
        >>> round(float(np.exp(value)), 6), gradient.shape, hessian.shape  # 1/6 * 1/3 + 1/2 * 1/6
        (0.138889, (4,), (4, 4))
    """

    def __init__(self, counts: OpportunityCounts) -> None:
        """Take the counts; rows without an opportunity carry no information."""
        seen = counts.n > 0
        self.t_x, self.n = counts.t_x[seen], counts.n[seen]
        self.customers = counts.customers[seen]
        self.x, self.row = row_index(counts.x[seen])
        self.top = int(self.n.max(initial=0))

    def __call__(self, logs: Floats) -> Evaluation:
        """Return value, gradient and Hessian."""
        natural = np.exp(logs)
        terms = Terms.of(tuple(natural.tolist()), self.x, self.top)
        each, sums = terms.gone()
        row, t_x, n = self.row, self.t_x, self.n
        alive = terms.bought[row, n] + terms.alive[n]
        gone = _between(sums[row, t_x], sums[row, n], t_x < n)
        total = np.logaddexp(alive, gone)
        stay, leave = np.exp(alive - total), np.exp(gone - total)

        slopes, gone_slopes = _slopes(terms, natural[2])
        mean = stay * slopes[:, row, n] + leave * _mean_between(each, sums, gone_slopes, (row, t_x, n))
        shares = _shares(each, total, self.customers, (row, t_x, n))
        at_end = np.zeros_like(shares)
        np.add.at(at_end, (row, n), self.customers * stay)

        value = float(self.customers @ total)
        gradient = mean @ self.customers
        hessian = _second(terms, natural[2], shares, at_end) - (mean * self.customers) @ mean.T
        for weight, slope in ((shares, gone_slopes), (at_end, slopes)):
            hessian += np.einsum("ixs,jxs->ij", slope * weight, slope)
        slope = gradient * natural
        return value, slope, hessian * np.outer(natural, natural) + np.diag(slope)


def _slopes(terms: Terms, gamma: float) -> tuple[Floats, Floats]:
    """Return the derivatives of log A S and of log A D in the four parameters, shape (4, r, top + 1) each."""
    a, b, ab, d, gd = (part.first for part in terms.rising)
    s = np.arange(terms.bought.shape[1])
    idle = np.maximum(s - terms.x[:, None], 0)
    both = np.empty((2, 4, *terms.bought.shape))
    both[:, 0] = a[terms.x][:, None] - ab[s]
    both[:, 1] = b[idle] - ab[s]
    both[0, 2], both[0, 3] = -gd[s], d[s] - gd[s]
    both[1, 2], both[1, 3] = 1 / gamma - gd[s + 1], d[s] - gd[s + 1]
    return both[0], both[1]


def _second(terms: Terms, gamma: float, shares: Floats, at_end: Floats) -> Floats:
    """Return the second derivatives of log A D and log A S, summed with their weights, shape (4, 4)."""
    a, b, ab, d, gd = (part.second for part in terms.rising)
    s = np.arange(terms.bought.shape[1])
    idle = np.maximum(s - terms.x[:, None], 0)
    weight = shares + at_end
    by_s, left = weight.sum(axis=0), shares.sum(axis=0)
    bought = by_s @ ab[s]
    chance = left @ gd[s + 1] + at_end.sum(axis=0) @ gd[s]
    found = np.zeros((4, 4))
    found[:2, :2] = -bought
    found[2:, 2:] = -chance
    found[0, 0] += weight.sum(axis=1) @ a[terms.x]
    found[1, 1] += (weight * b[idle]).sum()
    found[2, 2] -= left.sum() / gamma**2
    found[3, 3] += by_s @ d[s]
    return found


def _mean_between(each: Floats, sums: Floats, slopes: Floats, cells: tuple[Index, NDArray[np.int64], NDArray[np.int64]]) -> Floats:
    """Return the mean slope over s = t_x, ..., n - 1, weighted by the terms, shape (4, m); 0 if there is no such s."""
    means = np.zeros(slopes.shape)
    for s in range(each.shape[1] - 2, -1, -1):
        here = np.isfinite(sums[:, s])
        part = np.zeros(len(here))
        part[here] = np.exp(each[here, s] - sums[here, s])
        means[..., s] = means[..., s + 1] + (slopes[..., s] - means[..., s + 1]) * part
    row, t_x, n = cells
    some = t_x < n
    row, t_x, n = row[some], t_x[some], n[some]
    beyond = np.exp(sums[row, n] - sums[row, t_x])
    found = np.zeros((len(slopes), len(some)))
    found[:, some] = (means[:, row, t_x] - beyond * means[:, row, n]) / (1 - beyond)
    return found


def _shares(each: Floats, total: Floats, customers: Floats, cells: tuple[Index, NDArray[np.int64], NDArray[np.int64]]) -> Floats:
    """Return the expected number of customers who left after s, by x and s: each triple's terms over its likelihood, (r, top + 1)."""
    row, t_x, n = cells
    enter, leave = np.zeros(each.shape), np.zeros(each.shape)
    np.add.at(enter, (row, t_x), customers * np.exp(each[row, t_x] - total))
    np.add.at(leave, (row, n), customers * np.exp(each[row, n] - total))
    change = enter - leave
    found = np.zeros(each.shape)
    found[:, 0] = change[:, 0]
    for s in range(1, each.shape[1]):
        here = np.isfinite(each[:, s - 1])
        fall = np.zeros(len(here))
        fall[here] = np.exp(each[here, s] - each[here, s - 1])
        found[:, s] = found[:, s - 1] * fall + change[:, s]
    found[:, -1] = 0.0
    return np.maximum(found, 0.0)


def fit_counts(counts: OpportunityCounts, *, where: str = "bg_bb") -> Maximum:
    """Return the maximum of the likelihood in the logarithms of alpha, beta, gamma, delta.

    Args:
        counts: number of customers that share each triple.
        where: the caller, for the messages.

    Raises:
        NotEnoughEventsError: no opportunity is over, fewer customers came back than there are parameters, or all bought at every
            opportunity.
        NotConvergedError: no optimum was found.
    """
    seen, back = float(counts.customers[counts.n > 0].sum()), float(counts.customers[counts.x > 0].sum())
    if not seen:
        raise NotEnoughEventsError(
            f"0 of {counts.customers.sum():.0f} customers have been observed for a whole opportunity.",
            where=where,
            remedy="Fit a longer period or more customers, or choose a shorter period_days.",
        )
    if back < len(TERMS):
        raise NotEnoughEventsError(
            f"{back:.0f} of {seen:.0f} customers bought again; {len(TERMS)} parameters need more.",
            where=where,
            remedy="Fit a longer period or more customers.",
        )
    if (counts.x == counts.n).all():
        raise NotEnoughEventsError(
            "every customer bought at every opportunity: how often they buy and when they leave cannot be estimated.",
            where=where,
            remedy="Choose a shorter period_days.",
        )
    rate = float(counts.customers @ counts.x / (counts.customers @ counts.n))
    start = np.clip(np.log([1.0, (1 - rate) / rate, 0.5, 3.0]), _LOW, _HIGH)
    return maximise(Likelihood(counts), start, low=_LOW, high=_HIGH)
