"""Learning of a pooled forecast from past origins: corrections of totals, regressions and weights at each horizon.

The weight of the regression in the pool is the one, of .05, .10, ... .95, with the highest mean log-score at the past origins, less
.05 (w - centre)^2; there the base model is asked for the days in which it expects the total that came, so that
both parts have it. It is multiplied by the trust in the origins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.models.lifetime_value.judged_origins import EPOCH
from relkit.models.lifetime_value.knots import Knots
from relkit.models.lifetime_value.negative_binomial_regression import Counts, Shrinkage, log_probability, regress, sizes
from relkit.models.lifetime_value.own_past import REGRESSORS
from relkit.models.lifetime_value.recalibration import MOST, log_correction, origins

if TYPE_CHECKING:
    from relkit.models.lifetime_value.alike import Alike
    from relkit.models.lifetime_value.judged_origins import JudgedOrigin, PastOrigins
    from relkit.models.lifetime_value.own_past import OwnPast

Floats = NDArray[np.float64]

LEAST_TRUST = 0.05
"""Horizons whose past origins are trusted less are not learnt: the base model continues."""
_CENTRE, _STRENGTH = np.array([0.0, 1 / 3, 1 / 3, 1 / 3, 0.0, 0.0, 0.0]), np.array([0.002, 0.01, 0.01, 0.01, 0.01, 0.0, 0.002])
"""Of the penalty on the constant, on the four regressors, and on both coefficients of the size."""
_WEIGHTS, _WEIGHT_PENALTY = np.arange(1, 20) / 20, 0.05


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
        regression_weight: weight of the regression in the pool to which the learnt one is drawn.
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
        seen += [_row(horizon, judged, past.start) for judged in (last, *years, *([] if years else [other])) if judged is not None]
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


def _row(horizon: int, judged: JudgedOrigin, start: int) -> tuple[Any, ...]:
    origin = judged.origin
    day = EPOCH + timedelta(days=start + origin.known_days)
    totals = judged.forecast, float(judged.came.sum())
    return horizon, day, origin.window_days, origin.is_year, len(judged.came), *totals


def _knot(
    horizon: int, trust: float, last: JudgedOrigin, years: list[JudgedOrigin], other: JudgedOrigin | None, calendar: float, weight: float
) -> dict[str, Any]:
    correction = log_correction(trust, last.error, [year.error for year in years])
    origins = [judged for judged in (last, other) if judged is not None and (judged.knows_season or not last.knows_season)]
    found = _regressed(origins, season=last.knows_season)
    return {
        "horizons_days": float(horizon),
        "effective_days": horizon * float(np.exp(correction)) * calendar,
        "log_corrections": correction,
        "calendar": calendar,
        "pool_weights": trust * _pool_weight(origins, found, weight),
        "coefficients": found[:-2],
        "size_coefficients": found[-2:],
        "base_means": 1.0,
    }


def _regressed(origins: list[JudgedOrigin], *, season: bool) -> Floats:
    """Return the coefficients of the regression, that of the season 0 without it, then those of its size."""
    X, offset, level, y = (np.concatenate(each) for each in zip(*(judged.counts() for judged in origins), strict=True))
    used = np.array([True, True, True, True, season, True, True])
    found = np.zeros(len(used))
    found[used] = regress(Counts.of(X[:, used[:-2]], offset, level, y), Shrinkage(_CENTRE[used], _STRENGTH[used]))
    return found


def _pool_weight(origins: list[JudgedOrigin], found: Floats, centre: float) -> float:
    """Return the weight of the regression with the highest mean log-score at the origins, drawn to a centre by a penalty."""
    base = np.concatenate([judged.base_probability(MOST) for judged in origins])
    regressed = np.concatenate([_probability(judged, found) for judged in origins])
    floor = np.finfo(float).tiny
    scores = [np.log(np.maximum((1 - w) * base + w * regressed, floor)).mean() - _WEIGHT_PENALTY * (w - centre) ** 2 for w in _WEIGHTS]
    return float(_WEIGHTS[int(np.argmax(scores))])


def _probability(judged: JudgedOrigin, found: Floats) -> Floats:
    X, offset, level, y = judged.counts()
    log_mu = X @ found[:-2] + offset
    return np.exp(log_probability(y, np.exp(log_mu), sizes(log_mu, level, *found[-2:])))


def _gathered(found: list[dict[str, Any]]) -> Knots:
    names = ("horizons_days", "effective_days", "log_corrections", "calendar", "pool_weights", "base_means")
    flat = {name: np.array([knot[name] for knot in found], dtype=float) for name in names}
    flat["effective_days"] = np.maximum.accumulate(flat["effective_days"])
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
    of_past = found.of_past(past)
    for j, own in enumerate(at):
        found.coefficients[j, 0] += np.log(max(own.sum(), 1e-12) / found.regressed(j, own, of_past[j]).sum())
    return found
