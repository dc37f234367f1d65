"""Regressions on covariates for units that were not drawn: plain logistic and linear, each unit predicted from the other folds.

Covariates become numbers: amounts are standardised, missing ones take the mean and a flag, words one column for each but the most frequent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.metrics.risk_sets import Flags, Floats, Indexes

MOST_WORDS = 30
"""Different words that a covariate may have: more would leave few units for each."""
_RIDGE = 1e-8
_STEPS = 30


@dataclass(frozen=True, eq=False)
class CovariateRows:
    """Covariates as numbers.

    Attributes:
        names: of the columns, such as `age`, `age:missing` and `town=Lyon`.
        rows: shape (n, k), each with mean 0 and standard deviation 1.
    """

    names: tuple[str, ...]
    rows: Floats

    @classmethod
    def of(cls, units: pl.DataFrame, covariates: Sequence[str]) -> CovariateRows:
        """Return the covariates of a frame; constant ones are left out.

        Raises:
            TableError: a column is missing, has too many words, or is neither a number nor a word.

        Examples:
            >>> units = pl.DataFrame({"age": [30.0, None, 50.0], "town": ["Lyon", "Paris", "Paris"]})
            >>> CovariateRows.of(units, ("age", "town")).names
            ('age', 'age:missing', 'town=Lyon')
        """
        columns: dict[str, Floats] = {}
        for name in covariates:
            if name not in units.columns:
                raise TableError(f"no column {name}.", where="units", remedy=f"There are: {', '.join(units.columns)}.")
            columns |= _numbers(name, units[name])
        kept = {name: values for name, values in columns.items() if values.std() > 0}
        rows = [(values - values.mean()) / values.std() for values in kept.values()]
        return cls(tuple(kept), np.stack(rows, axis=1) if rows else np.zeros((len(units), 0)))


def folds_of(groups: Indexes, folds: int, rng: np.random.Generator) -> Indexes:
    """Return the fold of each unit, shape (n,): units of one group share theirs.

    Examples:
        >>> folds_of(np.array([0, 0, 1, 2]), 2, np.random.default_rng(1)).tolist()
        [0, 0, 1, 0]
    """
    count = int(groups.max()) + 1
    return np.asarray(rng.permutation(count) % folds, dtype=np.intp)[groups]


def fitted_chances(rows: Floats, chosen: Flags) -> Floats:
    """Return the coefficients of a logistic regression, the intercept first, shape (k + 1,), by Newton's method.

    Args:
        rows: standardised covariates, shape (n, k).
        chosen: outcome, shape (n,).
    """
    x, y = _with_one(rows), chosen.astype(np.float64)
    beta = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        chance = chances(rows, beta)
        slope, weight = x.T @ (y - chance), chance * (1 - chance)
        step = np.linalg.solve((x * weight[:, None]).T @ x + _RIDGE * len(y) * np.eye(len(beta)), slope)
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    return beta


def chances(rows: Floats, beta: Floats) -> Floats:
    """Return the probabilities of a logistic regression, shape (n,)."""
    return np.asarray(1 / (1 + np.exp(-np.clip(_with_one(rows) @ beta, -35, 35))))


def fitted_line(rows: Floats, outcome: Floats) -> Floats:
    """Return the coefficients of a linear regression, the intercept first, shape (k + 1,)."""
    x = _with_one(rows)
    return np.asarray(np.linalg.solve(x.T @ x + _RIDGE * len(outcome) * np.eye(x.shape[1]), x.T @ outcome))


def on_line(rows: Floats, beta: Floats) -> Floats:
    """Return the predictions of a linear regression, shape (n,)."""
    return np.asarray(_with_one(rows) @ beta)


def _with_one(rows: Floats) -> Floats:
    return np.hstack([np.ones((len(rows), 1)), rows])


def _numbers(name: str, column: pl.Series) -> dict[str, Floats]:
    """Return the columns of numbers that stand for a covariate."""
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return _amounts(name, column.cast(pl.Float64))
    if column.dtype not in {pl.String, pl.Categorical} and not isinstance(column.dtype, pl.Enum):
        raise TableError("the covariate is neither a number nor a word.", where=f"units.{name}", remedy="Give days as a number of days.")
    words = column.cast(pl.String).fill_null("")
    counts = words.value_counts(sort=True).sort(["count", words.name], descending=[True, False])[words.name].to_list()
    if len(counts) > MOST_WORDS:
        remedy = f"Group them: at most {MOST_WORDS}."
        raise TableError(f"the covariate has {len(counts):,} different words.", where=f"units.{name}", remedy=remedy)
    return {f"{name}={word or 'missing'}": (words == word).cast(pl.Float64).to_numpy() for word in counts[1:]}


def _amounts(name: str, column: pl.Series) -> dict[str, Floats]:
    missing = column.is_null() | column.is_nan().fill_null(value=False)
    if not missing.any():
        return {name: column.to_numpy()}
    known = column.filter(~missing)
    middle = 0.0 if not len(known) else float(np.mean(known.to_numpy()))
    filled = np.where(missing.to_numpy(), middle, column.fill_null(middle).to_numpy())
    return {name: filled, f"{name}:missing": missing.cast(pl.Float64).to_numpy()}
