"""The effect of one action: effects of learners mixed and set to the level that doubly robust scores show, with intervals.

A learner is fitted once without each fold, and its forecast is the mean of these fits: each row of the fit is thus also forecast by one
that did not see it. Learners overstate how much customers differ, or understate it. So a line is fitted from the forecasts of rows that
were not seen to the doubly robust scores (the best linear predictor of Chernozhukov, Demirer, Duflo and Fernandez-Val 2018). Its slope
is drawn towards 1, as far as the scores leave it open: from a normal prior with mean 1 and standard deviation one half. A negative slope
is taken as 0: the forecasts do not tell customers apart.

The interval of a row has two parts. One is the sampling error of the line, from its covariance by clusters, without the prior. The other
is how much the forecast itself would change with other units: the fits without each fold differ, and their differences give its variance
(the jackknife that leaves out a group at a time; Efron and Stein 1981), which is that of the row and the mean one in equal parts, as five
fits alone tell little. Together they cover the mean effect of customers with like forecasts more often than 95 times in 100, and the
expected effect of a single customer less often, because a learner also misses differences for want of data, which no spread of its fits
shows. What the action does to one person, beyond the expectation, nobody observes. `docs/uplift.md` has the measured shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.models.uplift.nuisances import estimated_propensity
from relkit.models.uplift.packed_effects import PackedEffects  # noqa: TC001 storage reads the types of the fields
from relkit.models.uplift.responses import Response  # noqa: TC001
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.models.uplift.effects import Effect
    from relkit.models.uplift.unit_rows import Codes

Floats = NDArray[np.float64]

SLOPE_SPREAD = 0.5
"""Standard deviation of the prior of the slope, around 1."""
ALIKE = 1e-9
"""Spread of forecasts below which they are all the same, as a share of that of the scores."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Line:
    """The line from mixed forecasts to effects.

    Attributes:
        level: effect at the mean forecast.
        slope: of the effect over the forecast; 0 if no difference among customers was found.
        raw_slope: by the scores alone, without the prior.
        covariance: of level and raw slope, shape (2, 2); empty if it was not estimated.
    """

    level: float
    slope: float
    raw_slope: float
    covariance: Floats

    @classmethod
    def fitted(cls, forecast: Floats, scores: Floats, cluster: Codes, *, slope_used: float | None = None) -> Line:
        """Return the line of forecasts of rows that were not fitted to.

        Args:
            forecast: less its mean, shape (n,).
            scores: doubly robust, shape (n,).
            cluster: group of each row, shape (n,).
            slope_used: the slope, if forecasts have their size already; by default that of the scores and the prior.
        """
        spread, rows = float(forecast @ forecast), len(scores)
        level = float(scores.mean())
        is_told = spread > ALIKE**2 * float(scores @ scores)
        slope = float(forecast @ scores) / spread if is_told else 0.0
        rest = scores - level - slope * forecast
        parts = (rest / rows, rest * forecast / spread if is_told else np.zeros(rows))
        sums = np.column_stack([np.bincount(cluster, part) for part in parts])
        groups = len(np.unique(cluster))
        covariance = np.asarray(sums.T @ sums * (groups / max(groups - 1, 1)), dtype=np.float64)
        used = towards_one(slope, float(covariance[1, 1])) if slope_used is None else slope_used
        used = used if is_told else 0.0
        return cls(level=level, slope=used, raw_slope=slope, covariance=covariance)

    @property
    def has_interval(self) -> bool:
        """True if the covariance was estimated."""
        return self.covariance.size > 0

    def of(self, forecast: Floats) -> Floats:
        """Return the effects at forecasts less their mean, shape (n,)."""
        return self.level + self.slope * forecast

    def variance(self, forecast: Floats) -> Floats:
        """Return the sampling variance of the line at forecasts less their mean, shape (n,); NaN if it was not estimated."""
        if not self.has_interval:
            return np.full(len(forecast), np.nan)
        (vv, vs), (_, ss) = self.covariance.tolist()
        found: Floats = np.maximum(vv + 2 * forecast * vs + forecast**2 * ss, 0.0)
        return found


def between(fits: Floats) -> Floats:
    """Return the variance of the mean of fits without each fold by the jackknife, shape (n,).

    Args:
        fits: forecasts by fit, shape (fits, n).

    Examples:
        >>> between(np.array([[1.0, 0.0], [3.0, 0.0]])).tolist()
        [1.0, 0.0]
    """
    found: Floats = (len(fits) - 1) * fits.var(axis=0)
    return found


def towards_one(slope: float, variance: float) -> float:
    """Return a slope drawn towards 1 by its prior, and not below 0.

    Examples:
        >>> towards_one(0.2, 0.0), towards_one(0.2, 0.25), towards_one(-3.0, 0.25)
        (0.2, 0.6, 0.0)
    """
    return max(0.0, (slope * SLOPE_SPREAD**2 + variance) / (SLOPE_SPREAD**2 + variance))


@dataclass(frozen=True, eq=False, kw_only=True)
class ActionEffects:
    """The effect of one action.

    Attributes:
        action: its id.
        subject: the same as part of the name of a column.
        units: rows learnt from.
        treated: of these, those drawn to be treated.
        share: mean propensity of being treated.
        learners: what is mixed.
        weights: of the learners, shape (m,).
        centres: mean forecast of each over the rows of the fit, shape (m,).
        packed: the effects of each learner, those of its folds one after the other.
        line: from the mixed forecasts to effects.
        unrest: mean variance of the mixed forecasts by the differences between fits, 0 if there is one fit.
        dr_losses: of each candidate on folds it was not fitted to, and of the mix.
        propensity_line: of an estimated propensity; empty if it was recorded.
        response: expected outcomes by arm, which judging reads; None if they were not fitted.
    """

    action: str
    subject: str
    units: int
    treated: int
    share: float
    learners: tuple[str, ...]
    weights: Floats
    centres: Floats
    packed: PackedEffects
    line: Line
    unrest: float
    dr_losses: dict[str, float]
    propensity_line: Floats
    response: Response | None

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The effects of each learner, those of its folds one after the other."""
        return self.packed.effects

    def fits(self, flat: Floats, curved: Floats) -> Floats:
        """Return the mixed forecasts of rows, less their mean, by the fit without each fold, shape (fits, n)."""
        e, fits = self.propensity(curved, len(flat)), len(self.effects) // len(self.learners)
        found = np.full((fits, len(flat)), -float(self.weights @ self.centres))
        for place, effect in enumerate(self.effects):
            if weight := float(self.weights[place // fits]):
                found[place % fits] += weight * effect.of(flat, e)
        return found

    def uplift(self, flat: Floats, curved: Floats, level: float = LEVEL) -> tuple[Floats, Floats, Floats]:
        """Return the effects of rows with the ends of their intervals, each shape (n,)."""
        fits = self.fits(flat, curved)
        forecast = fits.mean(axis=0)
        effect = self.line.of(forecast)
        unrest = (between(fits) + self.unrest) / 2
        half = NormalDist().inv_cdf(0.5 + level / 2) * np.sqrt(self.line.variance(forecast) + self.line.slope**2 * unrest)
        return effect, effect - half, effect + half

    def propensity(self, curved: Floats, rows: int) -> Floats:
        """Return the probability of being treated of rows whose own is not known, shape (rows,)."""
        return estimated_propensity(curved, self.propensity_line) if len(self.propensity_line) else np.full(rows, self.share)
