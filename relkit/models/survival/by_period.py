"""Base of fitted models by period: the axis of their ages, the columns they read, and the coefficients of those that have some."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from relkit.cards import FittedCard
from relkit.contracts import check
from relkit.models import covariates as covariate_columns
from relkit.models.summaries import summary_of
from relkit.models.survival.period_path import PeriodPath, bounds_in_blocks
from relkit.models.survival.spells import as_floats, score_contract
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from relkit.contracts import Contract
    from relkit.models.covariates import Covariate

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class ByPeriod(FittedCard):
    """A fitted model with levels of periods."""

    if TYPE_CHECKING:
        name: ClassVar[str]
        settings: Any
        firsts: NDArray[np.int64]
        effects: tuple[Covariate, ...]
        last_days: float

    @property
    def needs(self) -> Contract:
        """Columns that `score` reads."""
        return score_contract(self.name, tuple(covariate.declared for covariate in self.effects))

    @property
    def domain(self) -> tuple[float, float]:
        """First and last age covered by the data, in days."""
        return 0.0, self.last_days

    @property
    def path(self) -> PeriodPath:
        """The levels on the axis of age."""
        return PeriodPath(self.firsts, self.settings.period_days)

    def _matrix(self, features: pl.DataFrame) -> Floats:
        return covariate_columns.matrix(features, self.effects)


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearByPeriod(ByPeriod):
    """A fitted model with a baseline by level and coefficients, of one cause, shape (L,) and (d,), or of several, (K, L) and (K, d)."""

    if TYPE_CHECKING:
        intercepts: Floats
        coefficients: Floats
        covariance: Floats
        means: Floats

    def _with_error(self, frame: pl.DataFrame, days: Floats) -> tuple[Floats, Floats]:
        """Return the hazard ahead and the standard error of its logarithm, shape (n, m) each."""
        raise NotImplementedError

    @property
    def coordinates(self) -> Floats:
        """Finite intercepts, then coefficients, each by cause."""
        return np.concatenate((self.intercepts[self._free], self.coefficients.ravel()))

    def moved(self, coordinates: Floats) -> Self:
        """Return the same model at other coordinates."""
        intercepts, levels = self.intercepts.copy(), int(self._free.sum())
        intercepts[self._free] = coordinates[:levels]
        return replace(self, intercepts=intercepts, coefficients=coordinates[levels:].reshape(self.coefficients.shape))

    def survival_ahead_bounds(self, features: pl.DataFrame, days: list[float] | Floats, *, level: float = LEVEL) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of `survival_ahead`, each of shape (n, m).

        They are symmetric in the logarithm of the hazard ahead, whose variance comes by the delta method from that of the
        parameters; a level that is not identified is held fixed.
        """
        frame, asked = check(features, self.needs), as_floats(days)
        return bounds_in_blocks(len(frame), len(asked), level, lambda part: self._with_error(frame[part], asked))

    def _summary_of(self, terms: Sequence[str]) -> pl.DataFrame:
        """Return the summary: coefficients, then the baseline; null if the hazard of a level is 0, or it is not identified."""
        by_level = np.full(self._free.shape, np.nan)
        errors, levels = np.sqrt(np.diag(self.covariance)), int(self._free.sum())
        by_level[self._free] = errors[:levels]
        estimate = np.concatenate((self.coefficients.ravel(), np.where(self._free, self.intercepts, np.nan).ravel()))
        error = np.concatenate((errors[levels:], by_level.ravel()))
        return summary_of(terms, estimate, error, self.settings.level)

    @property
    def _free(self) -> NDArray[np.bool_]:
        return np.isfinite(self.intercepts)

    def _index(self, features: pl.DataFrame) -> Floats:
        """Return (x - mean)' beta, shape (n,), or of each cause, (n, K), kept so that exp neither overflows nor vanishes."""
        return np.clip((self._matrix(features) - self.means) @ self.coefficients.T, -700.0, 700.0)
