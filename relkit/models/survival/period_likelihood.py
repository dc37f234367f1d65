"""The likelihood of ends by period, with its first and second derivatives.

With the linear predictor eta_k = alpha_kj + z' beta_k of cause k in level j, of a row with S trials without an event and D_k ends:

    logit     h_k = exp(eta_k) / (1 + sum_l exp(eta_l))     log L = sum_k D_k eta_k - N log(1 + sum_k exp(eta_k)),   N = S + sum_k D_k
    cloghlog  h = 1 - exp(-exp(eta)), one cause             log L = D log(1 - exp(-exp(eta))) - S exp(eta)

The first is Cox (1972, section 6) for one cause and the multinomial logit for several; the second is the proportional
hazards model of grouped data: Prentice, R. L. and Gloeckler, L. A. (1978), Regression analysis of grouped survival data
with application to breast cancer data, Biometrics 34 (1), 57-67. Both are concave in eta. A level in which nobody ended by a
cause has alpha of minus infinity there: its hazard is 0, and it has no part in the search.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from relkit.models.maximum import Maximum, maximise, near_maximum

if TYPE_CHECKING:
    from relkit.models.maximum import Evaluation
    from relkit.models.survival.person_periods import Cells

Floats = NDArray[np.float64]
Link = Literal["logit", "cloghlog"]

_LOW, _HIGH = -40.0, 15.0
"""Bounds of a baseline level."""
WIDEST = 15.0
"""Bound of a coefficient, of 0 and 1 or of a number of variance 1."""
_BLOCK = 100_000
"""Rows per block of the product of the design with weights."""
_MANY = 100_000
"""From this many rows on, the search starts from the maximum of a tenth of them."""


def logit_terms(eta: Floats, stayed: Floats, ends: Floats) -> tuple[float, Floats, Floats]:
    """Return the log-likelihood, its slopes (K, m) and its negative curvatures (K, K, m) in eta.

    Args:
        eta: shape (K, m).
        stayed: trials without an event, shape (m,).
        ends: shape (K, m).

    Examples:
        >>> value, slope, _ = logit_terms(np.array([[0.0]]), np.array([3.0]), np.array([[1.0]]))
        >>> round(value, 4), slope.tolist()  # 4 log(1/2); 1 - 4/2
        (-2.7726, [[-1.0]])
    """
    trials = stayed + ends.sum(axis=0)
    top = np.maximum(eta.max(axis=0), 0.0)
    parts = np.exp(eta - top)
    whole = np.exp(-top) + parts.sum(axis=0)
    share = parts / whole
    counted = ends > 0
    value = float(ends[counted] @ eta[counted] - trials @ (top + np.log(whole)))
    curvature = -trials * share[:, None] * share[None, :]
    for k in range(len(eta)):
        curvature[k, k] += trials * share[k]
    return value, ends - trials * share, curvature


def cloghlog_terms(eta: Floats, stayed: Floats, ends: Floats) -> tuple[float, Floats, Floats]:
    """Return the same as `logit_terms` for one cause, K = 1; with u = exp(eta) and r = u / (e^u - 1) the slope of log h is r.

    Examples:
        >>> value, slope, _ = cloghlog_terms(np.array([[0.0]]), np.array([2.0]), np.array([[1.0]]))
        >>> round(value, 4), slope.round(4).tolist()  # log(1 - 1/e) - 2; 1 / (e - 1) - 2
        (-2.4587, [[-1.418]])
    """
    u = np.exp(np.minimum(eta[0], 500.0))
    r = u / np.maximum(np.expm1(np.minimum(u, 700.0)), np.finfo(float).tiny)
    d, counted = ends[0], ends[0] > 0
    value = float(d[counted] @ np.log(-np.expm1(-u[counted])) - stayed @ u)
    return value, (d * r - stayed * u)[None], (d * r * (u + r - 1) + stayed * u)[None, None]


@dataclass(frozen=True, eq=False)
class PeriodLikelihood:
    """The likelihood of cells.

    Attributes:
        cells: trials and events.
        Z: design, shape (r, d), in the order of the rows of the cells.
        link: between hazard and linear predictor.
        free: which baseline levels are estimated, shape (K, L).
    """

    cells: Cells
    Z: Floats
    link: Link
    free: NDArray[np.bool_]

    @property
    def levels(self) -> int:
        """Number of parameters that are baseline levels."""
        return int(self.free.sum())

    def split(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return the baseline (K, L), minus infinity if it is not free, and the coefficients (K, d)."""
        alpha = np.full(self.free.shape, -np.inf)
        alpha[self.free] = theta[: self.levels]
        return alpha, theta[self.levels :].reshape(len(self.free), -1)

    def __call__(self, theta: Floats) -> Evaluation:
        """Return value, gradient and Hessian at theta: the free levels by cause, then the coefficients by cause."""
        alpha, beta = self.split(theta)
        K, (r, d) = len(alpha), self.Z.shape
        terms = logit_terms if self.link == "logit" else cloghlog_terms
        index = beta @ self.Z.T
        value, slopes, curvatures = 0.0, np.zeros((K, r)), np.zeros((K, K, r))
        g_alpha, h_alpha, h_mixed = np.zeros(alpha.shape), np.zeros((K, K, alpha.shape[1])), np.zeros((K, K, alpha.shape[1], d))
        for j, stayed, ends in self.cells.levels():
            m = len(stayed)
            gain, slope, curvature = terms(alpha[:, j, None] + index[:, :m], stayed, ends)
            value += gain
            slopes[:, :m] += slope
            curvatures[:, :, :m] += curvature
            g_alpha[:, j], h_alpha[:, :, j] = slope.sum(axis=1), curvature.sum(axis=2)
            h_mixed[:, :, j] = curvature @ self.Z[:m]
        gradient = np.concatenate((g_alpha[self.free], (slopes @ self.Z).ravel()))
        return value, gradient, -self._information(h_alpha, h_mixed, curvatures)

    def _information(self, h_alpha: Floats, h_mixed: Floats, curvatures: Floats) -> Floats:
        """Return the negative Hessian from its parts."""
        (K, L), d = self.free.shape, self.Z.shape[1]
        among = np.zeros((K, L, K, L))
        at = np.arange(L)
        for k in range(K):
            for other in range(K):
                among[k, at, other, at] = h_alpha[k, other]
        free = self.free.ravel()
        among = among.reshape(K * L, K * L)[np.ix_(free, free)]
        mixed = h_mixed.transpose(0, 2, 1, 3).reshape(K * L, K * d)[free]
        effects = np.zeros((K, d, K, d))
        for k in range(K):
            for other in range(k + 1):
                effects[k, :, other] = effects[other, :, k] = _weighed(self.Z, curvatures[k, other])
        return np.block([[among, mixed], [mixed.T, effects.reshape(K * d, K * d)]])

    def start(self) -> Floats:
        """Return the baseline of the observed rates, with no effects."""
        stayed, ends = self.cells.totals()
        trials = np.maximum(stayed + ends.sum(axis=0), 1e-12)
        rate = np.clip(ends / trials, 1e-12, 1 - 1e-6)
        none = np.clip(1 - rate.sum(axis=0), 1e-6, None)
        alpha = np.log(rate / none) if self.link == "logit" else np.log(-np.log1p(-rate))
        return np.concatenate((np.clip(alpha, _LOW, _HIGH)[self.free], np.zeros(len(self.free) * self.Z.shape[1])))

    def maximum(self, where: str) -> Maximum:
        """Return the maximum.

        Args:
            where: the caller, for messages.

        Raises:
            NotConvergedError: none was found.
        """
        start = self.start()
        levels = np.full(self.levels, 1.0)
        reach = np.full(len(start) - self.levels, WIDEST)
        low, high = np.concatenate((_LOW * levels, -reach)), np.concatenate((_HIGH * levels, reach))
        if self.cells.lives is not None and len(self.Z) > _MANY and len(reach):
            few = PeriodLikelihood(self.cells.thinned(10), self.Z[::10], self.link, self.free)
            near = near_maximum(few, start, low=low, high=high)
            # A rare value may be missing from the sample: a value at its bound carries no information.
            start[self.levels :] = np.where(np.abs(near) < WIDEST / 2, near, 0.0)[self.levels :]
            start[: self.levels] = np.where(
                np.abs(near[: self.levels] - start[: self.levels]) < 2, near[: self.levels], start[: self.levels]
            )
        return maximise(self, start, low=low, high=high, tolerance=1e-9, where=where)


def _weighed(Z: Floats, weight: Floats) -> Floats:
    """Return Z' diag(weight) Z."""
    total = np.zeros((Z.shape[1], Z.shape[1]))
    for at in range(0, len(Z), _BLOCK):
        part = Z[at : at + _BLOCK]
        total += (part * weight[at : at + _BLOCK, None]).T @ part
    return total
