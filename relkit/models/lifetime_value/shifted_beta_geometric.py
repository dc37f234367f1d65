"""Shifted beta-geometric (sBG): lifetimes of contracts that come up for renewal every period.

At each renewal a customer leaves with a probability theta of his own; theta differs between customers as a
beta(alpha, beta). Those prone to leave go first, so the retention rate of those who stay rises by itself.

    Fader, P. S. and Hardie, B. G. S. (2007), How to project customer retention. Journal of Interactive Marketing
    21 (1), 76-90: equation numbers below. Discounted residual lifetime (DERL): Fader and Hardie (2010),
    Customer-base valuation in a contractual setting: the perils of ignoring heterogeneity. Marketing Science 29 (1).

Free functions use the papers' notation, in periods; the classes use days and are those of `renewal_model`, where
covariates and cohorts are explained. If a customer's own probability changes with tenure: `beta_discrete_weibull`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from relkit.models.lifetime_value.renewal_likelihood import log_survival_ratio
from relkit.models.lifetime_value.renewal_model import FittedRenewalModel, RenewalFormulas, RenewalModel
from relkit.models.survival.family import CONTRACTS, SPELLS
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

Floats = NDArray[np.float64]


def retention_rate(alpha: Floats | float, beta: float, t: Floats) -> Floats:
    """Return the share renewed of those who reach the t-th renewal, t = 1, 2, ... (2007, eq. 8).

    Examples:
        >>> retention_rate(0.6681, 3.8061, np.array([1, 2, 7])).round(3).tolist()
        [0.851, 0.878, 0.936]
    """
    return np.asarray((beta + t - 1) / (alpha + beta + t - 1))


def log_survival(alpha: Floats | float, beta: float, t: Floats) -> Floats:
    """Return log S(t) = log B(alpha, beta + t) - log B(alpha, beta), t >= 0 (2007, eq. 6).

    Examples:
        >>> (100 * np.exp(log_survival(0.6681, 3.8061, np.array([0.0, 1.0, 12.0])))).round(1).tolist()
        [100.0, 85.1, 37.8]
    """
    return log_survival_ratio(np.asarray(alpha), beta, 1.0, np.zeros(()), t)


def expected_residual_lifetime(alpha: Floats | float, beta: float, n: Floats) -> Floats:
    """Return the renewals expected of a customer before his n-th: (beta + n - 1) / (alpha - 1); infinite for alpha <= 1.

    Examples:
        >>> expected_residual_lifetime(3.0, 5.0, np.array([1, 2])).tolist()
        [2.5, 3.0]
    """
    a, ahead = np.broadcast_arrays(alpha, beta + np.asarray(n, dtype=np.float64) - 1)
    return np.asarray(np.divide(ahead, a - 1, out=np.full(a.shape, np.inf), where=a > 1))


def discounted_residual_lifetime(alpha: Floats | float, beta: float, n: Floats, d: float) -> Floats:
    """Return DERL: the renewals expected of a customer before his n-th, the t-th of them worth 1 / (1 + d)^(t - n) (2010, eq. 5).

    Args:
        alpha: first parameter, one for all or shape (m,).
        beta: second parameter.
        n: number of the next renewal, from 1, shape (m,).
        d: discount rate of one period, 0 or more.

    Returns:
        Shape (m,).

    Examples:
        >>> discounted_residual_lifetime(0.6681, 3.8061, np.array([8]), 0.10).round(2).tolist()
        [7.53]
    """
    n = np.asarray(n, dtype=np.float64)
    if d == 0:
        return expected_residual_lifetime(alpha, beta, n)
    return np.asarray(retention_rate(alpha, beta, n) * _gauss_fraction(beta + n, alpha + beta + n, d))


def _gauss_fraction(b: Floats, c: Floats, d: float) -> Floats:
    """Return 2F1(1, b; c; 1 / (1 + d)) by Gauss's continued fraction (DLMF 15.7.1): scipy's returns NaN if c - b is large.

    Each step leaves (1 - s) / (1 + s) of the error, s = sqrt(d / (1 + d)).
    """
    z, c = 1 / (1 + d), c - 1
    depth = int(np.ceil(20 * np.sqrt((1 + d) / d))) + 20
    tail = c + depth
    for step in range(depth, 0, -1):
        half = step // 2
        u = (b + half) * (c + half) if step % 2 else half * (c - b + half)
        tail = c + step - 1 - u * z / tail
    return np.asarray(c / tail)


FORMULAS = RenewalFormulas(
    terms=("alpha", "beta"), residual_lifetime=expected_residual_lifetime, discounted_lifetime=discounted_residual_lifetime
)


@dataclass(frozen=True, kw_only=True)
class ShiftedBetaGeometric(RenewalModel):
    """Settings of the sBG model.

    Examples:
        >>> from datetime import date
        >>> import polars as pl
        >>> ages, ends = [365.0, 365.0, 365.0, 730.0, 730.0, 1096.0, 1096.0], [True, True, False, True, False, False, False]
        >>> spells = pl.DataFrame({"customer_id": list("abcdefg"), "duration_days": ages, "event": ends})
        >>> fitted = ShiftedBetaGeometric(period_days=365.25).fit(spells, as_of=date(2025, 6, 30))
        >>> fitted.score(spells, horizon_days=90).columns
        ['customer_id', 'churn_probability_90d']
    """

    name: ClassVar[str] = "lifetime_value.shifted_beta_geometric"
    label = Text("Shifted beta-geometric", "Bêta-géométrique décalée")
    purpose = Text(
        "Shifted beta-geometric: how many contracts are renewed, from one period to the next.",
        "Bêta-géométrique décalée : combien de contrats sont renouvelés, d’une période à la suivante.",
    )
    role, reads = CONTRACTS, SPELLS
    figures = ("retention", "calibration")
    formulas: ClassVar[RenewalFormulas] = FORMULAS

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedShiftedBetaGeometric:
        """Return the model fitted by maximum likelihood to the observed renewals; see `learn`."""
        return FittedShiftedBetaGeometric(settings=self, **self.learn(features, as_of))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedShiftedBetaGeometric(FittedRenewalModel):
    """A fitted sBG model.

    Attributes:
        alpha: first parameter of the probabilities of leaving; times exp(g'z) for a contract with covariates z.
        beta: second parameter.
    """

    name: ClassVar[str] = ShiftedBetaGeometric.name

    settings: ShiftedBetaGeometric
    alpha: float
    beta: float
