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

from relkit.models.lifetime_value.boosted_orders import BoostedOrders
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
Regressed = tuple[Floats, Floats, Floats, Floats]
"""Regressors, offset, level and counts of an origin."""

LEAST_TRUST = 0.05
"""Horizons whose past origins are trusted less are not learnt: the base model continues."""
_CENTRE = np.array([0.0, 1 / 3, 1 / 3, 1 / 3, 0.0, 0.0, 0.0, 0.0])
_WITH_TREES = np.array([0.0, 1 / 6, 1 / 6, 1 / 6, 0.0, 1 / 2, 0.0, 0.0])
_STRENGTH = np.array([0.002, 0.01, 0.01, 0.01, 0.01, 0.01, 0.0, 0.002])
"""Of the penalty on the constant, on the five regressors, and on both coefficients of the size."""
_WEIGHTS, _WEIGHT_PENALTY = np.arange(1, 20) / 20, 0.05


@dataclass(frozen=True, eq=False)
class Learnt:
    """Results of a fit at its horizons.

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
    halves = last.halves()
    counts = [judged.counts(halves) for judged in origins]
    found = _regressed(counts, season=last.knows_season, trees=halves is not None)
    return {
        "horizons_days": float(horizon),
        "effective_days": horizon * float(np.exp(correction)) * calendar,
        "log_corrections": correction,
        "calendar": calendar,
        "pool_weights": trust * _pool_weight(origins, counts, found, weight),
        "coefficients": found[:-3],
        "power": found[-3],
        "halves": halves,
        "size_coefficients": found[-2:],
        "base_means": 1.0,
    }


def _regressed(counts: list[Regressed], *, season: bool, trees: bool) -> Floats:
    """Return the coefficients of the regression, those of the season and of trees 0 without them, then those of its size."""
    X, offset, level, y = (np.concatenate(each) for each in zip(*counts, strict=True))
    used = np.array([True, True, True, True, season, trees, True, True])
    found, centre = np.zeros(len(used)), _WITH_TREES if trees else _CENTRE
    found[used] = regress(Counts.of(X[:, used[:-2]], offset, level, y), Shrinkage(centre[used], _STRENGTH[used]))
    return found


def _pool_weight(origins: list[JudgedOrigin], counts: list[Regressed], found: Floats, centre: float) -> float:
    """Return the weight of the regression with the highest mean log-score at the origins, drawn to a centre by a penalty."""
    base = np.concatenate([judged.base_probability(MOST) for judged in origins])
    regressed = np.concatenate([_probability(*each, found) for each in counts])
    floor = np.finfo(float).tiny
    scores = [np.log(np.maximum((1 - w) * base + w * regressed, floor)).mean() - _WEIGHT_PENALTY * (w - centre) ** 2 for w in _WEIGHTS]
    return float(_WEIGHTS[int(np.argmax(scores))])


def _probability(X: Floats, offset: Floats, level: Floats, y: Floats, found: Floats) -> Floats:
    log_mu = X @ found[:-2] + offset
    return np.exp(log_probability(y, np.exp(log_mu), sizes(log_mu, level, *found[-2:])))


def _gathered(found: list[dict[str, Any]]) -> Knots:
    names = ("horizons_days", "effective_days", "log_corrections", "calendar", "pool_weights", "base_means")
    flat = {name: np.array([knot[name] for knot in found], dtype=float) for name in names}
    flat["effective_days"] = np.maximum.accumulate(flat["effective_days"])
    widths = {"coefficients": len(REGRESSORS), "size_coefficients": 2}
    wide = {name: np.array([knot[name] for knot in found], dtype=float).reshape(-1, width) for name, width in widths.items()}
    boosted = BoostedOrders.of([knot["halves"] for knot in found], [knot["power"] for knot in found])
    return Knots(**flat, **wide, boosted=boosted)


def centred(knots: Knots, base: Alike, past: OwnPast) -> tuple[Knots, Floats]:
    """Return the knots with the base model's means, and constants at which the totals of regression and corrected base model agree.

    Their `Knots.of_past` of the customers of the fit comes with them, shape (k, n).

    Args:
        knots: as learnt.
        base: the customers of the fit as of its day.
        past: their own past.
    """
    at = [base.expected_of_all(float(days)) for days in knots.effective_days]
    found = replace(knots, base_means=np.array([max(own.mean(), 1e-12) for own in at]), coefficients=knots.coefficients.copy())
    of_past = found.of_past(past)
    for j, own in enumerate(at):
        missing = np.log(max(own.sum(), 1e-12) / found.regressed(j, own, of_past[j]).sum())
        found.coefficients[j, 0] += missing
        of_past[j] += missing
    return found, of_past
