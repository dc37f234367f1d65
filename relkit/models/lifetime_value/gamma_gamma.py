"""Gamma-Gamma: mean spend per order of each customer, estimated from a few orders.

A customer's orders vary around a mean of his own, as a gamma(p, nu); nu differs between customers as a
gamma(q, v). The fewer orders are observed, the closer the estimate stays to the mean of all customers.

    Fader, P. S. and Hardie, B. G. S. (2013), The Gamma-Gamma model of monetary value, brucehardie.com/notes/025;
    after Colombo and Jiang (1999). Their gamma is `v` here, as in most software.

Two populations have no such model, and both get an answer that the notes of the fit report: if customers
do not differ (q grows without bound) everyone gets the pooled mean, and if the mean of all customers is infinite
(q <= 1) a customer's own mean is used alone. The model assumes that spend is independent of frequency; the correlation
is stored, and noted when it is large.

Between the two there is no cliff. The mean of all customers, p v / (q - 1), has no bound as q falls to 1, and if the interval of q
reaches 1 the data cannot tell it from infinity. So it is replaced by

    M = w p v / (q - 1) + (1 - w) mean observed,    w = clip(log(q) / (z se(log q)) - 1, 0, 1)

with z of the 95 % interval: w is 0 if that interval reaches 1, 1 if one of twice the width does not, and goes from one to the other in
between. A customer with x orders of mean m is expected to spend (p x m + max(q - 1, 0) M) / (p x + max(q - 1, 0)), which is eq. 5 if w is
1, and tends to his own mean m as q falls to 1 and below, since M stays bounded.

The papers leave the first order out, because it may differ from later ones. Then nothing tells customers who bought once apart, and
these are a third or more of most shops. On five shops the mean error of the order value was .81 to 1.03 of the papers' when first
orders are learnt from as well, above 1 on one of them (`make bench-spend`), so this is the default; where there is a holdout, the
variant that does better on it is taken.

Out of scope here: covariates, spend per line, orders of no value (they are left out and counted).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from relkit.cards import FittedCard
from relkit.contracts import Column, Contract, Rule
from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.intervals import normal_reach
from relkit.metrics.purchases import compare
from relkit.metrics.ranking import normalised_gini
from relkit.models.base import FitInfo, HoldoutMetric, ModelFacts, fingerprint
from relkit.models.lifetime_value.family import ORDER_VALUE, SUMMARIES
from relkit.models.lifetime_value.price_level import FEWEST_DAYS, mean_age, yearly_rate
from relkit.models.lifetime_value.purchases import CUSTOMER_ID, PURCHASES, REPEAT_PURCHASES, meet_outcomes, read_columns
from relkit.models.maximum import Maximum, maximise, near_maximum
from relkit.models.summaries import summary_of
from relkit.models.weights import check_weight_column, columns_of, with_weight
from relkit.remarks import Remark, french
from relkit.scalars import check_level, check_scalar
from relkit.texts import Text
from relkit.units import DAYS_PER_YEAR, LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

Floats = NDArray[np.float64]

# More than any customer ever spent in any currency: a larger value is a faulty cell, and its square may overflow.
_MOST = 1e15
# Less than any price: a smaller positive value is one too.
_LEAST = 1e-9

SPEND = Contract(
    name="spend summary",
    key=("customer_id",),
    meaning="Spend per repeat purchase of each customer, as of a day.",
    columns=(
        CUSTOMER_ID,
        REPEAT_PURCHASES,
        Column(
            name="mean_repeat_value",
            dtype=pl.Float64,
            required=True,
            low=-_MOST,
            high=_MOST,
            unit="money per purchase day",
            meaning="Mean value of the repeat purchase days (m); null if there are none.",
        ),
    ),
    rules=(
        Rule(
            name=f"mean_repeat_value: above 0 yet below {_LEAST:g}",
            columns=("mean_repeat_value",),
            broken=pl.col("mean_repeat_value").is_between(0, _LEAST, closed="none"),
        ),
    ),
)

FIRST_VALUE = Column(
    name="first_value",
    dtype=pl.Float64,
    required=True,
    low=-_MOST,
    high=_MOST,
    unit="money per purchase day",
    meaning="Value of the first purchase day; null if unknown.",
)

OrdersLearntFrom = Literal["auto", "all", "repeat"]
PriceLevel = Literal["auto", "as_paid", "followed"]
AGES = tuple(column for column in PURCHASES.columns if column.name in ("last_purchase_age_days", "observed_days"))
"""Columns from which the day of an order follows, if the level of prices is followed."""

TERMS = ("p", "q", "v")
_BLOCK = 8192
_SAMPLE = 25_000
# Mean errors this close, as a ratio, are level.
_TIE = 1.01
# Bound of log p and log q. Beyond it a coefficient of variation is below a thousandth: no spread at all.
_EDGE = float(np.log(1e6))


# --- the note, on arrays ----------------------------------------------------------------------------------------


def log_likelihood(p: float, q: float, v: float, x: Floats, m: Floats) -> Floats:
    """Return the log-likelihood of each customer (note 025, eq. 1a).

    Args:
        p: shape of a customer's orders around his mean.
        q: shape of the customers' scales.
        v: scale of the customers' scales, in money.
        x: orders averaged, shape (n,), above 0.
        m: mean value of those orders, shape (n,), above 0.

    Returns:
        Shape (n,).

    Examples:
        >>> log_likelihood(6.25, 3.74, 15.44, np.array([2.0]), np.array([22.35])).round(4)
        array([-3.5513])
    """
    x, m = np.asarray(x, dtype=float), np.asarray(m, dtype=float)
    z = x * m
    return np.asarray(
        special.gammaln(p * x + q)
        - special.gammaln(p * x)
        - special.gammaln(q)
        - q * np.log1p(z / v)
        + (p * x - 1) * np.log(m)
        + p * x * np.log(x)
        - p * x * np.log(z + v)
    )


def expected_value(p: float, q: float, v: float, x: Floats, m: Floats) -> Floats:
    """Return the mean value of a customer's orders, given those observed (note 025, eq. 5), shape (n,).

    It is a weighted mean of all customers' pv / (q-1) and of the customer's own m; x = 0 gives the first.

    Examples:
        >>> expected_value(6.25, 3.74, 15.44, np.array([3.0]), np.array([35.0])).round(5)
        array([35.02792])
    """
    x, m = np.asarray(x, dtype=float), np.asarray(m, dtype=float)
    return np.asarray(p * (v + x * m) / (p * x + q - 1))


# --- the likelihood of a population, with its derivatives -------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Spenders:
    """Customers as the optimiser reads them, money in units of the mean order."""

    levels: Floats
    """Distinct x, shape (k,)."""
    at_level: Floats
    """Customers with each x, shape (k,)."""
    weights: Floats
    """Customers of each row, shape (n,)."""
    x: Floats
    """Total orders of the customers of each row, shape (n,)."""
    z: Floats
    """x times m: spend of one customer of each row, shape (n,)."""
    constant: float
    """Sum of log m."""
    slope: float
    """Sum of x log(x m)."""

    @classmethod
    def of(cls, x: Floats, m: Floats, weights: Floats | None = None) -> _Spenders:
        each = np.ones(len(x)) if weights is None else weights
        z, orders = x * m, each * x
        if weights is None:
            levels, at_level = np.unique(x, return_counts=True)
        else:
            levels, which = np.unique(x, return_inverse=True)
            at_level = np.bincount(which, weights, minlength=len(levels))
        return cls(levels, at_level.astype(float), each, orders, z, float(each @ np.log(m)), float(orders @ np.log(z)))

    def __call__(self, logs: Floats) -> tuple[float, Floats, Floats]:
        """Return the log-likelihood, its gradient and Hessian in the logarithms of p, q and the mean p v / q.

        The third coordinate stays finite when q grows without bound, unlike v.
        """
        turn = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-1.0, 1.0, 1.0]])
        natural = np.exp(turn @ logs)
        by_level, by_row = self._of_levels(natural), self._of_rows(natural)
        first, second = by_level[1] + by_row[1], by_level[2] + by_row[2]
        gradient = first * natural
        hessian = second * np.outer(natural, natural) + np.diag(gradient)
        return by_level[0] + by_row[0], turn.T @ gradient, turn.T @ hessian @ turn

    def _of_levels(self, natural: Floats) -> tuple[float, Floats, Floats]:
        p, q, _ = natural
        x, n, psi = self.levels, self.at_level, special.digamma
        value = n @ (special.gammaln(p * x + q) - special.gammaln(p * x) - special.gammaln(q)) - self.constant + p * self.slope
        first = np.array([n @ (x * (psi(p * x + q) - psi(p * x))) + self.slope, n @ (psi(p * x + q) - psi(q)), 0.0])
        bend = special.polygamma(1, p * x + q)
        second = np.zeros((3, 3))
        second[0, 0] = n @ (x * x * (bend - special.polygamma(1, p * x)))
        second[0, 1] = second[1, 0] = n @ (x * bend)
        second[1, 1] = n @ (bend - special.polygamma(1, q))
        return float(value), first, second

    def _of_rows(self, natural: Floats) -> tuple[float, Floats, Floats]:
        p, q, v = natural
        sums = np.zeros(7)
        for each, x, z in self._blocks():
            share = 1 / (z + v)
            logs, square = np.log1p(z / v), share * share
            sums += (each @ logs, x @ logs, x.sum(), each @ share, x @ share, each @ square, x @ square)
        grown, x_grown, x_all, share, x_share, square, x_square = sums
        n = float(self.weights.sum())
        # -(p x + q) log(z + v) + q log v, with log(z + v) = log v + log1p(z / v).
        value = -q * grown - p * (x_grown + np.log(v) * x_all)
        first = np.array([-x_grown - np.log(v) * x_all, -grown, q * (n / v - share) - p * x_share])
        second = np.zeros((3, 3))
        second[0, 2] = second[2, 0] = -x_share
        second[1, 2] = second[2, 1] = n / v - share
        second[2, 2] = -q * (n / v**2 - square) + p * x_square
        return float(value), first, second

    def _blocks(self) -> Iterator[tuple[Floats, Floats, Floats]]:
        for start in range(0, len(self.x), _BLOCK):
            part = slice(start, start + _BLOCK)
            yield self.weights[part], self.x[part], self.z[part]


def _start(x: Floats, m: Floats) -> Floats:
    """Return log p, log q, log(p v / q) from moments; money in units of the mean order.

    Var(m) is t + (1 + t) / (p x), t = 1 / (q - 2) the variance between customers: a line in 1 / x.
    """
    inverse = 1 / x
    square = (m - 1) ** 2
    slope = np.cov(inverse, square)[0, 1] / np.var(inverse) if np.ptp(inverse) > 0 else square.mean() / 2
    between = float(np.clip(square.mean() - slope * inverse.mean(), 0.05 * square.mean(), square.mean()))
    within = float(np.clip(slope, 0.05 * square.mean(), None))
    p, q = (1 + between) / within, 2 + 1 / between
    return np.clip(np.log([p, q, (q - 1) / q]), -_EDGE, _EDGE / 2)


def fit_spend(x: Floats, m: Floats, weights: Floats | None = None) -> tuple[Maximum, float]:
    """Return the maximum of the likelihood in log(p, q, p v / q / unit), and the unit, the mean order of all.

    Args:
        x: orders averaged, shape (n,), above 0.
        m: mean value of those orders, shape (n,), above 0.
        weights: number of customers that each row stands for, shape (n,), above 0; one by default.

    Raises:
        NotConvergedError: no optimum was found.
    """
    orders = x if weights is None else weights * x
    unit = float((orders * m).sum() / orders.sum())
    scaled = m / unit
    low, high = np.array([-_EDGE, -_EDGE, -_EDGE]), np.array([_EDGE, _EDGE, _EDGE])
    start, tolerance = _start(x, scaled), 1e-8
    if (step := len(x) // _SAMPLE) > 1:
        few = _Spenders.of(x[::step], scaled[::step], None if weights is None else weights[::step])
        start = near_maximum(few, start, low=low, high=high)
        tolerance = 1e-4
    return maximise(_Spenders.of(x, scaled, weights), start, low=low, high=high, tolerance=tolerance), unit


# --- settings and fitted model ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class GammaGamma(ModelFacts):
    """Settings of the Gamma-Gamma model.

    Attributes:
        level: of the intervals in the summary.
        orders_learnt_from: "all" orders, or the "repeat" ones without each customer's first, as in the papers. "auto" takes what does
            better on the holdout; without one it is all, or repeat if the features have no first_value.
        price_level: order values count "as_paid", or are brought to the level of prices of the as-of day ("followed": all orders, see
            `relkit.models.lifetime_value.price_level`). "auto" follows it if it does better on the holdout, with two years of history
            or more; without a holdout it does not.
        correlation_noted_above: absolute correlation between orders and spend above which the notes mention it.
        weight_column: column with the number of customers a row stands for; empty if each row is one.

    Examples:
        >>> from datetime import date
        >>> spend = {"repeat_purchases": [0, 1, 2, 4, 1, 3], "mean_repeat_value": [None, 20.0, 35.0, 31.0, 55.0, 24.0]}
        >>> people = pl.DataFrame({"customer_id": list("abcdef"), **spend})
        >>> fitted = GammaGamma().fit(people, as_of=date(2025, 6, 30))
        >>> fitted.info.remarks[0].en
        '1 of 6 customers had no repeat purchase: order values are learnt from the others.'
    """

    name: ClassVar[str] = "lifetime_value.gamma_gamma"
    label = Text("Gamma-Gamma", "Gamma-Gamma")
    purpose = Text(
        "Gamma-Gamma: what an order of each customer should bring.",
        "Gamma-Gamma : ce que devrait rapporter une commande de chaque client.",
    )
    role, reads = ORDER_VALUE, SUMMARIES
    figures = ("spend_distribution", "order_value_deciles")
    family: ClassVar[str] = "lifetime_value"
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="mae_order_value", direction="lower")

    level: float = LEVEL
    correlation_noted_above: float = 0.2
    weight_column: str = ""
    orders_learnt_from: OrdersLearntFrom = "auto"
    price_level: PriceLevel = "auto"

    def __post_init__(self) -> None:
        """Check the ranges of the settings, and the column of weights."""
        if self.orders_learnt_from not in get_args(OrdersLearntFrom):
            raise ParameterError.unknown("orders", str(self.orders_learnt_from), get_args(OrdersLearntFrom), where="orders_learnt_from")
        if self.price_level not in get_args(PriceLevel):
            raise ParameterError.unknown("level of prices", str(self.price_level), get_args(PriceLevel), where="price_level")
        if self.price_level == "followed" and self.orders_learnt_from == "repeat":
            raise ParameterError(
                "the level of prices is learnt from first and repeat orders.",
                where="price_level",
                remedy="Leave orders_learnt_from out, or take the values as_paid.",
            )
        check_level(self.level, where=self.name)
        check_scalar(self.correlation_noted_above, "correlation_noted_above", ge=0, le=1, where=self.name)
        check_weight_column(self.weight_column, SPEND.names, where=self.name)

    @property
    def needs(self) -> Contract:
        """Columns that fit reads."""
        read = replace(FIRST_VALUE, required=self.orders_learnt_from == "all")
        first = () if self.orders_learnt_from == "repeat" else (read,)
        ages = AGES if self.price_level == "followed" else ()
        return replace(SPEND, columns=(*SPEND.columns, *first, *ages, *columns_of(self.weight_column)))

    def variants(self, features: pl.DataFrame) -> tuple[Self, ...]:
        """Return the settings that a holdout chooses among: all orders or the repeat ones, prices as paid or followed."""
        if FIRST_VALUE.name not in features.columns:
            return ()
        of_orders: tuple[Any, ...] = ("all", "repeat") if self.orders_learnt_from == "auto" else (self.orders_learnt_from,)
        found = [replace(self, orders_learnt_from=orders, price_level="as_paid") for orders in of_orders if self.price_level != "followed"]
        if self.price_level != "as_paid" and "all" in of_orders and _spans_years(features):
            found.append(replace(self, orders_learnt_from="all", price_level="followed"))
        return tuple(found)

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedGammaGamma:
        """Return the model fitted by maximum likelihood to customers whose repeat purchases have a value.

        Args:
            features: one row per customer with the columns of `needs`; others are ignored.
            as_of: last day whose facts are in the features.

        Raises:
            TableError: a column is missing, a value is impossible, or a customer is duplicated.
            NotEnoughEventsError: fewer customers are left than there are parameters.
            NotConvergedError: no optimum was found.
        """
        frame, weights = with_weight(read_columns(features, self.needs), self.weight_column)
        learnt_from, each = self._source(frame), np.ones(len(frame)) if weights is None else weights
        rate = self._yearly_rate(frame, each)
        x, m, each, left_out = _usable(at_prices_of_today(frame, rate), each, learnt_from)
        weights = None if weights is None else each
        correlation = _correlation(x, m, each)
        if correlation is not None and abs(correlation) > self.correlation_noted_above:
            left_out.append(_goes_with_orders(correlation))
        parameters, value, remarks = _constant(m) if np.ptp(m) == 0 else _fitted(x, m, weights)
        info = FitInfo(
            as_of=as_of,
            rows=len(x),
            log_likelihood=value,
            converged=True,
            fingerprint=fingerprint(frame.drop("customer_id")),
            remarks=(*left_out, *_follows(rate), *remarks),
        )
        own: dict[str, Any] = {"learnt_from": learnt_from, "yearly_rate": rate}
        return FittedGammaGamma(settings=self, info=info, correlation=correlation, **own, **parameters)

    def _yearly_rate(self, frame: pl.DataFrame, weights: Floats) -> float:
        if self.price_level != "followed" or not _spans_years(frame):
            return 0.0
        x, t_x, first, m = (
            frame[name].cast(pl.Float64).fill_null(0.0).to_numpy()
            for name in ("repeat_purchases", "last_purchase_age_days", FIRST_VALUE.name, "mean_repeat_value")
        )
        return yearly_rate(x, t_x, first, m, weights)

    def _source(self, frame: pl.DataFrame) -> str:
        if self.orders_learnt_from == "auto":
            return "all" if FIRST_VALUE.name in frame.columns else "repeat"
        return self.orders_learnt_from

    @staticmethod
    def best_of(fitted: Sequence[FittedGammaGamma], features: pl.DataFrame, outcomes: pl.DataFrame) -> tuple[int, Remark]:
        """Return the place of the variant that does better on a holdout, and the remark on it.

        The mean absolute error of the order value decides, over those who came back; errors within 1 % of each other are a tie, which
        the Gini of their spend breaks (the orders they made times the value expected of each, to two digits), and then the total.

        Args:
            fitted: the variants, fitted up to the calibration date.
            features: as of that date.
            outcomes: customer_id, holdout_purchases and holdout_mean_value.
        """
        both = meet_outcomes(features, outcomes, ("holdout_purchases", "holdout_mean_value")).filter(pl.col("holdout_mean_value") > 0)
        if both.is_empty():
            raise NotEnoughEventsError("nobody bought in the holdout.", where=GammaGamma.name, remedy="Choose a longer holdout_days.")
        orders, actual = (both[name].cast(pl.Float64).to_numpy() for name in ("holdout_purchases", "holdout_mean_value"))
        values = [each.expected_order_value(both) for each in fitted]
        errors = [float(np.abs(value - actual).mean()) for value in values]
        ginis = [normalised_gini(orders * actual, orders * value) or 0.0 for value in values]
        totals = [float(abs(np.log(value.sum() / actual.sum()))) for value in values]
        level = [place for place, error in enumerate(errors) if error <= _TIE * min(errors)]
        best = max(level, key=lambda place: (round(ginis[place], 2), -totals[place]))
        return best, _decided(fitted, best, errors, ginis)

    def judge(self, fitted: FittedGammaGamma, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return errors of the expected order value against the mean order of those who bought in the holdout.

        Args:
            fitted: the model, fitted up to the calibration date.
            features: as of the calibration date.
            outcomes: customer_id and holdout_mean_value, null if nothing was bought.
        """
        both = meet_outcomes(features, outcomes, ("holdout_mean_value",)).filter(pl.col("holdout_mean_value") > 0)
        if both.is_empty():
            raise NotEnoughEventsError("nobody bought in the holdout.", where=self.name, remedy="Choose a longer holdout_days.")
        actual = both["holdout_mean_value"].cast(pl.Float64).to_numpy()
        return compare(actual, fitted.expected_order_value(both), of="order_value")


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedGammaGamma(FittedCard):
    """A fitted Gamma-Gamma model.

    Attributes:
        settings: what was fitted.
        info: facts about the fit; its remarks report any fallback.
        p: shape of a customer's orders around his mean; None if all spend alike.
        q: shape of the customers' scales; None if customers do not differ.
        v: scale of the customers' scales, in money; None if customers do not differ.
        mean_order_value: of all customers, M of the module's notes: p v / (q - 1) unless the remarks state otherwise; in money.
        correlation: between number and value of orders; None if one of them is constant.
        covariance: of the logarithms of p, q, v, shape (3, 3); NaN for one without a standard error.
        certainty: w of the module's notes, the weight of p v / (q - 1) in mean_order_value.
        learnt_from: "all" orders, or the "repeat" ones, as in models saved before there was a choice.
        yearly_rate: logarithm of the factor by which order values grow in a year; 0 if values count as paid.
    """

    name: ClassVar[str] = GammaGamma.name
    format: ClassVar[int] = 1

    settings: GammaGamma
    info: FitInfo
    p: float | None
    q: float | None
    v: float | None
    mean_order_value: float
    correlation: float | None
    covariance: Floats
    certainty: float = 1.0
    learnt_from: str = "repeat"
    yearly_rate: float = 0.0

    @property
    def needs(self) -> Contract:
        """Columns that score reads."""
        first = (FIRST_VALUE,) if self.learnt_from == "all" else ()
        return replace(SPEND, columns=(*SPEND.columns, *first, *(AGES if self.yearly_rate else ())))

    @property
    def coordinates(self) -> Floats:
        """Logarithms of p, q, v, shape (3,), the coordinates of `covariance`; NaN for those without a value."""
        return np.log([np.nan if value is None else value for value in (self.p, self.q, self.v)])

    def moved(self, coordinates: Floats) -> Self:
        """Return the same model at other coordinates, for `uncertainty`; itself if one of them has no value."""
        if self.p is None or self.q is None or self.v is None or self.q <= 1:
            return self
        p, q, v = np.exp(coordinates).tolist()
        if q <= 1 or not self.certainty:
            return replace(self, p=p, q=q, v=v)
        moved = self.certainty * (p * v / (q - 1) - self.p * self.v / (self.q - 1))
        return replace(self, p=p, q=q, v=v, mean_order_value=self.mean_order_value + moved)

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper; null if a parameter has no finite value.

        Standard errors come from the observed information, by the delta method; the interval is computed on the
        logarithm, so that it stays positive. The last row is the mean order value of all customers, without one unless it is p v / (q - 1).
        """
        q = np.nan if self.q is None else self.q
        estimates = np.array([np.nan if value is None else value for value in (self.p, q, self.v, self.mean_order_value)])
        along = np.array([1.0, -q / (q - 1), 1.0]) if q > 1 and self.certainty == 1 else np.full(3, np.nan)
        errors = np.sqrt(np.maximum([*np.diag(self.covariance), along @ self.covariance @ along], 0.0))
        return summary_of((*TERMS, "mean_order_value"), estimates, errors, self.settings.level, positive=len(estimates))

    def expected_order_value(self, features: pl.DataFrame) -> Floats:
        """Return the mean value of each customer's future orders, shape (n,), in money.

        Customers of whom no order is learnt from, or whose orders had no value, get the mean of all customers.
        """
        x, m = self.orders_of(features)
        if self.p is None or self.q is None or self.v is None:
            return np.full(len(x), self.mean_order_value)
        # Eq. 5 with the mean of all customers in place of p v / (q - 1), which has no bound as q falls to 1.
        own, others = self.p * x, max(self.q - 1, 0.0)
        weight = np.divide(own, own + others, out=np.zeros(len(x)), where=x > 0)
        return np.asarray(weight * m + (1 - weight) * self.mean_order_value)

    def orders_of(self, features: pl.DataFrame) -> tuple[Floats, Floats]:
        """Return the number of orders that are learnt from and their mean value, shape (n,) each; no order if the mean is not above 0."""
        x, m = averaged_orders(at_prices_of_today(read_columns(features, self.needs), self.yearly_rate), self.learnt_from)
        return np.where(m > 0, x, 0.0), m

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id and expected_order_value, one row per row of `features`; any horizon gives the same."""
        del horizon_days
        order_value = self.expected_order_value(features)
        return pl.DataFrame({"customer_id": features["customer_id"], "expected_order_value": order_value})


def averaged_orders(frame: pl.DataFrame, learnt_from: str) -> tuple[Floats, Floats]:
    """Return the number of orders that are learnt from and their mean value, shape (n,) each; a mean of 0 without any.

    Args:
        frame: repeat_purchases, mean_repeat_value and, for all orders, first_value.
        learnt_from: "all" or "repeat".

    Examples:
        >>> frame = pl.DataFrame({"repeat_purchases": [0, 3], "mean_repeat_value": [None, 20.0], "first_value": [30.0, 40.0]})
        >>> averaged_orders(frame, "all")
        (array([1., 4.]), array([30., 25.]))
    """
    x = frame["repeat_purchases"].cast(pl.Float64).to_numpy()
    m = frame["mean_repeat_value"].cast(pl.Float64).fill_null(0.0).to_numpy()
    if learnt_from == "repeat":
        return x, np.where(x > 0, m, 0.0)
    first = frame[FIRST_VALUE.name]
    orders = x + first.is_not_null().to_numpy()
    total = np.where(x > 0, x * m, 0.0) + first.fill_null(0.0).to_numpy()
    return orders, np.divide(total, orders, out=np.zeros(len(x)), where=orders > 0)


def at_prices_of_today(frame: pl.DataFrame, yearly_rate: float) -> pl.DataFrame:
    """Return order values brought to the level of prices of the as-of day.

    Args:
        frame: repeat_purchases, mean_repeat_value, first_value, and the ages unless the rate is 0.
        yearly_rate: logarithm of the factor by which order values grow in a year.
    """
    if not yearly_rate:
        return frame
    x, t_x, T = (frame[name].cast(pl.Float64).to_numpy() for name in ("repeat_purchases", "last_purchase_age_days", "observed_days"))
    since_first, since_repeats = (pl.Series(np.exp(yearly_rate * days / DAYS_PER_YEAR)) for days in (T, T - mean_age(x, t_x)))
    return frame.with_columns(frame[FIRST_VALUE.name] * since_first, frame["mean_repeat_value"] * since_repeats)


def _spans_years(features: pl.DataFrame) -> bool:
    """Return whether the history is long enough to distinguish a trend of prices from a season."""
    known = all(column.name in features.columns for column in (*AGES, FIRST_VALUE))
    return known and float(features["observed_days"].max() or 0.0) >= FEWEST_DAYS  # type: ignore[arg-type]  # a number


def _follows(rate: float) -> tuple[Remark, ...]:
    """Return the remark on prices that are followed; none if values count as paid."""
    if not rate:
        return ()
    growth = 100 * float(np.expm1(rate))
    return (
        Remark(
            "price_level",
            f"Order values follow the level of prices: those of a customer change by {growth:+.1f} % a year, and past ones are brought to "
            "the level of the as-of day.",
            f"La valeur des commandes suit le niveau des prix : chez un même client elle évolue de {'+' if growth > 0 else ''}"
            f"{french(growth, 1)} % par an, et les commandes passées sont ramenées au niveau de la date d’arrêté.",
        ),
    )


def _usable(frame: pl.DataFrame, weights: Floats, learnt_from: str) -> tuple[Floats, Floats, Floats, list[Remark]]:
    """Return x, m and weight of the rows to fit, and a remark on each kind of row left out."""
    x, m = averaged_orders(frame, learnt_from)
    bought, kept = x > 0, (x > 0) & (m > 0)
    left_out = []
    if once := len(frame) - int(bought.sum()):
        left_out.append(_bought_once(once, len(frame)))
    if worthless := int(bought.sum() - kept.sum()):
        left_out.append(_worthless(worthless, len(frame), learnt_from))
    if kept.sum() < len(TERMS):
        of = "repeat purchases" if learnt_from == "repeat" else "purchases"
        raise NotEnoughEventsError(
            f"{kept.sum()} of {len(frame)} customers have {of} of positive value; {len(TERMS)} parameters need more.",
            where=GammaGamma.name,
            remedy="Fit a longer period or more customers.",
        )
    return x[kept], m[kept], weights[kept], left_out


def _bought_once(once: int, customers: int) -> Remark:
    return Remark(
        "no_repeat_purchase",
        f"{once:,} of {customers:,} customers had no repeat purchase: order values are learnt from the others.",
        f"{french(once)} clients sur {french(customers)} n’ont acheté qu’une fois : la valeur des commandes s’apprend sans eux.",
    )


def _worthless(count: int, customers: int, learnt_from: str) -> Remark:
    of, de = ("repeat purchases", "rachats") if learnt_from == "repeat" else ("purchases", "achats")
    return Remark(
        "worthless_purchases",
        f"{count:,} of {customers:,} customers had {of} of no positive value and were left out.",
        f"{french(count)} clients sur {french(customers)} n’ont que des {de} sans valeur positive ; ils ont été écartés.",
    )


def _decided(fitted: Sequence[FittedGammaGamma], best: int, errors: Sequence[float], ginis: Sequence[float]) -> Remark:
    """Return the remark on the variant that a holdout chose, with the figures of all."""
    names = [_VARIANTS[each.learnt_from, bool(each.yearly_rate)] for each in fitted]
    others = [place for place in range(len(fitted)) if place != best]
    against = ", ".join(f"{errors[place]:,.2f} and {ginis[place]:.3f} from {names[place][0]}" for place in others)
    contre = ", ".join(f"{french(errors[place], 2)} et {french(ginis[place], 3)} sur {names[place][1]}" for place in others)
    return Remark(
        "orders_learnt_from",
        f"Order values are learnt from {names[best][0]}, as the holdout suggests: a mean error of {errors[best]:,.2f} per order and a Gini "
        f"of spend of {ginis[best]:.3f}, against {against}.",
        f"La valeur des commandes s’apprend sur {names[best][1]}, comme le suggère la période de test : erreur moyenne de "
        f"{french(errors[best], 2)} par commande et Gini de la dépense de {french(ginis[best], 3)}, contre {contre}.",
    )


_VARIANTS = {
    ("all", False): ("all orders", "toutes les commandes"),
    ("repeat", False): ("repeat orders only", "les seuls réachats"),
    ("all", True): ("all orders at the prices of the as-of day", "toutes les commandes aux prix de la date d’arrêté"),
}


def _goes_with_orders(correlation: float) -> Remark:
    return Remark(
        "spend_goes_with_orders",
        f"Spend goes with the number of orders (correlation {correlation:.2f}); the model supposes that it does not.",
        f"La valeur des commandes varie avec leur nombre (corrélation {french(correlation, 2)}) ; le modèle suppose que non.",
    )


def _correlation(x: Floats, m: Floats, weights: Floats) -> float | None:
    """Return the correlation between number and value of orders, or None if one of them is constant."""
    if np.ptp(x) == 0 or np.ptp(m) == 0:
        return None
    both = np.cov(x, m, aweights=weights)
    return float(both[0, 1] / np.sqrt(both[0, 0] * both[1, 1]))


def _of_terms(covariance: Floats) -> Floats:
    """Return the covariance of the logarithms of p, q, v from that of p, q, p v / q; NaN if one that is needed is NaN."""
    turn = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-1.0, 1.0, 1.0]])
    unknown = np.isnan(np.diag(covariance))
    turned = np.asarray(turn @ np.nan_to_num(covariance) @ turn.T)
    lost = (turn != 0) @ unknown
    turned[lost, :] = turned[:, lost] = np.nan
    return turned


def _constant(m: Floats) -> tuple[dict[str, Any], None, tuple[Remark, ...]]:
    """Return the parameters if every mean is the same: only that mean."""
    remark = Remark(
        "same_spend",
        f"Every customer spends {m[0]:g} per order: that is what everyone is expected to spend, and no shape can be estimated.",
        f"Tous les clients dépensent {french(float(m[0]), 2)} par commande : c’est ce qui est attendu de chacun.",
    )
    nothing = {"p": None, "q": None, "v": None, "covariance": np.full((3, 3), np.nan)}
    return {**nothing, "mean_order_value": float(m[0])}, None, (remark,)


def _fitted(x: Floats, m: Floats, weights: Floats | None) -> tuple[dict[str, Any], float, tuple[Remark, ...]]:
    """Return the parameters, the log-likelihood and the remarks."""
    best, unit = fit_spend(x, m, weights)
    p, q, level = (float(value) for value in np.exp(best.at))
    v = level * q / p * unit
    value = float(best.value - (len(x) if weights is None else weights.sum()) * np.log(unit))
    parameters: dict[str, Any] = {"p": p, "q": q, "v": v, "covariance": _of_terms(best.covariance)}
    remarks = [] if best.bounded.any() or q <= 1 else list(best.remarks((*TERMS[:2], "The mean order")))
    said = [_CUSTOMERS_ALIKE]
    if best.bounded[1] and q > 1:
        parameters |= {"q": None, "v": None, "mean_order_value": unit}
    else:
        found, said = _mean_of_all(parameters, float(np.average(m, weights=weights)))
        parameters |= found
    remarks += [*said, *([_ORDERS_ALIKE] if best.bounded[0] else [])]
    return parameters, value, tuple(remarks)


def _mean_of_all(parameters: dict[str, Any], observed: float) -> tuple[dict[str, float], list[Remark]]:
    """Return the mean order value of all customers with its certainty, and the remark if it is not the model's.

    Args:
        parameters: p, q, v and the covariance of their logarithms.
        observed: mean over the customers of their mean orders.
    """
    q, std_error = parameters["q"], float(np.sqrt(parameters["covariance"][1, 1]))
    weight = certainty(q, std_error)
    if q <= 1:
        return {"mean_order_value": observed, "certainty": 0.0}, [_NO_FINITE_MEAN]
    model = parameters["p"] * parameters["v"] / (q - 1)
    found = {"mean_order_value": weight * model + (1 - weight) * observed if weight else observed, "certainty": weight}
    if weight == 1:
        return found, []
    reach = normal_reach(LEVEL) * std_error
    return found, [_mean_in_doubt(q, (q * np.exp(-reach), q * np.exp(reach)), found["mean_order_value"], weight)]


def certainty(q: float, std_error: float) -> float:
    """Return the weight of p v / (q - 1) as the mean of all customers: w of the module's notes.

    Args:
        q: estimate.
        std_error: of its logarithm; NaN, if it has none, gives 1 for a q above 2, of which even the variance is finite, else 0.

    Examples:
        >>> certainty(1.1, 0.2), round(certainty(1.8, 0.2), 3), certainty(3.7, 0.07)
        (0.0, 0.499, 1.0)
    """
    if not np.isfinite(std_error):
        return float(q > 2)
    if q <= 1:
        return 0.0
    return float(np.clip(np.log(q) / max(normal_reach(LEVEL) * std_error, 1e-300) - 1, 0.0, 1.0))


def _mean_in_doubt(q: float, interval: tuple[float, float], mean: float, weight: float) -> Remark:
    """Return the remark on a mean of all customers that is not, or not wholly, the model's."""
    low, high = interval
    reaches = "reaches 1, where spend has no finite mean" if weight == 0 else "comes near 1, where spend has no finite mean"
    atteint = (
        "atteint 1, où la dépense moyenne n’est plus finie" if weight == 0 else "approche de 1, où la dépense moyenne n’est plus finie"
    )
    given = "the mean order observed" if weight == 0 else "a mean between the model's and the one observed"
    donne = "la commande moyenne observée" if weight == 0 else "une moyenne entre celle du modèle et celle observée"
    return Remark(
        "mean_order_in_doubt",
        f"The interval of q ({q:.2f}, from {low:.2f} to {high:.2f}) {reaches}. Newcomers are given {given}, {mean:,.2f}, and customers "
        "are drawn towards it instead of towards the model's.",
        f"L’intervalle de q ({french(q, 2)}, de {french(low, 2)} à {french(high, 2)}) {atteint}. Les nouveaux clients reçoivent {donne}, "
        f"{french(mean, 2)}, et les autres en sont rapprochés, plutôt que de celle du modèle.",
        about=("expected_order_value",),
    )


_ORDERS_ALIKE = Remark(
    "orders_alike",
    "A customer's orders do not vary: p went to the edge of its range and has no standard error.",
    "Les commandes d’un même client ne varient pas : sa moyenne passée est prise telle quelle.",
)
_CUSTOMERS_ALIKE = Remark(
    "customers_alike",
    "Customers do not differ in spend beyond chance (q has no upper bound): everyone is expected to spend the pooled mean.",
    "Les écarts de dépense entre clients ne dépassent pas le hasard : la même valeur moyenne de commande est attendue de tous.",
)
_NO_FINITE_MEAN = Remark(
    "no_finite_mean",
    "Spend is so unequal that it has no finite mean (q is 1 or less): customers keep their own mean, newcomers get the mean of these.",
    "Les dépenses sont si inégales que leur moyenne ne se stabilise pas : chaque client garde la sienne, les nouveaux reçoivent la moyenne "
    "de celles-ci.",
)
