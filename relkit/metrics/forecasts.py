"""How good forecasts of the same customers are, side by side, and how sure that is.

Every measure is taken again on resamples of the customers, the same for all forecasts: a difference between two of
them is that of one set of people, and much surer than the two values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relkit.errors import ParameterError
from relkit.metrics.purchases import calibration_by_frequency
from relkit.metrics.ranking import decile_lift, normalised_gini

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]

MEASURES: dict[str, str] = {
    "mae": "lower",
    "rmse": "lower",
    "total_ratio": "one",
    "total_error": "lower",
    "log_score": "higher",
    "calibration_error": "lower",
    "top_decile_lift": "higher",
    "normalised_gini": "higher",
}
"""What is measured, and which values are better.

- mae, rmse: of the forecast, per customer;
- total_ratio: total forecast over total seen; total_error: how far that is from 1. Resamples keep the side of 1 on which the
  ratio lies, so that they may fall below 0: folded back, the resamples of two good forecasts would seem to differ;
- log_score: mean logarithm of the probability that the forecast gave to what happened;
- calibration_error: mean distance between forecast and seen means of customers with 0, 1, ... 7+ purchases before;
- top_decile_lift: what the tenth with the best forecasts turned out to be worth, over the mean of all;
- normalised_gini: how well the forecast ranks, 1 as the truth does and 0 as chance does.
"""

_LARGEST_RESAMPLE = 10_000
# No model gives what happened a probability of nought, but the smallest ones have no logarithm left.
_LEAST = 1e-300


@dataclass(frozen=True, eq=False)
class Forecast:
    """What was expected of each customer.

    Attributes:
        expected: shape (n,).
        probability: that it gave to what happened, shape (n,); None for a forecast that gives none.
    """

    expected: Floats
    probability: Floats | None = None


@dataclass(frozen=True, eq=False)
class Measured:
    """Measures of some forecasts, and the same on resamples of the customers.

    Attributes:
        names: of the measures, length p.
        values: shape (k forecasts, p); NaN where a measure has no meaning.
        draws: shape (replicates, k, p).
    """

    names: tuple[str, ...]
    values: Floats
    draws: Floats

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Return lower and upper bounds of the values, shape (k, p)."""
        return _between(self.draws, level)

    def difference(self, one: int, other: int, level: float = 0.95) -> tuple[Floats, Floats, Floats]:
        """Return what the measures of forecast `one` are above those of `other`, with bounds, each shape (p,)."""
        apart = self.values[one] - self.values[other]
        return apart, *_between(self.draws[:, one] - self.draws[:, other], level)


def measured(
    actual: NDArray[Any], forecasts: Sequence[Forecast], *, frequency: NDArray[Any] | None = None, replicates: int = 200, seed: int = 0
) -> Measured:
    """Return the measures of several forecasts of the same customers.

    Resamples of more than 10,000 customers are of 10,000 of them, and their spread is narrowed by the square root of the
    share (the m out of n bootstrap): a million customers cost no more than ten thousand.

    Args:
        actual: what happened, shape (n,).
        forecasts: what was expected; all of the same customers in the same order.
        frequency: purchases before, shape (n,), for the calibration by frequency.
        replicates: number of resamples.
        seed: of the resamples.

    Examples:
        >>> found = measured(np.array([0, 1, 5]), [Forecast(np.array([0.5, 1.0, 4.5]))], replicates=5)
        >>> found.names[0], found.values[0, 0].round(3)
        ('mae', np.float64(0.333))
    """
    actual = np.asarray(actual, dtype=float)
    n = len(actual)
    if not n or any(forecast.expected.shape != actual.shape for forecast in forecasts):
        raise ParameterError("forecasts and what happened must be of the same customers, one at least.", where="measured")
    size = min(n, _LARGEST_RESAMPLE)
    rng = np.random.default_rng(seed)
    values = np.array([_measures(actual, forecast, frequency) for forecast in forecasts])
    draws = np.empty((replicates, *values.shape))
    for i in range(replicates):
        rows = rng.integers(0, n, size)
        draws[i] = [_measures(actual, forecast, frequency, rows) for forecast in forecasts]
    ratio, error = (list(MEASURES).index(name) for name in ("total_ratio", "total_error"))
    draws[:, :, error] = np.where(values[:, ratio] < 1, -1, 1) * (draws[:, :, ratio] - 1)
    return Measured(names=tuple(MEASURES), values=values, draws=values + (draws - values) * np.sqrt(size / n))


def _measures(actual: Floats, forecast: Forecast, frequency: NDArray[Any] | None, rows: NDArray[Any] | None = None) -> list[float]:
    kept: Any = slice(None) if rows is None else rows
    seen, expected = actual[kept], forecast.expected[kept]
    error = expected - seen
    total = seen.sum()
    ratio = float(expected.sum() / total) if total > 0 else np.nan
    gini = normalised_gini(seen, expected)
    return [
        float(np.abs(error).mean()),
        float(np.sqrt((error**2).mean())),
        ratio,
        abs(ratio - 1),
        np.nan if forecast.probability is None else float(np.log(np.maximum(forecast.probability[kept], _LEAST)).mean()),
        np.nan if frequency is None else _calibration_error(frequency[kept], seen, expected),
        float(decile_lift(seen, expected, bins=min(10, len(seen))).lift[0]),
        np.nan if gini is None else gini,
    ]


def _calibration_error(frequency: NDArray[Any], actual: Floats, expected: Floats) -> float:
    found = calibration_by_frequency(frequency, actual, expected)
    return float(np.abs(found.predicted - found.actual) @ found.customers / found.customers.sum())


def _between(draws: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the quantiles that hold the middle `level` of the draws; NaN where any draw has no value."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high
