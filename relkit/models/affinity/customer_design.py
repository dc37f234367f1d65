"""Columns from the features of customers: what a model of takers can use, learnt from the rows of its fit.

Numbers bend (natural cubic splines of three columns) if they have enough different values, and are held within the range that was
learnt from: a value beyond it counts as its end, so that no forecast rests on a line drawn into the unknown. Categories are columns of 0
and 1. Empty values have a column of their own. A feature that is the same for all, never known, or a text with too many values is
set aside, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.models.covariate_declaration import MOST_LEVELS, Declaration
from relkit.models.covariates import Covariate, column_names, matrix
from relkit.remarks import Remark

if TYPE_CHECKING:
    from collections.abc import Mapping

Floats = NDArray[np.float64]

BENT_FROM = 10
"""Fewest different values of a number that bends."""
SPLINE_COLUMNS = 3
FEWEST_IN_LEVEL = 10
"""Fewest rows with the second most frequent value of a category, or the rarer of two values of a number."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CustomerDesign:
    """The features as learnt by a fit.

    Attributes:
        covariates: the features used, in order of their names.
        low: smallest value learnt from, by covariate; 0 for a category, shape (c,).
        high: largest value, shape (c,).
        centre: mean of each column of `curved`, shape (d,).
        spread: standard deviation of each, 1 for a column that is the same for all, shape (d,).
    """

    covariates: tuple[Covariate, ...]
    low: Floats
    high: Floats
    centre: Floats
    spread: Floats

    @classmethod
    def of(cls, frame: pl.DataFrame, *, where: str, bent: bool = True) -> CustomerDesign:
        """Return the design learnt from usable features.

        Args:
            frame: the features, as `usable` returns them.
            where: the caller, for messages.
            bent: whether numbers bend; columns of trees are the same either way.
        """
        names = tuple(sorted(frame.columns))
        numbers = [name for name in names if bent and frame[name].dtype == pl.Float64]
        splines = {name: SPLINE_COLUMNS for name in numbers if frame[name].drop_nulls().n_unique() >= BENT_FROM}
        known = Declaration(names=names, splines=splines, missing="indicator").learnt(frame, where=where) if names else ()
        ends = np.array([_range(frame[each.name]) for each in known]).reshape(-1, 2)
        found = cls(covariates=known, low=ends[:, 0], high=ends[:, 1], centre=np.zeros(0), spread=np.zeros(0))
        X = matrix(frame, known)
        spread = X.std(axis=0)
        return replace(found, centre=X.mean(axis=0), spread=np.where(spread > 1e-12, spread, 1.0))

    @property
    def names(self) -> tuple[str, ...]:
        """The features used."""
        return tuple(each.name for each in self.covariates)

    @property
    def plain(self) -> tuple[Covariate, ...]:
        """The covariates without bends, as trees read them."""
        return tuple(replace(each, knots=()) for each in self.covariates)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of `curved`."""
        return column_names(self.covariates)

    def curved(self, frame: pl.DataFrame) -> Floats:
        """Return the columns of a logistic regression, of mean about 0 and spread about 1, shape (n, d)."""
        X = matrix(self._within(frame), self.covariates)
        X -= self.centre
        X /= self.spread
        return X

    def flat(self, frame: pl.DataFrame) -> Floats:
        """Return the columns of trees, shape (n, d)."""
        return matrix(self._within(frame), self.plain)

    def _within(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the features, numbers held within the range that was learnt from."""
        ends = zip(self.covariates, self.low.tolist(), self.high.tolist(), strict=True)
        return frame.select(
            pl.col(each.name).cast(pl.String) if each.levels else pl.col(each.name).cast(pl.Float64).fill_nan(None).clip(low, high)
            for each, low, high in ends
        )


def usable(frame: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, str]]:
    """Return the features that a model can use, as numbers and text, and the reasons why the others were set aside.

    Args:
        frame: nothing but features, in any order.

    Examples:
        >>> rows = pl.DataFrame({"age": [30.0 + i for i in range(40)], "country": ["FR"] * 40, "since": [None] * 40})
        >>> kept, aside = usable(rows)
        >>> kept.columns, aside
        (['age'], {'country': 'the same for all', 'since': 'never known'})
    """
    typed = frame.select(_typed(frame[name]) for name in sorted(frame.columns))
    aside = {name: why for name in typed.columns if (why := _unusable(typed[name]))}
    return typed.drop(aside), aside


def _typed(series: pl.Series) -> pl.Series:
    """Return a feature as text, as a number, or as it is if it is neither."""
    if series.dtype == pl.Null:
        return series.cast(pl.Float64)
    if series.dtype.is_numeric() or series.dtype == pl.Boolean:
        return series.cast(pl.Float64).fill_nan(None)
    return series.cast(pl.String) if isinstance(series.dtype, pl.Categorical | pl.Enum) else series


def _unusable(series: pl.Series) -> str:
    """Return the reason why a feature cannot be used; empty if it can."""
    if series.dtype not in (pl.Float64, pl.String):
        return "neither a number nor text"
    known = series.drop_nulls()
    if known.is_empty():
        return "never known"
    levels = known.n_unique()
    if series.dtype == pl.String and levels > MOST_LEVELS:
        return f"{levels:,} different texts, over {MOST_LEVELS}"
    if levels > 1:
        return ""
    if series.dtype == pl.String or not series.null_count():
        return "the same for all" if not series.null_count() else "the same wherever it is known"
    return ""


def _range(series: pl.Series) -> tuple[float, float]:
    if series.dtype == pl.String:
        return 0.0, 0.0
    least, most = series.min(), series.max()
    return float(least), float(most)  # type: ignore[arg-type]


def reasons_aside(aside: Mapping[str, str]) -> str:
    """Return the features set aside by reason, as part of a sentence.

    Examples:
        >>> reasons_aside({"age": "never known", "rate": "the same for all", "size": "never known"})
        'never known (age, size), the same for all (rate)'
    """
    by_reason: dict[str, list[str]] = {}
    for name, why in aside.items():
        by_reason.setdefault(why, []).append(name)
    return ", ".join(f"{why} ({', '.join(names)})" for why, names in by_reason.items())


def set_aside_remark(aside: Mapping[str, str]) -> Remark:
    """Return the remark on features set aside.

    Examples:
        >>> set_aside_remark({"age": "never known"}).en
        'Features set aside: never known (age).'
    """
    return Remark(
        "features_set_aside",
        f"Features set aside: {reasons_aside(aside)}.",
        f"Variables écartées, car inutilisables : {', '.join(aside)}.",
    )
