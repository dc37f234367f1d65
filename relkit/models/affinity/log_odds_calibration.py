"""Calibration of log-odds to a population: a slope and an intercept learnt on rows not fitted to, then the correction for sampling.

The regression of Platt (1999) on the log-odds of a model, from forecasts of rows that the model had not seen. Its targets are those of
Platt: a taker counts as (N+ + 1) / (N+ + 2) and another as 1 / (N- + 2), as if one more of each had been observed, so that no rare product
has a probability of 0 or 1. The slope is not negative, so that the order of the customers stays. If rows are in an
order of time, the intercept is then taken from the latest of them, as a level drifts sooner than an order does.

Where those who did not take were thinned to a share, the odds among the rows are the odds of the population divided by it: adding the
logarithm of the share to the log-odds is exact (King and Zeng 2001, the prior correction).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.metrics.binary_forecasts import shift_of
from relkit.models.affinity.penalised_logistic import fit_logistic

if TYPE_CHECKING:
    Flags = NDArray[np.bool_]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class LogOddsCalibration:
    """The map from a model's log-odds to a probability.

    Attributes:
        intercept: added to the log-odds.
        slope: that multiplies them, 0 or more.
        share: of those who did not take that the rows were thinned to, over that of the takers; 1 if all were kept.
    """

    intercept: float = 0.0
    slope: float = 1.0
    share: float = 1.0

    @classmethod
    def learnt(cls, z: Floats, took: Flags, weight: Floats, *, share: float) -> LogOddsCalibration:
        """Return the calibration learnt from forecasts of rows that were not fitted to.

        Args:
            z: log-odds, shape (n,).
            took: shape (n,).
            weight: of the rows, shape (n,).
            share: to which those who did not take were thinned.

        Examples:
            >>> z = np.repeat([-2.0, 2.0], 500)
            >>> took = np.arange(1000) % 500 < np.repeat([119, 381], 500)
            >>> found = LogOddsCalibration.learnt(z, took, np.ones(1000), share=1.0)
            >>> round(found.slope, 2), round(found.intercept + 0, 2)
            (0.58, 0.0)
        """
        slope = _slope(z, _smoothed(took, weight), weight) if np.ptp(z) > 1e-9 else 0.0
        return cls(slope=slope, share=share).at_level(z, took, weight)

    def at_level(self, z: Floats, took: Flags, weight: Floats) -> LogOddsCalibration:
        """Return the calibration of the same slope whose expected takers among some rows, thinned alike, are those observed.

        Args:
            z: log-odds of the rows, shape (n,).
            took: shape (n,).
            weight: of the rows, shape (n,).
        """
        return replace(self, intercept=shift_of(self.slope * z, _smoothed(took, weight), weight))

    def at_level_of(self, probability: Floats, took: Flags, share: float = 1.0) -> LogOddsCalibration:
        """Return the calibration whose expected takers among some rows are those observed, one more of each kind supposed.

        Args:
            probability: forecasts of the rows by this calibration, shape (n,).
            took: what they did, shape (n,).
            share: to which those who did not take were thinned among these rows.
        """
        if not len(took):
            return self
        weight = np.where(took, 1.0, 1 / share)
        shift = shift_of(special.logit(probability), _smoothed(took, weight), weight)
        return replace(self, intercept=self.intercept + shift)

    def probability(self, z: Floats) -> Floats:
        """Return the probability in the population, shape (n,)."""
        found: Floats = special.expit(self.intercept + self.slope * z + np.log(self.share))
        return found


def _smoothed(took: Flags, weight: Floats) -> Floats:
    """Return the targets of Platt, shape (n,)."""
    ones, zeros = float(weight @ took), float(weight @ ~took)
    return np.where(took, (ones + 1) / (ones + 2), 1 / (zeros + 2))


def _slope(z: Floats, target: Floats, weight: Floats) -> float:
    """Return the slope of the regression of the targets on the log-odds, 0 if it would turn their order round."""
    spread = float(z.std())
    found = fit_logistic(((z - z.mean()) / spread)[:, None], target, weight, penalty=1e-9)
    return max(float(found[1]) / spread, 0.0)
