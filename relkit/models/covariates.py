"""What is known of a customer besides the history: columns of a frame as columns of a matrix.

    declared = Declaration(names=("country", "age"), splines={"age": 4}, missing="indicator")
    known = declared.learnt(frame, where="survival.weibull_aft")
    matrix(frame, known)                shape (n, columns): one a number or truth value, one a level of a text

A number is taken as it stands: nothing is centred or scaled, so that a coefficient is the effect of one unit more. A text
is a category: each level has a column of 0 and 1, against the most frequent level, the reference. A category that is
empty, or that the fit had not seen, counts as the reference (`unseen` counts the latter); a number that is empty is refused,
since no number stands for it: the jobs that fit and score set such rows aside (`with_known_numbers`), and count them.

A regression of survival says more of them, in settings that are saved with it: a number may bend (a natural cubic spline,
`relkit.models.splines`), and with `missing="indicator"` what is empty has a column of its own: an empty number counts as
the mean beside it, an empty category as the reference. Where the fit saw nothing empty there is no such column, and a
customer to score whose number is empty counts as the mean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column
from relkit.errors import FitError, ParameterError, TableError
from relkit.models.splines import knots_of, natural_basis

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from relkit.contracts import Contract

Floats = NDArray[np.float64]
Missing = Literal["refuse", "indicator"]

MOST_LEVELS = 50
"""A text with more levels is hardly a category."""
_MOST_NAMED, _LONGEST_NAME = 5, 40
"""Levels named in a sentence, and the letters of each."""
LARGEST = 1e100
"""A number beyond this is none that was measured, and its square may overflow."""
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
        knots: of a number that bends, ascending; empty for one that does not.
        has_gaps: whether a column of 0 and 1 says where it was empty.
        may_be_empty: whether an empty number counts as the mean; else it is refused.
        empty_with: an earlier covariate that was empty for the same customers, whose column of 0 and 1 speaks for both.
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
        """Which of its columns hold 0 and 1 only.

        Examples:
            >>> Covariate(name="age", knots=(20.0, 40.0, 70.0), has_gaps=True).flags
            (False, False, True)
        """
        own = len(self.columns) - self.has_gaps
        return (*([bool(self.levels) or (self.is_flag and not self.knots)] * own), *([True] * self.has_gaps))

    @property
    def declared(self) -> Column:
        """The column that scoring reads."""
        if self.levels:
            seen = f"One of {', '.join(self.levels)}; anything else counts as {self.levels[0]}."
            return Column(name=self.name, dtype=pl.String, required=True, meaning=seen)
        if self.may_be_empty:
            said = f"A number, or 0 and 1; where it is empty, {self.mean:.6g} stands for it."
            return Column(name=self.name, dtype=pl.Float64, required=True, meaning=said)
        return Column(name=self.name, dtype=pl.Float64, required=True, nullable=False, meaning="A number, or 0 and 1.")


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What a model of survival is told of its covariates; kept, as its settings, with the saved model.

    Attributes:
        names: of the columns.
        splines: by column, how many columns its natural cubic spline has: 2 or more; a number that is not named is straight.
        missing: what an empty value is: refused (an empty category counts as the reference), or told by an indicator.

    Examples:
        >>> frame = pl.DataFrame({"plan": ["S", "S", "L", None], "age": [30.0, None, 40.0, 80.0]})
        >>> known = Declaration(names=("plan", "age"), missing="indicator").learnt(frame, where="a test")
        >>> column_names(known)
        ('plan=L', 'plan is empty', 'age', 'age is empty')
        >>> matrix(frame, known)[1].tolist()
        [0.0, 0.0, 50.0, 1.0]
    """

    names: tuple[str, ...]
    splines: dict[str, int] = field(default_factory=dict)
    missing: Missing = "refuse"

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        check_names(self.names)
        if self.missing not in get_args(Missing):
            raise ParameterError.unknown("treatment of what is missing", str(self.missing), get_args(Missing), where="missing")
        for name, columns in self.splines.items():
            if name not in self.names:
                raise ParameterError.unknown("covariate", name, self.names, where="splines")
            if columns < 2:
                raise ParameterError(
                    f"the spline of {name} has {columns} columns; it takes at least 2.", where="splines", remedy="Leave it out for a line."
                )

    @property
    def asked(self) -> tuple[Column, ...]:
        """Columns of whose type nothing is known yet."""
        meaning = "A number, a truth value, or a category as text."
        one = Column(name="", dtype=pl.Float64, required=True, low=-LARGEST, high=LARGEST, meaning=meaning)
        return tuple(replace(one, name=name) for name in self.names)

    def only(self, names: Sequence[str]) -> Declaration:
        """Return what is declared of some of the columns."""
        return Declaration(names=tuple(names), splines={k: v for k, v in self.splines.items() if k in names}, missing=self.missing)

    def given(self, contract: Contract, features: pl.DataFrame) -> Contract:
        """Return a contract whose covariates have the type, number or text, that a frame gives them.

        Texts may be empty, numbers where that is declared.
        """
        columns = (self._typed(column, features) if column.name in self.names else column for column in contract.columns)
        return replace(contract, columns=tuple(columns))

    def _typed(self, column: Column, features: pl.DataFrame) -> Column:
        dtype = features.schema.get(column.name)
        if dtype is not None and _is_text(dtype):
            return replace(column, dtype=pl.String, nullable=True, low=None, high=None)
        return replace(column, dtype=pl.Float64, nullable=self.missing != "refuse")

    def learnt(self, frame: pl.DataFrame, *, where: str, weights: Floats | None = None) -> tuple[Covariate, ...]:
        """Return the covariates as the customers of a fit have them.

        Args:
            frame: checked against the contract of `given`.
            where: who asks, for the messages.
            weights: how many customers each row stands for, shape (n,); one each unless told.

        Raises:
            TableError: a category has one level only, or too many to be one; a number is never known, or has too few values to bend.
        """
        each = np.ones(len(frame)) if weights is None else weights
        found = [self._one(frame[name], each, where) for name in self.names]
        empty: dict[str, NDArray[np.bool_]] = {}
        for place, known in enumerate(found):
            if not known.has_gaps:
                continue
            mine = frame[known.name].is_null().to_numpy()
            # Two columns that are alike could not be told apart; what is entered on one form is often empty together.
            if twin := next((name for name, other in empty.items() if np.array_equal(mine, other)), ""):
                found[place] = replace(known, has_gaps=False, empty_with=twin)
            else:
                empty[known.name] = mine
        return tuple(found)

    def _one(self, series: pl.Series, weights: Floats, where: str) -> Covariate:
        known = _category(series, weights, where) if series.dtype == pl.String else _number(series, weights)
        if not known.levels and series.null_count() == len(series):
            raise TableError(f"{known.name} is never known.", where=where, remedy=f"Drop {known.name} from the covariates.")
        if known.name in self.splines:
            if known.levels:
                raise TableError(f"{known.name} is text and cannot bend.", where=where, remedy=f"Leave {known.name} out of splines.")
            values = series.drop_nulls().cast(pl.Float64).to_numpy()
            known = replace(known, knots=knots_of(values, self.splines[known.name] + 1, name=known.name, where=where))
        if self.missing == "refuse":
            return known
        return replace(known, has_gaps=bool(series.null_count()), may_be_empty=not known.levels)


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


def check_names(names: Sequence[str], taken: Sequence[str] = (), *, where: str = "covariates") -> None:
    """Refuse a covariate that is named twice, or in a column that is read as something else."""
    if wrong := [name for i, name in enumerate(names) if name in taken or name in names[:i]]:
        raise ParameterError(f"{wrong[0]!r} is given twice, or is no covariate.", where=where, remedy="Name each column once.")


def _is_text(dtype: pl.DataType) -> bool:
    return dtype == pl.String or isinstance(dtype, (pl.Categorical, pl.Enum))


def _number(series: pl.Series, weights: Floats | None) -> Covariate:
    values: Floats = series.drop_nulls().to_numpy()
    if not len(values):
        return Covariate(name=series.name, is_flag=True)
    weight = weights if weights is None else weights[series.is_not_null().to_numpy()]
    mean = float(np.average(values, weights=weight))
    centred = values - mean
    spread = float(np.sqrt(np.average(np.square(centred, out=centred), weights=weight)))
    return Covariate(name=series.name, mean=mean, is_flag=_is_flag(values), spread=spread)


def _is_flag(values: Floats) -> bool:
    """Return whether values are 0 and 1 only; of most numbers the first few tell."""
    return all(bool(((part == 0) | (part == 1)).all()) for part in (values[:100], values))


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
        f"{empty:,} of {len(frame):,} customers have no {known.name}; {_counted_as(known)}."
        for known in covariates
        if (known.levels or known.has_gaps or known.empty_with) and (empty := frame[known.name].null_count())
    )


def _counted_as(known: Covariate) -> str:
    if known.has_gaps:
        return f"the effect of its absence is among the terms, as {known.columns[-1]!r}"
    if known.empty_with:
        return f"they are those who have no {known.empty_with}: the effect of both is the term '{known.empty_with} is empty'"
    return f"they count as {known.levels[0]}, the reference"


def covariates_of(fitted: object) -> dict[str, Covariate]:
    """Return by name the covariates that a fitted model keeps, those of its parts (a regression for each cause, say) among them."""
    found: dict[str, Covariate] = {}
    for each in fields(fitted) if is_dataclass(fitted) else ():
        value = getattr(fitted, each.name)
        for item in value if isinstance(value, tuple) else ():
            found |= {item.name: item} if isinstance(item, Covariate) else covariates_of(item)
    return found


def unseen_categories(frame: pl.DataFrame, covariates: Iterable[Covariate], *, who: str = "customers") -> tuple[str, ...]:
    """Return a sentence for each category of which some rows have a level that the fit had not seen.

    The most frequent of those levels are named, cut where they are long; nothing else is told of who has them.

    Args:
        frame: rows to score; a column that it does not have is left to the model's contract.
        covariates: as fitted.
        who: what a row is.

    Examples:
        >>> country = Covariate(name="country", levels=("FR", "BE"))
        >>> unseen_categories(pl.DataFrame({"country": ["FR", "LU", None, "LU", "DE"]}), [country])
        ('3 of 5 customers have a country that the model has not seen (LU: 2, DE: 1); they count as FR, the reference.',)
    """
    said = []
    for known in covariates:
        if not known.levels or known.name not in frame.columns:
            continue
        levels = frame.select(level=pl.col(known.name).cast(pl.String)).drop_nulls().filter(~pl.col("level").is_in(known.levels))
        if count := len(levels):
            named = _most_frequent(levels["level"])
            rule = f"they count as {known.levels[0]}, the reference"
            said.append(f"{count:,} of {len(frame):,} {who} have a {known.name} that the model has not seen ({named}); {rule}.")
    return tuple(said)


def _most_frequent(levels: pl.Series) -> str:
    counted = levels.alias("level").value_counts(name="rows").sort(["rows", "level"], descending=[True, False])
    short = [level if len(level) <= _LONGEST_NAME else f"{level[: _LONGEST_NAME - 1]}…" for level in counted["level"].head(_MOST_NAMED)]
    if len(counted) == 1:
        return short[0]
    others = [f"{len(counted) - _MOST_NAMED:,} others"] if len(counted) > _MOST_NAMED else []
    return ", ".join([*(f"{level}: {rows:,}" for level, rows in zip(short, counted["rows"].head(_MOST_NAMED), strict=True)), *others])


def must_be_known(settings: object) -> tuple[str, ...]:
    """Return the covariates of a model's settings whose empty numbers it refuses: none where it has a rule for them.

    Examples:
        >>> from relkit.models.survival.weibull_aft import WeibullAft
        >>> must_be_known(WeibullAft(covariates=("age",), shape_covariates=("price",)))
        ('age', 'price')
        >>> must_be_known(WeibullAft(covariates=("age",), missing="indicator")), must_be_known(object())
        ((), ())
    """
    declaration = getattr(settings, "declaration", None)
    return declaration.names if declaration is not None and declaration.missing == "refuse" else ()


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


def covariate_of(column: str) -> str:
    """Return the covariate that a column of `matrix`, or a term made of it, belongs to: what can be left out.

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
    """Yield the columns of `matrix` one by one, each of shape (n,), for whoever has no room for all."""
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
    """Return the covariates' names, and what belongs to the columns of each added up, shape (n, covariates).

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


def turn_of(covariates: Sequence[Covariate], centred: Floats, averages: Floats, *, where: str, share: Floats | None = None) -> Floats:
    """Return the matrix, shape (q, q), by which columns become those that suit Newton's method; it is triangular.

    A column of 0 and 1 stays as it is, a number is divided by its standard deviation, and the columns of a spline, which nearly
    follow from each other, become uncorrelated.

    Args:
        covariates: of the columns.
        centred: columns less their averages, shape (n, q); those of 0 and 1 are not looked at.
        averages: shape (q,).
        where: who asks.
        share: weight of each row, shape (n,), of sum 1; the same for all unless told.

    Raises:
        FitError: a spline bends more often than its values tell.
    """
    turn = np.eye(len(averages))
    for known, (_, place) in zip(covariates, by_covariate(covariates), strict=True):
        numbers = place.start + np.flatnonzero(~np.array(known.flags))
        if not len(numbers):
            continue
        block = centred[:, numbers]
        spread = block.T @ block / len(block) if share is None else block.T @ (block * share[:, None])
        scale = np.sqrt(np.diag(spread))
        if not (scale > CONSTANT * np.abs(averages[numbers])).all():
            continue  # constant: whoever asks says so
        try:
            lower = np.linalg.cholesky(spread / np.outer(scale, scale))
        except np.linalg.LinAlgError as error:
            raise FitError(
                f"{known.name} has too few different values for a spline of {len(numbers)} columns.",
                where=where,
                remedy=f"Give {known.name} fewer columns in splines.",
            ) from error
        turn[np.ix_(numbers, numbers)] = np.linalg.inv(lower).T / scale[:, None]
    return turn


def refuse_useless(columns: Floats, names: Sequence[str], *, where: str, turned: Floats | None = None) -> None:
    """Raise for a column that is the same for all, or that follows from those before it.

    Args:
        columns: shape (n, columns).
        names: of the columns.
        where: who asks.
        turned: the columns in other units (`turn_of`), in which those of a spline are told apart.

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
    if turned is not None:
        centred = turned - turned.mean(axis=0)
        lengths = np.sqrt((centred**2).sum(axis=0))
    scaled = centred / lengths
    for j in range(1, len(names)):
        weights = np.linalg.lstsq(scaled[:, :j], scaled[:, j], rcond=None)[0]
        rest = scaled[:, j] - scaled[:, :j] @ weights
        if rest @ rest < COLLINEAR:
            others = ", ".join(name for name, weight in zip(names[:j], weights, strict=True) if abs(weight) > 1e-6)
            raise FitError(
                f"{names[j]} follows from {others}, so their effects cannot be told apart.",
                where=where,
                remedy=f"Drop {covariate_of(names[j])} from the covariates, or one of the others.",
            )
