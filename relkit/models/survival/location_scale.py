"""Lifetimes whose logarithm is a location plus a scale times an error: log T = mu + e / k, in three distributions of e.

With z = k (log t - mu) the cumulative hazard is H(z): exp(z) for Weibull, -log Phi(-z) for log-normal, log(1 + exp z) for
log-logistic (Kalbfleisch and Prentice 2002, The statistical analysis of failure time data, 2nd ed., 2.2 and 3.6). A
distribution is its `Errors`: H, the log of its slope, and their derivatives in z. From them come, for all three alike, the
likelihood of ends observed on their day, of contracts still running, of late entries and of ends known to lie between two ages,
with gradient and Hessian in mu and log k.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.models.maximum import Evaluation
    from relkit.models.survival.lifetimes import Lifetimes

Floats = NDArray[np.float64]
Triple = tuple[Floats, Floats, Floats]
"""A function of z with its first and second derivative, each of the shape of z."""

_BLOCK = 4096
"""Rows of a product that stay in the processor's cache."""
SHORTEST = 1e-300
"""Logarithm used for age 0: the hazard cumulated until then is 0."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Errors:
    """A distribution of the error.

    Attributes:
        hazard: H(z), H'(z), H''(z).
        log_slope: log H'(z), with its first and second derivative.
        inverse: z of a cumulative hazard.
        mean_ahead: expected days left, of mu, k and the age in days; infinite if the tail is that heavy.
    """

    hazard: Callable[[Floats], Triple]
    log_slope: Callable[[Floats], Triple]
    inverse: Callable[[Floats], Floats]
    mean_ahead: Callable[[Floats, Floats, Floats], Floats]


def _extreme_value_hazard(z: Floats) -> Triple:
    h = np.exp(z)
    return h, h, h


def _extreme_value_slope(z: Floats) -> Triple:
    return z, np.ones_like(z), np.zeros_like(z)


def _weibull_mean_ahead(mu: Floats, k: Floats, age: Floats) -> Floats:
    """Return the integral of S over the ages to come, over S: lambda / k e^G Gamma(1/k, G), with G = H(age)."""
    a, G = np.broadcast_arrays(1 / k, np.exp(np.minimum(k * (log_age(age) - mu), 700.0)))
    share = special.gammaincc(a, G)
    near = share > 1e-290
    with np.errstate(divide="ignore", over="ignore"):
        whole = np.exp(G + special.gammaln(a) + np.log(np.where(near, share, 1.0)))
        # Far out Gamma(a, G) e^G is G^(a - 1) (1 + (a - 1) / G + (a - 1)(a - 2) / G^2 + ...).
        far = G ** (a - 1) * (1 + (a - 1) / G * (1 + (a - 2) / G * (1 + (a - 3) / G)))
        left: Floats = np.exp(mu) * a * np.where(near, whole, far)
    return left


def _normal_hazard(z: Floats) -> Triple:
    log_survival = special.log_ndtr(-z)
    slope = np.exp(_log_phi(z) - log_survival)
    return -log_survival, slope, slope * (slope - z)


def _normal_slope(z: Floats) -> Triple:
    log_survival = special.log_ndtr(-z)
    slope = np.exp(_log_phi(z) - log_survival)
    return _log_phi(z) - log_survival, slope - z, slope * (slope - z) - 1


def _log_phi(z: Floats) -> Floats:
    return np.asarray(-0.5 * z * z - 0.5 * np.log(2 * np.pi))


def _log_normal_mean_ahead(mu: Floats, k: Floats, age: Floats) -> Floats:
    """Return E[T - t | T > t] = exp(mu + s^2 / 2) Phi(s - z) / Phi(-z) - t, with s = 1 / k."""
    s, z = 1 / k, k * (log_age(age) - mu)
    with np.errstate(over="ignore"):
        left: Floats = np.exp(mu + s * s / 2 + special.log_ndtr(s - z) - special.log_ndtr(-z)) - age
    return np.maximum(left, 0.0)


def _logistic_hazard(z: Floats) -> Triple:
    p = special.expit(z)
    return np.logaddexp(0.0, z), p, p * (1 - p)


def _logistic_slope(z: Floats) -> Triple:
    p = special.expit(z)
    return -np.logaddexp(0.0, -z), 1 - p, -p * (1 - p)


def _logistic_inverse(hazard: Floats) -> Floats:
    return np.asarray(hazard + np.log(-np.expm1(-hazard)))


def _log_logistic_mean_ahead(mu: Floats, k: Floats, age: Floats) -> Floats:
    """Return e^mu (1 / k) B(1 - 1/k, 1/k) I(S; 1 - 1/k, 1/k) / S, with S the survival at the age; infinite if k <= 1."""
    k, S = np.broadcast_arrays(k, special.expit(-k * (log_age(age) - mu)))
    finite = (k > 1) & (S > 0)
    b = 1 / np.where(finite, k, 2.0)
    whole = special.beta(1 - b, b) * special.betainc(1 - b, b, S)
    left: Floats = np.where(finite, np.exp(mu) * b * whole / np.where(S > 0, S, 1.0), np.inf)
    return left


def log_age(age: Floats) -> Floats:
    """Return the logarithm of ages, very low for 0."""
    return np.asarray(np.log(np.maximum(age, SHORTEST)))


WEIBULL = Errors(hazard=_extreme_value_hazard, log_slope=_extreme_value_slope, inverse=np.log, mean_ahead=_weibull_mean_ahead)
LOG_NORMAL = Errors(
    hazard=_normal_hazard, log_slope=_normal_slope, inverse=lambda h: -special.ndtri_exp(-h), mean_ahead=_log_normal_mean_ahead
)
LOG_LOGISTIC = Errors(hazard=_logistic_hazard, log_slope=_logistic_slope, inverse=_logistic_inverse, mean_ahead=_log_logistic_mean_ahead)


# --- likelihood -------------------------------------------------------------------------------------------------


class Pulls(NamedTuple):
    """A sum over rows of a function of mu and c = log k: its value, and each row's derivatives, shape (n,)."""

    value: float
    mu: Floats
    c: Floats
    mu_mu: Floats
    mu_c: Floats
    c_c: Floats

    def sums(self, X: Floats, W: Floats) -> Evaluation:
        """Return value, gradient and Hessian in b and g, where mu = X b and log k = W g."""
        cross = X.T @ (self.mu_c[:, None] * W)
        hessian = np.block([[_squares(X, self.mu_mu), cross], [cross.T, W.T @ (self.c_c[:, None] * W)]])
        return self.value, self.gradient(X, W), hessian

    def gradient(self, X: Floats, W: Floats) -> Floats:
        """Return the gradient in b and g."""
        return np.concatenate((X.T @ self.mu, W.T @ self.c))


def _squares(X: Floats, weight: Floats) -> Floats:
    """Return X' diag(weight) X; if no weight is above 0, as without late entries, at half the work."""
    if (weight > 0).any():
        return np.asarray(X.T @ (weight[:, None] * X))
    root, total = np.sqrt(-weight), np.zeros((X.shape[1], X.shape[1]))
    for i in range(0, len(X), _BLOCK):
        part = root[i : i + _BLOCK, None] * X[i : i + _BLOCK]
        total -= part.T @ part
    return total


@dataclass(frozen=True, eq=False)
class Watched:
    """Lifetimes sorted by kind of observation, ages as logarithms in units of their spread.

    Attributes:
        last: shape (n,), log of the age at the end or when last observed running; of an interval its lower bound.
        ends: shape (n,), weight of the rows whose end was observed on its day, 0 of the others.
        weight: shape (n,).
        between: rows of which only an interval is known.
        upper: log of the upper bounds of those.
        late: rows that were first observed at an age above 0.
        entry: log of the age of those.
        middle: subtracted from the logarithms of ages.
        spread: by which they were then divided.
        constant: excess of the likelihood in days over that in these units.
    """

    last: Floats
    ends: Floats
    weight: Floats
    between: NDArray[np.intp]
    upper: Floats
    late: NDArray[np.intp]
    entry: Floats
    middle: float
    spread: float
    constant: float

    @classmethod
    def of(cls, lives: Lifetimes, unit: tuple[float, float] | None = None) -> Watched:
        """Return lifetimes in units of their spread, or of a given middle and spread."""
        days = log_age(lives.lower)
        if unit is None:
            seen = log_age(np.where(lives.ended, lives.upper, lives.lower))
            # If few have ended yet, all the others are last observed at one age: the ends give the scale.
            parts = [_mean_and_spread(seen[rows], lives.weight[rows]) for rows in (lives.ended, slice(None))]
            unit = parts[1][0], max(part[1] for part in parts) or 1.0
        middle, spread = unit
        exact = lives.lower == lives.upper
        between, late = np.flatnonzero(lives.ended & ~exact), np.flatnonzero(lives.entry > 0)
        ends = np.where(exact, lives.weight, 0.0)
        return cls(
            last=(days - middle) / spread,
            ends=ends,
            weight=lives.weight,
            between=between,
            upper=(log_age(lives.upper[between]) - middle) / spread,
            late=late,
            entry=(log_age(lives.entry[late]) - middle) / spread,
            middle=middle,
            spread=spread,
            constant=-float(ends @ days) - float(ends.sum()) * float(np.log(spread)),
        )


def _mean_and_spread(values: Floats, weights: Floats) -> tuple[float, float]:
    middle = float(np.average(values, weights=weights))
    return middle, float(np.sqrt(np.average((values - middle) ** 2, weights=weights)))


def log_likelihood(errors: Errors, lives: Watched, mu: Floats, c: Floats) -> Pulls:
    """Return the log-likelihood of lifetimes, and each row's derivatives in mu and c = log k.

    An end at t adds log h(t), with h(t) = k H'(z) / t; every row adds -H at its last age and +H at its entry; an end
    between l and u adds log(exp(-H(l)) - exp(-H(u))).

    Args:
        errors: of the distribution.
        lives: the lifetimes.
        mu: shape (n,), in the units of `lives`.
        c: shape (n,).
    """
    k = np.exp(c)
    z = k * (lives.last - mu)
    H, H1, H2 = errors.hazard(z)
    L, L1, L2 = errors.log_slope(z)
    value = float(lives.ends @ (c + L) - lives.weight @ H) + lives.constant
    F1, F2 = lives.ends * L1 - lives.weight * H1, lives.ends * L2 - lives.weight * H2
    pulls = list(_in_mu_and_c(k, z, F1, F2))
    pulls[1] = pulls[1] + lives.ends
    if len(lives.late):
        rows, w = lives.late, lives.weight[lives.late]
        z_late = k[rows] * (lives.entry - mu[rows])
        H, H1, H2 = errors.hazard(z_late)
        value += float(w @ H)
        _add(pulls, rows, _in_mu_and_c(k[rows], z_late, w * H1, w * H2))
    if len(lives.between):
        value += _add_between(errors, lives, pulls, k, (mu, z))
    return Pulls(value, *pulls)


def _in_mu_and_c(k: Floats, z: Floats, F1: Floats, F2: Floats) -> tuple[Floats, ...]:
    """Return the derivatives in mu and c, then mu mu, mu c, c c, of a function of z with slopes F1 and F2."""
    return -k * F1, z * F1, k * k * F2, -k * (F1 + z * F2), z * F1 + z * z * F2


def _add(pulls: list[Floats], rows: NDArray[np.intp], more: tuple[Floats, ...]) -> None:
    for into, part in zip(pulls, more, strict=True):
        into[rows] += part


def _add_between(errors: Errors, lives: Watched, pulls: list[Floats], k: Floats, at: tuple[Floats, Floats]) -> float:
    """Add log(1 - exp(-D)) of the rows known by intervals, D being the hazard cumulated in them; return its sum."""
    rows, (mu, z) = lives.between, at
    w, k, z_low = lives.weight[rows], k[rows], z[rows]
    z_high = k * (lives.upper - mu[rows])
    low, high = errors.hazard(z_low), errors.hazard(z_high)
    D = high[0] - low[0]
    slopes = [b - a for a, b in zip(_in_mu_and_c(k, z_low, *low[1:]), _in_mu_and_c(k, z_high, *high[1:]), strict=True)]
    r = 1 / np.expm1(D)
    D_mu, D_c = slopes[:2]
    bent = r * (1 + r)
    second = [r * each - bent * both for each, both in zip(slopes[2:], (D_mu * D_mu, D_mu * D_c, D_c * D_c), strict=True)]
    _add(pulls, rows, tuple(w * part for part in (r * D_mu, r * D_c, *second)))
    return float(w @ np.log(-np.expm1(-D)))
