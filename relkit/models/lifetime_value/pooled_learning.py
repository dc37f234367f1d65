"""Learning of a pooled forecast: the base model at past origins, corrections of totals, regressions and weights at each horizon."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import FitError, NotConvergedError, NotEnoughEventsError
from relkit.models.lifetime_value.knots import UNIT_DAYS, Knots, Regressors, columns
from relkit.models.lifetime_value.mbg_nbd import FittedMbgNbd, MbgNbd
from relkit.models.lifetime_value.negative_binomial_regression import Counts, Shrinkage, regress
from relkit.models.lifetime_value.recalibration import Origin, log_correction, log_error, origins

if TYPE_CHECKING:
    from relkit.models.lifetime_value.alike import Alike
    from relkit.models.lifetime_value.calendar_weights import CalendarWeights
    from relkit.models.lifetime_value.order_days import OrderDays

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FLAG = "is_left_censored"
LEAST_TRUST, LEAST_SHARE = 0.1, 0.5
"""Horizons whose past origins are trusted less, or whose windows are a smaller share of them, are not learnt: the base model continues."""
_FEWEST_OF_A_KIND, _FEWEST_BACK = 30, 10
"""Customers, and customers who came back, on either side of the flag, without which it is no covariate."""
_SHRINKAGE = Shrinkage(np.array([0.0, 1 / 3, 1 / 3, 1 / 3, 0.0, 0.0]), np.array([0.002, 0.01, 0.01, 0.01, 0.0, 0.002]))
_EPOCH = date(1970, 1, 1)


def fit_base(x: Any, t_x: Any, T: Any, older: Bools, *, as_of: date, settings: dict[str, Any]) -> FittedMbgNbd:
    """Return the base model; whether a customer may be older than the data is a covariate of the rate if there are enough of either.

    Args:
        x: repeat purchases of each customer, shape (n,).
        t_x: age at the last purchase, days, shape (n,).
        T: age, days, shape (n,).
        older: mask of the customers who may be older than the data, shape (n,).
        as_of: last day known.
        settings: period_days and level.
    """
    own = base_frame(x, t_x, T, older)
    sides = (older, ~older)
    differ = all(side.sum() >= _FEWEST_OF_A_KIND and (np.asarray(x)[side] > 0).sum() >= _FEWEST_BACK for side in sides)
    model = MbgNbd(**settings, purchase_covariates=(FLAG,) if differ else ())
    return model.fit(own if differ else own.drop(FLAG), as_of=as_of)


def base_frame(x: Any, t_x: Any, T: Any, older: Bools) -> pl.DataFrame:
    """Return the rows that the base model reads; customers are numbered."""
    summary = {"repeat_purchases": x, "last_purchase_age_days": t_x, "observed_days": T, FLAG: older}
    return pl.DataFrame({"customer_id": np.arange(len(older))} | summary)


@dataclass(frozen=True, eq=False)
class _Judged:
    """What was known at a past origin, and what came after it, of each sampled customer who had bought by then."""

    origin: Origin
    base: Floats
    recent: Floats
    long_run: Floats
    came: Floats
    calendar: float

    @property
    def forecast(self) -> float:
        return float(self.base.sum()) * self.calendar

    @property
    def error(self) -> float:
        return log_error(float(self.came.sum()), self.forecast)

    def counts(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Return regressors, offset, level and counts for the regression."""
        rows, days = len(self.came), self.origin.window_days
        X = columns(self.base, self.recent, self.long_run, float(self.base.mean()))
        return X, np.full(rows, np.log(self.calendar)), np.full(rows, np.log(days / UNIT_DAYS)), self.came


@dataclass(eq=False)
class PastOrigins:
    """The base model at past origins, fitted to a sample and each fitted once.

    Attributes:
        orders: of the sampled customers.
        older: mask of those who may be older than the data, shape (n,).
        start: number of the first day of the history.
        calendar: weights of the days.
        settings: of the base model.
    """

    orders: OrderDays
    older: Bools
    start: int
    calendar: CalendarWeights
    settings: dict[str, Any]
    _fits: dict[int, tuple[Alike, Any] | None] = field(default_factory=dict)

    def judged(self, origin: Origin | None) -> _Judged | None:
        """Return what was known at an origin and what came; None if the base model could not be fitted there."""
        if origin is None or (found := self._at(origin.known_days)) is None:
            return None
        alike, known = found
        day, window = self.start + origin.known_days, origin.window_days
        between = self.orders.between
        length = origin.known_days + 1
        return _Judged(
            origin=origin,
            base=alike.expected_of_all(window),
            recent=_last_days(between(day - min(window, length), day)[known.known], window, length),
            long_run=(known.x + 1.0) / length * window,
            came=between(day, day + window)[known.known].astype(float),
            calendar=self.calendar.ratio(day, window),
        )

    def _at(self, known_days: int) -> tuple[Alike, Any] | None:
        if known_days not in self._fits:
            day = self.start + known_days
            known = self.orders.as_of(day)
            of = known.x, known.t_x, known.T, self.older[known.known]
            try:
                fitted = fit_base(*of, as_of=_EPOCH + timedelta(days=day), settings=self.settings)
                self._fits[known_days] = fitted.alike(base_frame(*of)), known
            except (NotEnoughEventsError, NotConvergedError, FitError):
                self._fits[known_days] = None
        return self._fits[known_days]


def _last_days(counted: Any, window: int, known: Any) -> Floats:
    """Return orders of the last `window` days, scaled up where fewer were known."""
    return np.asarray(counted * (window / np.minimum(window, known)), dtype=float)


def regressors(orders: OrderDays, until: NDArray[np.int64], start: int, horizons_days: Floats) -> Regressors:
    """Return the regressors of customers as of the days `until`, shape (n,), that do not come from the base model."""
    length = np.maximum(until - start + 1, 1)
    recent = [_last_days(orders.between(until - np.minimum(int(h), length), until), int(h), length) for h in horizons_days]
    since = orders.between(np.full(len(until), start - 1), until)
    return Regressors(np.array(recent).reshape(len(horizons_days), len(until)), since / length)


@dataclass(frozen=True, eq=False)
class Learnt:
    """What a fit learns at its horizons.

    Attributes:
        knots: at the horizons that the history allows.
        origins: the past origins, one row for each horizon and origin.
    """

    knots: Knots
    origins: pl.DataFrame


def learn(past: PastOrigins, horizons: tuple[int, ...], *, known_days: int, regression_weight: float) -> Learnt:
    """Return corrections, regressions and weights; the constants of the regressions still lack what `centred` adds.

    Args:
        past: the base model at past origins.
        horizons: days, ascending.
        known_days: from the start of the history to the as-of day.
        regression_weight: of the regression in the pool where the past origins are fully trusted.
    """
    today = past.start + known_days
    found, seen = [], []
    for horizon in horizons:
        wanted = origins(known_days, horizon)
        trusted = wanted.trust >= LEAST_TRUST and wanted.last.window_days >= LEAST_SHARE * horizon
        last = past.judged(wanted.last) if trusted else None
        if last is None or not last.came.sum():
            continue
        years = [judged for year in wanted.years if (judged := past.judged(year)) is not None]
        other = years[0] if years else past.judged(wanted.earlier)
        found.append(_knot(horizon, wanted.trust, last, years, other, past.calendar.ratio(today, horizon), regression_weight))
        seen += [_row(horizon, judged, past.start) for judged in (last, *(years or [other])) if judged is not None]
    return Learnt(_gathered(found), pl.DataFrame(seen, schema=ORIGINS, orient="row"))


ORIGINS = {
    "horizon_days": pl.Int64,
    "origin": pl.Date,
    "window_days": pl.Int64,
    "is_year": pl.Boolean,
    "customers": pl.Int64,
    "forecast": pl.Float64,
    "came": pl.Float64,
}
"""Columns of the past origins: totals of the sampled customers, as the base model forecast them with the calendar, and as they came."""


def _row(horizon: int, judged: _Judged, start: int) -> tuple[Any, ...]:
    origin = judged.origin
    day = _EPOCH + timedelta(days=start + origin.known_days)
    totals = judged.forecast, float(judged.came.sum())
    return horizon, day, origin.window_days, origin.is_year, len(judged.came), *totals


def _knot(
    horizon: int, trust: float, last: _Judged, years: list[_Judged], other: _Judged | None, calendar: float, weight: float
) -> dict[str, Any]:
    correction = log_correction(trust, last.error, [year.error for year in years])
    parts = [judged.counts() for judged in (last, other) if judged is not None]
    X, offset, level, y = (np.concatenate(each) for each in zip(*parts, strict=True))
    found = regress(Counts.of(X, offset, level, y), _SHRINKAGE)
    return {
        "horizons_days": float(horizon),
        "effective_days": horizon * float(np.exp(correction)) * calendar,
        "log_corrections": correction,
        "calendar": calendar,
        "pool_weights": trust * weight,
        "coefficients": found[:4],
        "size_coefficients": found[4:],
        "base_means": 1.0,
    }


def _gathered(found: list[dict[str, Any]]) -> Knots:
    names = ("horizons_days", "effective_days", "log_corrections", "calendar", "pool_weights", "base_means")
    flat = {name: np.array([knot[name] for knot in found], dtype=float) for name in names}
    flat["effective_days"] = np.maximum.accumulate(flat["effective_days"])
    flat["pool_weights"] = np.minimum.accumulate(flat["pool_weights"])
    widths = {"coefficients": 4, "size_coefficients": 2}
    wide = {name: np.array([knot[name] for knot in found], dtype=float).reshape(-1, width) for name, width in widths.items()}
    return Knots(**flat, **wide)


def centred(knots: Knots, base: Alike, given: Regressors) -> Knots:
    """Return the knots with the base model's means, and constants at which the totals of regression and corrected base model agree.

    Args:
        knots: as learnt.
        base: the customers of the fit as of its day.
        given: their other regressors.
    """
    means, coefficients = np.empty(len(knots)), knots.coefficients.copy()
    for j, horizon in enumerate(knots.horizons_days):
        own = base.expected_of_all(float(knots.effective_days[j]))
        means[j] = max(own.mean(), 1e-12)
        regressed = np.exp(columns(own, given.recent[j], given.long_run * horizon, means[j]) @ coefficients[j])
        coefficients[j, 0] += np.log(max(own.sum(), 1e-12) / regressed.sum())
    given_fields = {name: getattr(knots, name) for name in ("horizons_days", "effective_days", "log_corrections", "calendar")}
    rest = {"pool_weights": knots.pool_weights, "size_coefficients": knots.size_coefficients}
    return Knots(**given_fields, **rest, coefficients=coefficients, base_means=means)
