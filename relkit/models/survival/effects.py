"""Effects of a regression of survival, for plots: a ratio for each step of a covariate, or a curve for one with a spline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from relkit.metrics.intervals import normal_reach
from relkit.models.covariates import Ratios, by_covariate, column_names
from relkit.models.splines import natural_basis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.models.covariates import Covariate

Floats = NDArray[np.float64]
Kind = Literal["hazard", "time", "odds", "leaving"]
"""Quantity that is multiplied: the risk of ending, the lifetime, the odds of ending in a period, those of ever leaving."""

_POINTS = 121


@dataclass(frozen=True, eq=False)
class EffectCurve:
    """Ratio of each value of a covariate with a spline, relative to a customer at its mean.

    Attributes:
        covariate: its name.
        kind: the quantity that is multiplied.
        values: shape (m,), between the outer knots, where 90 % of the customers of the fit lie.
        ratio: shape (m,).
        lower: shape (m,).
        upper: shape (m,).
        mean: of the covariate; the ratio is 1 there.
        knots: between which the effect is a cubic.
        level: of the band.
    """

    covariate: str
    kind: Kind
    values: Floats
    ratio: Floats
    lower: Floats
    upper: Floats
    mean: float
    knots: tuple[float, ...]
    level: float


def effect_ratios(
    covariates: Sequence[Covariate], coefficients: Floats, errors: Floats, level: float, *, steps: Floats | None = None
) -> Ratios:
    """Return the ratio of a step of each column, the strongest first in either direction.

    Columns of a spline are left out, as none of them moves alone: `effect_curves` shows them.

    Args:
        covariates: as fitted.
        coefficients: shape (q,), logarithms of the ratio for one unit of each column.
        errors: shape (q,), their standard errors.
        level: of the intervals.
        steps: shape (q,), of columns other than 0 and 1; by default the standard deviation of the covariate.
    """
    flags = np.array([flag for known in covariates for flag in known.flags], dtype=bool)
    bent = np.array([bool(known.knots) and not flag for known in covariates for flag in known.flags], dtype=bool)
    spreads = np.array([known.spread for known in covariates for _ in known.columns]) if steps is None else steps
    step = np.where(flags, 1.0, spreads)
    effect, reach = coefficients * step, normal_reach(level) * errors * step
    order = np.argsort(-np.abs(effect), kind="stable")
    order = order[~bent[order]]
    ratio, lower, upper = (np.exp(log[order]) for log in (effect, effect - reach, effect + reach))
    names = column_names(covariates)
    against = [reference for known in covariates for reference in known.references]
    named, references = tuple(names[i] for i in order), tuple(against[i] for i in order)
    return Ratios(named, step[order], flags[order], ratio, lower, upper, level, references)


def effect_curves(
    covariates: Sequence[Covariate], coefficients: Floats, covariance: Floats, level: float, *, kind: Kind
) -> tuple[EffectCurve, ...]:
    """Return the effect of each covariate with a spline, with its pointwise band.

    Args:
        covariates: as fitted.
        coefficients: shape (q,), logarithms of the ratio for one unit of each column.
        covariance: of the coefficients, shape (q, q).
        level: of the band at each value.
        kind: the quantity that is multiplied.
    """
    z, curves = normal_reach(level), []
    for known, (name, place) in zip(covariates, by_covariate(covariates), strict=True):
        if not known.knots:
            continue
        own = slice(place.start, place.start + len(known.knots) - 1)
        values = np.linspace(known.knots[0], known.knots[-1], _POINTS)
        beside = natural_basis(values, known.knots) - natural_basis(np.array([known.mean]), known.knots)
        effect = coefficients[own] @ beside
        reach = z * np.sqrt(np.maximum(np.einsum("im,ij,jm->m", beside, covariance[own, own], beside), 0.0))
        drawn = (np.exp(effect), np.exp(effect - reach), np.exp(effect + reach))
        curves.append(EffectCurve(name, kind, values, *drawn, known.mean, known.knots, level))
    return tuple(curves)
