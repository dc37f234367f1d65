"""Pareto/NBD: customers may leave at any moment, not only after a purchase.

While alive a customer buys at random moments at a rate lambda, and his lifetime is exponential with a rate mu. Rates of
purchase differ between customers as a gamma(r, alpha), rates of leaving as a gamma(s, beta).

    Schmittlein, D. C., Morrison, D. G. and Colombo, R. (1987), Counting your customers: who are they and what will
    they do next? Management Science 33 (1), 1-24.
    Fader, P. S. and Hardie, B. G. S. (2005), A note on deriving the Pareto/NBD model, brucehardie.com/notes/009.

The likelihood of having left is an integral over the moment y of leaving, between t_x and T. It is computed by
Gauss-Legendre quadrature in log(y + alpha) or log(y + beta), whichever is smaller, over the interval on which the
integrand is non-negligible, with its largest value factored out. Nothing overflows however many purchases there are; and the same nodes,
weighted, give the exact gradient and Hessian, which are means and covariances under the posterior of y.

Covariates of the lifetime shift beta: beta_i = beta exp(-h'z), so that exp(h) multiplies the rate of leaving, as in CLVTools.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.models.lifetime_value import nbd
from relkit.models.lifetime_value.family import ORDERS, SUMMARIES
from relkit.models.lifetime_value.purchase_model import Each, FittedPurchaseModel, Formulas, PurchaseModel, in_logarithms
from relkit.models.lifetime_value.purchases import PurchaseCounts
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    import polars as pl

    from relkit.models.maximum import Evaluation

Floats = NDArray[np.float64]

_NODES, _WEIGHTS = ((part + shift) / 2 for part, shift in zip(np.polynomial.legendre.leggauss(32), (1, 0), strict=True))
_FINE = tuple((part + shift) / 2 for part, shift in zip(np.polynomial.legendre.leggauss(200), (1, 0), strict=True))
# Values below e^-45 of the largest cannot change a digit.
_DEPTH = 45.0
_BLOCK = 512


# --- the papers, on arrays --------------------------------------------------------------------------------------


def log_likelihood(r: float, alpha: Each, s: float, beta: Each, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the log-likelihood of each customer, shape (n,).

    Args:
        r: shape of the purchase rates.
        alpha: scale of the purchase rates, in units of time.
        s: shape of the rates of leaving.
        beta: scale of the rates of leaving, in units of time.
        x: repeat purchases, shape (n,).
        t_x: time of the last purchase, shape (n,).
        T: time observed, shape (n,).

    Examples:
        >>> log_likelihood(0.553, 10.578, 0.606, 11.669, np.array([0.0, 200.0]), np.array([0.0, 38.0]), np.array([40.0, 40.0])).round(3)
        array([-0.525, 76.303])
    """
    x, t_x, T = (np.asarray(values, dtype=float) for values in (x, t_x, T))
    stayed = nbd.log_likelihood(r, alpha, x, t_x, T) - s * np.log1p(T / beta)
    return np.asarray(stayed + np.logaddexp(0.0, _log_odds_gone(r, alpha, s, beta, x, t_x, T)))


def probability_alive(r: float, alpha: Each, s: float, beta: Each, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the probability that each customer has not left by T, shape (n,).

    Examples:
        >>> customer = np.array([26.0]), np.array([216 / 7]), np.array([31.0])
        >>> probability_alive(0.553277, 10.577684, 0.606240, 11.668737, *customer).round(5)
        array([0.99787])
    """
    x, t_x, T = (np.asarray(values, dtype=float) for values in (x, t_x, T))
    return np.asarray(special.expit(-_log_odds_gone(r, alpha, s, beta, x, t_x, T)))


def purchases_if_alive(r: float, alpha: Each, s: float, beta: Each, x: Floats, T: Floats, t: Each) -> Floats:
    """Return the purchases expected in (T, T + t] of a customer alive at T, shape (n,).

    Valid for s = 1 as well, where the note's form is 0 / 0.

    Examples:
        >>> purchases_if_alive(1.0, 10.0, 1.0, 10.0, np.array([1.0]), np.array([10.0]), 20.0).round(4)
        array([1.3863])
    """
    x, T = (np.asarray(values, dtype=float) for values in (x, T))
    return np.asarray((r + x) / (alpha + T) * days_alive(s, beta + T, t))


def days_alive(s: float, scale: Each, t: Each) -> Floats:
    """Return the expected time alive within t of a customer whose rate of leaving is gamma(s, scale)."""
    length = np.log1p(np.asarray(t / scale))
    return np.asarray(scale * length * special.exprel(-(s - 1) * length))


def expected_purchases_new(r: float, alpha: Each, s: float, beta: Each, t: Floats) -> Floats:
    """Return the repeat purchases expected of a new customer in (0, t], shape of `t`.

    Examples:
        >>> expected_purchases_new(0.55, 10.56, 0.61, 11.64, np.array([0.0, 1.0])).round(8)
        array([0.        , 0.05077821])
    """
    return r / alpha * days_alive(s, beta, np.asarray(t, dtype=float))


def purchase_probability(r: float, alpha: Each, s: float, beta: Each, x: Floats, t: Each) -> Floats:
    """Return P(X(t) = x) of a new customer, shape of `x`: an NBD over t, or over the lifetime if that is shorter.

    Examples:
        >>> float(purchase_probability(0.55, 10.56, 0.61, 11.64, np.arange(1000), 39.0).sum().round(8))
        1.0
    """
    x = np.asarray(x, dtype=float)
    stayed = np.exp(-s * np.log1p(t / beta)) * nbd.purchase_probability(r, alpha, x, t)
    scale = np.minimum(alpha, beta)
    length = np.log1p(t / scale)
    left = np.zeros(np.broadcast_shapes(x.shape, np.shape(length)))
    for node, weight in zip(*_FINE, strict=True):
        y = scale * np.expm1(length * node)
        density = s / (beta + y) * np.exp(-s * np.log1p(y / beta)) * (scale + y) * length * weight
        left += density * nbd.purchase_probability(r, alpha, x, y)
    return np.asarray(stayed + left)


def alive_later_if_alive(r: float, alpha: Each, s: float, beta: Each, x: Floats, T: Floats, t: float) -> Floats:
    """Return the probability that a customer alive at T is still alive at T + t, shape (n,): ((beta+T) / (beta+T+t))^s.

    Examples:
        >>> alive_later_if_alive(1.0, 10.0, 1.0, 10.0, np.array([1.0]), np.array([10.0]), 20.0).tolist()
        [0.5]
    """
    del r, alpha
    return np.asarray(np.exp(-s * np.log1p(t / (beta + np.asarray(T, dtype=float)))) * np.ones(len(x)))


def purchase_probability_if_alive(r: float, alpha: Each, s: float, beta: Each, x: Floats, T: Floats, m: Floats, t: float) -> Floats:
    """Return P(m purchases in (T, T + t]) of a customer alive at T, shape (n,).

    He is a new customer whose rate is a gamma(r+x, alpha+T) and whose rate of leaving is a gamma(s, beta+T).

    Examples:
        >>> m = np.arange(3.0)
        >>> purchase_probability_if_alive(0.55, 10.56, 0.61, 11.64, np.ones(3), np.full(3, 30.0), m, 10.0).round(4)
        array([0.7278, 0.2064, 0.0507])
    """
    terms = (np.asarray(values, dtype=float) for values in (r, alpha, s, beta, x, T, m))
    r_, alpha_, s_, beta_, x_, T_, m_ = (np.ravel(values) for values in np.broadcast_arrays(*terms))
    rate, scale, lasting = r_ + x_, alpha_ + T_, beta_ + T_
    stayed = np.exp(-s_ * np.log1p(t / lasting)) * nbd.negative_binomial(rate, scale, m_, t)
    left = np.empty(len(stayed))
    nodes, weights = _FINE
    for part in _slices(len(left)):
        # In u = log(1 + y / near) the moments y of leaving, and all functions of them, are smooth.
        near, far = np.minimum(scale, lasting)[part, None], lasting[part, None]
        length = np.log1p(t / near)
        y = near * np.expm1(length * nodes)
        density = s_[part, None] / (far + y) * np.exp(-s_[part, None] * np.log1p(y / far)) * (near + y) * length * weights
        left[part] = (density * nbd.negative_binomial(rate[part, None], scale[part, None], m_[part, None], y)).sum(axis=1)
    return np.asarray(stayed + left)


def order_probability_if_alive(r: float, alpha: Each, s: float, beta: Each, x: Floats, T: Floats, t: Each) -> Floats:
    """Return P(a purchase in (T, T + t]) of a customer alive at T, shape (n,): the first one comes before the customer leaves.

    It is the integral over y from 0 to t of the density of the first purchase, (r+x)/(alpha+T+y) ((alpha+T)/(alpha+T+y))^(r+x), times
    the probability of still being alive, ((beta+T)/(beta+T+y))^s. Everything in it is positive, so that no digit is lost.

    Source: Jerath, Fader and Hardie (2011), New perspectives on customer "death" using a generalization of the Pareto/NBD model,
    Marketing Science 30 (5), 866-880; Fader and Hardie (2014), brucehardie.com/notes/028: 1 - P(X(T, T+t) = 0 | alive).

    Examples:
        >>> order_probability_if_alive(0.55, 10.56, 0.61, 11.64, np.ones(1), np.full(1, 30.0), 10.0).round(4)
        array([0.2722])
    """
    terms = (np.asarray(values, dtype=float) for values in (r, alpha, s, beta, x, T, t))
    r_, alpha_, s_, beta_, x_, T_, ahead = (np.ravel(values) for values in np.broadcast_arrays(*terms))
    shape, scale, lasting = r_ + x_, alpha_ + T_, beta_ + T_
    found = np.empty(len(shape))
    for part in _slices(len(found)):
        found[part] = _first_purchase(shape[part], scale[part], s_[part], lasting[part], ahead[part])
    return found


def _first_purchase(shape: Floats, scale: Floats, s: Floats, lasting: Floats, t: Floats) -> Floats:
    nodes, weights = _FINE
    near = np.minimum(scale, lasting)
    # In u = log(1 + y / near) the integrand falls least steeply at 0.
    slope = (shape + 1) * near / scale + s * near / lasting - 1
    length = np.minimum(np.log1p(t / near), np.divide(_DEPTH, slope, out=np.full_like(t, np.inf), where=slope > 0))
    y = near[:, None] * np.expm1(length[:, None] * nodes)
    fall = (shape + 1)[:, None] * np.log1p(y / scale[:, None]) + s[:, None] * np.log1p(y / lasting[:, None])
    mass = np.exp(-fall) * (near[:, None] + y) * weights
    return np.asarray(shape / scale * length * mass.sum(axis=1))


def _log_odds_gone(r: float, alpha: Each, s: float, beta: Each, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return log(P(gone) / P(alive)); minus infinity if t_x = T. If all share the terms, it is computed once for each triple."""
    if np.ndim(alpha) or np.ndim(beta):
        return _in_blocks(r, alpha, s, beta, x, t_x, T)
    order, first = PurchaseCounts(x=x, t_x=t_x, T=T, customers=np.ones(len(x))).sorted()  # type: ignore[arg-type]
    odds = _in_blocks(r, alpha, s, beta, *(values[order[first]] for values in (x, t_x, T)))
    which = np.empty(len(x), dtype=np.intp)
    which[order] = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(x))))
    return odds[which]


def _in_blocks(r: float, alpha: Each, s: float, beta: Each, x: Floats, t_x: Floats, T: Floats) -> Floats:
    odds = np.empty(len(x))
    alphas, betas = (np.broadcast_to(value, x.shape) for value in (alpha, beta))
    for part in _slices(len(x)):
        odds[part] = _Leaving.of(r, alphas[part], s, betas[part], x[part], t_x[part], T[part]).log_odds
    return odds


def _slices(length: int) -> Iterator[slice]:
    """Return slices of a range short enough for their nodes to stay in the processor's cache."""
    return (slice(start, start + _BLOCK) for start in range(0, length, _BLOCK))


@dataclass(frozen=True, eq=False)
class _Leaving:
    """Quadrature over the moment y of leaving, between t_x and T, of some customers."""

    y: Floats
    """Shape (n, nodes)."""
    log_odds: Floats
    """Odds of having left to being alive, shape (n,)."""
    share: Floats
    """Weight of each moment in the odds, shape (n, nodes); rows sum to one."""

    @classmethod
    def of(cls, r: float, alpha: Floats, s: float, beta: Floats, x: Floats, t_x: Floats, T: Floats) -> _Leaving:
        rx, after = r + x, np.full(len(x), s + 1)
        near, far = np.where(alpha <= beta, (rx, after), (after, rx))
        begin, other = np.minimum(alpha, beta) + t_x, np.maximum(alpha, beta) + t_x
        # The integrand is e^-fall; in u = log(1 + (y - t_x) / begin) it falls least steeply at t_x, where u = 0.
        slope = near - 1 + far * begin / other
        length = np.minimum(np.log1p((T - t_x) / begin), _DEPTH / np.maximum(slope, 1e-300))
        u = length[:, None] * _NODES
        ahead = begin[:, None] * np.expm1(u)
        fall = (near - 1)[:, None] * u + far[:, None] * np.log1p(ahead / other[:, None])
        mass = np.exp(-fall) * _WEIGHTS
        total = mass.sum(axis=1)
        start = rx * np.log((alpha + T) / (alpha + t_x)) + s * np.log((beta + T) / (beta + t_x))
        start += np.log(s * begin / (beta + t_x))
        with np.errstate(divide="ignore"):
            log_odds = start + np.log(length * total)
        return cls(y=t_x[:, None] + ahead, log_odds=log_odds, share=mass / total[:, None])


# --- the likelihood of customers, with its derivatives ----------------------------------------------------------


def rows(r: float, alpha: Each, s: float, beta: Each, x: Floats, t_x: Floats, T: Floats) -> tuple[Floats, Floats, Floats]:
    """Return each customer's log-likelihood with first and second derivatives in r, alpha, s, beta; alpha and beta may be per customer.

    To the likelihood of buyers who cannot leave, those who can add s log(beta / (beta+T)) + log(1 + odds of having left).
    Its gradient is the posterior mean, over alive and each moment of leaving, of the gradient of that case's log-density; its
    Hessian is the mean Hessian plus the covariance of the gradient. Gradients are taken relative to being alive.
    """
    alpha, beta = (np.broadcast_to(np.asarray(value, dtype=float), x.shape) for value in (alpha, beta))
    leaving = _Leaving.of(r, alpha, s, beta, x, t_x, T)
    gone, share = special.expit(leaving.log_odds), leaving.share
    rx, outer_a, outer_b = r + x, 1 / (alpha + T), 1 / (beta + T)
    inner_a, inner_b = 1 / (alpha[:, None] + leaving.y), 1 / (beta[:, None] + leaving.y)
    slopes = np.empty((len(x), 4, share.shape[1]))
    slopes[:, 0] = np.log((alpha + T)[:, None] * inner_a)
    slopes[:, 1] = rx[:, None] * (outer_a[:, None] - inner_a)
    slopes[:, 2] = 1 / s + np.log((beta + T)[:, None] * inner_b)
    slopes[:, 3] = s * outer_b[:, None] - (s + 1) * inner_b
    weighted = slopes * share[:, None]
    means = weighted.sum(axis=2).T * gone
    second = np.moveaxis(weighted @ slopes.transpose(0, 2, 1), 0, 2) * gone - means[:, None] * means[None]
    mean_b = gone * (share * inner_b).sum(axis=1)
    across = 1 / beta - (1 - gone) * outer_b - mean_b
    bend_a = gone * ((share * inner_a).sum(axis=1) - outer_a)
    second[0, 1] -= bend_a
    second[1, 0] -= bend_a
    second[1, 1] += gone * rx * ((share * inner_a**2).sum(axis=1) - outer_a**2)
    second[2, 2] -= gone / s**2
    second[2, 3] += across
    second[3, 2] += across
    second[3, 3] += s * (1 - gone) * outer_b**2 + (s + 1) * gone * (share * inner_b**2).sum(axis=1) - s / beta**2
    stayed = nbd.rows(r, alpha, x, t_x, T)
    time = np.log1p(T / beta)
    means[:2] += stayed[1]
    second[:2, :2] += stayed[2]
    means[2:] += np.stack((-time, s * (1 / beta - outer_b)))
    return stayed[0] + np.logaddexp(0.0, leaving.log_odds) - s * time, means, second


def _population(counts: PurchaseCounts, unit: float) -> Callable[[Floats], Evaluation]:
    triples = counts.compressed()
    x, t_x, T, n = triples.x.astype(float), triples.t_x / unit, triples.T / unit, triples.customers

    def evaluated(logs: Floats) -> Evaluation:
        natural = np.exp(logs)
        r, alpha, s, beta = natural.tolist()
        value, gradient, hessian = 0.0, np.zeros(4), np.zeros((4, 4))
        for part in _slices(len(x)):
            block = rows(r, alpha, s, beta, x[part], t_x[part], T[part])
            value, gradient, hessian = value + float(n[part] @ block[0]), gradient + block[1] @ n[part], hessian + block[2] @ n[part]
        return in_logarithms(natural, value, gradient, hessian)

    return evaluated


# --- settings and fitted model ----------------------------------------------------------------------------------

FORMULAS = Formulas(
    terms=("r", "alpha", "s", "beta"),
    times=("alpha", "beta"),
    start=lambda rate: (1.0, 1.0 / rate, 1.0, 1.0),
    population=_population,
    probability_alive=probability_alive,
    purchases_if_alive=purchases_if_alive,
    alive_later_if_alive=alive_later_if_alive,
    purchase_probability_if_alive=purchase_probability_if_alive,
    order_probability_if_alive=order_probability_if_alive,
    expected_purchases_new=expected_purchases_new,
    purchase_probability=purchase_probability,
    rows=rows,
    lifetime_term="beta",
    lifetime_sign=-1,
    block=_BLOCK,
)


@dataclass(frozen=True, kw_only=True)
class ParetoNbd(PurchaseModel):
    """Settings of the Pareto/NBD model.

    Attributes:
        period_days: the unit of time of parameters and log-likelihood, in days; features and horizons stay in days.
        level: of the intervals in the summary.
        others: covariates of both processes, ridge penalties and weights, as in `PurchaseModel`.

    Examples:
        >>> from datetime import date
        >>> import polars as pl
        >>> days = {"last_purchase_age_days": [0, 0, 30, 200, 10, 90, 0, 60], "observed_days": [90, 200, 250, 260, 250, 120, 30, 300]}
        >>> people = pl.DataFrame({"customer_id": list("abcdefgh"), "repeat_purchases": [0, 0, 2, 7, 1, 3, 0, 2], **days})
        >>> fitted = ParetoNbd().fit(people, as_of=date(2025, 6, 30))
        >>> fitted.score(people, horizon_days=30).columns
        ['customer_id', 'p_alive', 'expected_orders_30d', 'order_probability_30d']
    """

    name: ClassVar[str] = "lifetime_value.pareto_nbd"
    label = Text("Pareto/NBD", "Pareto/NBD")
    purpose = Text(
        "Pareto/NBD: orders ahead and the probability of still buying, for customers who may leave at any time.",
        "Pareto/NBD : les commandes à venir et la probabilité d’acheter encore, pour des clients qui peuvent partir à tout moment.",
    )
    role, reads = ORDERS, SUMMARIES
    competes = True
    figures = ("frequency_histogram", "alive_surface", "spreads", "rate_ratios", "tracking", "purchases_by_frequency", "deciles")
    formulas: ClassVar[Formulas] = FORMULAS

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedParetoNbd:
        """Return the model fitted by maximum likelihood; arguments and errors as in `PurchaseModel.learn`."""
        return FittedParetoNbd(settings=self, **self.learn(features, as_of))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedParetoNbd(FittedPurchaseModel):
    """A fitted Pareto/NBD model.

    Attributes:
        settings: what was fitted.
        info: facts about the fit.
        r: shape of the purchase rates.
        alpha: scale of the purchase rates, in periods of `settings.period_days`.
        s: shape of the rates of leaving.
        beta: scale of the rates of leaving, in periods of `settings.period_days`.
        covariance: of the logarithms of r, alpha, s, beta, then the coefficients; NaN for one without a standard error.
    """

    name: ClassVar[str] = ParetoNbd.name

    settings: ParetoNbd
    r: float
    alpha: float
    s: float
    beta: float
