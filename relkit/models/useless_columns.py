"""Covariate columns that are constant or collinear, and a change of basis that makes the others suit Newton's method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.errors import FitError
from relkit.models.covariates import by_covariate, covariate_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.models.covariates import Covariate

Floats = NDArray[np.float64]

CONSTANT = 1e-12
"""A standard deviation below this share of the mean is rounding error."""
COLLINEAR = 1e-9
"""A column with a smaller share of variance of its own than this follows from those before it."""


def turn_of(covariates: Sequence[Covariate], centred: Floats, averages: Floats, *, where: str, share: Floats | None = None) -> Floats:
    """Return the triangular matrix, shape (q, q), that transforms the columns into ones that suit Newton's method.

    A column of 0 and 1 is left unchanged, a number is divided by its standard deviation, and the columns of a spline, which nearly
    follow from each other, become uncorrelated.

    Args:
        covariates: of the columns.
        centred: columns less their averages, shape (n, q); those of 0 and 1 are ignored.
        averages: shape (q,).
        where: the caller.
        share: weight of each row, shape (n,), summing to 1; equal by default.

    Raises:
        FitError: a spline has more bends than its values support.
    """
    turn = np.eye(len(averages))
    each = np.full(len(centred), 1 / len(centred)) if share is None else share
    variances = np.einsum("ij,ij,i->j", centred, centred, each)
    for known, (_, place) in zip(covariates, by_covariate(covariates), strict=True):
        numbers = place.start + np.flatnonzero(~np.array(known.flags))
        if not len(numbers):
            continue
        if len(numbers) == 1:
            spread = np.diag(variances[numbers])
        else:
            block = centred[:, numbers]
            spread = block.T @ block / len(block) if share is None else block.T @ (block * share[:, None])
        scale = np.sqrt(np.diag(spread))
        if not (scale > CONSTANT * np.abs(averages[numbers])).all():
            continue  # constant: the caller reports it
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
        where: the caller.
        turned: the columns in other units (`turn_of`), in which those of a spline are distinguishable.

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
