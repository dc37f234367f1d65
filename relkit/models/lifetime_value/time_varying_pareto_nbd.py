"""Pareto/NBD with rates that follow the calendar: the season, and events such as campaigns, sales and closures.

While alive a customer buys at the rate lambda exp(gamma'z(day)), and leaves at the rate mu exp(delta'w(day)). The likelihood is
in `time_varying_likelihood`, forecasts are in `time_varying_forecast`, the calendar in `exposure`. With all effects
at zero everything is as in `pareto_nbd`.

The covariates are known for all days, those to come included: the season recurs each year, and events are declared
beforehand. They act on all customers alike. By default they act on purchasing only: a season shows in what is bought on each
day, and hardly in dropout, a moment that nobody observes; effects on leaving need long histories to be identified.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.base import FitInfo, HoldoutMetric, ModelFacts, fingerprint
from relkit.models.lifetime_value import pareto_nbd
from relkit.models.lifetime_value.exposure import CalendarCovariates, CalendarEvent, Exposure, day_number, usable
from relkit.models.lifetime_value.family import HISTORIES, ORDERS
from relkit.models.lifetime_value.judging import HOLDOUT_METRIC, judge_purchases
from relkit.models.lifetime_value.older_customers import as_newcomers
from relkit.models.lifetime_value.purchases import PURCHASE_HISTORIES, PURCHASES, PurchaseCounts, check_dates, read_columns
from relkit.models.lifetime_value.purchases_ahead import PurchasesAhead, whole_numbers
from relkit.models.lifetime_value.time_varying_forecast import AHEAD_DAYS, Forecast
from relkit.models.lifetime_value.time_varying_likelihood import DatedCounts, Rows, log_odds_gone, population
from relkit.models.maximum import maximise
from relkit.models.summaries import summary_of
from relkit.models.weights import check_weight_column, columns_of, with_weight
from relkit.remarks import Remark
from relkit.scalars import check_level, check_scalar
from relkit.texts import Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from relkit.contracts import Contract
    from relkit.models.lifetime_value.purchases_ahead import Ahead
    from relkit.models.maximum import Maximum

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TERMS = ("r", "alpha", "s", "beta")
# Bound of an effect on the logarithm of a rate; beyond it the data do not bound it (no purchase at all during an event).
_EFFECT_EDGE = 8.0
_EDGES = (6.0, 14.0, 6.0, 14.0)

_FIRST_DAY = PURCHASE_HISTORIES["first_order_on"]
DATED_PURCHASES = replace(
    PURCHASES,
    name="dated purchase summary",
    meaning="Repeat purchases of each customer, as of a day, with the day of the first purchase.",
    columns=(*PURCHASES.columns, _FIRST_DAY),
)
"""Input of forecasts; a fit reads the purchase days one by one."""


@dataclass(frozen=True, kw_only=True)
class TimeVaryingParetoNbd(ModelFacts):
    """Settings of the Pareto/NBD model with season and events.

    Attributes:
        period_days: the unit of time of parameters and log-likelihood, in days; features and horizons stay in days.
        level: of the intervals in the summary.
        season_harmonics: pairs of sine and cosine of the day of the year; 0 for no season, 2 for two peaks a year.
        events: periods in which something changed the rates of all customers, those to come included; one effect for each name.
        lifetime_covariates: names of covariates that act on leaving as well; "season" stands for all of the season.
        step_days: covariates are constant for so many days, at their mean over these; 1 follows the days, 7 calendar weeks.
        weight_column: column with the number of customers a row stands for; empty if each row is one.

    Examples:
        >>> from datetime import date
        >>> sale = CalendarEvent(name="sale", starts_on=date(2025, 1, 2), ends_on=date(2025, 1, 12))
        >>> TimeVaryingParetoNbd(season_harmonics=1, events=(sale,)).calendar.names
        ('season_sin_1', 'season_cos_1', 'sale')
    """

    name: ClassVar[str] = "lifetime_value.time_varying_pareto_nbd"
    label = Text("Pareto/NBD with season and campaigns", "Pareto/NBD avec saison et campagnes")
    purpose = Text(
        "Pareto/NBD with season and campaigns: orders ahead and the probability of still buying.",
        "Pareto/NBD avec saison et campagnes : les commandes à venir et la probabilité d’acheter encore.",
    )
    role, reads = ORDERS, HISTORIES
    competes = True
    figures = ("frequency_histogram", "alive_surface", "spreads", "tracking", "purchases_by_frequency", "deciles", "season")
    family: ClassVar[str] = "lifetime_value"
    holdout_metric: ClassVar[HoldoutMetric] = HOLDOUT_METRIC

    period_days: float = 7.0
    level: float = LEVEL
    season_harmonics: int = 1
    events: tuple[CalendarEvent, ...] = ()
    lifetime_covariates: tuple[str, ...] = ()
    step_days: int = 1
    weight_column: str = ""

    def __post_init__(self) -> None:
        """Check the ranges of the settings, and the names of the covariates."""
        check_scalar(self.period_days, "period_days", gt=0, where=self.name)
        check_level(self.level, where=self.name)
        check_scalar(self.season_harmonics, "season_harmonics", ge=0, le=12, where=self.name)
        check_scalar(self.step_days, "step_days", ge=1, le=31, where=self.name)
        check_weight_column(self.weight_column, PURCHASE_HISTORIES.names, where=self.name)
        for name in self.lifetime_covariates:
            if name not in (known := ("season", *self.calendar.names)):
                raise ParameterError.unknown("lifetime covariate", name, known, where=self.name)

    @property
    def calendar(self) -> CalendarCovariates:
        """Calendar covariates that may move the rates."""
        return CalendarCovariates(season_harmonics=self.season_harmonics, events=self.events, step_days=self.step_days)

    @property
    def on_leaving(self) -> tuple[int, ...]:
        """Positions of the covariates that act on leaving."""
        wanted = {*self.lifetime_covariates, *(self.calendar.season if "season" in self.lifetime_covariates else ())}
        return tuple(k for k, name in enumerate(self.calendar.names) if name in wanted)

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the parameters: r, alpha, s, beta, effects on purchasing, effects on leaving."""
        names = self.calendar.names
        return (*TERMS, *(f"purchase:{name}" for name in names), *(f"lifetime:{names[k]}" for k in self.on_leaving))

    @property
    def needs(self) -> Contract:
        """Columns that fit reads."""
        return replace(PURCHASE_HISTORIES, columns=(*PURCHASE_HISTORIES.columns, *columns_of(self.weight_column)))

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedTimeVaryingParetoNbd:
        """Return the model fitted by maximum likelihood.

        The search starts from the fit without covariates, whose log-likelihood is stored for comparison.

        Args:
            features: one row per customer with the columns of `needs`; others are ignored. A fraction of a day is rounded.
            as_of: last day whose facts are in the features.

        Raises:
            TableError: a column is missing, a value is impossible, or a customer is duplicated.
            NotEnoughEventsError: too few customers bought again.
            NotConvergedError: no optimum was found.
        """
        frame, weights = with_weight(read_columns(features, self.needs), self.weight_column)
        check_dates(frame, as_of)
        counts = PurchaseCounts.of(_whole_days(frame), weights)
        if (came_back := int(counts.customers[counts.x > 0].sum())) < len(self.terms):
            raise NotEnoughEventsError(
                f"{came_back} of {counts.customers.sum():.0f} customers bought again; {len(self.terms)} parameters need more.",
                where=self.name,
                remedy="Fit a longer period or more customers, or fewer covariates.",
            )
        static, unit = pareto_nbd.FORMULAS.fit_counts(counts, where=self.name)
        best, kept, days = self._best(frame, counts.customers, static, unit)
        periods, purchases = unit / self.period_days, float(counts.customers @ counts.x)
        at, covariance = np.zeros(len(self.terms)), np.full((len(self.terms),) * 2, np.nan)
        at[kept], covariance[np.ix_(kept, kept)] = best.at, best.covariance
        at[[1, 3]] += np.log(periods)
        remarks = self._remarks(best, kept, days)
        info = FitInfo(
            as_of=as_of,
            rows=len(frame),
            log_likelihood=float(best.value - purchases * np.log(periods)),
            converged=True,
            fingerprint=fingerprint(frame.drop("customer_id")),
            remarks=(*as_newcomers(features), *remarks),
        )
        return FittedTimeVaryingParetoNbd(
            settings=self,
            info=info,
            covariance=covariance,
            static_log_likelihood=float(static.value - purchases * np.log(periods)),
            **_fields(at, len(self.calendar.names)),
        )

    def _best(self, frame: pl.DataFrame, weights: Floats, static: Maximum, unit: float) -> tuple[Maximum, Ints, int]:
        """Return the maximum in the parameters identified by the observed days, their positions, and the number of days."""
        dated = _Dated.of(frame)
        counts, _ = DatedCounts.of(*dated, weights)
        origin, last = int(counts.start.min()), int((counts.start + counts.T).max())
        covariates = self.calendar.on(np.arange(origin + 1, last + 1))
        says = usable(covariates)
        leaving = np.array([k for k in self.on_leaving if says[k]], dtype=np.int64)
        of_leaving = [4 + len(says) + i for i, k in enumerate(self.on_leaving) if says[k]]
        kept = np.array([*range(4), *(4 + np.flatnonzero(says)), *of_leaving], dtype=np.int64)
        ages = frame.select(first=pl.col("first_order_on").to_physical(), age="repeat_ages_days").explode("age").drop_nulls()
        bought = ages["first"].to_numpy().astype(np.int64) + np.rint(ages["age"].to_numpy()).astype(np.int64)
        buying, each = np.maximum(bought, origin + 1), np.repeat(weights, dated.x)
        likelihood = population(counts, buying, covariates[:, says], covariates[:, leaving], origin, unit, each=each)
        high = np.array([*_EDGES, *[_EFFECT_EDGE] * (len(kept) - 4)])
        start = np.concatenate((static.at, np.zeros(len(kept) - 4)))
        return maximise(likelihood, start, low=-high, high=high), kept, last - origin

    def _remarks(self, best: Maximum, kept: Ints, days: int) -> tuple[Remark, ...]:
        remarks = list(best.remarks([self.terms[k] for k in kept]))
        silent = [term for k, term in enumerate(self.terms) if k not in kept]
        remarks += [_silent(term) for term in silent]
        if self.season_harmonics and days < 365:
            remarks.append(_short_season(days))
        return tuple(remarks)

    def judge(self, fitted: FittedTimeVaryingParetoNbd, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return errors of the expected purchases on the holdout, as `judge_purchases` does."""
        return judge_purchases(fitted, features, outcomes)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedTimeVaryingParetoNbd(PurchasesAhead):
    """A fitted Pareto/NBD model with season and events.

    Attributes:
        settings: what was fitted.
        info: facts about the fit.
        r: shape of the purchase rates.
        alpha: scale of the purchase rates, in periods of `settings.period_days`.
        s: shape of the rates of leaving.
        beta: scale of the rates of leaving, in periods of `settings.period_days`.
        purchase_effects: of the covariates on the logarithm of the purchase rate, shape (k,).
        lifetime_effects: of some of them on the logarithm of the rate of leaving, shape (m,).
        covariance: of log r, log alpha, log s, log beta and the effects, shape (4 + k + m, 4 + k + m); NaN without a standard error.
        static_log_likelihood: at the optimum of the same model without covariates.
    """

    name: ClassVar[str] = TimeVaryingParetoNbd.name
    format: ClassVar[int] = 1
    follows_calendar: ClassVar[bool] = True
    """New customers differ by the day on which they start."""

    settings: TimeVaryingParetoNbd
    info: FitInfo
    r: float
    alpha: float
    s: float
    beta: float
    purchase_effects: Floats
    lifetime_effects: Floats
    covariance: Floats
    static_log_likelihood: float

    @property
    def needs(self) -> Contract:
        """Columns that score reads."""
        return DATED_PURCHASES

    @property
    def coordinates(self) -> Floats:
        """Logarithms of r, alpha, s, beta, and the effects, the coordinates of `covariance`."""
        return np.concatenate((np.log((self.r, self.alpha, self.s, self.beta)), self.purchase_effects, self.lifetime_effects))

    def moved(self, coordinates: Floats) -> Self:
        """Return the same model at other coordinates, for `uncertainty`."""
        return replace(self, **_fields(coordinates, len(self.purchase_effects)))

    @property
    def likelihood_ratio(self) -> float:
        """Twice the gain in log-likelihood of the covariates: chi-squared with as many degrees of freedom if they have no effect."""
        assert self.info.log_likelihood is not None
        return 2 * (self.info.log_likelihood - self.static_log_likelihood)

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper.

        Standard errors come from the observed information. The interval of r, alpha, s and beta is computed on the logarithm, so
        that it stays positive; that of an effect is symmetric. exp(effect) multiplies a rate.
        """
        k, at, errors = len(TERMS), self.coordinates, np.sqrt(np.diag(self.covariance))
        return summary_of(self.settings.terms, np.append(np.exp(at[:k]), at[k:]), errors, self.settings.level, positive=k)

    def probability_alive(self, features: pl.DataFrame) -> Floats:
        """Return the probability that each customer is still alive, shape (n,), in the order of the rows."""
        return self._alive(_Dated.read(features))

    def probability_alive_later(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the probability that each customer is still alive `days` after the as-of day, shape (n,)."""
        self._check_ahead(days)
        dated = _Dated.read(features)
        which, moments = self._ahead(dated)
        return self._alive(dated) * moments.alive(np.arange(len(moments.now)), np.full(len(moments.now), float(days)))[which]

    def over_pairs(self, features: pl.DataFrame, value: Callable[[Ahead], Floats]) -> tuple[Floats, Floats]:
        """Return P(alive) of each customer, and `value` of the purchases ahead of those alive, both (n,).

        Args:
            features: the columns of `needs`, as of any day.
            value: linear in a function that returns the purchases expected in a number of days. It is called once, for
                customers who differ in their first day or T and buy at a rate of one, and returns one number for each.
        """
        dated = _Dated.read(features)
        which, moments = self._ahead(dated)
        every = np.arange(len(moments.now))
        each = value(lambda days: moments.per_rate(every, np.full(len(every), float(days))))
        return self._alive(dated), (self.r + dated.x) * (each / moments.b)[which]

    def purchases_if_alive(self, x: Floats, T: Floats, days: float) -> Floats:
        """Return the purchases expected in `days` of customers alive at T (days) on the as-of day of the fit, shape (n,)."""
        x, T = (np.asarray(values, dtype=float) for values in (x, T))
        ages, which = np.unique(np.rint(T).astype(np.int64), return_inverse=True)
        moments = self._moments(day_number(self.info.as_of) - ages, ages)
        every = np.arange(len(ages))
        return (self.r + x) * (moments.per_rate(every, np.full(len(ages), float(days))) / moments.b)[which]

    def purchases_probability(self, features: pl.DataFrame, purchases: Sequence[int] | NDArray[Any], days: float) -> Floats:
        """Return the probability that each customer makes exactly `purchases[i]` purchases in the `days` after the as-of day.

        Args:
            features: the columns of `needs`.
            purchases: number of purchases, one per row, shape (n,).
            days: horizon, in days.
        """
        self._check_ahead(days)
        dated, m = _Dated.read(features), whole_numbers(purchases, len(features), self.name)
        which, moments = self._ahead(dated, days)
        each, row = np.unique(np.stack((which, dated.x, m.astype(np.int64)), axis=1), axis=0, return_inverse=True)
        stays = moments.probability(each[:, 0], each[:, 1].astype(float), each[:, 2].astype(float), days)[row.ravel()]
        alive = self._alive(dated)
        return np.asarray(alive * stays + np.where(m == 0, 1 - alive, 0.0))

    def _order_probability(self, features: pl.DataFrame, days: float) -> Floats:
        dated = _Dated.read(features)
        which, moments = self._ahead(dated, days)
        each, row = np.unique(np.stack((which, dated.x), axis=1), axis=0, return_inverse=True)
        return self._alive(dated) * moments.order_probability(each[:, 0], each[:, 1].astype(float), days)[row.ravel()]

    def expected_purchases_new(self, days: float | Sequence[float] | Floats, *, starts_on: date | None = None) -> Floats:
        """Return the repeat purchases expected of a new customer within `days` of the first purchase, shape of `days`.

        Args:
            days: one or more lengths of time.
            starts_on: day of the first purchase; the as-of day of the fit by default.
        """
        lengths = np.asarray(days, dtype=float)
        moments = self._moments(np.array([day_number(starts_on or self.info.as_of)]), np.zeros(1, np.int64))
        flat = moments.per_rate(np.zeros(lengths.size, np.int64), lengths.ravel())
        return np.asarray(self.r / moments.b[0] * flat).reshape(lengths.shape)

    def purchase_probability(self, purchases: Sequence[int] | NDArray[Any], days: float, *, starts_on: date | None = None) -> Floats:
        """Return the probability that a new customer makes each number of repeat purchases within `days`.

        Args:
            purchases: numbers of purchases.
            days: length of time from the first purchase.
            starts_on: day of the first purchase; the as-of day of the fit by default.
        """
        m = np.asarray(purchases, dtype=float)
        moments = self._moments(np.array([day_number(starts_on or self.info.as_of)]), np.zeros(1, np.int64), days)
        return moments.probability(np.zeros(m.size, np.int64), np.zeros(m.size), m.ravel(), days).reshape(m.shape)

    def exposures(self, origin: int, last: int) -> tuple[Exposure, Exposure]:
        """Return the calendar of the days after `origin` up to `last`, for purchasing and for leaving, in days."""
        covariates = self.settings.calendar.on(np.arange(origin + 1, max(last, origin + 1) + 1))
        on_leaving = covariates[:, list(self.settings.on_leaving)]
        return Exposure.of(covariates, self.purchase_effects), Exposure.of(on_leaving, self.lifetime_effects)

    def _alive(self, dated: _Dated) -> Floats:
        """Return P(alive) of each customer."""
        counts, which = DatedCounts.of(*dated)
        origin = int(counts.start.min(initial=day_number(self.info.as_of)))
        buying, leaving = self.exposures(origin, int((counts.start + counts.T).max(initial=origin)))
        odds = log_odds_gone(np.array(self._in_days()), buying, leaving, Rows.of(counts, origin))
        return np.asarray(special.expit(-odds[which]))

    def _ahead(self, dated: _Dated, days: float = 0.0) -> tuple[Ints, Forecast]:
        """Return the forecasts of each pair of first day and T that occurs, and the position of each customer's pair."""
        each, which = np.unique(np.stack((dated.start, dated.T), axis=1), axis=0, return_inverse=True)
        return which.ravel(), self._moments(each[:, 0], each[:, 1], days)

    def _moments(self, start: Ints, T: Ints, days: float = 0.0) -> Forecast:
        """Return the forecast of customers who first bought on the days `start` and are alive at age T."""
        origin = int(start.min(initial=day_number(self.info.as_of)))
        buying, leaving = self.exposures(origin, int((start + T).max(initial=origin)) + max(AHEAD_DAYS, int(np.ceil(days))))
        return Forecast(self._in_days(), buying, leaving, start - origin, start - origin + T)

    def _in_days(self) -> tuple[float, ...]:
        return self.r, self.alpha * self.settings.period_days, self.s, self.beta * self.settings.period_days


class _Dated(NamedTuple):
    """Customers in whole days."""

    start: Ints
    x: Ints
    t_x: Ints
    T: Ints

    @classmethod
    def read(cls, features: pl.DataFrame) -> _Dated:
        return cls.of(read_columns(features, DATED_PURCHASES))

    @classmethod
    def of(cls, frame: pl.DataFrame) -> _Dated:
        whole = _whole_days(frame)
        return cls(
            whole["first_order_on"].to_physical().to_numpy().astype(np.int64),
            whole["repeat_purchases"].to_numpy().astype(np.int64),
            whole["last_purchase_age_days"].to_numpy().astype(np.int64),
            whole["observed_days"].to_numpy().astype(np.int64),
        )


def _whole_days(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col("last_purchase_age_days", "observed_days").round())


def _fields(coordinates: Floats, effects: int) -> dict[str, Any]:
    """Return the fields of the fitted model at its coordinates."""
    terms = dict(zip(TERMS, np.exp(coordinates[:4]).tolist(), strict=True))
    return {**terms, "purchase_effects": coordinates[4 : 4 + effects], "lifetime_effects": coordinates[4 + effects :]}


def _silent(term: str) -> Remark:
    return Remark(
        "effect_not_observed",
        f"{term} is nought: on the days observed it is the same on all of them, or follows from the others.",
        f"{term} n’a aucun effet mesuré : sur la période observée, il est le même tous les jours, ou se déduit des autres.",
    )


def _short_season(days: int) -> Remark:
    return Remark(
        "season_hardly_told",
        f"The history spans {days} days, less than a year: a season can hardly be told from customers leaving. "
        "Do not read high and low months into these scores.",
        f"L’historique couvre {days} jours, moins d’un an : la saison se distingue à peine des départs de clients. "
        "Ne lisez pas de mois forts ou faibles dans ces scores.",
    )
