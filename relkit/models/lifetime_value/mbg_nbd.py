"""MBG/NBD: the BG/NBD in which a customer may leave right after the first purchase as well.

In the BG/NBD nobody who never came back can have left. Here the coin with probability p is tossed at the first
purchase too, so that one-time buyers have a P(alive) below 1.

    Batislam, E. P., Denizel, M. and Filiztekin, A. (2007), Empirical validation and comparison of models for customer
    base analysis. International Journal of Research in Marketing 24 (3), 201-209.

Surviving that first toss makes p a beta(a, b+1), and from there on the model is the BG/NBD for a customer who may
leave: each formula is b / (a+b) times that of `bg_nbd` with b + 1 instead of b.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.models.lifetime_value import bg_nbd, nbd
from relkit.models.lifetime_value.family import ORDERS, SUMMARIES
from relkit.models.lifetime_value.purchase_model import Each, FittedPurchaseModel, Formulas, PurchaseModel, in_logarithms
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    import polars as pl

    from relkit.models.lifetime_value.purchases import PurchaseCounts
    from relkit.models.maximum import Evaluation

Floats = NDArray[np.float64]


def log_likelihood(r: float, alpha: Each, a: Each, b: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the log-likelihood of each customer, shape (n,).

    Args:
        r: shape of the purchase rates.
        alpha: scale of the purchase rates, in units of time.
        a: first parameter of the drop-out probabilities.
        b: second parameter of the drop-out probabilities.
        x: repeat purchases, shape (n,).
        t_x: time of the last purchase, shape (n,).
        T: time observed, shape (n,).

    Examples:
        >>> log_likelihood(0.25, 4.0, 0.8, 2.5, np.array([0.0, 200.0]), np.array([0.0, 38.0]), np.array([40.0, 40.0])).round(4)
        array([ -0.4179, 100.7869])
    """
    x, t_x, T = (np.asarray(values, dtype=float) for values in (x, t_x, T))
    shared = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha) + special.betaln(a, b + x + 1) - special.betaln(a, b)
    return np.asarray(shared - (r + x) * np.log(alpha + T) + np.logaddexp(0.0, _log_odds_gone(r, alpha, a, b, x, t_x, T)))


def probability_alive(r: float, alpha: Each, a: Each, b: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the probability that each customer has not left by T, shape (n,).

    Examples:
        >>> probability_alive(0.525, 6.183, 0.891, 1.614, np.array([0.0, 2.0]), np.array([0.0, 30.43]), np.array([38.86, 38.86])).round(3)
        array([0.39 , 0.706])
    """
    x, t_x, T = (np.asarray(values, dtype=float) for values in (x, t_x, T))
    return np.asarray(special.expit(-_log_odds_gone(r, alpha, a, b, x, t_x, T)))


def _log_odds_gone(r: float, alpha: Each, a: Each, b: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
    return np.asarray(np.log(a / (b + x)) + (r + x) * np.log((alpha + T) / (alpha + t_x)))


def purchases_if_alive(r: float, alpha: Each, a: Each, b: float, x: Floats, T: Floats, t: Each) -> Floats:
    """Return the purchases expected in (T, T + t] of a customer alive at T, shape (n,)."""
    return bg_nbd.purchases_if_alive(r, alpha, a, b + 1, x, T, t)


def expected_purchases_new(r: float, alpha: Each, a: Each, b: float, t: Floats) -> Floats:
    """Return the repeat purchases expected of a new customer in (0, t], shape of `t`.

    Examples:
        >>> expected_purchases_new(0.525, 6.183, 0.891, 1.614, np.array([52.0])).round(3)
        array([1.42])
    """
    return b / (a + b) * bg_nbd.expected_purchases_new(r, alpha, a, b + 1, t)


def purchase_probability(r: float, alpha: Each, a: Each, b: float, x: Floats, t: Each) -> Floats:
    """Return P(X(t) = x) of a new customer, shape of `x`: he bought x times and stayed, or left at purchase x.

    Examples:
        >>> float(purchase_probability(0.525, 6.183, 0.891, 1.614, np.arange(2000), 39.0).sum().round(6))
        1.0
    """
    x = np.asarray(x, dtype=float)
    share = t / (alpha + t)
    size = special.gammaln(r + x) - special.gammaln(r) - special.gammaln(x + 1) + r * np.log1p(-share) + special.xlogy(x, share)
    stayed = np.exp(special.betaln(a, b + x + 1) - special.betaln(a, b) + size)
    came = np.where(x > 0, special.betainc(np.maximum(x, 1), r, share), 1.0)
    return np.asarray(stayed + np.exp(special.betaln(a + 1, b + x) - special.betaln(a, b)) * came)


def alive_later_if_alive(r: float, alpha: Each, a: Each, b: float, x: Floats, T: Floats, t: float) -> Floats:
    """Return the probability that a customer alive at T is still alive at T + t, shape (n,)."""
    return bg_nbd.alive_later_if_alive(r, alpha, a, b + 1, x, T, t)


def purchase_probability_if_alive(r: float, alpha: Each, a: Each, b: float, x: Floats, T: Floats, m: Floats, t: float) -> Floats:
    """Return P(m purchases in (T, T + t]) of a customer alive at T, shape (n,)."""
    return bg_nbd.purchase_probability_if_alive(r, alpha, a, b + 1, x, T, m, t)


def order_probability_if_alive(r: float, alpha: Each, a: Each, b: float, x: Floats, T: Floats, t: Each) -> Floats:
    """Return P(a purchase in (T, T + t]) of a customer alive at T, shape (n,): that of the NBD."""
    del a, b
    return nbd.order_probability_if_alive(r, alpha, x, T, t)


def _population(counts: PurchaseCounts, unit: float) -> Callable[[Floats], Evaluation]:
    throughout = bg_nbd.Population.of(counts, unit, once_may_leave=True)
    customers = float(counts.customers.sum())

    def evaluated(logs: Floats) -> Evaluation:
        natural = np.exp(logs)
        r, alpha, a, b = natural
        value, gradient, hessian = throughout.derivatives(np.array([r, alpha, a, b + 1]))
        value += customers * float(np.log(b / (a + b)))
        gradient[2:] += customers * np.array([-1 / (a + b), 1 / b - 1 / (a + b)])
        hessian[2:, 2:] += customers * (1 / (a + b) ** 2 - np.diag([0, 1 / b**2]))
        return in_logarithms(natural, value, gradient, hessian)

    return evaluated


def rows(r: float, alpha: Each, a: Each, b: float, x: Floats, t_x: Floats, T: Floats) -> tuple[Floats, Floats, Floats]:
    """Return each customer's log-likelihood with first and second derivatives in r, alpha, a, b; alpha and a may be one per customer."""
    value, first, second = bg_nbd.rows(r, alpha, a, b + 1, x, t_x, T, once_may_leave=True)
    all_of = a + b
    first[2] -= 1 / all_of
    first[3] += 1 / b - 1 / all_of
    second[2:, 2:] += 1 / all_of**2
    second[3, 3] -= 1 / b**2
    return value + np.log(b / all_of), first, second


FORMULAS = Formulas(
    terms=("r", "alpha", "a", "b"),
    times=("alpha",),
    start=lambda rate: (1.0, 1.0 / rate, 1.0, 4.0),
    population=_population,
    probability_alive=probability_alive,
    purchases_if_alive=purchases_if_alive,
    alive_later_if_alive=alive_later_if_alive,
    purchase_probability_if_alive=purchase_probability_if_alive,
    order_probability_if_alive=order_probability_if_alive,
    expected_purchases_new=expected_purchases_new,
    purchase_probability=purchase_probability,
    rows=rows,
    lifetime_term="a",
)


@dataclass(frozen=True, kw_only=True)
class MbgNbd(PurchaseModel):
    """Settings of the MBG/NBD model.

    Attributes:
        period_days: the unit of time of parameters and log-likelihood, in days; features and horizons stay in days.
        level: of the intervals in the summary.
        others: covariates of both processes, ridge penalties and weights, as in `PurchaseModel`.

    Examples:
        >>> from datetime import date
        >>> import polars as pl
        >>> days = {"last_purchase_age_days": [0, 0, 30, 200, 10, 90, 0, 60], "observed_days": [90, 200, 250, 260, 250, 120, 30, 300]}
        >>> people = pl.DataFrame({"customer_id": list("abcdefgh"), "repeat_purchases": [0, 0, 2, 7, 1, 3, 0, 2], **days})
        >>> fitted = MbgNbd().fit(people, as_of=date(2025, 6, 30))
        >>> fitted.score(people, horizon_days=30).columns
        ['customer_id', 'p_alive', 'expected_orders_30d', 'order_probability_30d']
    """

    name: ClassVar[str] = "lifetime_value.mbg_nbd"
    label = Text("MBG/NBD", "MBG/NBD")
    purpose = Text(
        "MBG/NBD: orders ahead and the probability of still buying, where some leave after their first order.",
        "MBG/NBD : les commandes à venir et la probabilité d’acheter encore, quand certains partent après leur première commande.",
    )
    role, reads = ORDERS, SUMMARIES
    competes = True
    figures = ("frequency_histogram", "alive_surface", "spreads", "rate_ratios", "tracking", "purchases_by_frequency", "deciles")
    formulas: ClassVar[Formulas] = FORMULAS

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedMbgNbd:
        """Return the model fitted by maximum likelihood; arguments and errors as in `PurchaseModel.learn`."""
        return FittedMbgNbd(settings=self, **self.learn(features, as_of))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedMbgNbd(FittedPurchaseModel):
    """A fitted MBG/NBD model.

    Attributes:
        settings: what was fitted.
        info: facts about the fit.
        r: shape of the purchase rates.
        alpha: scale of the purchase rates, in periods of `settings.period_days`.
        a: first parameter of the drop-out probabilities.
        b: second parameter of the drop-out probabilities.
        covariance: of the logarithms of r, alpha, a, b, then the coefficients; NaN for one without a standard error.
    """

    name: ClassVar[str] = MbgNbd.name

    settings: MbgNbd
    r: float
    alpha: float
    a: float
    b: float
