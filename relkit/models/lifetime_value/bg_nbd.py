"""BG/NBD: how often customers without a contract buy, and when they quietly leave.

While alive a customer buys at random moments at a rate lambda; after each repeat purchase he leaves with
probability p. Rates differ between customers as a gamma(r, alpha), leaving as a beta(a, b). Nothing but x, t_x
and T (see `purchases`) is needed to estimate the four and to predict.

    Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005), "Counting your customers" the easy way: an alternative
    to the Pareto/NBD model. Marketing Science 24 (2), 275-284. Equation numbers below are theirs.

Free functions speak the paper's letters, in whatever unit of time alpha, t_x and T share; the classes move
columns in and out and turn days into periods. The likelihood is maximised by Newton's method with exact
derivatives. All of it is numpy on blocks that stay in the processor's cache: a pass over a million customers takes
about 30 ms, less than compiling (or even loading) a kernel would.

Out of scope here: covariates, a penalty on the parameters, other families of drop-out.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from relkit.errors import NotEnoughEventsError, ParameterError, TableError
from relkit.metrics.purchases import compare
from relkit.models.base import FitInfo, HoldoutMetric, fingerprint
from relkit.models.lifetime_value.purchases import PURCHASES, PurchaseCounts, meet_outcomes, read_purchases
from relkit.models.maximum import Maximum, maximise, near_maximum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from relkit.contracts import Contract

Floats = NDArray[np.float64]

DEFAULT_HORIZON_DAYS = 90
TERMS = ("r", "alpha", "a", "b")
_BLOCK = 8192
# A fit of more customers than this starts from a fit of a sample of about that many.
_SAMPLE = 12_000
# Edge of log-parameters, with time in units of the mean T: r = e^6 is a coefficient of variation of 5 %.
_EDGE = 6.0
# This near to a = 1 or a + b + x = 1 the closed form divides nought by nought.
_NEAR = 1e-4


# --- the paper, on arrays ---------------------------------------------------------------------------------------


def log_likelihood(r: float, alpha: float, a: float, b: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the log-likelihood of each customer (eq. 6).

    Args:
        r: shape of the purchase rates.
        alpha: scale of the purchase rates, in units of time.
        a: first parameter of the drop-out probabilities.
        b: second parameter of the drop-out probabilities.
        x: repeat purchases, shape (n,).
        t_x: time of the last purchase, shape (n,).
        T: time observed, shape (n,).

    Returns:
        Shape (n,).

    Examples:
        >>> log_likelihood(0.243, 4.414, 0.793, 2.426, np.array([0.0, 200.0]), np.array([0.0, 38.0]), np.array([40.0, 40.0])).round(3)
        array([-0.561, 98.804])
    """
    x, t_x, T = (np.asarray(values, dtype=float) for values in (x, t_x, T))
    odds = _log_odds_gone(r, alpha, a, b, x, t_x, T)
    shared = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha) + special.betaln(a, b + x) - special.betaln(a, b)
    return np.asarray(shared - (r + x) * np.log(alpha + T) + np.logaddexp(0.0, odds))


def probability_alive(r: float, alpha: float, a: float, b: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the probability that each customer has not left by T, shape (n,).

    Source: Fader, Hardie and Lee (2008), "Computing P(alive) using the BG/NBD model", brucehardie.com/notes/021.
    A customer who never came back cannot have left: the model lets people go only after a repeat purchase.

    Examples:
        >>> probability_alive(0.243, 4.414, 0.793, 2.426, np.array([2.0]), np.array([30.43]), np.array([38.86])).round(4)
        array([0.7266])
    """
    alive = np.empty(len(x))
    for part in _slices(len(alive)):
        alive[part] = special.expit(-_log_odds_gone(r, alpha, a, b, x[part], t_x[part], T[part]))
    return alive


def _log_odds_gone(r: float, alpha: float, a: float, b: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return log(P(gone) / P(alive)): minus infinity where x = 0. Kept as a logarithm, it cannot overflow."""
    x, t_x, T = (np.asarray(values, dtype=float) for values in (x, t_x, T))
    buyer = x > 0
    odds = np.log(a / np.where(buyer, b + x - 1, 1.0)) + (r + x) * np.log((alpha + T) / (alpha + t_x))
    return np.where(buyer, odds, -np.inf)


def purchases_if_alive(r: float, alpha: float, a: float, b: float, x: Floats, T: Floats, t: float) -> Floats:
    """Return the purchases expected in (T, T + t] of a customer alive at T: the numerator of eq. 10.

    Euler's transformation turns the paper's ((alpha+T)/(alpha+T+t))^(r+x) 2F1(r+x, b+x; a+b+x-1; z) into
    (1-z)^(a-1) 2F1(a-1, a+b-1-r; a+b+x-1; z), where x is in one place only and nothing overflows.

    Args:
        r: as in `log_likelihood`, like alpha, a, b.
        alpha: the same.
        a: the same.
        b: the same.
        x: repeat purchases, shape (n,).
        T: time observed, shape (n,).
        t: length of the time ahead.

    Returns:
        Shape (n,).
    """
    x, T = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(T, dtype=float))
    moderate = a < 20 and b < 100 and r < 100 and abs(a - 1) > _NEAR
    closed = moderate & (np.abs(a + b + x - 1) > _NEAR)
    value = np.full(len(x), np.nan)
    if closed.any():
        value[closed] = _closed_form(r, alpha, a, b, x[closed], T[closed], t)
    rest = ~np.isfinite(value)
    value[rest] = _integral(r, alpha, a, b, x[rest], T[rest], t)
    return value


def _closed_form(r: float, alpha: float, a: float, b: float, x: Floats, T: Floats, t: float) -> Floats:
    """Ten digits hold against 50-digit arithmetic for a < 20, b < 100, r < 100 away from a = 1 and a + b + x = 1.

    Where c - a - b of 2F1 is a large whole number, scipy's has no answer at all, and so has this.
    """
    c = a + b + x - 1
    z = t / (alpha + T + t)
    with np.errstate(invalid="ignore"):
        kept = np.exp((a - 1) * np.log1p(-z)) * special.hyp2f1(a - 1, a + b - 1 - r, c, z)
    return np.asarray(c / (a - 1) * (1 - kept))


def _integral(r: float, alpha: float, a: float, b: float, x: Floats, T: Floats, t: float) -> Floats:
    """Return the same as the mean of (1 - (1 + p t / (alpha+T))^-(r+x)) / p over p ~ beta(a, b+x).

    Good for any parameters, where 2F1 under- or overflows and where the closed form divides nought by nought, but
    a hundred times slower. Substituting p / (1-p) = a / (b+x) e^(w sinh s) lets the integrand vanish doubly exponentially at
    both ends, so that equal steps in s converge to ten digits and more.
    """
    value = np.empty(len(x))
    steps = np.linspace(-1, 1, 301)[:, None]
    for part in _slices(len(x), 512):
        rest, tau = b + x[part], t / (alpha + T[part])
        wide = np.maximum(a, 1), np.maximum(rest, 1)
        width = np.sqrt(1 / wide[0] + 1 / wide[1])
        reach = np.arcsinh(12 + 40 / (width * np.minimum(a, rest)))
        logit = np.log(wide[0] / wide[1]) + width * np.sinh(steps * reach)
        log_p, log_q = -np.logaddexp(0, -logit), -np.logaddexp(0, logit)
        p = np.maximum(np.exp(log_p), 1e-200)
        bought = -np.expm1(-(r + x[part]) * np.log1p(p * tau)) / p
        density = np.exp(a * log_p + rest * log_q - special.betaln(a, rest))
        value[part] = (bought * density * np.cosh(steps * reach)).sum(axis=0) * width * reach * 2 / 300
    return value


def expected_purchases(r: float, alpha: float, a: float, b: float, x: Floats, t_x: Floats, T: Floats, t: float) -> Floats:
    """Return the purchases expected of each customer in (T, T + t], shape (n,) (eq. 10).

    Examples:
        >>> customer = np.array([26.0]), np.array([216 / 7]), np.array([31.0])
        >>> expected_purchases(0.2425982, 4.4136842, 0.7929899, 2.4261667, *customer, 52.0).round(3)
        array([25.757])
    """
    return probability_alive(r, alpha, a, b, x, t_x, T) * purchases_if_alive(r, alpha, a, b, x, T, t)


def expected_purchases_new(r: float, alpha: float, a: float, b: float, t: Floats) -> Floats:
    """Return the repeat purchases expected of a new customer in (0, t], shape of `t` (eq. 9).

    Examples:
        >>> expected_purchases_new(0.2425982, 4.4136842, 0.7929899, 2.4261667, np.array([52.0])).round(4)
        array([1.444])
    """
    ahead = np.atleast_1d(np.asarray(t, dtype=float))
    new = np.zeros(1)
    return np.array([purchases_if_alive(r, alpha, a, b, new, new, float(each))[0] for each in ahead.ravel()]).reshape(ahead.shape)


def purchase_probability(r: float, alpha: float, a: float, b: float, x: Floats, t: float) -> Floats:
    """Return P(X(t) = x) of a new customer, shape of `x` (eq. 8).

    The sum over j of the paper is a negative binomial distribution function, an incomplete beta here: its
    upper tail keeps its digits where one minus the sum has lost them.

    Examples:
        >>> purchase_probability(0.243, 4.414, 0.793, 2.426, np.array([11, 20]), 30.0).round(8)
        array([0.00199952, 0.00022223])
    """
    x = np.asarray(x, dtype=float)
    share = t / (alpha + t)
    size = special.gammaln(r + x) - special.gammaln(r) - special.gammaln(x + 1) + r * np.log1p(-share) + special.xlogy(x, share)
    stayed = np.exp(special.betaln(a, b + x) - special.betaln(a, b) + size)
    buyer = np.maximum(x, 1)
    left = np.exp(special.betaln(a + 1, b + buyer - 1) - special.betaln(a, b)) * special.betainc(buyer, r, share)
    return np.asarray(stayed + np.where(x > 0, left, 0.0))


# --- the likelihood of a population, with its derivatives -------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Population:
    """A population as the optimiser reads it: sums by x, and rows by kind of customer; time in units of `unit`."""

    levels: Floats
    """Distinct x, shape (k,)."""
    at_level: Floats
    """Customers with each x, shape (k,)."""
    rows: tuple[NDArray[np.intp], Floats, Floats, Floats]
    """Of those who came back: position of x in `levels`, t_x, T, customers."""
    once: tuple[Floats, Floats]
    """Of those who did not: T, customers."""

    @classmethod
    def of(cls, counts: PurchaseCounts, unit: float) -> _Population:
        levels, code = _levels(counts.x)
        back = counts.x > 0
        rows = (code[back], counts.t_x[back] / unit, counts.T[back] / unit, counts.customers[back])
        at_level = np.bincount(code, weights=counts.customers, minlength=len(levels)).astype(float, copy=False)
        return cls(levels=levels, at_level=at_level, rows=rows, once=(counts.T[~back] / unit, counts.customers[~back]))

    def __call__(self, logs: Floats) -> tuple[float, Floats, Floats]:
        """Return the log-likelihood, its gradient and Hessian in the logarithms of r, alpha, a, b."""
        natural = np.exp(logs)
        parts = (_by_level(natural, self.levels, self.at_level), _of_once(natural, *self.once), self._of_rows(natural))
        value = sum(part[0] for part in parts)
        gradient = np.sum([part[1] for part in parts], axis=0) * natural
        hessian = np.sum([part[2] for part in parts], axis=0) * np.outer(natural, natural) + np.diag(gradient)
        return value, gradient, hessian

    def _of_rows(self, natural: Floats) -> tuple[float, Floats, Floats]:
        """Return the part of those who came back: log(e^f + e^g), f if still alive and g if gone at t_x."""
        r, alpha, a, b = natural
        k = 1 / np.where(self.levels > 0, b + self.levels - 1, 1.0)
        totals = _Sums()
        for code, t_x, T, n in _blocks(self.rows):
            totals.add(r, alpha, np.log(a * k)[code], k[code], self.levels[code], t_x, T, n)
        return totals.derivatives(a)


def _levels(x: NDArray[np.int64]) -> tuple[Floats, NDArray[np.intp]]:
    """Return the values of x and where each customer's stands; a plain range unless some x is huge."""
    top = int(x.max())
    if top < 4096:
        return np.arange(top + 1, dtype=float), x.astype(np.intp, copy=False)
    levels, code = np.unique(x, return_inverse=True)
    return levels.astype(float), code


def _blocks(rows: tuple[NDArray[Any], ...]) -> Iterator[tuple[NDArray[Any], ...]]:
    for part in _slices(len(rows[0])):
        yield tuple(column[part] for column in rows)


def _slices(length: int, size: int = _BLOCK) -> Iterator[slice]:
    """Return pieces of a range so short that a few arrays of that length stay in the processor's cache."""
    return (slice(start, start + size) for start in range(0, length, size))


class _Sums:
    """Sums over customers who came back, from which value, gradient and Hessian follow."""

    def __init__(self) -> None:
        self.value = 0.0
        self.first = np.zeros(4)
        self.second = np.zeros((4, 4))
        self.spread = np.zeros((4, 4))

    def add(self, r: float, alpha: float, c: Floats, k: Floats, x: Floats, t_x: Floats, T: Floats, n: Floats) -> None:
        """Add a block of customers; c = log(a / (b+x-1)), k = 1 / (b+x-1)."""
        inner, outer = 1 / (alpha + t_x), 1 / (alpha + T)
        log_inner = -np.log(inner)
        s = np.log((alpha + T) * inner)
        rx = r + x
        h = rx * (inner - outer)
        odds_alive = np.exp(-c - rx * s)
        u = odds_alive / (1 + odds_alive)
        nu, nx = n * u, n * rx
        gone = n - nu
        self.value += float(n @ np.log1p(odds_alive) + n @ c - nx @ log_inner)
        self.first += (-n @ log_inner - nu @ s, nu @ h - nx @ inner, gone.sum(), -(gone @ k))
        self.second[0, 1] += nu @ (inner - outer) - n @ inner
        self.second[1, 1] += nx @ (inner * inner) - (nu * h) @ (inner + outer)
        self.second[2, 2] -= gone.sum()
        self.second[3, 3] += gone @ (k * k)
        between = np.stack((s, -h, np.ones_like(s), -k))
        self.spread += (between * (nu * (1 - u))) @ between.T

    def derivatives(self, a: float) -> tuple[float, Floats, Floats]:
        """Return the value, the gradient and the Hessian in r, alpha, a, b."""
        by_a = np.array([1, 1, 1 / a, 1])
        second = self.second.copy()
        second[1, 0] = second[0, 1]
        return self.value, self.first * by_a, (second + self.spread) * np.outer(by_a, by_a)


def _by_level(natural: Floats, x: Floats, n: Floats) -> tuple[float, Floats, Floats]:
    """Return the part of the likelihood that depends on x only."""
    r, alpha, a, b = natural
    gammaln, psi = special.gammaln, special.digamma
    value = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + special.betaln(a, b + x) - special.betaln(a, b)
    both = psi(a + b) - psi(a + b + x)
    first = (psi(r + x) - psi(r) + np.log(alpha), r / alpha + 0 * x, both, both + psi(b + x) - psi(b))
    bend = _trigamma(a + b) - _trigamma(a + b + x)
    hessian = np.zeros((4, 4))
    hessian[0, 0] = n @ (_trigamma(r + x) - _trigamma(r))
    hessian[0, 1] = hessian[1, 0] = n.sum() / alpha
    hessian[1, 1] = -n.sum() * r / alpha**2
    hessian[2, 2] = hessian[2, 3] = hessian[3, 2] = n @ bend
    hessian[3, 3] = n @ (bend + _trigamma(b + x) - _trigamma(b))
    return float(n @ value), np.array([n @ each for each in first]), hessian


def _of_once(natural: Floats, T: Floats, n: Floats) -> tuple[float, Floats, Floats]:
    """Return the part of customers who did not come back: -r log(alpha + T)."""
    r, alpha = natural[:2]
    logs = inverse = square = 0.0
    for times, number in _blocks((T, n)):
        each = 1 / (alpha + times)
        logs -= float(number @ np.log(each))
        inverse += float(number @ each)
        square += float(number @ (each * each))
    hessian = np.zeros((4, 4))
    hessian[0, 1] = hessian[1, 0] = -inverse
    hessian[1, 1] = r * square
    return -r * logs, np.array([-logs, -r * inverse, 0.0, 0.0]), hessian


def _trigamma(z: Any) -> Any:
    return special.polygamma(1, z)


def fit_counts(counts: PurchaseCounts) -> tuple[Maximum, float]:
    """Return the maximum of the likelihood in log(r, alpha / unit, a, b), and the unit, in the counts' own time.

    Args:
        counts: how many customers share each triple.

    Raises:
        NotEnoughEventsError: fewer customers came back than there are parameters.
        NotConvergedError: no optimum was found.
    """
    came_back = float(counts.customers[counts.x > 0].sum())
    if came_back < len(TERMS):
        raise NotEnoughEventsError(
            f"{came_back:.0f} of {counts.customers.sum():.0f} customers bought again; {len(TERMS)} parameters need more.",
            where="lifetime_value.bg_nbd",
            remedy="Fit a longer period or more customers.",
        )
    unit = float(counts.customers @ counts.T / counts.customers.sum())
    rate = float(counts.customers @ counts.x / counts.customers.sum())
    start = np.log([1.0, 1.0 / rate, 1.0, 4.0])
    low, high = np.array([-_EDGE, -14.0, -_EDGE, -_EDGE]), np.array([_EDGE, 14.0, _EDGE, _EDGE])
    start, tolerance = np.clip(start, low, high), 1e-8
    if (step := len(counts.x) // _SAMPLE) > 1:
        start = near_maximum(_Population.of(counts.every(step), unit), start, low=low, high=high)
        # So many customers make the likelihood a parabola: the last step leaves a millionth of a standard error.
        tolerance = 1e-4
    return maximise(_Population.of(counts, unit), start, low=low, high=high, tolerance=tolerance), unit


# --- settings and fitted model ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class BgNbd:
    """Settings of the BG/NBD model.

    Attributes:
        period_days: the unit of time of parameters and log-likelihood, in days; features and horizons stay in days.
        level: of the intervals in the summary.

    Examples:
        >>> from datetime import date
        >>> days = {"last_purchase_age_days": [0, 0, 30, 200, 10, 90, 0, 60], "observed_days": [90, 200, 250, 260, 250, 120, 30, 300]}
        >>> people = pl.DataFrame({"customer_id": list("abcdefgh"), "repeat_purchases": [0, 0, 2, 7, 1, 3, 0, 2], **days})
        >>> fitted = BgNbd().fit(people, as_of=date(2025, 6, 30))
        >>> fitted.score(people, horizon_days=30).columns
        ['customer_id', 'p_alive', 'expected_orders_30d']
    """

    name: ClassVar[str] = "lifetime_value.bg_nbd"
    family: ClassVar[str] = "lifetime_value"
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="mae_repeat_purchases", direction="lower")

    period_days: float = 7.0
    level: float = 0.95

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        if not 0 < self.period_days < np.inf:
            raise ParameterError(f"period_days is {self.period_days}; it must be above 0.", where=self.name)
        if not 0 < self.level < 1:
            raise ParameterError(f"level is {self.level}; it must lie between 0 and 1.", where=self.name)

    @property
    def needs(self) -> Contract:
        """Columns that fit and score read."""
        return PURCHASES

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedBgNbd:
        """Return the model fitted by maximum likelihood.

        Args:
            features: one row a customer with the columns of `needs`; others are not looked at.
            as_of: last day whose facts are in the features.

        Raises:
            TableError: a column is missing, a value impossible, a customer there twice.
            NotEnoughEventsError: hardly anyone bought again.
            NotConvergedError: no optimum was found.
        """
        frame = read_purchases(features)
        counts = PurchaseCounts.of(frame)
        best, unit = fit_counts(counts)
        r, alpha, a, b = (float(value) for value in np.exp(best.at))
        repeats = float(counts.customers @ counts.x)
        info = FitInfo(
            as_of=as_of,
            rows=len(frame),
            log_likelihood=float(best.value - repeats * np.log(unit / self.period_days)),
            converged=True,
            fingerprint=fingerprint(frame.drop("customer_id")),
            notes=_edge_notes(best),
        )
        alpha *= unit / self.period_days
        return FittedBgNbd(settings=self, info=info, r=r, alpha=alpha, a=a, b=b, covariance=best.covariance)

    def judge(self, fitted: FittedBgNbd, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return how near the expected purchases came to those of the holdout, per customer.

        Args:
            fitted: the model, fitted up to the calibration date.
            features: as of the calibration date.
            outcomes: customer_id, holdout_purchases (purchase days) and holdout_days, the same on every row.
        """
        both = meet_outcomes(features, outcomes, ("holdout_purchases", "holdout_days"))
        lengths = both["holdout_days"].unique()
        if len(lengths) != 1:
            raise TableError("holdout_days differs between rows.", where="outcomes of the holdout", remedy="Judge one holdout at a time.")
        actual = both["holdout_purchases"].cast(pl.Float64).to_numpy()
        return compare(actual, fitted.expected_purchases(both, float(lengths[0])), of="repeat_purchases")


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedBgNbd:
    """A fitted BG/NBD model.

    Attributes:
        settings: what was fitted.
        info: facts of the fit.
        r: shape of the purchase rates.
        alpha: scale of the purchase rates, in periods of `settings.period_days`.
        a: first parameter of the drop-out probabilities.
        b: second parameter of the drop-out probabilities.
        covariance: of the logarithms of r, alpha, a, b, shape (4, 4); NaN for one that has no standard error.
    """

    name: ClassVar[str] = BgNbd.name
    format: ClassVar[int] = 1

    settings: BgNbd
    info: FitInfo
    r: float
    alpha: float
    a: float
    b: float
    covariance: Floats

    @property
    def needs(self) -> Contract:
        """Columns that score reads."""
        return self.settings.needs

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper.

        Standard errors come from the observed information, by the delta method; the interval is made on the
        logarithm, so that it stays above zero.
        """
        estimates = np.array([self.r, self.alpha, self.a, self.b])
        errors = np.sqrt(np.diag(self.covariance))
        reach = np.exp(NormalDist().inv_cdf((1 + self.settings.level) / 2) * errors)
        columns = {"std_error": estimates * errors, "lower": estimates / reach, "upper": estimates * reach}
        return pl.DataFrame({"term": TERMS, "estimate": estimates, **columns}).fill_nan(None)

    def probability_alive(self, features: pl.DataFrame) -> Floats:
        """Return the probability that each customer is still one, shape (n,), in the order of the rows."""
        return probability_alive(*self._in_days(), *_letters(read_purchases(features)))

    def expected_purchases(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the purchases expected of each customer in the `days` after the as-of day, shape (n,)."""
        return self._alive_and_expected(features, days)[1]

    def expected_purchases_new(self, days: float | Sequence[float] | Floats) -> Floats:
        """Return the repeat purchases expected of a new customer within `days` of the first purchase, shape of `days`."""
        return expected_purchases_new(*self._in_days(), np.asarray(days, dtype=float))

    def purchase_probability(self, purchases: Sequence[int] | NDArray[Any], days: float) -> Floats:
        """Return the probability that a new customer makes each number of repeat purchases within `days`."""
        return purchase_probability(*self._in_days(), np.asarray(purchases, dtype=float), days)

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id, p_alive and expected_orders_<horizon>d, one row per row of `features`.

        Args:
            features: the columns of `needs`, as of any day.
            horizon_days: how far ahead orders are expected; 90 unless told.
        """
        days = DEFAULT_HORIZON_DAYS if horizon_days is None else horizon_days
        alive, expected = self._alive_and_expected(features, days)
        return pl.DataFrame({"customer_id": features["customer_id"], "p_alive": alive, f"expected_orders_{days}d": expected})

    def over_pairs(self, features: pl.DataFrame, value: Callable[[Floats, Floats], Floats]) -> tuple[Floats, Floats]:
        """Return P(alive) of each customer, and `value(x, T)` evaluated once for each pair that occurs, T in days."""
        x, t_x, T = _letters(read_purchases(features))
        return probability_alive(*self._in_days(), x, t_x, T), _per_pair(x, T, value)

    def purchases_if_alive(self, x: Floats, T: Floats, days: float) -> Floats:
        """Return the purchases expected in `days` of customers alive at T (days), shape (n,)."""
        return purchases_if_alive(*self._in_days(), x, T, days)

    def _alive_and_expected(self, features: pl.DataFrame, days: float) -> tuple[Floats, Floats]:
        if not 0 <= days < np.inf:
            raise ParameterError(f"horizon_days is {days}; it must be 0 or more.", where=self.name)
        alive, if_alive = self.over_pairs(features, lambda x, T: self.purchases_if_alive(x, T, days))
        return alive, alive * if_alive

    def _in_days(self) -> tuple[float, float, float, float]:
        return self.r, self.alpha * self.settings.period_days, self.a, self.b


def _letters(frame: pl.DataFrame) -> tuple[Floats, Floats, Floats]:
    x, t_x, T = (frame[name].cast(pl.Float64).to_numpy() for name in PURCHASES.names[1:])
    return x, t_x, T


def _per_pair(x: Floats, T: Floats, value: Callable[[Floats, Floats], Floats]) -> Floats:
    """Return value(x, T) of each customer: a million have a few thousand pairs, and 2F1 is what costs."""
    width = float(T.max(initial=0)) + 1
    cells = (float(x.max(initial=0)) + 1) * width
    if not len(x) or cells > max(4 * len(x), 1_000_000) or not np.array_equal(T, np.floor(T)):
        return value(x, T)
    key = (x * width + T).astype(np.intp)
    there = np.zeros(int(cells), dtype=bool)
    there[key] = True
    found = np.flatnonzero(there)
    table = np.empty(len(there))
    table[found] = value(*(part.astype(float) for part in np.divmod(found, int(width))))
    return table[key]


def _edge_notes(best: Maximum) -> tuple[str, ...]:
    """Return a sentence for each parameter that the data do not hold back."""
    return tuple(
        f"{term} went to the edge of its range: the likelihood hardly changes beyond it, and it has no standard error."
        for term, bounded in zip(TERMS, best.bounded, strict=True)
        if bounded
    )
