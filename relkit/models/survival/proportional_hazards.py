"""Test of proportional hazards, that effects are the same at all ages, on scaled Schoenfeld residuals.

    proportional_hazards(fitted, features, transform="km")      term, chi2, df, p_value; the last row takes all together

With r_i the Schoenfeld residual of the i-th of D ends, V the covariance of the coefficients and g(t) a transform of age,
the statistic of one coefficient is (sum (g_i - mean g) (V r_i)_j)^2 D / (V_jj sum (g_i - mean g)^2), chi-square with one
degree of freedom; of all together, and of all terms of one covariate, it is the quadratic form (Grambsch and Therneau 1994,
eqs. 3 and 4, with the covariance at each end taken to be the mean one, as cox.zph of R's survival did before version 3).
Case weights count in the means of the risk sets and in V; each end is one, as there. Residuals are summed by age, so that
it costs one pass over the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import polars as pl
from scipy import special

from relkit.errors import ParameterError
from relkit.metrics.risk_sets import product_limit, risk_sets, step_at
from relkit.models.covariates import by_covariate
from relkit.models.survival.score_residuals import schoenfeld_sums

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Floats
    from relkit.models.survival.cox import FittedCox
    from relkit.models.survival.cox_design import Rows

Transform = Literal["km", "rank", "identity", "log"]
ALL = "all together"


def proportional_hazards(fitted: FittedCox, features: pl.DataFrame, *, transform: Transform = "km") -> pl.DataFrame:
    """Return whether the effect of each covariate changes with age: term, chi2, df, p_value; a small p says that it does.

    Args:
        fitted: a regression without a penalty.
        features: the frame it was fitted to.
        transform: of age: 1 - Kaplan and Meier's survival just before it (km), the rank among the ends, the age, or its logarithm.

    Raises:
        ParameterError: an unknown transform, or a regression with a penalty, whose residuals do not add up to 0.
    """
    found = tendencies(fitted, features, transform)
    scaled = fitted.naive_covariance * np.outer(found.scales, found.scales)
    parts = (*by_covariate(fitted.covariates), (ALL, slice(0, len(found.slopes))))
    terms = [(name, *_statistic(scaled, found.slopes, part, found.spread, float(found.ends.sum()))) for name, part in parts]
    return pl.DataFrame(terms, schema={"term": pl.String, "chi2": pl.Float64, "df": pl.Int64, "p_value": pl.Float64}, orient="row")


@dataclass(frozen=True, eq=False)
class Tendencies:
    """Trends with age of the effects of standardised columns.

    Attributes:
        ages: shape (k,), of ends.
        ends: shape (k,).
        g: shape (k,), the transform of age less its mean.
        spread: sum of g squared over the ends.
        slopes: shape (d,), V sum g r: the slope of each effect, times spread over ends.
        scales: shape (d,), of the columns.
    """

    ages: Floats
    ends: Floats
    g: Floats
    spread: float
    slopes: Floats
    scales: Floats


def tendencies(fitted: FittedCox, features: pl.DataFrame, transform: Transform) -> Tendencies:
    """Return the inputs of the test and of the plot of changing effects; see `proportional_hazards` for the arguments."""
    if transform not in get_args(Transform):
        raise ParameterError.unknown("transform of age", str(transform), get_args(Transform), where="transform")
    if fitted.settings.penalty:
        raise ParameterError("the test is of a regression without a penalty.", where=fitted.name, remedy="Fit it with penalty 0.")
    design, rows, found = fitted.settings.revisited(fitted, features)
    order = design.order
    ends = order.ends.astype(np.float64)
    g = transformed(order.ages, ends, rows, transform)
    g = g - g @ ends / ends.sum()
    scaled = fitted.naive_covariance * np.outer(design.scales, design.scales)
    slopes = scaled @ (schoenfeld_sums(order, design.X, found) @ g)
    return Tendencies(order.ages, ends, g, float(g**2 @ ends), slopes, design.scales)


def _statistic(V: Floats, leaning: Floats, part: slice, spread: float, ends: float) -> tuple[float, int, float]:
    """Return the quadratic form of the coefficients of a part, its degrees of freedom, and its p-value."""
    slopes = leaning[part]
    degrees = len(slopes)
    if not spread > 0:
        return 0.0, degrees, 1.0  # ends at a single age say nothing of others
    chi2 = float(slopes @ np.linalg.solve(V[part, part], slopes)) * ends / spread
    return chi2, degrees, float(special.gammaincc(degrees / 2, chi2 / 2))


def transformed(ages: Floats, ends: Floats, rows: Rows, transform: Transform) -> Floats:
    """Return g of the event ages, shape (k,).

    Args:
        ages: shape (k,), ascending in each stratum.
        ends: shape (k,), ends of each age.
        rows: all spells.
        transform: see `proportional_hazards`.
    """
    if transform == "identity":
        return ages
    if transform == "log":
        return np.log(ages)
    if transform == "rank":
        levels, code = np.unique(ages, return_inverse=True)
        counted = np.bincount(code, weights=ends, minlength=len(levels))
        return (np.cumsum(counted) - (counted - 1) / 2)[code]
    sets = risk_sets(rows.duration, rows.event, rows.entry)
    return 1 - step_at(sets.days, product_limit(sets)[0], ages, 1.0, strictly=True)
