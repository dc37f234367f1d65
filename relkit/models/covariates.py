"""What is known of a customer besides the history: columns of a frame as columns of a matrix.

    known = learnt(frame, ("country", "age"), where="lifetime_value.bg_nbd")
    matrix(frame, known)                shape (n, columns): one a number or truth value, one a level of a text

A number is taken as it stands: nothing is centred or scaled, so that a coefficient is the effect of one unit more. A text
is a category: each level has a column of 0 and 1, against the most frequent level, the reference. A category that is
empty, or that the fit had not seen, counts as the reference; a number that is empty is refused, since no number stands for
it: the jobs that fit and score set such rows aside (`with_known_numbers`), and count them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column
from relkit.errors import FitError, TableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.contracts import Contract

Floats = NDArray[np.float64]

MOST_LEVELS = 50
"""A text with more levels is hardly a category."""
CONSTANT = 1e-12
"""A standard deviation below this share of the mean is rounding."""
COLLINEAR = 1e-9
"""A column of whose variance less than this is its own follows from those before it."""


@dataclass(frozen=True, kw_only=True)
class Covariate:
    """A covariate as a fit saw it.

    Attributes:
        name: of the column.
        levels: of a category, the reference first; empty for a number.
        mean: of a number among the customers of the fit; 0 for a category.
        is_flag: whether the number is 0 or 1 only.
        spread: standard deviation of a number among the customers of the fit; 0 for a category.
    """

    name: str
    levels: tuple[str, ...] = ()
    mean: float = 0.0
    is_flag: bool = False
    spread: float = 0.0

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns of the matrix.

        Examples:
            >>> Covariate(name="country", levels=("FR", "BE", "CH")).columns
            ('country=BE', 'country=CH')
        """
        return tuple(f"{self.name}={level}" for level in self.levels[1:]) if self.levels else (self.name,)

    @property
    def declared(self) -> Column:
        """The column that scoring reads."""
        if self.levels:
            seen = f"One of {', '.join(self.levels)}; anything else counts as {self.levels[0]}."
            return Column(name=self.name, dtype=pl.String, required=True, meaning=seen)
        return Column(name=self.name, dtype=pl.Float64, required=True, nullable=False, meaning="A number, or 0 and 1.")


@dataclass(frozen=True, eq=False)
class Ratios:
    """What a step of each covariate multiplies a rate by.

    Attributes:
        terms: names of the effects.
        step: shape (m,), the step: 1 for columns of 0 and 1, else one standard deviation.
        is_flag: shape (m,), whether the column holds 0 and 1 only.
        ratio: shape (m,).
        lower: shape (m,).
        upper: shape (m,).
        level: of the intervals.
    """

    terms: tuple[str, ...]
    step: Floats
    is_flag: NDArray[np.bool_]
    ratio: Floats
    lower: Floats
    upper: Floats
    level: float


def asked(names: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of covariates of whose type nothing is known yet."""
    return tuple(
        Column(name=name, dtype=pl.Float64, required=True, meaning="A number, a truth value, or a category as text.") for name in names
    )


def as_given(contract: Contract, names: Sequence[str], features: pl.DataFrame) -> Contract:
    """Return a contract whose covariates have the type, number or text, that a frame gives them."""
    return replace(contract, columns=tuple(_typed(column, features) if column.name in names else column for column in contract.columns))


def _typed(column: Column, features: pl.DataFrame) -> Column:
    dtype = features.schema.get(column.name)
    if dtype is not None and _is_text(dtype):
        return replace(column, dtype=pl.String, nullable=True)
    return replace(column, dtype=pl.Float64, nullable=False)


def _is_text(dtype: pl.DataType) -> bool:
    return dtype == pl.String or isinstance(dtype, (pl.Categorical, pl.Enum))


def learnt(frame: pl.DataFrame, names: Sequence[str], *, where: str, weights: Floats | None = None) -> tuple[Covariate, ...]:
    """Return the covariates as the customers of a fit have them.

    Args:
        frame: checked against the contract of `as_given`.
        names: of the covariates.
        where: who asks, for the messages.
        weights: how many customers each row stands for, shape (n,); one each unless told.

    Raises:
        TableError: a category has one level only, or too many to be one.

    Examples:
        >>> frame = pl.DataFrame({"country": ["FR", "BE", "FR", None], "age": [30.0, 40.0, 50.0, 60.0]})
        >>> [known.columns for known in learnt(frame, ("country", "age"), where="a test")]
        [('country=BE',), ('age',)]
    """
    each = np.ones(len(frame)) if weights is None else weights
    return tuple(_category(frame[name], each, where) if frame[name].dtype == pl.String else _number(frame[name], each) for name in names)


def _number(series: pl.Series, weights: Floats) -> Covariate:
    values = series.to_numpy()
    mean = float(np.average(values, weights=weights)) if len(values) else 0.0
    spread = float(np.sqrt(np.average((values - mean) ** 2, weights=weights))) if len(values) else 0.0
    return Covariate(name=series.name, mean=mean, is_flag=bool(series.is_in([0.0, 1.0]).all()), spread=spread)


def _category(series: pl.Series, weights: Floats, where: str) -> Covariate:
    counted = pl.DataFrame({"level": series, "count": weights}).drop_nulls().group_by("level").agg(pl.col("count").sum())
    levels = tuple(counted.sort(["count", "level"], descending=[True, False])["level"].to_list())
    if len(levels) < 2:
        raise TableError(
            f"{series.name} is {levels[0]!r} wherever it is known, so it explains nothing." if levels else f"{series.name} is never known.",
            where=where,
            remedy=f"Drop {series.name} from the covariates.",
        )
    if len(levels) > MOST_LEVELS:
        raise TableError(
            f"{series.name} has {len(levels):,} levels, over {MOST_LEVELS}.", where=where, remedy="Group its rare levels into one first."
        )
    return Covariate(name=series.name, levels=levels)


def notes_on(frame: pl.DataFrame, covariates: Sequence[Covariate]) -> tuple[str, ...]:
    """Return a sentence for each category that some customers lack."""
    return tuple(
        f"{empty:,} of {len(frame):,} customers have no {known.name}; they count as {known.levels[0]}, the reference."
        for known in covariates
        if known.levels and (empty := frame[known.name].null_count())
    )


def with_known_numbers(features: pl.DataFrame, names: Sequence[str]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the rows of which every covariate that is a number is known, and the names of those that are not known of all.

    Examples:
        >>> seen = pl.DataFrame({"customer_id": ["a", "b"], "age": [30, None], "country": [None, "FR"]})
        >>> kept, lacking = with_known_numbers(seen, ("age", "country"))
        >>> kept["customer_id"].to_list(), lacking
        (['a'], ('age',))
    """
    numbers = (name for name in names if name in features.columns and not _is_text(features.schema[name]))
    lacking = tuple(name for name in numbers if features[name].null_count())
    return (features.drop_nulls(lacking) if lacking else features), lacking


def column_names(covariates: Sequence[Covariate]) -> tuple[str, ...]:
    """Return the names of the columns of `matrix`, in order."""
    return tuple(name for known in covariates for name in known.columns)


def matrix(frame: pl.DataFrame, covariates: Sequence[Covariate]) -> Floats:
    """Return the columns of the covariates, shape (n, columns).

    Examples:
        >>> known = (Covariate(name="country", levels=("FR", "BE")), Covariate(name="age", mean=40.0))
        >>> matrix(pl.DataFrame({"country": ["BE", "LU"], "age": [30, 50]}), known).tolist()
        [[1.0, 30.0], [0.0, 50.0]]
    """
    columns = [column for known in covariates for column in _columns(frame[known.name], known)]
    return np.column_stack(columns) if columns else np.zeros((len(frame), 0))


def _columns(series: pl.Series, known: Covariate) -> list[Floats]:
    if not known.levels:
        return [series.cast(pl.Float64).to_numpy()]
    text = series.cast(pl.String)
    return [(text == level).fill_null(value=False).cast(pl.Float64).to_numpy() for level in known.levels[1:]]


def typical(covariates: Sequence[Covariate]) -> Floats:
    """Return the row of a typical customer, shape (columns,): numbers at the mean of the fit, categories at the reference."""
    return np.array([0.0 if known.levels else known.mean for known in covariates for _ in known.columns])


def refuse_useless(columns: Floats, names: Sequence[str], *, where: str) -> None:
    """Raise for a column that is the same for all, or that follows from those before it.

    Args:
        columns: shape (n, columns).
        names: of the columns.
        where: who asks.

    Raises:
        FitError: naming the column.
    """
    centred = columns - columns.mean(axis=0)
    lengths = np.sqrt((centred**2).sum(axis=0))
    for name, length, column in zip(names, lengths, columns.T, strict=True):
        if not length > CONSTANT * max(1.0, float(np.linalg.norm(column))):
            raise FitError(
                f"{name} is {column[0]:g} for everybody, so it explains nothing.", where=where, remedy=f"Drop {name} from the covariates."
            )
    scaled = centred / lengths
    for j in range(1, len(names)):
        weights = np.linalg.lstsq(scaled[:, :j], scaled[:, j], rcond=None)[0]
        rest = scaled[:, j] - scaled[:, :j] @ weights
        if rest @ rest < COLLINEAR:
            others = ", ".join(name for name, weight in zip(names[:j], weights, strict=True) if abs(weight) > 1e-6)
            raise FitError(
                f"{names[j]} follows from {others}, so their effects cannot be told apart.",
                where=where,
                remedy=f"Drop {names[j]} from the covariates, or one of the others.",
            )
