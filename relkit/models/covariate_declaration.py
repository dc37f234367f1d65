"""Declaration of a model's covariates, and the covariates as learnt from the customers of a fit.

    declared = Declaration(names=("country", "age"), splines={"age": 4}, missing="indicator")
    known = declared.learnt(frame, where="survival.weibull_aft")

A survival regression declares more than their names, in settings that are saved with it: a number may bend (a natural
cubic spline, `relkit.models.splines`), and with `missing="indicator"` missing values have a column of their own: an empty number
also counts as the mean, an empty category as the reference. If nothing was empty in the fit there is no such column, and
a customer to score whose number is empty counts as the mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column
from relkit.errors import ParameterError, TableError
from relkit.models.covariates import Covariate
from relkit.models.splines import knots_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.contracts import Contract

Floats = NDArray[np.float64]
Missing = Literal["refuse", "indicator"]

MOST_LEVELS = 50
"""A text column with more levels is hardly a category."""
LARGEST = 1e100
"""A number beyond this was never measured, and its square may overflow."""


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """Declaration of the covariates of a survival model; saved with the model, as part of its settings.

    Attributes:
        names: of the columns.
        splines: by column, the number of columns of its natural cubic spline: 2 or more; numbers not named are linear.
        missing: treatment of empty values: refused (an empty category counts as the reference), or flagged by an indicator.

    Examples:
        >>> from relkit.models.covariates import column_names, matrix
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
        """Refuse an invalid declaration."""
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
        """Columns whose type is not known yet."""
        meaning = "A number, a truth value, or a category as text."
        one = Column(name="", dtype=pl.Float64, required=True, low=-LARGEST, high=LARGEST, meaning=meaning)
        return tuple(replace(one, name=name) for name in self.names)

    def only(self, names: Sequence[str]) -> Declaration:
        """Return the declaration of some of the columns."""
        return Declaration(names=tuple(names), splines={k: v for k, v in self.splines.items() if k in names}, missing=self.missing)

    def given(self, contract: Contract, features: pl.DataFrame) -> Contract:
        """Return a contract whose covariates have the type (number or text) that they have in a frame.

        Texts may be empty; numbers may if that is declared.
        """
        columns = (self._typed(column, features) if column.name in self.names else column for column in contract.columns)
        return replace(contract, columns=tuple(columns))

    def _typed(self, column: Column, features: pl.DataFrame) -> Column:
        dtype = features.schema.get(column.name)
        if dtype is not None and _is_text(dtype):
            return replace(column, dtype=pl.String, nullable=True, low=None, high=None)
        return replace(column, dtype=pl.Float64, nullable=self.missing != "refuse")

    def learnt(self, frame: pl.DataFrame, *, where: str, weights: Floats | None = None) -> tuple[Covariate, ...]:
        """Return the covariates as learnt from the customers of a fit.

        Args:
            frame: checked against the contract of `given`.
            where: the caller, for the messages.
            weights: how many customers each row stands for, shape (n,); one by default.

        Raises:
            TableError: a category has a single level, or too many; a number is never known, or has too few values to bend.
        """
        each = np.ones(len(frame)) if weights is None else weights
        found = [self._one(frame[name], each, where) for name in self.names]
        empty: dict[str, NDArray[np.bool_]] = {}
        for place, known in enumerate(found):
            if not known.has_gaps:
                continue
            mine = frame[known.name].is_null().to_numpy()
            # Identical columns could not be distinguished; fields of one form are often empty together.
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


def check_names(names: Sequence[str], taken: Sequence[str] = (), *, where: str = "covariates") -> None:
    """Refuse a covariate that is named twice, or whose column is read as something else."""
    if wrong := [name for i, name in enumerate(names) if name in taken or name in names[:i]]:
        raise ParameterError(f"{wrong[0]!r} is given twice, or is no covariate.", where=where, remedy="Name each column once.")


def _is_text(dtype: pl.DataType) -> bool:
    return dtype == pl.String or isinstance(dtype, (pl.Categorical, pl.Enum))


def _number(series: pl.Series, weights: Floats | None) -> Covariate:
    values: Floats = (series.drop_nulls() if series.null_count() else series).to_numpy()
    if not len(values):
        return Covariate(name=series.name, is_flag=True)
    weight = weights if weights is None else weights[series.is_not_null().to_numpy()]
    mean = float(np.average(values, weights=weight))
    centred = values - mean
    spread = float(np.sqrt(np.average(np.square(centred, out=centred), weights=weight)))
    return Covariate(name=series.name, mean=mean, is_flag=_is_flag(values), spread=spread)


def _is_flag(values: Floats) -> bool:
    """Return whether values are 0 and 1 only; for most numbers the first few suffice."""
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


def must_be_known(settings: object) -> tuple[str, ...]:
    """Return the covariates of a model's settings whose empty numbers it refuses: none if it has a rule for them.

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
    """Return the rows in which every numeric covariate is known, and the names of those that are not known in all rows.

    Examples:
        >>> seen = pl.DataFrame({"customer_id": ["a", "b"], "age": [30, None], "country": [None, "FR"]})
        >>> kept, lacking = with_known_numbers(seen, ("age", "country"))
        >>> kept["customer_id"].to_list(), lacking
        (['a'], ('age',))
    """
    numbers = (name for name in names if name in features.columns and not _is_text(features.schema[name]))
    lacking = tuple(name for name in numbers if features[name].null_count())
    return (features.drop_nulls(lacking) if lacking else features), lacking
