"""Beta-discrete-Weibull (BdW): contracts that renew, with individual dropout probabilities that change with tenure.

The probability that a customer outlives t renewals is (1 - theta)^(t^c): for c > 1 he is increasingly likely to leave,
for c < 1 decreasingly, for c = 1 it is the shifted beta-geometric. Theta differs between customers as a
beta(gamma, delta), so S(t) = B(gamma, delta + t^c) / B(gamma, delta). The retention rate of those who stay may fall first,
as customers tire, and rise later, as those prone to leave are gone.

    Fader, P. S., Hardie, B. G. S., Liu, Y., Davin, J. and Steenburgh, T. (2018), "How to project customer retention"
    revisited: the role of duration dependence. Journal of Interactive Marketing 43, 1-16.

Free functions use the paper's notation, in periods; the classes use days and are those of `renewal_model`, where
covariates and cohorts are explained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.models.lifetime_value.renewal_likelihood import log_survival_ratio
from relkit.models.lifetime_value.renewal_model import FittedRenewalModel, RenewalFormulas, RenewalModel
from relkit.models.survival.family import CONTRACTS, SPELLS
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

Floats = NDArray[np.float64]

# Renewals summed one by one; beyond them the terms are smooth enough to derive the sum from the integral.
_ONE_BY_ONE = 64
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
# Points of a Chebyshev interpolation in log gamma, and the number of values from which it pays off.
_DEGREE, _MANY = 60, 200
_CELLS = 2_000_000


def log_survival(gamma: Floats | float, delta: float, c: float, t: Floats) -> Floats:
    """Return log S(t) = log B(gamma, delta + t^c) - log B(gamma, delta), t >= 0.

    Examples:
        >>> (100 * np.exp(log_survival(0.2593, 1.7226, 1.5844, np.array([0.0, 1.0, 12.0])))).round(1).tolist()
        [100.0, 86.9, 38.9]
    """
    return log_survival_ratio(np.asarray(gamma), delta, c, np.zeros(()), t)


def retention_rate(gamma: Floats | float, delta: float, c: float, t: Floats) -> Floats:
    """Return the share renewed of those who reach the t-th renewal: S(t) / S(t - 1), t = 1, 2, ...

    Examples:
        >>> retention_rate(0.2593, 1.7226, 1.5844, np.array([1, 2, 12])).round(3).tolist()
        [0.869, 0.854, 0.966]
    """
    t = np.asarray(t, dtype=np.float64)
    return np.exp(log_survival_ratio(np.asarray(gamma), delta, c, t - 1, t))


def expected_residual_lifetime(gamma: Floats | float, delta: float, c: float, n: Floats) -> Floats:
    """Return the renewals expected of a customer before his n-th; infinite for gamma c <= 1, as S(t) falls like t^(-gamma c).

    Examples:
        >>> expected_residual_lifetime(3.0, 5.0, 1.0, np.array([1, 2])).round(9).tolist()
        [2.5, 3.0]
    """
    return discounted_residual_lifetime(gamma, delta, c, n, 0.0)


def discounted_residual_lifetime(gamma: Floats | float, delta: float, c: float, n: Floats, d: float) -> Floats:
    """Return DERL: the renewals expected of a customer before his n-th, the t-th of them worth 1 / (1 + d)^(t - n).

    The sum over t >= n of S(t) / S(n - 1) / (1 + d)^(t - n) has no closed form: its first terms are added up, the rest is
    the integral with the first two Euler-Maclaurin corrections. At least nine digits, whatever d.

    Args:
        gamma: first parameter, one for all or shape (m,).
        delta: second parameter.
        c: duration dependence.
        n: number of the next renewal, from 1, shape (m,).
        d: discount rate of one period, 0 or more.

    Returns:
        Shape (m,).

    Examples:
        >>> discounted_residual_lifetime(0.6681, 3.8061, 1.0, np.array([8]), 0.10).round(2).tolist()
        [7.53]
    """
    a, n = np.broadcast_arrays(np.asarray(gamma, dtype=np.float64), np.asarray(n, dtype=np.float64))
    found = np.full(a.shape, np.inf)
    finite = np.flatnonzero(a * c > 1) if d == 0 else np.arange(a.size)
    for renewal in np.unique(n[finite]):
        rows = finite[n[finite] == renewal]
        found[rows] = _of_renewal(a[rows], (delta, c), float(renewal), d)
    return found


def _of_renewal(a: Floats, shape: tuple[float, float], n: float, d: float) -> Floats:
    """Return the lifetimes before one renewal for many first parameters: a smooth function of their logarithm."""
    logs = np.log(a)
    low, high = float(logs.min()), float(logs.max())
    # Without a discount there is a pole at gamma c = 1.
    pole = a * shape[1] - 1 if d == 0 else np.ones_like(a)
    if len(a) < _MANY or high - low < 1e-9:
        return _summed(a, shape, n, d)

    def smooth(at: Floats) -> Floats:
        each = np.exp(at)
        return _summed(each, shape, n, d) * (each * shape[1] - 1 if d == 0 else 1.0)

    curve = np.polynomial.Chebyshev.interpolate(smooth, _DEGREE, domain=[low, high])
    return np.asarray(curve(logs) / pole)


def _summed(a: Floats, shape: tuple[float, float], n: float, d: float) -> Floats:
    """Return the sum for one renewal and each first parameter, in blocks of rows."""
    block = _CELLS // (_ONE_BY_ONE + 4000)
    return np.concatenate([_sum(a[i : i + block, None], *shape, n, np.log1p(d)) for i in range(0, len(a), block)])


def _sum(a: Floats, delta: float, c: float, n: float, force: float) -> Floats:
    """Return the sum for rows of a, shape (m, 1), at a force of discount log(1 + d)."""

    def term(t: Floats) -> Floats:
        return np.exp(log_survival_ratio(a, delta, c, np.asarray(n - 1), t) - force * (t - n))

    first = n + _ONE_BY_ONE
    total = term(n + np.arange(float(_ONE_BY_ONE))).sum(axis=1)
    passed, at = first**c, term(np.array([first]))[:, 0]
    fall = special.psi(delta + passed) - special.psi(a[:, 0] + delta + passed)
    total += at / 2 - at * (c * passed / first * fall - force) / 12
    last = _far(float(a.max()), delta, c, force, first)
    nodes, weights = _nodes(np.log(first), np.log(last), 2 * max(1.0, c))
    total += (term(np.exp(nodes)) * np.exp(nodes)) @ weights
    if force == 0:
        # By now S(t) is a multiple of t^(-gamma c).
        total += term(np.array([last]))[:, 0] * last / (a[:, 0] * c - 1)
    return np.asarray(total)


def _far(a: float, delta: float, c: float, force: float, first: float) -> float:
    """Return the upper limit of the integral: nothing is left of the discount, or S(t) is a power of t."""
    if force > 0:
        return first + 45 / force
    return float(np.exp(min(np.log(1e10 * (1 + a + delta) ** 2 + first**c) / c, 600.0)))


def _nodes(low: float, high: float, density: float) -> tuple[Floats, Floats]:
    """Return Gauss-Legendre nodes and weights on panels, `density` of them per unit."""
    edges = np.linspace(low, high, int(np.ceil((high - low) * density)) + 1)
    half = np.diff(edges) / 2
    nodes = (edges[:-1] + half)[:, None] + half[:, None] * _NODES
    return nodes.ravel(), (half[:, None] * _WEIGHTS).ravel()


FORMULAS = RenewalFormulas(
    terms=("gamma", "delta", "c"), residual_lifetime=expected_residual_lifetime, discounted_lifetime=discounted_residual_lifetime
)


@dataclass(frozen=True, kw_only=True)
class BetaDiscreteWeibull(RenewalModel):
    """Settings of the BdW model.

    Examples:
        >>> from datetime import date
        >>> import polars as pl
        >>> years, left = [1.0, 2.0, 3.0, 4.0, 4.0], [131, 126, 90, 60, 593]
        >>> spells = pl.DataFrame({"duration_days": 365.25 * np.repeat(years, left), "event": np.repeat([1, 1, 1, 1, 0], left) == 1})
        >>> fitted = BetaDiscreteWeibull(period_days=365.25).fit(spells, as_of=date(2025, 6, 30))
        >>> fitted.summary()["estimate"].round(3).to_list()
        [0.259, 1.723, 1.584]
    """

    name: ClassVar[str] = "lifetime_value.beta_discrete_weibull"
    label = Text("Beta-discrete-Weibull", "Bêta-Weibull discrète")
    purpose = Text(
        "Beta-discrete-Weibull: contracts renewed, where the risk of leaving moves with tenure.",
        "Bêta-Weibull discrète : les contrats renouvelés, quand le risque de départ évolue avec l’ancienneté.",
    )
    role, reads = CONTRACTS, SPELLS
    figures = ("retention", "calibration")
    formulas: ClassVar[RenewalFormulas] = FORMULAS

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedBetaDiscreteWeibull:
        """Return the model fitted by maximum likelihood to the observed renewals; see `learn`."""
        return FittedBetaDiscreteWeibull(settings=self, **self.learn(features, as_of))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedBetaDiscreteWeibull(FittedRenewalModel):
    """A fitted BdW model.

    Attributes:
        gamma: first parameter of the probabilities of leaving; times exp(g'z) for a contract with covariates z.
        delta: second parameter.
        c: duration dependence: above 1 each customer is increasingly likely to leave, below 1 decreasingly.
    """

    name: ClassVar[str] = BetaDiscreteWeibull.name

    settings: BetaDiscreteWeibull
    gamma: float
    delta: float
    c: float
