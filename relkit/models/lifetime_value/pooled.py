"""Pooled forecast of orders: a corrected MBG/NBD and a regression on recent orders, mixed as whole distributions.

No model of purchases alone forecasts totals of real shops well: seasons and growth move them, and "the same again" is hard to beat for
customers who buy by habit. This model learns at past origins how far to trust what:

1. The base model is the MBG/NBD, whose purchase rate differs for customers who may be older than the data
   (Batislam, Denizel and Filiztekin 2007; Hoppe and Wagner 2007).
2. Its total is corrected by a part of its errors in the same season of the years before, or at the last origin (`recalibration`),
   and by the calendar ahead (`calendar_weights`). The base model is asked for more or fewer days, so that a distribution results.
3. A negative-binomial regression, learnt at those origins, combines the base model, the orders of the last h days, the long run, the
   customer's own orders in the same season a year before and gradient boosting (`own_past`, `boosted_orders`,
   `negative_binomial_regression`); its total is that of step 2.
4. A linear pool of both distributions (Hall and Mitchell 2007; Geweke and Amisano 2011) is the forecast (`knots`).

    Hall, S. G. and Mitchell, J. (2007), Combining density forecasts. International Journal of Forecasting 23 (1), 1-13.
    Geweke, J. and Amisano, G. (2011), Optimal prediction pools. Journal of Econometrics 164 (1), 130-141.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date  # noqa: TC003 storage and settings read the types of the fields
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.base import FitInfo, HoldoutMetric, ModelFacts, fingerprint
from relkit.models.lifetime_value import pooled_remarks
from relkit.models.lifetime_value.calendar_weights import CalendarWeights, WeekWeight
from relkit.models.lifetime_value.exposure import CalendarEvent, day_number
from relkit.models.lifetime_value.family import HISTORIES, ORDERS
from relkit.models.lifetime_value.judged_origins import PastOrigins, base_frame
from relkit.models.lifetime_value.judging import HOLDOUT_METRIC, judge_purchases
from relkit.models.lifetime_value.knots import Knots, PooledForecast
from relkit.models.lifetime_value.last_read import LastRead
from relkit.models.lifetime_value.mbg_nbd import FORMULAS, FittedMbgNbd, MbgNbd
from relkit.models.lifetime_value.median import median_of
from relkit.models.lifetime_value.older_customers import FLAG, OLDER, is_older
from relkit.models.lifetime_value.order_days import OrderDays
from relkit.models.lifetime_value.own_past import REGRESSORS, OwnPast
from relkit.models.lifetime_value.pooled_learning import centred, learn
from relkit.models.lifetime_value.purchases import PURCHASE_HISTORIES, check_dates, learnable, read_columns
from relkit.models.lifetime_value.purchases_ahead import PurchasesAhead, whole_numbers
from relkit.models.summaries import summary_of
from relkit.scalars import check_level, check_scalar
from relkit.texts import Text
from relkit.units import LEFT_WINDOW_DAYS, LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from relkit.contracts import Contract
    from relkit.models.lifetime_value.purchases_ahead import Ahead

Floats = NDArray[np.float64]

FLAGGED_HISTORIES = replace(
    PURCHASE_HISTORIES,
    columns=(
        *PURCHASE_HISTORIES.columns,
        replace(FLAG, required=False),
    ),
)
"""Input of the model; without the flag, customers are flagged by their first order."""


@dataclass(frozen=True, kw_only=True)
class Pooled(ModelFacts):
    """Settings of the pooled forecast.

    Attributes:
        period_days: the unit of time of the base model's parameters, in days; features and horizons stay in days.
        level: of the intervals in the summary.
        horizons_days: horizons at which corrections and weights are learnt, ascending; others lie between or beyond them.
        history_starts_on: first day of the history; the first order by default, or if it is earlier.
        events: periods of the calendar in which something changed the orders of all customers, those to come included; one
            effect for each name.
        week_weights: weights of ISO weeks, of those that are no ordinary ones.
        sample_customers: customers at most from whom corrections and weights are learnt; the base model learns from all.
        regression_weight: weight of the regression in the pool to which the learnt one is drawn.

    Examples:
        >>> Pooled(week_weights=(WeekWeight(iso_week=51, weight=1.8),)).horizons_days
        (28, 90, 180, 365, 730)
    """

    name: ClassVar[str] = "lifetime_value.pooled"
    label = Text("Pooled forecast", "Prévision combinée")
    purpose = Text(
        "Pooled forecast: orders ahead from MBG/NBD, recent orders and the season, weighted by what held at past dates.",
        "Prévision combinée : les commandes à venir d’après MBG/NBD, les commandes récentes et la saison, selon ce qui s’est vérifié.",
    )
    role, reads = ORDERS, HISTORIES
    competes = True
    figures = ("pool_parts", "purchases_by_frequency", "deciles")
    family: ClassVar[str] = "lifetime_value"
    holdout_metric: ClassVar[HoldoutMetric] = HOLDOUT_METRIC

    period_days: float = 7.0
    level: float = LEVEL
    horizons_days: tuple[int, ...] = (28, 90, 180, 365, 730)
    history_starts_on: date | None = None
    events: tuple[CalendarEvent, ...] = ()
    week_weights: tuple[WeekWeight, ...] = ()
    sample_customers: int = 50_000
    regression_weight: float = 0.5

    def __post_init__(self) -> None:
        """Check the ranges of the settings."""
        check_scalar(self.period_days, "period_days", gt=0, where=self.name)
        check_level(self.level, where=self.name)
        check_scalar(self.sample_customers, "sample_customers", ge=1000, where=self.name)
        check_scalar(self.regression_weight, "regression_weight", ge=0, le=1, where=self.name)
        ascending = all(low < high for low, high in zip(self.horizons_days, self.horizons_days[1:], strict=False))
        if not self.horizons_days or self.horizons_days[0] < 7 or self.horizons_days[-1] > 3660 or not ascending:
            raise ParameterError(
                f"horizons_days is {list(self.horizons_days)}; it must be whole days from 7 to 3,660 in ascending order.", where=self.name
            )

    @classmethod
    def judged_at(cls, days: int) -> dict[str, Any]:
        """Return the settings of a trial judged at one horizon: what is learnt at the others does not enter its forecasts there."""
        return {"horizons_days": (days,)} if 7 <= days <= 3660 else {}

    @property
    def needs(self) -> Contract:
        """Columns that fit reads."""
        return FLAGGED_HISTORIES

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedPooled:
        """Return the fitted forecast.

        Args:
            features: one row per customer with the columns of `needs`; others are ignored. A fraction of a day is rounded.
            as_of: last day whose facts are in the features.

        Raises:
            TableError: a column is missing, a value is impossible, or a customer is duplicated.
            NotEnoughEventsError: too few customers bought again.
            NotConvergedError: no optimum was found.
        """
        frame = _in_order(read_columns(features, learnable(self.needs)))
        check_dates(frame, as_of)
        self._check_enough(frame)
        today, begins = day_number(as_of), self._begins(frame)
        start, orders = day_number(begins), OrderDays.of(frame)
        older, daily = _older(frame, start), orders.daily(start, today)
        model, rows = MbgNbd(period_days=self.period_days, level=self.level), base_frame(*_summary(frame), older)
        base = model.fit(rows, as_of=as_of)
        ahead = today + self.horizons_days[-1]
        calendar = CalendarWeights.of(daily, begin=start, end=ahead, weeks=self.week_weights, events=self.events)
        step = -(-len(frame) // self.sample_customers)
        past = PastOrigins(OrderDays.of(frame[::step]) if step > 1 else orders, older[::step], start, calendar, model)
        learnt = learn(past, self.horizons_days, known_days=today - start, regression_weight=self.regression_weight)
        alike, own_past = base.alike(rows), OwnPast(orders, today, start, older)
        knots, of_past = centred(learnt.knots, alike, own_past)
        own = pooled_remarks.of_parts(PooledForecast.of(knots, alike, of_past), learnt.origins, known_days=today - start)
        own += pooled_remarks.sampled(len(past.orders.first), len(frame)) if len(knots) and step > 1 else ()
        own += (*map(pooled_remarks.unseen_event, calendar.unseen), *pooled_remarks.peak(daily, as_of, self.events))
        return FittedPooled(
            settings=self,
            info=replace(base.info, fingerprint=fingerprint(frame.drop("customer_id")), remarks=(*base.info.remarks, *own)),
            base=base,
            knots=knots,
            history_begins_on=begins,
            event_effects=calendar.effects,
            origins=learnt.origins,
        )

    def judge(self, fitted: FittedPooled, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return errors of the expected purchases on the holdout, as `judge_purchases` does."""
        return judge_purchases(fitted, features, outcomes)

    def _check_enough(self, frame: pl.DataFrame) -> None:
        if (back := int((frame["repeat_purchases"] > 0).sum())) < len(FORMULAS.terms):
            raise NotEnoughEventsError(
                f"{back} of {len(frame)} customers bought again; {len(FORMULAS.terms)} parameters need more.",
                where=self.name,
                remedy="Fit a longer period or more customers.",
            )

    def _begins(self, frame: pl.DataFrame) -> date:
        """Return the first day of the history."""
        first: date = frame["first_order_on"].min()  # type: ignore[assignment]  # of a column of dates that is not empty
        return first if self.history_starts_on is None else min(first, self.history_starts_on)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedPooled(PurchasesAhead):
    """A fitted pooled forecast.

    Its intervals of single customers come from the parameters of the base model; the past errors of totals, which are far larger, are in
    `past_forecasts`. P(alive) is that of the base model, or the highest probability of an order at a horizon learnt if that is higher.

    Attributes:
        settings: what was fitted.
        info: facts about the fit; the log-likelihood is the base model's.
        base: the base model, fitted to all customers.
        knots: what was learnt at each horizon; none if the history is too short.
        history_begins_on: first day of the history.
        event_effects: by event, the factor on the orders of its days.
        origins: totals at past origins, of the sampled customers, from which the corrections were learnt.
    """

    name: ClassVar[str] = Pooled.name
    format: ClassVar[int] = 1

    settings: Pooled
    info: FitInfo
    base: FittedMbgNbd
    knots: Knots
    history_begins_on: date
    event_effects: dict[str, float]
    origins: pl.DataFrame

    @property
    def needs(self) -> Contract:
        """Columns that score reads."""
        return FLAGGED_HISTORIES

    @property
    def covariance(self) -> Floats:
        """Covariance of the base model's coordinates, shape (k, k)."""
        return self.base.covariance

    @property
    def coordinates(self) -> Floats:
        """The base model's coordinates, shape (k,)."""
        return self.base.coordinates

    def moved(self, coordinates: Floats) -> Self:
        """Return the same forecast with the base model at other coordinates, for `uncertainty`."""
        moved = replace(self, base=self.base.moved(coordinates))
        # The same customers are asked about at many coordinates: what was read of them is read once.
        moved.__dict__["_last_read"] = self._last_read
        return moved

    @property
    def nobody_leaves(self) -> bool:
        """True if customers never stop buying in the base model."""
        return self.base.nobody_leaves

    def probability_alive(self, features: pl.DataFrame) -> Floats:
        """Return the probability that each customer is still alive, shape (n,), in the order of the rows."""
        return self._forecast(features).alive

    def tells_alive(self, features: pl.DataFrame) -> NDArray[np.bool_]:
        """Return a mask of the customers whose P(alive) is informative, not 1 by construction, shape (n,)."""
        return self.base.tells_alive(features)

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper: of the base model, then of each horizon, without standard errors.

        correction_<h>d multiplies the base model's total, calendar included; weight_<h>d is the regression's in the pool, and the others
        are the powers in it of the base model, the last h days, the long run, the same season a year before and trees (0 if too little was
        known).
        """
        terms, values = [], []
        for j, days in enumerate(self.knots.horizons_days):
            own = {"correction": np.exp(self.knots.log_corrections[j]) * self.knots.calendar[j], "weight": self.knots.pool_weights[j]}
            own |= dict(zip(REGRESSORS, self.knots.powers[j], strict=True))
            terms += [f"{name}_{days:.0f}d" for name in own]
            values += [float(value) for value in own.values()]
        if not terms:
            return self.base.summary()
        errors = np.full(len(terms), np.nan)
        return pl.concat([self.base.summary(), summary_of(terms, np.array(values), errors, self.settings.level, positive=0)])

    def over_pairs(self, features: pl.DataFrame, value: Callable[[Ahead], Floats]) -> tuple[Floats, Floats]:
        """Return P(alive) of each customer, and `value` of the purchases ahead of those alive, both (n,).

        Args:
            features: the columns of `needs`, as of any day.
            value: linear in a function that returns the purchases expected in a number of days. It is called once for each
                stretch between horizons, for customers who buy alike in the base model, and returns one number for each.
        """
        forecast = self._forecast(features)
        base, steps = forecast.base, np.diff(forecast.expected_at, axis=0)
        alive = np.maximum(forecast.alive, 1e-200)  # it may underflow
        total = base.alive / alive * value(forecast.beyond)[base.which]
        for j, step in enumerate(steps):
            total = total + step / alive * value(partial(forecast.passed, j))[base.which]
        return alive, total

    def purchases_probability(self, features: pl.DataFrame, purchases: Sequence[int] | NDArray[Any], days: float) -> Floats:
        """Return the probability that each customer makes exactly `purchases[i]` purchases in the `days` after the as-of day.

        Args:
            features: the columns of `needs`.
            purchases: number of purchases, one per row, shape (n,).
            days: horizon, in days.
        """
        self._check_ahead(days)
        m = whole_numbers(purchases, len(features), self.name)
        return self._forecast(features).at(float(days)).probability(m)

    def median_purchases(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the median number of purchases of each customer, shape (n,); arguments as in `PurchasesAhead`."""
        self._check_ahead(days)
        forecast = self._forecast(features)
        counts, mean = forecast.at(float(days)), forecast.expected(float(days))
        return median_of(counts.none, mean, lambda rows, m: counts.some(rows).probability(np.full(len(rows), float(m))))

    def expected_purchases_new(self, days: float | Sequence[float] | Floats) -> Floats:
        """Return the repeat purchases expected of a new customer within `days` of the first one: the base model's, uncorrected."""
        return self.base.expected_purchases_new(days)

    def _order_probability(self, features: pl.DataFrame, days: float) -> Floats:
        return np.asarray(1 - self._forecast(features).at(float(days)).none)

    def _forecast(self, features: pl.DataFrame) -> PooledForecast:
        """Return the forecasts of customers as of the day of their rows."""
        rows, of_past = self._last_read.of(features, self._read)
        return self._last_forecast.of(rows, lambda rows: PooledForecast.of(self.knots, self.base.alike(rows), of_past))

    @cached_property
    def _last_read(self) -> LastRead[tuple[pl.DataFrame, Floats]]:
        return LastRead()

    @cached_property
    def _last_forecast(self) -> LastRead[PooledForecast]:
        return LastRead()

    def _read(self, features: pl.DataFrame) -> tuple[pl.DataFrame, Floats]:
        """Return the rows of customers for the base model, and the part of the regressions that comes from their own past."""
        frame, start = read_columns(features, self.needs), day_number(self.history_begins_on)
        older = _older(frame, start)
        until = frame["first_order_on"].to_physical().to_numpy() + np.rint(frame["observed_days"].to_numpy()).astype(np.int64)
        return base_frame(*_summary(frame), older), self.knots.of_past(OwnPast(OrderDays.of(frame), until, start, older))


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows in order of customer_id, so that sums and samples do not depend on theirs."""
    return frame if frame["customer_id"].is_sorted() else frame.sort("customer_id")


def _summary(frame: pl.DataFrame) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return x, t_x and T of each customer."""
    x, t_x, T = (frame[name].to_numpy() for name in ("repeat_purchases", "last_purchase_age_days", "observed_days"))
    return x, t_x, T


def _older(frame: pl.DataFrame, start: int) -> NDArray[np.bool_]:
    """Return a mask of the customers who may be older than the data; without the flag, those who first bought in its first days."""
    if OLDER in frame.columns:
        return is_older(frame[OLDER])
    return np.asarray(frame["first_order_on"].to_physical().to_numpy() < start + LEFT_WINDOW_DAYS)
