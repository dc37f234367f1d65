"""Accuracy of predictions of purchases or spend, per customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def compare(actual: NDArray[Any], predicted: NDArray[Any], *, of: str) -> dict[str, float]:
    """Return errors per customer, the two totals and their correlation.

    Args:
        actual: what happened, shape (n,).
        predicted: what was expected, shape (n,).
        of: what is counted; suffix of the names, as in "mae_repeat_purchases".

    Returns:
        mae_, rmse_, total_predicted_, total_actual_ and, if both vary, correlation_.

    Examples:
        >>> compare(np.array([0, 2]), np.array([0.5, 1.5]), of="orders")["mae_orders"]
        0.5
    """
    actual, predicted = np.asarray(actual, dtype=float), np.asarray(predicted, dtype=float)
    error = predicted - actual
    measured = {
        f"mae_{of}": float(np.abs(error).mean()),
        f"rmse_{of}": float(np.sqrt((error**2).mean())),
        f"total_predicted_{of}": float(predicted.sum()),
        f"total_actual_{of}": float(actual.sum()),
    }
    if np.ptp(actual) > 0 and np.ptp(predicted) > 0:
        measured[f"correlation_{of}"] = float(np.corrcoef(actual, predicted)[0, 1])
    return measured


@dataclass(frozen=True, eq=False)
class FrequencyCalibration:
    """Actual and predicted means by earlier purchases; bins without customers are left out.

    Attributes:
        frequency: repeat purchases before the holdout, shape (k,); the last bin contains `top` and all above.
        customers: number in each bin, shape (k,).
        actual: mean purchases in the holdout, shape (k,).
        predicted: mean purchases expected in the holdout, shape (k,).
        top: frequency from which customers share a bin.
    """

    frequency: NDArray[np.int64]
    customers: NDArray[np.int64]
    actual: Floats
    predicted: Floats
    top: int

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the bins: "0", "1", ..., "7+"."""
        return tuple(f"{each}+" if each == self.top else str(each) for each in self.frequency)


def calibration_by_frequency(
    frequency: NDArray[Any], actual: NDArray[Any], predicted: NDArray[Any], *, top: int = 7
) -> FrequencyCalibration:
    """Return actual and predicted means by purchases in the calibration period.

    Args:
        frequency: repeat purchases before the holdout, shape (n,).
        actual: purchases in the holdout, shape (n,).
        predicted: purchases expected in the holdout, shape (n,).
        top: the last bin contains this frequency and all above it.

    Examples:
        >>> calibration_by_frequency(np.array([0, 0, 9]), np.array([0, 1, 4]), np.array([0.25, 0.25, 3.0])).labels
        ('0', '7+')
    """
    bins = np.minimum(np.asarray(frequency, dtype=np.int64), top)
    customers = np.bincount(bins, minlength=top + 1)
    seen = np.flatnonzero(customers)
    actual_sum, predicted_sum = (np.bincount(bins, weights=values, minlength=top + 1) for values in (actual, predicted))
    number = customers[seen]
    return FrequencyCalibration(
        frequency=seen, customers=number, actual=actual_sum[seen] / number, predicted=predicted_sum[seen] / number, top=top
    )
