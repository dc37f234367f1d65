"""NBD: customers buy at random moments, at rates that differ, and never leave. The baseline of the purchase models.

Rates lambda are distributed as a gamma(r, alpha). The gain of the other models over this one is the value of knowing
that people leave; on a holdout it overestimates.

    Ehrenberg, A. S. C. (1959), The pattern of consumer purchases. Applied Statistics 8 (1), 26-41.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.models.lifetime_value.family import ORDERS, SUMMARIES
from relkit.models.lifetime_value.formulas import never
from relkit.models.lifetime_value.purchase_model import Each, FittedPurchaseModel, Formulas, PurchaseModel, in_logarithms
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    import polars as pl

    from relkit.models.lifetime_value.purchases import PurchaseCounts
    from relkit.models.maximum import Evaluation

Floats = NDArray[np.float64]


def log_likelihood(r: float, alpha: Each, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the log-likelihood of each customer, shape (n,): Gamma(r+x) / Gamma(r) alpha^r / (alpha+T)^(r+x).

    Args:
        r: shape of the purchase rates.
        alpha: scale of the purchase rates, in units of time.
        x: repeat purchases, shape (n,).
        t_x: time of the last purchase, shape (n,); not informative here.
        T: time observed, shape (n,).

    Examples:
        >>> log_likelihood(1.0, 1.0, np.array([0.0, 2.0]), np.array([0.0, 0.5]), np.array([1.0, 1.0])).round(4)
        array([-0.6931, -1.3863])
    """
    del t_x
    x, T = (np.asarray(values, dtype=float) for values in (x, T))
    return np.asarray(special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + T))


def probability_alive(r: float, alpha: Each, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return 1 for each customer, shape (n,): nobody leaves."""
    del r, alpha, t_x, T
    return np.ones(len(x))


def purchases_if_alive(r: float, alpha: Each, x: Floats, T: Floats, t: Each) -> Floats:
    """Return the purchases expected in (T, T + t], shape (n,): (r+x) / (alpha+T) t.

    Examples:
        >>> purchases_if_alive(1.0, 10.0, np.array([0.0, 3.0]), np.array([10.0, 10.0]), 5.0).tolist()
        [0.25, 1.0]
    """
    return np.asarray((r + np.asarray(x, dtype=float)) / (alpha + np.asarray(T, dtype=float)) * t)


def expected_purchases_new(r: float, alpha: Each, t: Floats) -> Floats:
    """Return the repeat purchases expected of a new customer in (0, t], shape of `t`."""
    return r / alpha * np.asarray(t, dtype=float)


def purchase_probability(r: float, alpha: Each, x: Floats, t: Each) -> Floats:
    """Return P(X(t) = x) of a new customer, shape of `x`: the negative binomial distribution.

    Examples:
        >>> purchase_probability(1.0, 10.0, np.array([0, 1]), 10.0).tolist()
        [0.5, 0.25]
    """
    x = np.asarray(x, dtype=float)
    share = t / (alpha + t)
    size = special.gammaln(r + x) - special.gammaln(r) - special.gammaln(x + 1) + r * np.log1p(-share) + special.xlogy(x, share)
    return np.asarray(np.exp(size))


def alive_later_if_alive(r: float, alpha: Each, x: Floats, T: Floats, t: float) -> Floats:
    """Return 1 for each customer, shape (n,): nobody leaves."""
    del r, alpha, T, t
    return np.ones(len(x))


def purchase_probability_if_alive(r: float, alpha: Each, x: Floats, T: Floats, m: Floats, t: float) -> Floats:
    """Return P(m purchases in (T, T + t]), shape (n,): that of a new customer whose rate is a gamma(r+x, alpha+T).

    Examples:
        >>> purchase_probability_if_alive(1.0, 5.0, np.array([0.0, 1.0]), np.array([5.0, 5.0]), np.array([1.0, 0.0]), 10.0).tolist()
        [0.25, 0.25]
    """
    x, T = (np.asarray(values, dtype=float) for values in (x, T))
    return negative_binomial(r + x, alpha + T, np.asarray(m, dtype=float), t)


def order_probability_if_alive(r: float | Floats, alpha: Each, x: Floats, T: Floats, t: Each) -> Floats:
    """Return P(a purchase in (T, T + t]), shape (n,): 1 - ((alpha+T) / (alpha+T+t))^(r+x).

    Examples:
        >>> order_probability_if_alive(1.0, 5.0, np.array([0.0, 1.0]), np.array([5.0, 5.0]), 10.0).tolist()
        [0.5, 0.75]
    """
    x, T = (np.asarray(values, dtype=float) for values in (x, T))
    return np.asarray(-np.expm1(-(r + x) * np.log1p(t / (alpha + T))))


def negative_binomial(r: float | Floats, alpha: float | Floats, m: Floats, t: float | Floats) -> Floats:
    """Return P(m purchases in t) at a gamma(r, alpha) rate, all of one shape.

    A beta function instead of three gamma functions keeps its digits if r or m is large.
    """
    share = t / (alpha + t)
    ways = special.xlogy(np.sign(m), 1 / np.maximum(m, 1)) - np.where(m > 0, special.betaln(r, np.maximum(m, 1)), 0.0)
    return np.asarray(np.exp(ways - r * np.log1p(t / np.asarray(alpha)) + special.xlogy(m, share)))


def _population(counts: PurchaseCounts, unit: float) -> Callable[[Floats], Evaluation]:
    x, T, n = counts.x.astype(float), counts.T / unit, counts.customers
    levels, code = counts.levels()
    at_level = np.bincount(code, weights=n, minlength=len(levels))

    def evaluated(logs: Floats) -> Evaluation:
        natural = np.exp(logs)
        r, alpha = natural
        time, inverse = np.log1p(T / alpha), 1 / (alpha + T)
        value = at_level @ (special.gammaln(r + levels) - special.gammaln(r)) - n @ ((r + x) * time) - n @ x * np.log(alpha)
        by_r = at_level @ (special.digamma(r + levels) - special.digamma(r)) - n @ time
        by_alpha = n.sum() * r / alpha - n @ ((r + x) * inverse)
        bend = at_level @ (special.polygamma(1, r + levels) - special.polygamma(1, r))
        both = n.sum() / alpha - n @ inverse
        hessian = np.array([[bend, both], [both, n @ ((r + x) * inverse**2) - n.sum() * r / alpha**2]])
        return in_logarithms(natural, float(value), np.array([by_r, by_alpha]), hessian)

    return evaluated


def rows(r: float, alpha: Each, x: Floats, t_x: Floats, T: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the log-likelihood of each customer with first and second derivatives in r and alpha, which may be one per customer."""
    del t_x
    time, inverse, rx = np.log1p(T / alpha), 1 / (alpha + T), r + x
    value = at_each(lambda k: special.gammaln(r + k) - special.gammaln(r), x) - rx * time - x * np.log(alpha)
    by_r = at_each(lambda k: special.digamma(r + k) - special.digamma(r), x) - time
    bend = at_each(lambda k: special.polygamma(1, r + k) - special.polygamma(1, r), x)
    both = 1 / alpha - inverse
    second = np.array([[bend, both], [both, rx * inverse**2 - r / alpha**2]])
    return value, np.stack((by_r, r / alpha - rx * inverse)), second


def at_each(function: Callable[[Floats], Floats], x: Floats) -> Floats:
    """Return function(x) of whole numbers, computed once for each up to the largest if that is less work."""
    top = int(x.max(initial=0))
    return function(np.arange(top + 1.0))[x.astype(np.intp)] if top < len(x) else function(x)


FORMULAS = Formulas(
    terms=("r", "alpha"),
    times=("alpha",),
    start=lambda rate: (1.0, 1.0 / rate),
    population=_population,
    probability_alive=probability_alive,
    purchases_if_alive=purchases_if_alive,
    alive_later_if_alive=alive_later_if_alive,
    purchase_probability_if_alive=purchase_probability_if_alive,
    order_probability_if_alive=order_probability_if_alive,
    tells_alive=never,
    expected_purchases_new=expected_purchases_new,
    purchase_probability=purchase_probability,
    rows=rows,
)


@dataclass(frozen=True, kw_only=True)
class Nbd(PurchaseModel):
    """Settings of the NBD model.

    Attributes:
        period_days: the unit of time of parameters and log-likelihood, in days; features and horizons stay in days.
        level: of the intervals in the summary.
        others: covariates of purchases, ridge penalties and weights, as in `PurchaseModel`.

    Examples:
        >>> from datetime import date
        >>> import polars as pl
        >>> days = {"last_purchase_age_days": [0, 0, 30, 200], "observed_days": [90, 200, 250, 260]}
        >>> people = pl.DataFrame({"customer_id": list("abcd"), "repeat_purchases": [0, 0, 2, 7], **days})
        >>> Nbd().fit(people, as_of=date(2025, 6, 30)).score(people).columns
        ['customer_id', 'p_alive', 'expected_orders_90d', 'order_probability_90d']
    """

    name: ClassVar[str] = "lifetime_value.nbd"
    label = Text("NBD", "NBD")
    purpose = Text(
        "NBD: orders ahead if nobody ever left; a baseline.",
        "NBD : les commandes à venir si personne ne partait jamais ; un point de comparaison.",
    )
    role, reads = ORDERS, SUMMARIES
    competes = True
    figures = ("frequency_histogram", "spreads", "rate_ratios", "tracking", "purchases_by_frequency", "deciles")
    formulas: ClassVar[Formulas] = FORMULAS

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedNbd:
        """Return the model fitted by maximum likelihood; arguments and errors as in `PurchaseModel.learn`."""
        return FittedNbd(settings=self, **self.learn(features, as_of))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedNbd(FittedPurchaseModel):
    """A fitted NBD model.

    Attributes:
        settings: what was fitted.
        info: facts about the fit.
        r: shape of the purchase rates.
        alpha: scale of the purchase rates, in periods of `settings.period_days`.
        covariance: of the logarithms of r, alpha, then the coefficients; NaN for one without a standard error.
    """

    name: ClassVar[str] = Nbd.name

    settings: Nbd
    r: float
    alpha: float
