"""Base of parametric survival models: scores, curves, bounds and a summary, from the cumulative hazard.

A model gives its cumulative hazard at ages, and its slopes in the linear predictors; the rest is here.
No array is larger than rows times requested ages, and bounds are computed in blocks of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relkit.cards import FittedCard
from relkit.contracts import check
from relkit.metrics.intervals import survival_bounds
from relkit.models.summaries import summary_of
from relkit.models.survival.spells import as_floats, check_horizon, long_survival, scores_of
from relkit.units import LEVEL

if TYPE_CHECKING:
    import polars as pl

    from relkit.contracts import Contract

Floats = NDArray[np.float64]
Slopes = list[tuple[Floats, Floats]]
"""For each group of coefficients in order, its columns (n, p) and the slope of the hazard in their sum (n, m)."""

_BLOCK = 50_000


@dataclass(frozen=True, kw_only=True, eq=False)
class ParametricScores(FittedCard):
    """Base of every fitted parametric survival model."""

    if TYPE_CHECKING:
        settings: Any
        covariance: Floats
        last_age: float

        @property
        def needs(self) -> Contract:
            """Columns that `score` reads."""

        @property
        def terms(self) -> tuple[str, ...]:
            """Names of the coordinates."""

        @property
        def coordinates(self) -> Floats:
            """Parameters, in the order of `covariance`."""

    def _hazard(self, frame: pl.DataFrame, ages: Floats) -> Floats:
        """Return the hazard cumulated until ages, shape (n, m) as they are."""
        raise NotImplementedError

    def _slopes(self, frame: pl.DataFrame, ages: Floats) -> Slopes:
        """Return the slopes of the hazard cumulated until ages, shape (n, m) as they are."""
        raise NotImplementedError

    @property
    def domain(self) -> tuple[float, float]:
        """First and last age covered by the data, in days."""
        return 0.0, self.last_age

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper."""
        return summary_of(self.terms, self.coordinates, np.sqrt(np.diag(self.covariance)), self.settings.level)

    def survival(self, features: pl.DataFrame, days: list[float] | Floats) -> pl.DataFrame:
        """Return customer_id, days, survival: each customer's probability of outliving each age, from the start."""
        frame, asked = check(features, self.needs), as_floats(days)
        hazard = self._hazard(frame, np.broadcast_to(asked, (len(frame), len(asked))))
        return long_survival(frame, asked, np.exp(-np.maximum(hazard, 0.0)))

    def survival_ahead(self, features: pl.DataFrame, days: list[float] | Floats) -> Floats:
        """Return the probability that each running spell still runs after each number of days, shape (n, m)."""
        return np.exp(-self._ahead(check(features, self.needs), as_floats(days)))

    def survival_ahead_bounds(self, features: pl.DataFrame, days: list[float] | Floats, *, level: float = LEVEL) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of `survival_ahead`, each of shape (n, m).

        They come from the uncertainty of the parameters by the delta method, symmetric in the logarithm of the hazard ahead.
        """
        frame, asked = check(features, self.needs), as_floats(days)
        hazard = self._ahead(frame, asked)
        error = np.concatenate([self._error(frame[i : i + _BLOCK], asked) for i in range(0, max(len(frame), 1), _BLOCK)])
        relative = np.divide(error, hazard, out=np.zeros_like(hazard), where=(hazard > 0) & np.isfinite(hazard))
        return survival_bounds(hazard, relative, level)

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id and churn_probability_{h}d, given the duration so far; spells that have ended get null."""
        horizon = check_horizon(horizon_days)
        frame = check(features, self.needs)
        ahead = self._ahead(frame, np.array([float(horizon)]))[:, 0]
        return scores_of(frame, {f"churn_probability_{horizon}d": -np.expm1(-ahead)})

    def _ahead(self, frame: pl.DataFrame, days: Floats) -> Floats:
        """Return the hazard cumulated from now over each number of days, shape (n, m)."""
        age = frame["duration_days"].to_numpy()[:, None]
        until, now = self._hazard(frame, age + days), self._hazard(frame, age)
        # If both are infinite the spell is certain to end at once.
        with np.errstate(invalid="ignore"):
            ahead = until - now
        return np.where(np.isfinite(now), np.maximum(ahead, 0.0), np.inf)

    def _error(self, frame: pl.DataFrame, days: Floats) -> Floats:
        """Return the standard error of the hazard ahead, shape (n, m)."""
        age = frame["duration_days"].to_numpy()[:, None]
        known = np.where(np.isnan(self.covariance), 0.0, self.covariance)
        pairs = [
            (columns, until - now)
            for (columns, until), (_, now) in zip(self._slopes(frame, age + days), self._slopes(frame, age), strict=True)
        ]
        errors = np.empty((len(frame), len(days)))
        for j in range(len(days)):
            gradient = np.column_stack([columns * slope[:, j : j + 1] for columns, slope in pairs])
            errors[:, j] = np.einsum("ik,ik->i", gradient @ known, gradient)
        return np.sqrt(np.maximum(errors, 0.0))
