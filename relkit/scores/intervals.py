"""Lower and upper bounds of scores, from the uncertainty of a model's parameters.

    bounds = score_bounds(fitted, features, wide, kinds, horizon_days=90)      {Score("p_alive"): (lower, upper), ...}

A model whose parameters can be moved is scored again at two points for each parameter (the delta method of
`relkit.models.lifetime_value.uncertainty`), all of its columns at once: a model of k parameters costs 2k more scorings,
and memory is a few columns. A curve (Kaplan-Meier, Cox) has bounds of its own. A model with neither has no interval, nor has
a number that depends on no parameter. The bounds are those of the expected value: individual outcomes scatter far more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from relkit.metrics.intervals import normal_reach
from relkit.models.lifetime_value.discounted_months import Banded
from relkit.models.lifetime_value.uncertainty import bounds, standard_errors
from relkit.models.survival.causes import name_of
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import polars as pl

    from relkit.models.base import CustomerScorer
    from relkit.score_kinds import Score, ScoreKind
    from relkit.scores.score_table import Bounds

Floats = NDArray[np.float64]


@runtime_checkable
class ByCause(Protocol):
    """A model that distinguishes ends by cause, with bounds of its own."""

    @property
    def causes(self) -> tuple[str, ...]:
        """Causes of the ends of contracts."""

    def incidence_ahead_bounds(self, features: pl.DataFrame, days: Any, *, cause: str, level: float) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of the probability of ending by a cause within each number of days, shape (n, m)."""


def score_bounds(
    fitted: CustomerScorer, features: pl.DataFrame, wide: pl.DataFrame, kinds: Mapping[Score, ScoreKind], *, horizon_days: int
) -> Bounds:
    """Return the bounds of the scores in `wide`, which is `fitted.score(features, horizon_days=horizon_days)`.

    Args:
        fitted: a fitted model that scores customers.
        features: the rows scored.
        wide: the scores.
        kinds: by score, its kind; other columns have no bounds.
        horizon_days: horizon of the scores.
    """
    held = {score: kinds[score] for score in kinds if str(score) in wide.columns}
    if isinstance(fitted, Banded):
        return _of_curve(fitted, features, wide, held, horizon_days)
    if not held or not can_move(fitted):
        return {}

    def values(model: Any) -> Floats:
        return _columns(model.score(features, horizon_days=horizon_days), [str(score) for score in held])

    errors = standard_errors(cast("Any", fitted), values)
    return {score: interval_of(kind, wide[str(score)], error) for (score, kind), error in zip(held.items(), errors, strict=True)}


def _of_curve(fitted: Banded, features: pl.DataFrame, wide: pl.DataFrame, scores: Iterable[Score], horizon_days: int) -> Bounds:
    """Return the bounds of the probability of an end by any cause, and by each cause if the model distinguishes them."""
    low, high = fitted.survival_ahead_bounds(features, [float(horizon_days)], level=LEVEL)
    by_cause = _by_cause(fitted, features, horizon_days)
    found = {"": (1 - high[:, 0], 1 - low[:, 0]), **by_cause}
    ahead = [score for score in scores if score.days == horizon_days and score.reason in found]
    return {score: _inside(wide[str(score)], *found[score.reason]) for score in ahead}


def _by_cause(fitted: object, features: pl.DataFrame, horizon_days: int) -> dict[str, tuple[Floats, Floats]]:
    """Return the bounds of the probability of an end by each cause, by its name; without causes whose names yield the same column."""
    if not isinstance(fitted, ByCause):
        return {}
    names = [name_of(cause) for cause in fitted.causes]
    found = {}
    for cause, name in zip(fitted.causes, names, strict=True):
        if names.count(name) == 1:
            low, high = fitted.incidence_ahead_bounds(features, [float(horizon_days)], cause=cause, level=LEVEL)
            found[name] = (low[:, 0], high[:, 0])
    return found


def can_move(fitted: object) -> bool:
    """Return whether a model has a parameter with a standard error, and can be moved along it."""
    if not (hasattr(fitted, "moved") and hasattr(fitted, "coordinates")):
        return False
    variances = np.diag(cast("Any", fitted).covariance)
    return bool((np.isfinite(variances) & np.isfinite(cast("Any", fitted).coordinates)).any())


def interval_of(kind: ScoreKind, values: pl.Series, errors: Floats) -> tuple[Floats, Floats]:
    """Return the bounds of a score with standard errors: on the logit for a probability, else on the logarithm.

    All are NaN if no error is above zero: the parameters carry no information on the precision of the score.
    """
    value = values.cast(float).fill_null(np.nan).to_numpy()
    if not (errors > 0).any():
        return np.full(len(value), np.nan), np.full(len(value), np.nan)
    with np.errstate(over="ignore"):
        low, high = bounds(value, errors, level=LEVEL, scale="logit" if kind.high == 1 else "log")
    return _inside(values, low, high)


def signed_bounds(value: Floats, errors: Floats, *, all_gains: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the bounds of amounts of money: on the logarithm if every part is a gain, else symmetric.

    Examples:
        >>> low, high = signed_bounds(np.array([100.0, -100.0]), np.array([10.0, 10.0]), all_gains=np.array([True, False]))
        >>> low.round(1).tolist(), high.round(1).tolist()
        ([82.2, -119.6], [121.7, -80.4])
    """
    gains = all_gains & (value > 0)
    with np.errstate(over="ignore"):
        low, high = bounds(np.where(gains, value, 1.0), errors, level=LEVEL)
    reach = errors * normal_reach()
    gains &= np.isfinite(high)  # an amount of next to nothing whose error is a thousand times as large
    return np.where(gains, low, value - reach), np.where(gains, high, value + reach)


def _columns(frame: pl.DataFrame, names: list[str]) -> Floats:
    return np.stack([frame[name].cast(float).fill_null(np.nan).to_numpy() for name in names])


def _inside(values: pl.Series, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return the bounds with the value between them to the last digit, and NaN for both if either is not a number."""
    value = values.cast(float).fill_null(np.nan).to_numpy()
    known = np.isfinite(low) & np.isfinite(high)
    return np.where(known, np.minimum(low, value), np.nan), np.where(known, np.maximum(high, value), np.nan)
