"""What the models of repeat purchases share: a model is its formulas, and everything else is here.

    FORMULAS = Formulas(terms=("r", "alpha"), times=("alpha",), population=..., probability_alive=..., ...)

    class Nbd(PurchaseModel):                settings: name, formulas, and `fit`
    class FittedNbd(FittedPurchaseModel):    a field for each term

Formulas speak the letters of the papers in one unit of time; the classes move columns in and out, turn days into
periods, fit by maximum likelihood with exact derivatives, judge, summarise and score. Where a customer is alive
at T, what he buys later depends on x and T only, whichever the model; so the two factors of an expectation are
computed apart, the second once for each pair (x, T) that occurs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import NotEnoughEventsError, ParameterError, TableError
from relkit.metrics.purchases import compare
from relkit.models.base import FitInfo, HoldoutMetric, fingerprint
from relkit.models.lifetime_value.purchases import PURCHASES, PurchaseCounts, meet_outcomes, read_purchases, read_to_fit
from relkit.models.maximum import Evaluation, Maximum, maximise, near_maximum

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from relkit.contracts import Contract

    Ahead = Callable[[float], "Floats"]
    """Purchases expected of some customers in so many days if they are alive."""

Floats = NDArray[np.float64]

DEFAULT_HORIZON_DAYS = 90
# A fit of more customers than this starts from a fit of a sample of about that many.
_SAMPLE = 12_000
# Edges of log-parameters, with time in units of the mean T: a shape of e^6 is a coefficient of variation of 5 %.
_SHAPE_EDGE, _TIME_EDGE = 6.0, 14.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Formulas:
    """A model on arrays; each function takes the terms first, and times in the unit of the terms that are times.

    Attributes:
        terms: names of the parameters, all above zero.
        times: those of them that are lengths of time.
        start: where the search begins, from the mean of x / T; shape (k,), time in units of the mean T.
        population: value, gradient and Hessian of the log-likelihood in the logarithms of the terms, of counts
            whose days are divided by the second argument.
        probability_alive: of (x, t_x, T), shape (n,).
        purchases_if_alive: expected in (T, T + t] of customers alive at T, of (x, T, t), shape (n,).
        alive_later_if_alive: P(alive at T + t) of customers alive at T, of (x, T, t), shape (n,).
        purchase_probability_if_alive: P(m purchases in (T, T + t]) of customers alive at T, of (x, T, m, t), shape (n,).
        expected_purchases_new: of a new customer in (0, t], shape of t.
        purchase_probability: P(X(t) = x) of a new customer, of (x, t), shape of x.
    """

    terms: tuple[str, ...]
    times: tuple[str, ...]
    start: Callable[[float], Sequence[float]]
    population: Callable[[PurchaseCounts, float], Callable[[Floats], Evaluation]]
    probability_alive: Callable[..., Floats]
    purchases_if_alive: Callable[..., Floats]
    alive_later_if_alive: Callable[..., Floats]
    purchase_probability_if_alive: Callable[..., Floats]
    expected_purchases_new: Callable[..., Floats]
    purchase_probability: Callable[..., Floats]

    def scaled(self, parameters: Sequence[float], factor: float) -> dict[str, float]:
        """Return the parameters by name, those that are times multiplied by `factor`."""
        return {term: float(value) * (factor if term in self.times else 1.0) for term, value in zip(self.terms, parameters, strict=True)}

    def fit_counts(self, counts: PurchaseCounts, *, where: str = "purchase model") -> tuple[Maximum, float]:
        """Return the maximum of the likelihood in the logarithms of the terms, and its unit of time in days.

        Args:
            counts: how many customers share each triple.
            where: who asks, for the messages.

        Raises:
            NotEnoughEventsError: fewer customers came back than there are parameters.
            NotConvergedError: no optimum was found.
        """
        came_back = float(counts.customers[counts.x > 0].sum())
        if came_back < len(self.terms):
            raise NotEnoughEventsError(
                f"{came_back:.0f} of {counts.customers.sum():.0f} customers bought again; {len(self.terms)} parameters need more.",
                where=where,
                remedy="Fit a longer period or more customers.",
            )
        unit = float(counts.customers @ counts.T / counts.customers.sum())
        high = np.array([_TIME_EDGE if term in self.times else _SHAPE_EDGE for term in self.terms])
        rate = float(counts.customers @ counts.x / counts.customers.sum())
        start, tolerance = np.clip(np.log(self.start(rate)), -high, high), 1e-8
        if (step := len(counts.x) // _SAMPLE) > 1:
            start = near_maximum(self.population(counts.every(step), unit), start, low=-high, high=high)
            # So many customers make the likelihood a parabola: the last step leaves a millionth of a standard error.
            tolerance = 1e-4
        return maximise(self.population(counts, unit), start, low=-high, high=high, tolerance=tolerance), unit


@dataclass(frozen=True, kw_only=True)
class PurchaseModel:
    """Settings of a model of repeat purchases.

    Attributes:
        period_days: the unit of time of parameters and log-likelihood, in days; features and horizons stay in days.
        level: of the intervals in the summary.
    """

    name: ClassVar[str]
    formulas: ClassVar[Formulas]
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

    def learn(self, features: pl.DataFrame, as_of: date) -> dict[str, Any]:
        """Return the fields of the fitted model besides its settings, by maximum likelihood.

        Args:
            features: one row a customer with the columns of `needs`; others are not looked at.
            as_of: last day whose facts are in the features.

        Raises:
            TableError: a column is missing, a value impossible, a customer there twice.
            NotEnoughEventsError: hardly anyone bought again.
            NotConvergedError: no optimum was found.
        """
        frame = read_to_fit(features)
        counts = PurchaseCounts.of(frame)
        best, unit = self.formulas.fit_counts(counts, where=self.name)
        periods = unit / self.period_days
        info = FitInfo(
            as_of=as_of,
            rows=len(frame),
            log_likelihood=float(best.value - counts.customers @ counts.x * np.log(periods)),
            converged=True,
            fingerprint=fingerprint(frame.drop("customer_id")),
            notes=best.notes(self.formulas.terms),
        )
        return {"info": info, "covariance": best.covariance, **self.formulas.scaled(np.exp(best.at).tolist(), periods)}

    def judge(self, fitted: FittedPurchaseModel, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
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
class FittedPurchaseModel:
    """A fitted model of repeat purchases; its own class adds a field for each term.

    Attributes:
        settings: what was fitted.
        info: facts of the fit.
        covariance: of the logarithms of the terms, shape (k, k); NaN for one that has no standard error.
    """

    name: ClassVar[str]
    format: ClassVar[int] = 1

    settings: PurchaseModel
    info: FitInfo
    covariance: Floats

    @property
    def formulas(self) -> Formulas:
        """The model on arrays."""
        return self.settings.formulas

    @property
    def needs(self) -> Contract:
        """Columns that score reads."""
        return self.settings.needs

    @property
    def parameters(self) -> tuple[float, ...]:
        """Values of the terms, times in periods of `settings.period_days`."""
        return tuple(getattr(self, term) for term in self.formulas.terms)

    @property
    def coordinates(self) -> Floats:
        """Logarithms of the terms, shape (k,): what `covariance` is the covariance of."""
        return np.log(self.parameters)

    def moved(self, coordinates: Floats) -> Self:
        """Return the same model at other coordinates, for `uncertainty`."""
        return replace(self, **dict(zip(self.formulas.terms, np.exp(coordinates).tolist(), strict=True)))

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper.

        Standard errors come from the observed information, by the delta method; the interval is made on the
        logarithm, so that it stays above zero.
        """
        estimates = np.array(self.parameters)
        errors = np.sqrt(np.diag(self.covariance))
        reach = np.exp(NormalDist().inv_cdf((1 + self.settings.level) / 2) * errors)
        columns = {"std_error": estimates * errors, "lower": estimates / reach, "upper": estimates * reach}
        return pl.DataFrame({"term": self.formulas.terms, "estimate": estimates, **columns}).fill_nan(None)

    def probability_alive(self, features: pl.DataFrame) -> Floats:
        """Return the probability that each customer is still one, shape (n,), in the order of the rows."""
        return self.formulas.probability_alive(*self._in_days(), *_letters(read_purchases(features)))

    def expected_purchases(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the purchases expected of each customer in the `days` after the as-of day, shape (n,)."""
        return self._alive_and_expected(features, days)[1]

    def probability_alive_later(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the probability that each customer still is one `days` after the as-of day, shape (n,)."""
        self._check_ahead(days)
        x, t_x, T = _letters(read_purchases(features))
        alive = self.formulas.probability_alive(*self._in_days(), x, t_x, T)
        return alive * _per_pair(x, T, lambda *pair: self.formulas.alive_later_if_alive(*self._in_days(), *pair, days))

    def purchases_probability(self, features: pl.DataFrame, purchases: Sequence[int] | NDArray[Any], days: float) -> Floats:
        """Return the probability that each customer makes exactly `purchases[i]` purchases in the `days` after the as-of day.

        Args:
            features: the columns of `needs`.
            purchases: how many, one number a row, shape (n,).
            days: length of the time ahead.

        Returns:
            Shape (n,); its mean logarithm on a holdout is the log-score of the model.
        """
        self._check_ahead(days)
        x, t_x, T = _letters(read_purchases(features))
        m = np.asarray(purchases, dtype=float)
        if m.shape != x.shape or not ((m >= 0) & (m == np.floor(m))).all():
            raise ParameterError(f"purchases must be {len(x)} whole numbers from 0, one a row of the features.", where=self.name)
        alive = self.formulas.probability_alive(*self._in_days(), x, t_x, T)
        stays = _per_triple(x, T, m, lambda *each: self.formulas.purchase_probability_if_alive(*self._in_days(), *each, days))
        return alive * stays + np.where(m == 0, 1 - alive, 0.0)

    def expected_purchases_new(self, days: float | Sequence[float] | Floats) -> Floats:
        """Return the repeat purchases expected of a new customer within `days` of the first purchase, shape of `days`."""
        return self.formulas.expected_purchases_new(*self._in_days(), np.asarray(days, dtype=float))

    def purchase_probability(self, purchases: Sequence[int] | NDArray[Any], days: float) -> Floats:
        """Return the probability that a new customer makes each number of repeat purchases within `days`."""
        return self.formulas.purchase_probability(*self._in_days(), np.asarray(purchases, dtype=float), days)

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id, p_alive and expected_orders_<horizon>d, one row per row of `features`.

        Args:
            features: the columns of `needs`, as of any day.
            horizon_days: how far ahead orders are expected; 90 unless told.
        """
        days = DEFAULT_HORIZON_DAYS if horizon_days is None else horizon_days
        alive, expected = self._alive_and_expected(features, days)
        return pl.DataFrame({"customer_id": features["customer_id"], "p_alive": alive, f"expected_orders_{days}d": expected})

    def over_pairs(self, features: pl.DataFrame, value: Callable[[Ahead], Floats]) -> tuple[Floats, Floats]:
        """Return P(alive) of each customer, and what `value` makes of the purchases ahead of those alive, both (n,).

        Args:
            features: the columns of `needs`, as of any day.
            value: of a function that returns the purchases expected in a number of days. It is called for customers who
                differ in what matters (x and T), not for all of them, and returns one number for each.
        """
        x, t_x, T = _letters(read_purchases(features))
        alive = self.formulas.probability_alive(*self._in_days(), x, t_x, T)
        return alive, _per_pair(x, T, lambda x, T: value(lambda days: self.purchases_if_alive(x, T, days)))

    def purchases_if_alive(self, x: Floats, T: Floats, days: float) -> Floats:
        """Return the purchases expected in `days` of customers alive at T (days), shape (n,)."""
        return self.formulas.purchases_if_alive(*self._in_days(), x, T, days)

    def _alive_and_expected(self, features: pl.DataFrame, days: float) -> tuple[Floats, Floats]:
        self._check_ahead(days)
        alive, if_alive = self.over_pairs(features, lambda ahead: ahead(days))
        return alive, alive * if_alive

    def _check_ahead(self, days: float) -> None:
        if not 0 <= days < np.inf:
            raise ParameterError(f"horizon_days is {days}; it must be 0 or more.", where=self.name)

    def _in_days(self) -> tuple[float, ...]:
        return tuple(self.formulas.scaled(self.parameters, self.settings.period_days).values())


def in_logarithms(natural: Floats, value: float, gradient: Floats, hessian: Floats) -> Evaluation:
    """Return an evaluation in the parameters as one in their logarithms."""
    slope = gradient * natural
    return value, slope, hessian * np.outer(natural, natural) + np.diag(slope)


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


def _per_triple(x: Floats, T: Floats, m: Floats, value: Callable[[Floats, Floats, Floats], Floats]) -> Floats:
    """Return value(x, T, m) of each customer, computed once for each triple that occurs."""
    order, first = PurchaseCounts(x=m, t_x=x, T=T, customers=m).sorted()  # type: ignore[arg-type]  # sorted reads no type
    one = order[first]
    which = np.empty(len(x), dtype=np.intp)
    which[order] = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(x))))
    return value(x[one], T[one], m[one])[which]
