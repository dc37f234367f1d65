"""Design of person-periods: covariates about their mean, with collinear columns refused.

A number is divided by its standard deviation, a column of 0 and 1 is not, so that a diverging coefficient is recognised by
its size; the columns of a spline are made uncorrelated. Results are on the scale of the columns as given. The mean is that
of the spells of the fit, so that the baseline is that of a customer at the mean of each column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from relkit.errors import FitError, NotEnoughEventsError
from relkit.models import covariates as covariate_columns
from relkit.models.survival.person_periods import Cells, enough_periods, first_periods, numbered
from relkit.models.useless_columns import COLLINEAR, CONSTANT, turn_of
from relkit.remarks import Remark

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from relkit.models.covariate_declaration import Declaration
    from relkit.models.covariates import Covariate
    from relkit.models.maximum import Maximum
    from relkit.models.survival.period_likelihood import PeriodLikelihood
    from relkit.models.survival.person_periods import Lives

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Design:
    """Input of the likelihood of person-periods.

    Attributes:
        cells: trials and events, by row and level.
        columns: of the covariates as they are given, shape (r, d), one row per row of the cells.
        Z: the same about their mean, shape (r, d), in units that suit Newton's method.
        known: the covariates as fitted.
        means: shape (d,).
        turn: shape (d, d), by which the columns about their mean were multiplied (`relkit.models.covariates.turn_of`).
    """

    cells: Cells
    columns: Floats
    Z: Floats
    known: tuple[Covariate, ...]
    means: Floats
    turn: Floats

    @classmethod
    def of(cls, frame: pl.DataFrame, lives: Lives, declaration: Declaration, *, where: str) -> Self:
        """Return the design, or raise for columns that cannot be used.

        Args:
            frame: one row per spell.
            lives: the same spells in periods.
            declaration: of the covariates.
            where: the caller.

        Raises:
            NotEnoughEventsError: fewer events than columns, or all of them in the first period.
            FitError: a column is constant, or follows from others.
            TableError: a category has one level, or too many.
        """
        known = declaration.learnt(frame, where=where)
        distinct, pattern = numbered(frame, list(declaration.names))
        stayed, ends = lives.seen()
        cells = Cells.of(lives, pattern, first_periods(stayed, ends))
        enough_periods(cells.totals(), where)
        columns = covariate_columns.matrix(distinct, known)[cells.row]
        _enough_ends(float(ends.sum()), columns.shape[1], where)
        share = cells.weight / max(float(cells.weight.sum()), 1e-300)
        means = share @ columns
        centred = columns - means
        spread = np.sqrt(np.maximum(share @ centred**2, 0.0))
        names = covariate_columns.column_names(known)
        refuse_constant(spread, names, means, where=where)
        turn = turn_of(known, centred, means, where=where, share=share)
        Z = np.ascontiguousarray(centred @ turn if any(one.knots for one in known) else centred * np.diag(turn))
        refuse_collinear(Z, share, names, where=where)
        return cls(cells, columns, Z, known, means, turn)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return covariate_columns.column_names(self.known)

    def covariance(self, best: Maximum, levels: int, causes: int = 1) -> Floats:
        """Return the covariance of the maximum for the columns as given; NaN for a level that is not identified."""
        back = np.eye(levels + causes * len(self.means))
        back[levels:, levels:] = np.kron(np.eye(causes), self.turn)
        untold = np.isnan(np.diag(best.covariance))
        found: Floats = back @ np.where(np.isnan(best.covariance), 0.0, best.covariance) @ back.T
        found[untold, :] = found[:, untold] = np.nan
        return found


def _enough_ends(ends: float, columns: int, where: str) -> None:
    if ends < columns:
        raise NotEnoughEventsError(
            f"{ends:,.0f} {'spell' if ends == 1 else 'spells'} ended, fewer than the {columns} columns of the covariates.",
            where=where,
            remedy="Use fewer covariates or a longer period.",
        )


def refuse_constant(spread: Floats, names: Sequence[str], means: Floats, *, where: str) -> None:
    """Raise a FitError for a column that is the same for all.

    Args:
        spread: standard deviations of the columns, shape (d,).
        names: of the columns.
        means: of the columns, shape (d,).
        where: the caller.
    """
    for name, each, mean in zip(names, spread, means, strict=True):
        if not each > CONSTANT * max(1e-300, abs(float(mean))):
            raise FitError(
                f"{name} is constant ({mean:g}), so it explains nothing.", where=where, remedy=f"Drop {name} from the covariates."
            )


def refuse_collinear(Z: Floats, share: Floats, names: Sequence[str], *, where: str) -> None:
    """Raise a FitError for a column that is collinear with those before it.

    Args:
        Z: columns of mean 0, none constant, shape (r, d).
        share: weight of each row, shape (r,), of sum 1.
        names: of the columns.
        where: the caller.
    """
    both = (Z * share[:, None]).T @ Z
    scaled = both / np.sqrt(np.outer(np.diag(both), np.diag(both)))
    for j in range(1, len(names)):
        weights = np.linalg.lstsq(scaled[:j, :j], scaled[:j, j], rcond=None)[0]
        if scaled[j, j] - weights @ scaled[:j, j] < COLLINEAR:
            others = ", ".join(name for name, weight in zip(names[:j], weights, strict=True) if abs(weight) > 1e-6)
            raise FitError(
                f"{names[j]} follows from {others}, so their effects cannot be told apart.",
                where=where,
                remedy=f"Drop {covariate_columns.covariate_of(names[j])} from the covariates, or one of the others.",
            )


def refuse_separated(best: Maximum, levels: int, names: Sequence[str], *, where: str) -> None:
    """Raise for a coefficient that runs to infinity: at the bound of its range, or with no curvature left.

    Args:
        best: the maximum, baseline levels first.
        levels: how many those are.
        names: of the coefficients.
        where: the caller.

    Raises:
        FitError: naming the column.
    """
    lost = best.bounded | np.isnan(np.diag(best.covariance))
    for name, runs in zip(names, lost[levels:], strict=True):
        if runs:
            raise FitError(
                f"the coefficient of {name} runs to infinity: given the other covariates, all ends fall on one side of it.",
                where=where,
                remedy=f"Drop {covariate_columns.covariate_of(name)} from the covariates, or merge its rare values with others.",
            )


def remarks_on_levels(problem: PeriodLikelihood, best: Maximum, causes: Sequence[str] = ("",)) -> tuple[Remark, ...]:
    """Return a remark for the levels in which nobody ended, and for those that the data do not identify."""
    firsts = problem.cells.firsts
    remarks = []
    for cause, free in zip(causes, problem.free, strict=True):
        if not free.all():
            where = ", ".join(level_names(firsts)[j] for j in np.flatnonzero(~free))
            by, by_fr = (f" by {cause}", f" pour le motif {cause}") if cause else ("", "")
            remarks.append(
                Remark(
                    "periods_without_ends",
                    f"Nobody ended{by} in {where}, though at the mean rate 10 would have: the hazard is 0 there.",
                    f"Personne n’est parti{by_fr} dans {where.replace('period', 'période')}, alors qu’au rythme moyen il y aurait eu "
                    "10 départs : le risque y est nul.",
                )
            )
    untold = best.bounded | np.isnan(np.diag(best.covariance))
    if untold[: problem.levels].any():
        remarks.append(
            Remark(
                "periods_hardly_known",
                "The hazard of some periods is hardly identified by the data, and has no standard error.",
                "Le risque de départ de certaines périodes est mal connu, et sa marge d’erreur n’est pas connue.",
            )
        )
    return tuple(remarks)


def level_names(firsts: NDArray[np.int64]) -> list[str]:
    """Return the name of each level.

    Examples:
        >>> level_names(np.array([0, 1, 5]))
        ['period 1', 'periods 2 to 5', 'period 6 on']
    """
    nexts = [*firsts[1:].tolist(), None]
    return [
        f"period {first + 1} on" if after is None else f"period {first + 1}" if after == first + 1 else f"periods {first + 1} to {after}"
        for first, after in zip(firsts.tolist(), nexts, strict=True)
    ]
