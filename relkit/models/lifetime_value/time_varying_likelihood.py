"""Likelihood of the Pareto/NBD with rates that follow the calendar, with exact derivatives.

With A(t) and C(t) the multiplied time since the first purchase (`exposure`), for purchasing and for leaving, and z and w the
covariates, a customer with x purchases at t_1 .. t_x who is observed up to T has

    L = prod exp(gamma'z(t_j)) Gamma(r+x)/Gamma(r) alpha^r beta^s [ (alpha+A(T))^-(r+x) (beta+C(T))^-s
        + s integral from t_x to T of exp(delta'w(y)) (alpha+A(y))^-(r+x) (beta+C(y))^-(s+1) dy ]

    Bachmann, P., Meierer, M. and Naef, J. (2021), The role of time-varying contextual factors in latent attrition models for
    customer base analysis. Marketing Science 40 (4), 783-809.

The integrand depends on the first day, x and the moment y, but not on t_x. So it is computed once for each first day
and x, day by day back from T, and the integral of each t_x is a running sum. Within a day A and C are linear, and two to
four Gauss-Legendre nodes in the logarithm suffice; the same nodes, weighted, give gradient and Hessian, which are means and
covariances under the posterior of y. The cost depends on the first days and purchases that occur, hardly on the number of customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.models.lifetime_value.exposure import Exposure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from relkit.models.maximum import Evaluation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_RULES = tuple(((nodes + 1) / 2, weights / 2) for nodes, weights in map(np.polynomial.legendre.leggauss, (2, 3, 4)))
"""Nodes and weights of Gauss-Legendre on (0, 1)."""
_ERRORS = (1 / 4_320, 1 / 2_016_000)
"""Relative error of the first two for exp(-u) over a length of one; over a length of h it is h to twice the number of nodes times this."""
_ACCURACY = 1e-9
"""Largest relative error of the integral over one day."""
# From this many purchases on, customers with another t_x have a row of their own: one scale would not suit all of them.
_MANY = 16
_CELLS = 4096
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class DatedCounts:
    """Number of customers with each first day, x, t_x and T, all in whole days.

    Attributes:
        start: day number of the first day, shape (n,).
        x: repeat purchases, shape (n,).
        t_x: age at the last purchase, shape (n,).
        T: age at the as-of day, shape (n,).
        customers: number of them, shape (n,).
    """

    start: Ints
    x: Ints
    t_x: Ints
    T: Ints
    customers: Floats

    @classmethod
    def of(cls, start: Ints, x: Ints, t_x: Ints, T: Ints, weights: Floats | None = None) -> tuple[DatedCounts, Ints]:
        """Return the counts of customers, one per row or `weights` of them, and the position of each row among them."""
        which, order, first = _groups(start, T, x, t_x)
        one = order[first]
        return cls(start[one], x[one], t_x[one], T[one], np.bincount(which, weights, minlength=len(one)).astype(float)), which


@dataclass(frozen=True, eq=False)
class Rows:
    """Ranges of days on which customers may have left: a row for each first day, T and x.

    Attributes:
        start: position of the first day in the calendar, shape (m,).
        end: position of the as-of day, shape (m,).
        x: shape (m,).
        days: length of the longest range back from the end, shape (m,); it falls within rows of much the same x, and is 0 at last.
        customers: number of them, shape (m,).
        row: of each count, shape (n,), ascending.
        back: days of each count from t_x to T, shape (n,).
        each: customers of each count, shape (n,).
        order: position among the counts given, shape (n,).
    """

    start: Ints
    end: Ints
    x: Floats
    days: Ints
    customers: Floats
    row: Ints
    back: Ints
    each: Floats
    order: Ints

    @classmethod
    def of(cls, counts: DatedCounts, origin: int) -> Rows:
        """Return the rows of counts in a calendar that begins with the day `origin` + 1."""
        alone = np.where(counts.x >= _MANY, counts.t_x, -1)
        row, found, first = _groups(counts.start, counts.T, counts.x, alone)
        one = found[first]
        back = counts.T - counts.t_x
        days = np.zeros(len(one), np.int64)
        np.maximum.at(days, row, back)
        # Rows of much the same x share a block: how many nodes a day needs follows from it.
        longest = np.lexsort((-days, np.where(days > 0, np.frexp(counts.x[one])[1], np.iinfo(np.int32).max)))
        rank = np.empty_like(longest)
        rank[longest] = np.arange(len(longest))
        order = np.argsort(rank[row], kind="stable")
        one = one[longest]
        start = counts.start[one] - origin
        return cls(
            start=start,
            end=start + counts.T[one],
            x=counts.x[one].astype(float),
            days=days[longest],
            customers=np.bincount(rank[row], weights=counts.customers, minlength=len(one)).astype(float),
            row=rank[row][order],
            back=back[order],
            each=counts.customers[order],
            order=order,
        )

    def blocks(self) -> Iterator[tuple[slice, slice]]:
        """Return slices of rows, and of their counts, short enough for their nodes to stay in the processor's cache."""
        begin, last = 0, int((self.days > 0).sum())
        while begin < last:
            end = min(begin + max(1, _CELLS // int(self.days[begin])), last)
            end = begin + 1 + int((np.diff(self.days[begin:end]) <= 0).cumprod().sum())  # the first is the longest
            counts = np.searchsorted(self.row, [begin, end])
            yield slice(begin, end), slice(int(counts[0]), int(counts[1]))
            begin = end


def _groups(*keys: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the group of each element by its keys, the order that sorts them, and the start of each group in it."""
    order = np.lexsort(keys[::-1])
    differs = np.zeros(len(order), dtype=bool)
    differs[:1] = True
    for key in keys:
        differs[1:] |= key[order][1:] != key[order][:-1]
    which = np.empty(len(order), np.int64)
    which[order] = np.cumsum(differs) - 1
    return which, order, np.flatnonzero(differs)


def nodes_within(b: Floats, a: Floats, d: Floats, c: Floats, *, power: float = np.inf) -> tuple[Floats, Floats]:
    """Return moments within segments of length 1 and their weights, shape (nodes, ...), for powers of b + a t and d + c t.

    The nodes are Gauss-Legendre in the logarithm of the more curved of the two: two to four of them, as the powers require.

    Args:
        b: first value at the beginning of each segment, shape (...).
        a: its growth.
        d: second value at the beginning.
        c: its growth.
        power: the largest sum of the two powers, without their sign; four nodes by default.
    """
    bends = np.maximum(a / b, c / d)
    length = np.log1p(bends)
    nodes, weights = _rule(power * float(length.max(initial=0.0)))
    moved = np.expm1(np.multiply.outer(nodes, length))
    return moved / bends, (1 + moved) * np.multiply.outer(weights, length / bends)


def _rule(fall: float) -> tuple[Floats, Floats]:
    """Return nodes and weights for an integrand that falls by so much, on the logarithm, within a segment."""
    for rule, nodes, error in zip(_RULES, (2, 3), _ERRORS, strict=False):
        if error * fall ** (2 * nodes) < _ACCURACY:
            return rule
    return _RULES[-1]


@dataclass(frozen=True, eq=False)
class _Leaving:
    """Quadrature over the moments of leaving of some rows: some moments on each day, the last day first."""

    at: Ints
    """Position in the calendar of each day, shape (rows, days)."""
    moments: Floats
    """Moment within the day, shape (nodes, rows, days): sums over nodes are those of whole arrays."""
    b: Floats
    """alpha + A at each moment."""
    d: Floats
    """beta + C at each moment."""
    log_b: Floats
    """Logarithm of alpha + A at T over that at each moment."""
    log_d: Floats
    """Logarithm of beta + C at T over that at each moment."""
    mass: Floats
    """Odds of having left at each moment to being alive, times exp(-scale)."""
    scale: Floats
    """Shape (rows,)."""

    @classmethod
    def of(cls, terms: Floats, buying: Exposure, leaving: Exposure, rows: Rows, part: slice) -> _Leaving:
        r, alpha, s, beta = terms
        start, end, reach = rows.start[part], rows.end[part], rows.days[part]
        back = np.arange(reach[0])
        at = np.maximum(end[:, None] - 1 - back, start[:, None])
        b_start = alpha + buying.total[at] - buying.total[start][:, None]
        d_start = beta + leaving.total[at] - leaving.total[start][:, None]
        a, c = buying.rates[at], leaving.rates[at]
        moments, weights = nodes_within(b_start, a, d_start, c, power=float(r + rows.x[part].max() + s + 1))
        b, d = b_start + a * moments, d_start + c * moments
        b_end, d_end = (scale + path.total[end] - path.total[start] for scale, path in ((alpha, buying), (beta, leaving)))
        log_b, log_d = np.log(b_end[:, None] / b), np.log(d_end[:, None] / d)
        rise = (r + rows.x[part])[:, None] * log_b + (s + 1) * log_d
        scale = rise[:, np.arange(len(reach)), reach - 1].max(axis=0)
        seen = back < reach[:, None]
        each_day = np.where(seen, c, 0.0) * (s / d_end)[:, None]
        mass = np.exp(np.minimum(rise - scale[:, None], 0.0)) * weights * each_day
        return cls(at, moments, b, d, log_b, log_d, mass, scale)

    def sums(self, values: Floats, row: Ints, back: Ints) -> Floats:
        """Return the sum of values (..., rows, days) from T back to t_x of each count, shape (..., counts)."""
        return np.asarray(np.where(back > 0, np.cumsum(values, axis=-1)[..., row, back - 1], 0.0))


def log_odds_gone(terms: Floats, buying: Exposure, leaving: Exposure, rows: Rows) -> Floats:
    """Return log(P(gone) / P(alive)) of each count, in the order given; minus infinity if t_x = T."""
    odds = np.full(len(rows.row), -np.inf)
    for part, own in rows.blocks():
        moments = _Leaving.of(terms, buying, leaving, rows, part)
        odds[own] = _odds(moments, rows.row[own] - part.start, rows.back[own])[0]
    given = np.empty_like(odds)
    given[rows.order] = odds
    return given


def _odds(moments: _Leaving, row: Ints, back: Ints) -> tuple[Floats, Floats]:
    total = np.maximum(moments.sums(moments.mass.sum(axis=0), row, back), _TINY)
    return np.where(back > 0, np.log(total) + moments.scale[row], -np.inf), total


def population(
    counts: DatedCounts, bought: Ints, z: Floats, w: Floats, origin: int, unit: float, *, each: Floats | None = None
) -> Callable[[Floats], Evaluation]:
    """Return the log-likelihood with its derivatives in (log r, log alpha, log s, log beta, gamma, delta).

    Args:
        counts: the customers.
        bought: day number of each repeat purchase.
        z: covariates of purchasing on the days from `origin` + 1 on, shape (d, k).
        w: covariates of leaving, shape (d, m).
        origin: day number of the day before the first of the calendar.
        unit: of time, in days.
        each: number of purchases that each of `bought` stands for; one by default.
    """
    rows = Rows.of(counts, origin)
    drawn = np.bincount(bought - origin - 1, each, minlength=len(z)).astype(float) @ z if len(bought) else np.zeros(z.shape[1])
    ends = 4 + z.shape[1]

    def evaluated(at: Floats) -> Evaluation:
        terms, gamma, delta = np.exp(at[:4]), at[4:ends], at[ends:]
        sums = _Sums(terms, Exposure.of(z, gamma, unit), Exposure.of(w, delta, unit), rows)
        for part, own in rows.blocks():
            sums.add_gone(part, own)
        value, gradient, hessian = sums.total()
        value += float(gamma @ drawn)
        gradient[4:ends] += drawn
        inner = np.ones(len(at))
        inner[:4] = terms
        gradient *= inner
        hessian = hessian * np.outer(inner, inner)
        hessian[range(4), range(4)] += gradient[:4]
        return value, gradient, hessian

    return evaluated


class _Side:
    """One of the two processes in one evaluation: the logarithm of its scale + exposure, which enters all likelihoods as a power."""

    def __init__(self, scale: float, path: Exposure, rows: Rows, where: Ints) -> None:
        """Take alpha and A, or beta and C; `where`: positions of their derivatives in the gradient, scale first, then effects."""
        self.path, self.where, self.start, self.end = path, where, rows.start, rows.end
        self.at_end = scale + path.total[rows.end] - path.total[rows.start]
        """Shape (rows,)."""
        slope = np.vstack((np.ones(len(rows.start)), (path.slopes[rows.end] - path.slopes[rows.start]).T))
        self.slope_at_end = slope / self.at_end
        """Derivatives of the logarithm, shape (1 + effects, rows)."""
        self._at, self._on = np.zeros(len(path.total)), np.zeros(len(path.rates))

    def slope(self, moments: _Leaving, values: Floats, start: Ints, found: Floats) -> None:
        """Write the derivatives of the logarithm at each moment to `found`, shape (rows, parameters, nodes, days), at their places."""
        inverse = np.divide(1.0, values.swapaxes(0, 1), out=found[:, self.where[0]])
        within = moments.moments.swapaxes(0, 1)
        for k, where in enumerate(self.where[1:]):
            begun = self.path.slopes[moments.at, k] - self.path.slopes[start, k][:, None]
            grown = np.multiply((self.path.covariates[moments.at, k] * self.path.rates[moments.at])[:, None], within, out=found[:, where])
            grown += begun[:, None]
            grown *= inverse

    def subtract(self, moments: _Leaving, start: Ints, days: Floats, within: Floats) -> None:
        """Subtract the second derivatives of the exposure at each moment.

        Args:
            moments: the moments of leaving.
            start: position of the first day of each row, shape (rows,).
            days: weight of each day, shape (rows, days).
            within: the same times the moment within the day.
        """
        at, size = moments.at.ravel(), len(self._on)
        self._at -= np.bincount(at, weights=days.ravel(), minlength=size + 1)
        self._at += np.bincount(start, weights=days.sum(axis=1), minlength=size + 1)
        self._on -= np.bincount(at, weights=within.ravel(), minlength=size)

    def subtract_at_end(self, each: Floats) -> Floats:
        """Subtract them at T as well, weighted by `each` (rows,), and return the total, shape (effects, effects)."""
        self._at -= np.bincount(self.end, weights=each, minlength=len(self._at))
        self._at += np.bincount(self.start, weights=each, minlength=len(self._at))
        return self.path.bend(self._at, self._on)


class _Sums:
    """One evaluation: value, gradient and Hessian in (r, alpha, s, beta, gamma, delta), added up block by block.

    The gradient is the posterior mean, over alive and each moment of leaving, of the gradient of that case's log-density; the
    Hessian is the mean Hessian plus the covariance of the gradient. Gradients are taken relative to being alive.
    """

    def __init__(self, terms: Floats, buying: Exposure, leaving: Exposure, rows: Rows) -> None:
        self.terms, self.paths, self.rows = terms, (buying, leaving), rows
        k, m = buying.covariates.shape[1], leaving.covariates.shape[1]
        self.buying = _Side(terms[1], buying, rows, np.array([1, *range(4, 4 + k)]))
        self.leaving = _Side(terms[3], leaving, rows, np.array([3, *range(4 + k, 4 + k + m)]))
        self.value, self.gradient, self.hessian = 0.0, np.zeros(4 + k + m), np.zeros((4 + k + m, 4 + k + m))
        self.gone = np.zeros(len(rows.start))

    def add_gone(self, part: slice, own: slice) -> None:
        """Add the odds of having left of a block of rows."""
        rows, moments = self.rows, _Leaving.of(self.terms, *self.paths, self.rows, part)
        row, back, n = rows.row[own] - part.start, rows.back[own], rows.each[own]
        log_odds, total = _odds(moments, row, back)
        gone = special.expit(log_odds)
        self.value += float(n @ np.logaddexp(0.0, log_odds))
        self.gone[part] = np.bincount(row, weights=n * gone, minlength=len(moments.scale))
        logs = self._logs(moments, part)
        weighted = logs * moments.mass.swapaxes(0, 1)[:, None]
        fixed, factors, by_day = self._affine(moments, part)
        # The mean of each count: slopes are an affine function of the logarithms' derivatives, the same on all days but for `by_day`.
        of_days, mass = weighted.sum(axis=2), moments.mass.sum(axis=0)
        means = factors[row].T * moments.sums(of_days.swapaxes(0, 1), row, back) + fixed[row].T * total
        if by_day is not None:
            means += moments.sums((by_day * mass[:, None]).swapaxes(0, 1), row, back)
        means *= gone / total
        self.gradient += means @ n
        # A moment counts for every customer whose last purchase came before it.
        counted = np.zeros(moments.at.shape)
        np.add.at(counted, (row, np.maximum(back - 1, 0)), n * gone / total)
        counted = np.cumsum(counted[:, ::-1], axis=1)[:, ::-1]
        weighted *= counted[:, None, None]
        of_days *= counted[:, None]
        squares = _products(weighted, logs)
        self.hessian += _spread(fixed, factors, by_day, mass * counted, of_days, squares) - (means * n) @ means.T
        self._add_bends(moments, part, (mass * counted).sum(), weighted, of_days, squares)

    def _logs(self, moments: _Leaving, part: slice) -> Floats:
        """Return the derivatives of the logarithms of a moment's two scales, shape (rows, parameters, nodes, days).

        Those in r and s are the logarithms themselves, relative to T.
        """
        found = np.empty((len(moments.scale), len(self.gradient), len(moments.b), moments.at.shape[1]))
        found[:, 0], found[:, 2] = moments.log_b.swapaxes(0, 1), moments.log_d.swapaxes(0, 1)
        for side, values in ((self.buying, moments.b), (self.leaving, moments.d)):
            side.slope(moments, values, self.rows.start[part], found)
        return found

    def _affine(self, moments: _Leaving, part: slice) -> tuple[Floats, Floats, Floats | None]:
        """Return constant and factors of a moment's gradient over that of being alive in `_logs`, (rows, parameters), and what a day adds.

        The last has shape (rows, parameters, days), None if it is nought: a covariate of leaving acts on the rate of its day as well.
        """
        s, rx = self.terms[2], (self.terms[0] + self.rows.x[part])[:, None]
        fixed, factors = np.zeros((len(rx), len(self.gradient))), np.ones((len(rx), len(self.gradient)))
        fixed[:, 2] = 1 / s
        fixed[:, self.buying.where], factors[:, self.buying.where] = rx * self.buying.slope_at_end[:, part].T, -rx
        fixed[:, self.leaving.where], factors[:, self.leaving.where] = s * self.leaving.slope_at_end[:, part].T, -(s + 1)
        on_leaving = self.leaving.where[1:]
        by_day = None
        if len(on_leaving):
            by_day = np.zeros((len(rx), len(self.gradient), moments.at.shape[1]))
            by_day[:, on_leaving] = np.moveaxis(self.leaving.path.covariates[moments.at], 2, 1)
        return fixed, factors, by_day

    def _add_bends(self, moments: _Leaving, part: slice, weight: float, weighted: Floats, of_days: Floats, squares: Floats) -> None:
        """Add the mean Hessian of the moments of leaving; its counterpart for being alive is left out in `total`."""
        s, rx = self.terms[2], self.terms[0] + self.rows.x[part]
        self.hessian[2, 2] -= weight / s**2
        for side, shape, power in ((self.buying, 0, rx), (self.leaving, 2, np.full(len(rx), s + 1))):
            self._cross(shape, side.where, -of_days[:, side.where].sum(axis=(0, 2)))
            self.hessian[np.ix_(side.where, side.where)] += np.tensordot(power, squares[:, side.where[:, None], side.where], axes=1)
            if len(side.where) > 1:
                first = side.where[0]
                within = (weighted[:, first] * moments.moments.swapaxes(0, 1)).sum(axis=1)
                side.subtract(moments, self.rows.start[part], power[:, None] * of_days[:, first], power[:, None] * within)

    def _cross(self, one: int, others: Ints, values: Floats) -> None:
        self.hessian[one, others] += values
        self.hessian[others, one] += values

    def total(self) -> Evaluation:
        """Return the total: what was added, and the likelihood of being alive at T."""
        r = self.terms[0]
        rows, n = self.rows, self.rows.customers
        levels, code = np.unique(rows.x, return_inverse=True)
        at_level = np.bincount(code, weights=n)
        self.value += float(at_level @ (special.gammaln(r + levels) - special.gammaln(r)) - n @ (rows.x * np.log(self.buying.at_end)))
        self.gradient[0] += at_level @ (special.digamma(r + levels) - special.digamma(r))
        self.hessian[0, 0] += at_level @ (special.polygamma(1, r + levels) - special.polygamma(1, r))
        for side, shape, more in ((self.buying, 0, rows.x), (self.leaving, 2, 0.0)):
            self._add_alive(side, shape, more)
        return self.value, self.gradient, self.hessian

    def _add_alive(self, side: _Side, shape: int, more: Floats | float) -> None:
        """Add scale^shape (scale + exposure)^-(shape + more) at T: the factor of customers who are alive."""
        n, here, end = self.rows.customers, self.rows.customers - self.gone, side.slope_at_end
        power, scale, first = self.terms[shape], self.terms[shape + 1], side.where[:1]
        grown = n @ np.log(side.at_end / scale)
        self.value -= float(power * grown)
        self.gradient[shape] -= grown
        self.gradient[side.where] -= end @ (n * (power + more))
        self.gradient[first] += n.sum() * power / scale
        self._cross(shape, side.where, -end @ here)
        self._cross(shape, first, np.array([n.sum() / scale]))
        self.hessian[first, first] -= n.sum() * power / scale**2
        staying = here * (power + more)
        self.hessian[np.ix_(side.where, side.where)] += (end * staying) @ end.T
        effects = side.where[1:]
        self.hessian[np.ix_(effects, effects)] += side.subtract_at_end(staying / side.at_end)


def _products(weighted: Floats, values: Floats) -> Floats:
    """Return the sums of the products of all pairs over nodes and days, shape (rows, parameters, parameters)."""
    rows, parameters = values.shape[:2]
    flat = values.reshape(rows, parameters, -1)
    return np.asarray(weighted.reshape(flat.shape) @ flat.swapaxes(1, 2))


def _spread(fixed: Floats, factors: Floats, by_day: Floats | None, mass: Floats, of_days: Floats, squares: Floats) -> Floats:
    """Return the second moments of fixed + factors * logs + by_day, shape (parameters, parameters).

    Args:
        fixed: of each row, shape (rows, parameters).
        factors: of each row.
        by_day: shape (rows, parameters, days); None if it is nought.
        mass: weight of each day, shape (rows, days).
        of_days: weighted sums of logs, shape (rows, parameters, days).
        squares: weighted sums of their products, shape (rows, parameters, parameters).
    """
    moved, total = factors * of_days.sum(axis=2), mass.sum(axis=1)
    crossed = fixed.T @ moved
    found = (fixed.T * total) @ fixed + crossed + crossed.T
    found += ((factors[:, :, None] * factors[:, None]) * squares).sum(axis=0)
    if by_day is not None:
        slopes = fixed[..., None] * mass[:, None] + factors[..., None] * of_days
        mixed = np.tensordot(slopes, by_day, axes=((0, 2), (0, 2)))
        found += mixed + mixed.T + np.tensordot(by_day * mass[:, None], by_day, axes=((0, 2), (0, 2)))
    return np.asarray(found)
