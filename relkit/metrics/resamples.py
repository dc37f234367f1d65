"""Measures of several forecasts of the same customers, with their uncertainty from resamples.

Every measure is repeated on resamples of the customers, the same for all forecasts: a difference between two of
them concerns one set of people, and is much more precise than the two values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Floats = NDArray[np.float64]

LARGEST_RESAMPLE = 10_000


@dataclass(frozen=True, eq=False)
class Measured:
    """Measures of several forecasts, and the same on resamples of the customers.

    Attributes:
        names: of the measures, length p.
        values: shape (k forecasts, p); NaN if a measure has no meaning.
        draws: shape (replicates, k, p).
    """

    names: tuple[str, ...]
    values: Floats
    draws: Floats

    def interval(self, level: float = LEVEL) -> tuple[Floats, Floats]:
        """Return lower and upper bounds of the values, shape (k, p)."""
        return _between(self.draws, level)

    def difference(self, one: int, other: int, level: float = LEVEL) -> tuple[Floats, Floats, Floats]:
        """Return the difference between the measures of forecasts `one` and `other`, with bounds, each shape (p,)."""
        apart = self.values[one] - self.values[other]
        return apart, *_between(self.draws[:, one] - self.draws[:, other], level)


def measured_on(
    n: int,
    names: Sequence[str],
    measures: Callable[[Any], Any],
    *,
    exact: Floats | None = None,
    centred: Sequence[str] = (),
    replicates: int = 200,
    seed: int = 0,
) -> Measured:
    """Return measures of n customers, and the same on resamples of them.

    Resamples of more than 10,000 customers are of 10,000 of them, and their spread is narrowed by the square root of the
    share (the m out of n bootstrap): a million customers cost no more than ten thousand. Resamples of `total_error`, the distance of
    `total_ratio` from 1, keep the side of 1 on which the ratio lies, so that they may fall below 0: folded back, the
    resamples of two good forecasts would seem to differ.

    Args:
        n: customers.
        names: of the p measures.
        measures: function of rows (an array of them, or a slice of all) that returns the measures of k forecasts, shape (k, p).
        exact: the values, if `measures` only approximates them, shape (k, p); the resamples are centred on them.
        centred: measures whose resamples are shifted so that their mean is the value, and kept from falling below 0.
        replicates: number of resamples.
        seed: of the resamples.

    Examples:
        >>> error = np.array([0.5, 0.0, 0.5])
        >>> measured_on(3, ["mae"], lambda rows: [[error[rows].mean()]], replicates=5).values.round(3)
        array([[0.333]])
    """
    base = np.asarray(measures(slice(None)), dtype=float)
    values = base if exact is None else exact
    size, rng = min(n, LARGEST_RESAMPLE), np.random.default_rng(seed)
    draws = np.empty((replicates, *base.shape))
    for i in range(replicates):
        draws[i] = measures(rng.integers(0, n, size))
    if "total_error" in names:
        ratio, error = (list(names).index(name) for name in ("total_ratio", "total_error"))
        draws[:, :, error] = np.where(base[:, ratio] < 1, -1, 1) * (draws[:, :, ratio] - 1)
    draws = values + (draws - base) * np.sqrt(size / n)
    for i in (list(names).index(name) for name in centred):
        draws[:, :, i] = np.maximum(draws[:, :, i] - draws[:, :, i].mean(axis=0) + values[:, i], 0.0)
    return Measured(names=tuple(names), values=values, draws=draws)


def _between(draws: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the quantiles that enclose the middle `level` of the draws; NaN if any draw has no value."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high
