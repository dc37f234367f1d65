"""Likelihood of a population that buys at Erlang intervals, with its derivatives, maximised by the fit of `mbg_cnbd_k`.

A customer's likelihood is that of his purchases times the sum of two terms: he is alive and has bought nothing since t_x,
itself k positive terms (one for each stage that he may have reached), or he left at t_x. The gradient of the logarithm of a sum
is the mean of the gradients of the logarithms of its terms, each with its share as weight; the Hessian adds their covariance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.models.lifetime_value.purchase_model import in_logarithms

if TYPE_CHECKING:
    from relkit.models.lifetime_value.purchases import PurchaseCounts
    from relkit.models.maximum import Evaluation

Floats = NDArray[np.float64]

_BLOCK = 8192


@dataclass(frozen=True, eq=False)
class Population:
    """A population as the optimiser reads it; time in units of `unit`. Terms that depend only on k are left out of the value.

    Attributes:
        k: stages of an interval.
        once_may_leave: a customer may leave at the first purchase.
        levels: distinct x, shape (m,).
        at_level: customers with each x, shape (m,).
        rows: of all customers: position of x in `levels`, t_x, T, customers.
    """

    k: int
    once_may_leave: bool
    levels: Floats
    at_level: Floats
    rows: tuple[NDArray[np.intp], Floats, Floats, Floats]

    @classmethod
    def of(cls, counts: PurchaseCounts, unit: float, *, k: int, once_may_leave: bool) -> Population:
        """Return the population of counts whose days are divided by `unit`."""
        levels, code = counts.levels()
        at_level = np.bincount(code, weights=counts.customers, minlength=len(levels)).astype(float, copy=False)
        return cls(k, once_may_leave, levels, at_level, (code, counts.t_x / unit, counts.T / unit, counts.customers))

    def __call__(self, logs: Floats) -> Evaluation:
        """Return the log-likelihood, its gradient and Hessian in the logarithms of r, alpha, a, b."""
        natural = np.exp(logs)
        value, gradient, hessian = self._by_level(natural)
        for start in range(0, len(self.rows[0]), _BLOCK):
            block = slice(start, start + _BLOCK)
            code, t_x, T, n = self.rows
            part = self._of_block(natural, code[block], t_x[block], T[block], n[block])
            value, gradient, hessian = value + part[0], gradient + part[1], hessian + part[2]
        return in_logarithms(natural, value, gradient, hessian)

    def _by_level(self, natural: Floats) -> Evaluation:
        """Return the part that depends on x only."""
        r, alpha, a, b = natural
        n, shape, rest = self.at_level, r + self.k * self.levels, b + self.levels + self.once_may_leave
        value = special.gammaln(shape) - special.gammaln(r) + r * np.log(alpha) + special.betaln(a, rest) - special.betaln(a, b)
        psi, both = special.digamma, special.digamma(a + b) - special.digamma(a + rest)
        first = (psi(shape) - psi(r) + np.log(alpha), r / alpha + 0 * n, both, both + psi(rest) - psi(b))
        bend = _trigamma(a + b) - _trigamma(a + rest)
        hessian = np.zeros((4, 4))
        hessian[0, 0] = n @ (_trigamma(shape) - _trigamma(r))
        hessian[0, 1] = hessian[1, 0] = n.sum() / alpha
        hessian[1, 1] = -n.sum() * r / alpha**2
        hessian[2, 2] = hessian[2, 3] = hessian[3, 2] = n @ bend
        hessian[3, 3] = n @ (bend + _trigamma(rest) - _trigamma(b))
        return float(n @ value), np.array([n @ each for each in first]), hessian

    def _of_block(self, natural: Floats, code: NDArray[np.intp], t_x: Floats, T: Floats, n: Floats) -> Evaluation:
        """Return the part of log(e^f + e^g): f if alive without a purchase since, g if he left at t_x."""
        r, alpha, a, b = natural
        x = self.levels[code]
        shape, inner, outer = r + self.k * x, 1 / (alpha + t_x), 1 / (alpha + T)
        nothing = _nothing_came(self.k, shape, (T - t_x) * outer, outer)
        may = (x > 0) | self.once_may_leave
        left = 1 / np.where(may, b + x - 1 + self.once_may_leave, 1.0)
        f = shape * np.log(outer) + nothing.log
        g = np.where(may, np.log(a * left) + shape * np.log(inner), -np.inf)
        u = special.expit(f - g)
        alive, gone = n * u, n * (1 - u)
        of_f = (np.log(outer) + nothing.r, nothing.alpha - shape * outer)
        of_g = (np.log(inner), -shape * inner)
        apart = np.stack((of_f[0] - of_g[0], of_f[1] - of_g[1], np.full(len(n), -1 / a), left))
        gradient = np.array([alive @ of_f[0] + gone @ of_g[0], alive @ of_f[1] + gone @ of_g[1], gone.sum() / a, -(gone @ left)])
        hessian = (apart * (n * u * (1 - u))) @ apart.T
        hessian[0, 0] += alive @ nothing.r_r
        cross = alive @ (nothing.r_alpha - outer) - gone @ inner
        hessian[0, 1] += cross
        hessian[1, 0] += cross
        hessian[1, 1] += alive @ (nothing.alpha_alpha + shape * outer**2) + gone @ (shape * inner**2)
        hessian[2, 2] -= gone.sum() / a**2
        hessian[3, 3] += gone @ left**2
        return float(n @ np.logaddexp(f, g)), gradient, hessian


class _NothingCame(NamedTuple):
    """Logarithm of the sum over stages, and its derivatives in r and alpha; each of shape (n,)."""

    log: Floats
    r: Floats
    alpha: Floats
    r_r: Floats
    r_alpha: Floats
    alpha_alpha: Floats


def _nothing_came(k: int, shape: Floats, z: Floats, outer: Floats) -> _NothingCame:
    """Return the sum over j < k of (R)_j / j! z^j, z = (T - t_x) / (alpha + T)."""
    term, total = np.ones_like(z), np.ones_like(z)
    h, squares = np.zeros_like(z), np.zeros_like(z)
    of_h, of_hh, of_j, of_jj, of_jh = (np.zeros_like(z) for _ in range(5))
    for j in range(1, k):
        one = 1 / (shape + j - 1)
        term, h, squares = term * z / (j * one), h + one, squares + one * one
        total += term
        of_h += term * h
        of_hh += term * (h * h - squares)
        of_j += j * term
        of_jj += j * j * term
        of_jh += j * term * h
    r, alpha = of_h / total, -outer * of_j / total
    r_alpha = -outer * of_jh / total - r * alpha
    return _NothingCame(np.log(total), r, alpha, of_hh / total - r**2, r_alpha, outer**2 * (of_jj + of_j) / total - alpha**2)


def _trigamma(z: Floats | float) -> Floats:
    return np.asarray(special.polygamma(1, z))
