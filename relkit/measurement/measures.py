"""Measures as weighted sums of columns: a mean, a ratio of two sums, either of them adjusted by covariates.

In each arm a measure has a value and weights: its deviation from the value is, to first order, the weighted sum of the deviations of the
columns from their means (the delta method). Means are weighted by 1, a ratio a / b by (1 / b) and (-a / b^2), covariates by -theta.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import ParameterError

if TYPE_CHECKING:
    from relkit.measurement.moments import Moments
    from relkit.metrics.risk_sets import Floats


@dataclass(frozen=True)
class Measure:
    """A mean of a column, or the ratio of two sums.

    Attributes:
        column: column that is averaged, or summed in the numerator.
        per: column that is summed in the denominator; empty for a mean per unit.

    Examples:
        >>> Measure("revenue", per="orders").name, Measure("margin").name
        ('revenue / orders', 'margin')
    """

    column: str
    per: str = ""

    @property
    def name(self) -> str:
        """Return the name of the measure."""
        return f"{self.column} / {self.per}" if self.per else self.column

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return (self.column, self.per) if self.per else (self.column,)

    def value(self, moments: Moments) -> float | None:
        """Return the measure over some rows; None without rows, or if the denominator is zero."""
        if not moments.n:
            return None
        above = float(moments.mean[moments.at(self.column)])
        if not self.per:
            return above
        below = float(moments.mean[moments.at(self.per)])
        return above / below if below else None

    def weights(self, moments: Moments) -> Floats:
        """Return the weight of each column, shape (k,)."""
        weights = np.zeros(len(moments.names))
        if not self.per:
            weights[moments.at(self.column)] = 1.0
            return weights
        above, below = moments.at(self.column), moments.at(self.per)
        mean = float(moments.mean[below])
        weights[above] = 1.0 / mean
        weights[below] -= float(moments.mean[above]) / mean**2
        return weights


@dataclass(frozen=True, eq=False)
class Adjustment:
    """Slopes of a measure on covariates, the same in both arms (CUPED: Deng, Xu, Kohavi and Walker 2013).

    Attributes:
        theta: slope of each column, shape (k,); zero for columns that are no covariate.
        middle: means of the columns to which both arms are brought, shape (k,).
        saved: share of the variance explained.
        unused: covariates that are constant, or explained by the others.
    """

    theta: Floats
    middle: Floats
    saved: float
    unused: tuple[str, ...]

    @classmethod
    def of(cls, measure: Measure, covariates: tuple[str, ...], everyone: Moments, within: Moments) -> Adjustment:
        """Return the slopes over the units of both arms; none without covariates.

        Args:
            measure: the measure.
            covariates: columns known before the draw.
            everyone: moments of all units, which give the weights of a ratio and the means.
            within: moments from which the slopes are taken; the deviations within strata if there are any.
        """
        if not covariates or measure.value(everyone) is None:
            return cls(np.zeros(len(everyone.names)), everyone.mean, 0.0, ())
        k, weights = len(everyone.names), measure.weights(everyone)
        spread, places = within.covariances(), _independent(within, covariates)
        theta = np.zeros(k)
        variance = within.variance_along(weights)
        if places and variance:
            theta[places] = np.linalg.solve(spread[np.ix_(places, places)], spread[places] @ weights)
        saved = float(theta @ spread @ weights) / variance if variance else 0.0
        unused = tuple(name for name in covariates if everyone.at(name) not in places)
        return cls(theta, everyone.mean, saved, unused)

    def value(self, measure: Measure, moments: Moments) -> float | None:
        """Return the adjusted measure over some rows."""
        plain = measure.value(moments)
        return None if plain is None else plain - float(self.theta @ (moments.mean - self.middle))

    def weights(self, measure: Measure, moments: Moments) -> Floats:
        """Return the weight of each column in the adjusted measure, shape (k,)."""
        return measure.weights(moments) - self.theta


def _independent(moments: Moments, covariates: tuple[str, ...]) -> list[int]:
    """Return the places of the covariates that vary and are not explained by those before them."""
    places: list[int] = []
    spread = moments.covariances()
    for name in covariates:
        at = moments.at(name)
        own = float(spread[at, at])
        if own <= 0:
            continue
        explained = 0.0
        if places:
            shared = spread[np.ix_(places, [at])].ravel()
            explained = float(shared @ np.linalg.solve(spread[np.ix_(places, places)], shared))
        if own - explained > 1e-9 * own:
            places.append(at)
    return places


def as_measure(measure: str | Measure) -> Measure:
    """Return a measure; a name is the mean of that column.

    Raises:
        ParameterError: the name is empty.
    """
    if not measure:
        raise ParameterError("no measure is named.", where="measure", remedy="Name a column, such as margin.")
    return Measure(measure) if isinstance(measure, str) else measure
