"""Design of a regression of lifetimes: columns scaled for Newton's method, and the way back to the original columns.

Users need not centre or scale: numbers are standardised to mean 0 and variance 1 internally, spline columns are decorrelated
as well, and columns of 0 and 1 stay as they are (a category without events then runs to infinity alone, and can be named).
Effects are reported per unit of the original column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from relkit.errors import FitError, NotEnoughEventsError
from relkit.models import covariates as covariate_columns
from relkit.models.useless_columns import refuse_useless, turn_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from relkit.models.covariate_declaration import Declaration
    from relkit.models.covariates import Covariate
    from relkit.models.maximum import Maximum

Floats = NDArray[np.float64]

# Own share of a standardised column's variance below which the slow search for collinear columns is run.
_SUSPECT = 1e-7


@dataclass(frozen=True, eq=False)
class Design:
    """Columns of covariates, followed by a column of ones.

    Attributes:
        known: the covariates.
        X: shape (n, q + 1), in standard units.
        means: shape (q,), subtracted from the columns.
        turn: shape (q, q), by which they were then multiplied (`relkit.models.covariates.turn_of`).
        averages: shape (q,), of the columns as given.
    """

    known: tuple[Covariate, ...]
    X: Floats
    means: Floats
    turn: Floats
    averages: Floats

    @classmethod
    def of(cls, frame: pl.DataFrame, declaration: Declaration, where: str) -> Self:
        """Return the design of a frame, or raise a FitError for an uninformative column."""
        known = declaration.learnt(frame, where=where)
        columns = covariate_columns.matrix(frame, known)
        averages = columns.mean(axis=0)
        means = np.where([flag for covariate in known for flag in covariate.flags], 0.0, averages)
        X = np.empty((len(columns), len(means) + 1))
        np.subtract(columns, means, out=X[:, :-1])
        turn = turn_of(known, X[:, :-1], averages, where=where)
        X[:, :-1] = X[:, :-1] @ turn if any(covariate.knots for covariate in known) else X[:, :-1] * np.diag(turn)
        X[:, -1] = 1.0
        # A collinear column is collinear in a tenth of the rows as well: a tenth mostly suffices.
        if len(means) and _own_share(X[::10]) < _SUSPECT and _own_share(X) < _SUSPECT:
            refuse_useless(columns, covariate_columns.column_names(known), where=where, turned=X[:, :-1])
        return cls(known, X, means, turn, averages)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return covariate_columns.column_names(self.known)

    def back(self, scale: float = 1.0) -> Floats:
        """Return the matrix, shape (q + 1, q + 1), that turns coefficients in standard units into those of the columns as given.

        Args:
            scale: unit of the outcome.
        """
        q = len(self.means)
        back = np.eye(q + 1)
        back[:q, :q], back[-1, :-1] = self.turn, -self.means @ self.turn
        return back * scale


def _own_share(X: Floats) -> float:
    """Return the smallest share of a column's variance that the others do not explain; the last column is ones."""
    centred = X.T @ X / len(X)
    spread = centred[:-1, :-1] - np.outer(centred[-1, :-1], centred[-1, :-1])
    variance = np.diag(spread)
    if not (variance > _SUSPECT).all():
        return 0.0
    root = np.sqrt(variance)
    alike = spread / np.outer(root, root)
    return float(np.linalg.eigvalsh(alike)[0])


def enough_ends(ends: float, parameters: int, where: str) -> None:
    """Raise if there are fewer events than parameters to estimate."""
    if ends < parameters:
        raise NotEnoughEventsError(
            f"{ends:g} {'spell' if ends == 1 else 'spells'} ended; {parameters} parameters need more.",
            where=where,
            remedy="Use fewer covariates, or a longer period.",
        )


def no_width(where: str) -> FitError:
    """Return the error for events that all fall on one age."""
    return FitError(
        "the ages at which spells end hardly differ, so their distribution has no width.",
        where=where,
        remedy="Check how durations are counted; a model in discrete time suits ends that all fall on one age.",
    )


def refuse_runaways(best: Maximum, names: Sequence[str], where: str, otherwise: str = "") -> None:
    """Raise for a coefficient without a finite maximum: all the spells it concerns ended, or none did.

    Args:
        best: the maximum.
        names: of its first coordinates, the coefficients.
        where: the caller.
        otherwise: a remedy of the caller besides those of the columns, such as ", or give a penalty".
    """
    untold = np.isnan(np.diag(best.covariance))[: len(names)]
    if untold.any():
        # An intercept diverges because a covariate does.
        asked = np.array([name.rpartition(":")[2].strip() != "intercept" for name in names])
        blamed = untold & asked if (untold & asked).any() else asked
        name = names[int(np.argmax(np.where(blamed, np.abs(best.at[: len(names)]), -1.0)))]
        raise FitError(
            f"the coefficient of {name} runs to infinity: all the spells it concerns end, or none of them does.",
            where=where,
            remedy=f"Drop {covariate_columns.covariate_of(name)} from the covariates, or merge its rare values with others{otherwise}.",
        )
