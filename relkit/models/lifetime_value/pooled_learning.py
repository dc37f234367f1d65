"""Learning of a pooled forecast: the base model at past origins, corrections of totals, regressions and weights at each horizon."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import FitError, NotConvergedError, NotEnoughEventsError
from relkit.models.lifetime_value.knots import UNIT_DAYS, Knots
from relkit.models.lifetime_value.mbg_nbd import MbgNbd  # noqa: TC001 a field of a dataclass
from relkit.models.lifetime_value.negative_binomial_regression import Counts, Shrinkage, regress
from relkit.models.lifetime_value.older_customers import OLDER
from relkit.models.lifetime_value.own_past import REGRESSORS, SEASON_KNOWN_DAYS, OwnPast, regressors
from relkit.models.lifetime_value.recalibration import Origin, log_correction, log_error, origins

if TYPE_CHECKING:
    from relkit.models.lifetime_value.alike import Alike
    from relkit.models.lifetime_value.calendar_weights import CalendarWeights
    from relkit.models.lifetime_value.order_days import OrderDays

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEAST_TRUST = 0.05
"""Horizons whose past origins are trusted less are not learnt: the base model continues."""
_CENTRE, _STRENGTH = np.array([0.0, 1 / 3, 1 / 3, 1 / 3, 0.0, 0.0, 0.0]), np.array([0.002, 0.01, 0.01, 0.01, 0.01, 0.0, 0.002])
"""Of the penalty on the constant, on the four regressors, and on both coefficients of the size."""
_EPOCH = date(1970, 1, 1)


def base_frame(x: Any, t_x: Any, T: Any, older: Bools) -> pl.DataFrame:
    """Return the rows that the base model reads, of customers by number.

    Args:
        x: repeat purchases of each customer, shape (n,).
        t_x: age at the last purchase, days, shape (n,).
        T: age, days, shape (n,).
        older: mask of the customers who may be older than the data, shape (n,).
    """
    summary = {"repeat_purchases": x, "last_purchase_age_days": t_x, "observed_days": T, OLDER: older}
    return pl.DataFrame({"customer_id": np.arange(len(older))} | summary)


@dataclass(frozen=True, eq=False)
class _Judged:
    """What was known at a past origin, and what came after it, of each sampled customer who had bought by then."""

    origin: Origin
    base: Floats
    parts: tuple[Floats, Floats, Floats]
    came: Floats
    calendar: float

    @property
    def knows_season(self) -> bool:
        return self.origin.known_days >= SEASON_KNOWN_DAYS

    @property
    def forecast(self) -> float:
        return float(self.base.sum()) * self.calendar

    @property
    def error(self) -> float:
        return log_error(float(self.came.sum()), self.forecast)

    def counts(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Return regressors, offset, level and counts for the regression."""
        rows, days = len(self.came), self.origin.window_days
        X = regressors(self.base, self.parts, float(self.base.mean()))
        return X, np.full(rows, np.log(self.calendar)), np.full(rows, np.log(days / UNIT_DAYS)), self.came


@dataclass(eq=False)
class PastOrigins:
    """The base model at past origins, fitted to a sample and each fitted once.

    Attributes:
        orders: of the sampled customers.
        older: mask of those who may be older than the data, shape (n,).
        start: number of the first day of the history.
        calendar: weights of the days.
        model: settings of the base model.
    """

    orders: OrderDays
    older: Bools
    start: int
    calendar: CalendarWeights
    model: MbgNbd
    _fits: dict[int, tuple[Alike, Any] | None] = field(default_factory=dict)

    def judged(self, origin: Origin | None) -> _Judged | None:
        """Return what was known at an origin and what came; None if the base model could not be fitted there."""
        if origin is None or (found := self._at(origin.known_days)) is None:
            return None
        alike, known = found
        day, window = self.start + origin.known_days, origin.window_days
        past = OwnPast(self.orders, day, self.start)
        return _Judged(
            origin=origin,
            base=alike.expected_of_all(window),
            parts=tuple(part[known.known] for part in past.parts(window, season=origin.known_days >= SEASON_KNOWN_DAYS)),
            came=self.orders.between(day, day + window)[known.known].astype(float),
            calendar=self.calendar.ratio(day, window),
        )

    def _at(self, known_days: int) -> tuple[Alike, Any] | None:
        if known_days not in self._fits:
            day = self.start + known_days
            known = self.orders.as_of(day)
            rows = base_frame(known.x, known.t_x, known.T, self.older[known.known])
            try:
                self._fits[known_days] = self.model.fit(rows, as_of=_EPOCH + timedelta(days=day)).alike(rows), known
            except (NotEnoughEventsError, NotConvergedError, FitError):
                self._fits[known_days] = None
        return self._fits[known_days]


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
        last = past.judged(wanted.last) if wanted.trust >= LEAST_TRUST else None
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
    found = _regressed([judged for judged in (last, other) if judged is not None])
    return {
        "horizons_days": float(horizon),
        "effective_days": horizon * float(np.exp(correction)) * calendar,
        "log_corrections": correction,
        "calendar": calendar,
        "pool_weights": trust * weight,
        "coefficients": found[:-2],
        "size_coefficients": found[-2:],
        "base_means": 1.0,
    }


def _regressed(origins: list[_Judged]) -> Floats:
    """Return the coefficients of the regression and of its size; the season is a regressor if the last origin knew it."""
    season = origins[0].knows_season
    parts = [judged.counts() for judged in origins if judged.knows_season or not season]
    X, offset, level, y = (np.concatenate(each) for each in zip(*parts, strict=True))
    used = np.array([True, True, True, True, season, True, True])
    found = np.zeros(len(used))
    found[used] = regress(Counts.of(X[:, used[:-2]], offset, level, y), Shrinkage(_CENTRE[used], _STRENGTH[used]))
    return found


def _gathered(found: list[dict[str, Any]]) -> Knots:
    names = ("horizons_days", "effective_days", "log_corrections", "calendar", "pool_weights", "base_means")
    flat = {name: np.array([knot[name] for knot in found], dtype=float) for name in names}
    flat["effective_days"] = np.maximum.accumulate(flat["effective_days"])
    flat["pool_weights"] = np.minimum.accumulate(flat["pool_weights"])
    widths = {"coefficients": 1 + len(REGRESSORS), "size_coefficients": 2}
    wide = {name: np.array([knot[name] for knot in found], dtype=float).reshape(-1, width) for name, width in widths.items()}
    return Knots(**flat, **wide)


def centred(knots: Knots, base: Alike, past: OwnPast) -> Knots:
    """Return the knots with the base model's means, and constants at which the totals of regression and corrected base model agree.

    Args:
        knots: as learnt.
        base: the customers of the fit as of its day.
        past: their own past.
    """
    at = [base.expected_of_all(float(days)) for days in knots.effective_days]
    found = replace(knots, base_means=np.array([max(own.mean(), 1e-12) for own in at]), coefficients=knots.coefficients.copy())
    for j, own in enumerate(at):
        regressed = np.exp(found.columns(j, own, past) @ found.coefficients[j])
        found.coefficients[j, 0] += np.log(max(own.sum(), 1e-12) / regressed.sum())
    return found
