"""Measures of several models' forecasts of the same customers' purchases, with their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relkit.errors import ParameterError
from relkit.metrics.purchases import calibration_by_frequency
from relkit.metrics.ranking import decile_lift, normalised_gini
from relkit.metrics.resamples import Measured, measured_on

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
"""The measures, and which values are better.

- mae, rmse: of the forecast, per customer;
- total_ratio: total forecast over total observed; total_error: its distance from 1;
- log_score: mean logarithm of the forecast probability of what happened;
- calibration_error: mean distance between forecast and observed means of customers with 0, 1, ... 7+ purchases before;
- top_decile_lift: realised value of the tenth with the best forecasts, over the mean of all;
- normalised_gini: ranking by the forecast, 1 like the truth and 0 like chance.
"""

# No model gives what happened a probability of zero, but the smallest ones underflow the logarithm.
_LEAST = 1e-300


@dataclass(frozen=True, eq=False)
class Forecast:
    """A forecast for each customer.

    Attributes:
        expected: shape (n,).
        probability: given to what happened, shape (n,); None for a forecast without probabilities.
    """

    expected: Floats
    probability: Floats | None = None


def measured(
    actual: NDArray[Any], forecasts: Sequence[Forecast], *, frequency: NDArray[Any] | None = None, replicates: int = 200, seed: int = 0
) -> Measured:
    """Return the measures of several forecasts of the same customers, and the same on resamples (`relkit.metrics.resamples`).

    Args:
        actual: what happened, shape (n,).
        forecasts: all of the same customers in the same order.
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

    def measures(rows: Any) -> list[list[float]]:
        return [_measures(actual, forecast, frequency, rows) for forecast in forecasts]

    return measured_on(n, tuple(MEASURES), measures, replicates=replicates, seed=seed)


def _measures(actual: Floats, forecast: Forecast, frequency: NDArray[Any] | None, kept: Any) -> list[float]:
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
