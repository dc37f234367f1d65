"""Covariates, the customer attributes besides the history: columns of a frame as columns of a matrix.

    matrix(frame, known)                shape (n, columns): one per number or truth value, one per level of a text

A number is taken as is: nothing is centred or scaled, so that a coefficient is the effect of one more unit. A text
is a category: each level has a column of 0 and 1, against the most frequent level, the reference. A category that is
empty, or that did not occur in the fit, counts as the reference (`relkit.models.unseen_categories` counts the latter); a number
that is empty is refused, since no number can replace it: the jobs that fit and score set such rows aside, and count them.
Their declaration in a model's settings, and how they are learnt from a frame, is in `relkit.models.covariate_declaration`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column
from relkit.models.splines import natural_basis
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Covariate:
    """A covariate as learnt by a fit.

    Attributes:
        name: of the column.
        levels: of a category, reference first; empty for a number.
        mean: of a number over the customers of the fit; 0 for a category.
        is_flag: whether the number is 0 or 1 only.
        spread: standard deviation of a number over the customers of the fit; 0 for a category.
        knots: of a number that bends, ascending; empty for one that does not.
        has_gaps: whether a column of 0 and 1 flags the rows in which it was empty.
        may_be_empty: whether an empty number counts as the mean; otherwise it is refused.
        empty_with: an earlier covariate that was empty for the same customers, whose column of 0 and 1 stands for both.
    """

    name: str
    levels: tuple[str, ...] = ()
    mean: float = 0.0
    is_flag: bool = False
    spread: float = 0.0
    knots: tuple[float, ...] = ()
    has_gaps: bool = False
    may_be_empty: bool = False
    empty_with: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns of the matrix.

        Examples:
            >>> Covariate(name="country", levels=("FR", "BE", "CH")).columns
            ('country=BE', 'country=CH')
            >>> Covariate(name="age", knots=(20.0, 40.0, 70.0), has_gaps=True).columns
            ('age', 'age (bend 1)', 'age is empty')
        """
        gaps = (f"{self.name} is empty",) if self.has_gaps else ()
        if self.levels:
            return (*(f"{self.name}={level}" for level in self.levels[1:]), *gaps)
        return (self.name, *(f"{self.name} (bend {j + 1})" for j in range(max(len(self.knots) - 2, 0))), *gaps)

    @property
    def flags(self) -> tuple[bool, ...]:
        """Which of its columns contain 0 and 1 only, as booleans.

        Examples:
            >>> Covariate(name="age", knots=(20.0, 40.0, 70.0), has_gaps=True).flags
            (False, False, True)
        """
        own = len(self.columns) - self.has_gaps
        return (*([bool(self.levels) or (self.is_flag and not self.knots)] * own), *([True] * self.has_gaps))

    @property
    def references(self) -> tuple[str, ...]:
        """The level that each of its columns is compared with; empty for columns that are no level.

        Examples:
            >>> Covariate(name="country", levels=("FR", "BE", "CH"), has_gaps=True).references
            ('FR', 'FR', '')
        """
        own = len(self.columns) - self.has_gaps
        return (*([self.levels[0] if self.levels else ""] * own), *([""] * self.has_gaps))

    @property
    def declared(self) -> Column:
        """The column that scoring reads."""
        if self.levels:
            meaning = f"One of {', '.join(self.levels)}; anything else counts as {self.levels[0]}."
            return Column(name=self.name, dtype=pl.String, required=True, meaning=meaning)
        if self.may_be_empty:
            meaning = f"A number, or 0 and 1; where it is empty, {self.mean:.6g} stands for it."
            return Column(name=self.name, dtype=pl.Float64, required=True, meaning=meaning)
        return Column(name=self.name, dtype=pl.Float64, required=True, nullable=False, meaning="A number, or 0 and 1.")


@dataclass(frozen=True, eq=False)
class Ratios:
    """Factors by which a step of each covariate multiplies a rate.

    Attributes:
        terms: names of the effects.
        step: shape (m,), the step: 1 for columns of 0 and 1, else one standard deviation.
        is_flag: shape (m,), whether the column contains 0 and 1 only.
        ratio: shape (m,).
        lower: shape (m,).
        upper: shape (m,).
        level: of the intervals.
        against: the level that each level of a category is compared with; empty for flags and numbers, () if there is none.
    """

    terms: tuple[str, ...]
    step: Floats
    is_flag: NDArray[np.bool_]
    ratio: Floats
    lower: Floats
    upper: Floats
    level: float
    against: tuple[str, ...] = ()

    @property
    def references(self) -> tuple[str, ...]:
        """The level that each effect is compared with; empty for flags and numbers."""
        return self.against or ("",) * len(self.terms)


def remarks_on(frame: pl.DataFrame, covariates: Sequence[Covariate]) -> tuple[Remark, ...]:
    """Return a remark for each category or number that is missing for some customers."""
    return tuple(
        _on_empty(known, empty, len(frame))
        for known in covariates
        if (known.levels or known.has_gaps or known.empty_with) and (empty := frame[known.name].null_count())
    )


def _on_empty(known: Covariate, empty: int, rows: int) -> Remark:
    if known.has_gaps:
        counted = f"the effect of its absence is among the terms, as {known.columns[-1]!r}"
        en_fr = f"l’effet de cette absence est mesuré à part, sous {known.columns[-1]!r}"
    elif known.empty_with:
        both = f"{known.empty_with} is empty"
        counted = f"they are those who have no {known.empty_with}: the effect of both is the term {both!r}"
        en_fr = f"ce sont les mêmes que ceux sans {known.empty_with} : l’effet des deux est mesuré ensemble, sous {both!r}"
    else:
        counted = f"they count as {known.levels[0]}, the reference"
        en_fr = f"ils sont traités comme {known.levels[0]}, la référence"
    return Remark(
        "empty_attribute",
        f"{empty:,} of {rows:,} customers have no {known.name}; {counted}.",
        f"{french(empty)} clients sur {french(rows)} n’ont pas de {known.name} ; {en_fr}.",
    )


def covariates_of(fitted: object) -> dict[str, Covariate]:
    """Return the covariates of a fitted model by name, including those of its parts (a regression for each cause, say)."""
    found: dict[str, Covariate] = {}
    for each in fields(fitted) if is_dataclass(fitted) else ():
        value = getattr(fitted, each.name)
        for item in value if isinstance(value, tuple) else ():
            found |= {item.name: item} if isinstance(item, Covariate) else covariates_of(item)
    return found


def covariate_of(column: str) -> str:
    """Return the covariate that a column of `matrix`, or a term derived from it, belongs to: the unit that can be dropped.

    Examples:
        >>> [covariate_of(name) for name in ("country=BE", "age (bend 2)", "age is empty", "voluntary: plan=S", "age")]
        ['country', 'age', 'age', 'plan', 'age']
    """
    own = column.partition("=")[0].rpartition(":")[2].strip()
    return re.sub(r"( \(bend \d+\)| is empty)$", "", own)


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
    columns = list(each_column(frame, covariates))
    return np.column_stack(columns) if columns else np.zeros((len(frame), 0))


def each_column(frame: pl.DataFrame, covariates: Sequence[Covariate]) -> Iterator[Floats]:
    """Yield the columns of `matrix` one by one, each of shape (n,), for callers without memory for all."""
    for known in covariates:
        yield from _columns(frame[known.name], known)


def _columns(series: pl.Series, known: Covariate) -> Iterator[Floats]:
    if known.levels:
        text = series.cast(pl.String)
        for level in known.levels[1:]:
            yield (text == level).fill_null(value=False).cast(pl.Float64).to_numpy()
    else:
        values = series.cast(pl.Float64)
        numbers = (values.fill_null(known.mean) if known.may_be_empty else values).to_numpy()
        yield numbers
        if known.knots:
            yield from natural_basis(numbers, known.knots)[1:]
    if known.has_gaps:
        yield series.is_null().cast(pl.Float64).to_numpy()


def typical(covariates: Sequence[Covariate]) -> Floats:
    """Return the row of a typical customer, shape (columns,): numbers at the mean of the fit, categories at the reference."""
    return np.concatenate([_typical(known) for known in covariates]) if covariates else np.zeros(0)


def _typical(known: Covariate) -> Floats:
    row = np.zeros(len(known.columns))
    if not known.levels:
        bent = natural_basis(np.array([known.mean]), known.knots)[:, 0] if known.knots else np.array([known.mean])
        row[: len(bent)] = bent
    return row


def by_covariate(covariates: Sequence[Covariate]) -> tuple[tuple[str, slice], ...]:
    """Return each covariate's name and its columns of `matrix`.

    Examples:
        >>> by_covariate((Covariate(name="country", levels=("FR", "BE", "CH")), Covariate(name="age")))
        (('country', slice(0, 2, None)), ('age', slice(2, 3, None)))
    """
    ends = np.cumsum([len(known.columns) for known in covariates]).tolist()
    return tuple((known.name, slice(end - len(known.columns), end)) for known, end in zip(covariates, ends, strict=True))


def added_up(covariates: Sequence[Covariate], parts: Floats) -> tuple[tuple[str, ...], Floats]:
    """Return the covariates' names, and the parts of each one's columns added up, shape (n, covariates).

    Args:
        covariates: as fitted.
        parts: shape (n, columns).

    Examples:
        >>> known = (Covariate(name="country", levels=("FR", "BE", "CH")), Covariate(name="age"))
        >>> names, sums = added_up(known, np.array([[1.0, 2.0, 4.0]]))
        >>> names, sums.tolist()
        (('country', 'age'), [[3.0, 4.0]])
    """
    sums = [parts[:, place].sum(axis=1) for _, place in by_covariate(covariates)]
    return tuple(known.name for known in covariates), np.stack(sums, axis=1) if sums else np.zeros((len(parts), 0))
