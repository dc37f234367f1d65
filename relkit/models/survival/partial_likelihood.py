"""Cox's partial likelihood with Efron's ties: value, gradient and information in two passes over the rows.

Notation: theta_i = exp(x_i' beta); S0(k), S1(k) the sums of theta and theta x over the risk set of the k-th distinct end
age; D0(k), D1(k) the same over its d(k) ends; phi = l / d(k) for l = 0 .. d(k) - 1 (Efron 1977, eq. 3.8). With
den(k, l) = S0(k) - phi D0(k),

    log L    = sum over ends of x'beta - sum over k, l of log den(k, l)
    gradient = sum over ends of x - sum over k, l of m(k, l)
    minus Hessian = sum_i w_i x_i x_i' - sum over k, l of m(k, l) m(k, l)',   m(k, l) = (S1(k) - phi D1(k)) / den(k, l)

where w_i = theta_i (sum of 1/den over the k at which i is at risk, less phi / den over those at which it ends): a single
weight per row, so that the first term is one product of matrices and the second three products of matrices with one row
per distinct age. Rows are sorted once; sums over risk sets are cumulated sums over ages. Columns are the rows of
`X` (d, n), so that each is contiguous.

Strata have ages of their own, one stratum's after the other's: a cumulated sum starts anew with each. With case weights,
sums are of weight times theta, each end counts by its weight, and the terms of an age with ties share the mean weight of
its ends (Therneau and Grambsch 2000, section 7.1, as R's coxph does).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from relkit.metrics.risk_sets import distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.metrics.risk_sets import Counts, Flags, Floats

    Indexes = NDArray[np.intp]

BLOCK_ROWS = 4096
SMALL_PRODUCT = 200_000
"""Multiplications in one product of matrices."""
SMALLEST = 1e-150
"""A sum over a risk set below this, relative to the largest theta of 1, has lost its meaning."""


@dataclass(frozen=True, eq=False)
class Order:
    """Rows sorted by age at the end or censoring; within an event age the ends come first.

    Attributes:
        rows: shape (m,), rows that are in some risk set, in order.
        ages: shape (k,), distinct event ages, ascending in each stratum.
        ends: shape (k,), number of ends at each.
        last: shape (m,), number of event ages not above the row's duration.
        event: shape (m,).
        starts: shape (s,), first row of each non-empty segment (ends, then others, of each age).
        segments: shape (s,), 2 k for the ends of the k-th age and 2 k + 1 for the others.
        late: shape (l,), positions of the rows that enter after the first event age, by the first age at which they are at risk.
        first: shape (l,), number of event ages not above their entry.
        phi: shape (number of ends,), l / d(k), by age.
        bounds: shape (strata + 1,), where the ages of each stratum begin, and the end of the last.
        weight: shape (m,), case weights; None means 1 for all.
        mean_weight: shape (k,), of the ends of each age; None means 1 for all.
    """

    rows: Indexes
    ages: Floats
    ends: Counts
    last: Indexes
    event: Flags
    starts: Indexes
    segments: Indexes
    late: Indexes
    first: Indexes
    phi: Floats
    bounds: Indexes
    weight: Floats | None = None
    mean_weight: Floats | None = None

    @property
    def weighted_ends(self) -> Floats:
        """Ends of each age, by their weights, shape (k,)."""
        return self.ends.astype(np.float64) if self.mean_weight is None else self.ends * self.mean_weight

    @classmethod
    def of(
        cls,
        duration: Floats,
        event: Flags,
        entry: Floats | None,
        *,
        efron: bool = True,
        stratum: Indexes | None = None,
        weight: Floats | None = None,
    ) -> Order:
        """Return the order of the spells.

        Args:
            duration: shape (n,).
            event: shape (n,).
            entry: shape (n,); None when all are observed from the start.
            efron: whether ties are treated by Efron's approximation, else by Breslow's.
            stratum: shape (n,), from 0; None means one for all.
            weight: shape (n,), above 0; None means 1 for all.
        """
        days, code = distinct(duration)
        keys = np.arange(len(days))
        if stratum is not None:
            keys, code = np.unique(stratum * len(days) + code, return_inverse=True)
        ended = np.bincount(code, weights=event, minlength=len(keys)).astype(np.intp)
        keys, ends = keys[ended > 0], ended[ended > 0]
        ages = days[keys % len(days)]
        last: Indexes = np.cumsum(ended > 0, dtype=np.intp)[code]
        bounds = np.searchsorted(keys, len(days) * np.arange(2 if stratum is None else int(stratum.max()) + 2))
        base = np.zeros_like(last) if stratum is None else bounds[stratum]
        first = base if entry is None else _missed(keys, days, entry, stratum, base)
        used = np.flatnonzero(last > first)
        key = 2 * last[used] - event[used]
        small = key.astype(np.uint16) if 2 * len(ages) < np.iinfo(np.uint16).max else key
        rows = used[np.argsort(small, kind="stable")]
        last, first, event = last[rows], first[rows], event[rows]
        key = 2 * last - event - 1
        starts = np.flatnonzero(np.diff(key, prepend=-1))
        late = np.flatnonzero(first > base[rows])
        late = late[np.argsort(first[late], kind="stable")]
        before = np.repeat(np.cumsum(ends) - ends, ends)
        phi = (np.arange(int(ends.sum())) - before) / np.repeat(ends, ends)
        weight = None if weight is None else weight[rows]
        mean = None if weight is None else np.bincount(last[event] - 1, weights=weight[event], minlength=len(ages)) / ends
        ties = phi if efron else np.zeros_like(phi)
        return cls(rows, ages, ends, last, event, starts, key[starts], late, first[late], ties, bounds, weight, mean)


def _missed(keys: Indexes, days: Floats, entry: Floats, stratum: Indexes | None, base: Indexes) -> Indexes:
    """Return the number of event ages that come before each row enters, those of earlier strata counted with them."""
    known = np.searchsorted(days, entry, side="right")
    place = known if stratum is None else known + stratum * len(days)
    return np.where(entry > 0, np.searchsorted(keys, place), base)


@dataclass(frozen=True, eq=False)
class Sums:
    """The sums over risk sets that need no covariates.

    Attributes:
        log_likelihood: value at this beta.
        theta: shape (m,), relative hazards times exp(-shift), and times the weight.
        at_risk: shape (k,), S0 on the same scale.
        rate: shape (k,), sum over l of 1 / den.
        tied_rate: shape (k,), sum over l of phi / den.
        squares: shape (3, k), sums over l of 1, phi and phi**2 over den**2.
        shift: subtracted from the linear predictor before exp.
        beside: theta of further rows at risk, on the same scale; None in Cox's likelihood.
    """

    log_likelihood: float
    theta: Floats
    at_risk: Floats
    rate: Floats
    tied_rate: Floats
    squares: Floats
    shift: float
    beside: Floats | None = None


def sums(order: Order, eta: Floats) -> Sums:
    """Return log L and the sums over risk sets at linear predictors `eta`, shape (m,), in order.

    If numbers overflow, log L is minus infinity.
    """
    shift = float(eta.max())
    eta = eta - shift
    theta = np.exp(eta)
    if order.weight is not None:
        theta *= order.weight
    ended, at_risk = sums_at_risk(order, theta)
    return summed(order, eta, theta, ended, at_risk, shift)


def sums_at_risk(order: Order, theta: Floats) -> tuple[Floats, Floats]:
    """Return D0 and S0 of each event age, shape (k,), from theta, shape (m,)."""
    ended, others = _by_age(order, np.add.reduceat(theta, order.starts))
    at_risk = from_there_on(ended + others, order.bounds)
    if len(order.late):
        absent: Floats = np.bincount(order.first - 1, weights=theta[order.late], minlength=len(order.ages)).astype(np.float64)
        at_risk -= from_there_on(absent, order.bounds)
    return ended, at_risk


def summed(order: Order, eta: Floats, theta: Floats, ended: Floats, at_risk: Floats, shift: float) -> Sums:
    """Return log L and the sums from D0 and S0; `eta` has `shift` taken off."""
    den = np.repeat(at_risk, order.ends) - order.phi * np.repeat(ended, order.ends)
    if not den.min() > SMALLEST:
        nothing = np.zeros(len(order.ages))
        return Sums(-np.inf, theta, at_risk, nothing, nothing, np.zeros((3, len(nothing))), shift)
    heads = np.cumsum(order.ends) - order.ends
    inverse = 1 / den
    tied = inverse * order.phi
    squares = np.stack([np.add.reduceat(a * b, heads) for a, b in ((inverse, inverse), (inverse, tied), (tied, tied))])
    rate, tied_rate = np.add.reduceat(inverse, heads), np.add.reduceat(tied, heads)
    if order.weight is None or order.mean_weight is None:
        value = float(eta[order.event].sum() - np.log(den).sum())
        return Sums(value, theta, at_risk, rate, tied_rate, squares, shift)
    mean = order.mean_weight
    value = float(eta[order.event] @ order.weight[order.event] - np.log(den) @ np.repeat(mean, order.ends))
    return Sums(value, theta, at_risk, rate * mean, tied_rate * mean, squares * mean, shift)


def total_of_ends(order: Order, X: Floats) -> Floats:
    """Return the sum of x over the ends, shape (d,): the part of the gradient that does not change with beta."""
    counted = order.event.astype(np.float64) if order.weight is None else order.event * order.weight
    total: Floats = np.einsum("ij,j->i", X, counted)
    return total


def derivatives(order: Order, X: Floats, ends_total: Floats, found: Sums) -> tuple[Floats, Floats]:
    """Return the gradient, shape (d,), and the information (minus the Hessian), shape (d, d).

    Args:
        order: of the rows.
        X: shape (d, m), covariates in order.
        ends_total: shape (d,), see `total_of_ends`.
        found: the sums at this beta.
    """
    return finished(ends_total, found, *moments(order, X, found))


def moments(order: Order, X: Floats, found: Sums) -> tuple[Floats, Floats, Floats]:
    """Return the sum of w x x', shape (d, d), and S1 and D1 of each event age, shape (d, k)."""
    cumulated = up_to_there(found.rate, order.bounds)
    rate = cumulated[order.last - 1]
    rate[order.late] -= cumulated[order.first - 1]
    rate[order.event] -= found.tied_rate[order.last[order.event] - 1]
    information, by_segment = _passed(order, X, found.theta, rate * found.theta)
    return (information, *_over_risk_sets(order, X, found.theta, by_segment))


def finished(ends_total: Floats, found: Sums, information: Floats, S1: Floats, ended: Floats) -> tuple[Floats, Floats]:
    """Return the gradient and the information from the sum of w x x', shape (d, d), S1 and D1, shape (d, k)."""
    gradient = ends_total - (S1 * found.rate).sum(axis=1) + (ended * found.tied_rate).sum(axis=1)
    whole, crossed, tied = found.squares
    information -= _products(S1 * whole, S1)
    mixed = _products(S1 * crossed, ended)
    information += mixed + mixed.T - _products(ended * tied, ended)
    return gradient, information


def covariate_sums(order: Order, X: Floats, found: Sums) -> tuple[Floats, Floats]:
    """Return S1 and D1 of each event age, shape (d, k), on the scale of `found.theta`."""
    by_segment = np.empty((len(X), len(order.starts)))
    for column, of_column in zip(X, by_segment, strict=True):
        np.add.reduceat(column * found.theta, order.starts, out=of_column)
    return _over_risk_sets(order, X, found.theta, by_segment)


def _over_risk_sets(order: Order, X: Floats, theta: Floats, by_segment: Floats) -> tuple[Floats, Floats]:
    """Return sums of theta x over the risk set of each event age, and over its ends."""
    ended, others = _by_age(order, by_segment)
    S1 = from_there_on(ended + others, order.bounds)
    if len(order.late):
        S1 -= from_there_on(_late_sums(order, X, theta), order.bounds)
    return S1, ended


def linear_predictor(X: Floats, beta: Floats) -> Floats:
    """Return beta'x of each row, shape (m,)."""
    predictor: Floats = np.einsum("ij,i->j", X, beta)
    return predictor


def _products(A: Floats, B: Floats) -> Floats:
    """Return A B', shape (d, d), from pieces too small for BLAS to wake its threads: their waiting costs more than they save."""
    step = max(SMALL_PRODUCT // len(A) ** 2, 1)
    total = np.zeros((len(A), len(A)))
    for start in range(0, A.shape[1], step):
        total += A[:, start : start + step] @ B[:, start : start + step].T
    return total


def _passed(order: Order, X: Floats, theta: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return the sum of w x x' and, by segment, the sums of theta x, from blocks of rows that stay in the cache."""
    d, m = X.shape
    information, by_segment = np.zeros((d, d)), np.empty((d, len(order.starts)))
    root = np.sqrt(np.maximum(weight, 0.0))
    for low, high in _blocks(order.starts, m):
        start, stop = int(order.starts[low]), int(order.starts[high]) if high < len(order.starts) else m
        block = X[:, start:stop]
        rooted = block * root[start:stop]
        information += rooted @ rooted.T
        by_segment[:, low:high] = np.add.reduceat(block * theta[start:stop], order.starts[low:high] - start, axis=1)
    return information, by_segment


def _blocks(starts: Indexes, rows: int) -> list[tuple[int, int]]:
    """Return ranges of segments that cover about BLOCK_ROWS rows each."""
    wanted = np.arange(BLOCK_ROWS, rows, BLOCK_ROWS)
    cuts = np.unique(np.concatenate([[0], np.searchsorted(starts, wanted), [len(starts)]]))
    return [(int(a), int(b)) for a, b in pairwise(cuts)]


def _by_age(order: Order, by_segment: Floats) -> tuple[Floats, Floats]:
    """Return sums over the ends, and over the others, of each age; the last axis of `by_segment` is the segment."""
    whole = np.zeros((*by_segment.shape[:-1], 2 * len(order.ages)))
    whole[..., order.segments] = by_segment
    return whole[..., 0::2], whole[..., 1::2]


def from_there_on(values: Floats, bounds: Indexes) -> Floats:
    """Return sums over this age and all later ones of the same stratum."""
    cumulated: Floats = up_to_there(values[..., ::-1], values.shape[-1] - bounds[::-1])[..., ::-1]
    return cumulated


def up_to_there(values: Floats, bounds: Indexes) -> Floats:
    """Return sums over this age and all earlier ones of the same stratum."""
    if len(bounds) == 2:
        cumulated: Floats = np.cumsum(values, axis=-1)
        return cumulated
    out = np.empty_like(values)
    for start, stop in pairwise(bounds):
        np.cumsum(values[..., start:stop], axis=-1, out=out[..., start:stop])
    return out


def _late_sums(order: Order, X: Floats, theta: Floats) -> Floats:
    """Return sums of theta x over the rows that have not entered at the k-th event age but have at the next."""
    absent = np.zeros((len(X), len(order.ages)))
    heads = np.flatnonzero(np.diff(order.first, prepend=-1))
    places, late = order.first[heads] - 1, theta[order.late]
    for column, of_column in zip(X, absent, strict=True):  # one by one: there may be as many late rows as rows
        of_column[places] = np.add.reduceat(column[order.late] * late, heads)
    return absent
