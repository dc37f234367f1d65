"""How near predictions of purchases or spend came to what happened, per customer."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def compare(actual: NDArray[Any], predicted: NDArray[Any], *, of: str) -> dict[str, float]:
    """Return errors per customer, the two totals and their correlation.

    Args:
        actual: what happened, shape (n,).
        predicted: what was expected, shape (n,).
        of: what is counted; it ends the names, as in "mae_repeat_purchases".

    Returns:
        mae_, rmse_, total_predicted_, total_actual_ and, where both vary, correlation_.

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


def calibration_by_frequency(frequency: NDArray[Any], actual: NDArray[Any], predicted: NDArray[Any], *, top: int = 7) -> pl.DataFrame:
    """Return actual and predicted means by purchases in the calibration period.

    Args:
        frequency: repeat purchases before the holdout, shape (n,).
        actual: purchases in the holdout, shape (n,).
        predicted: purchases expected in the holdout, shape (n,).
        top: the last bin holds this frequency and all above it.

    Returns:
        frequency ("0", "1", ..., "7+"), customers, actual_mean, predicted_mean; bins without customers are left out.

    Examples:
        >>> calibration_by_frequency(np.array([0, 0, 9]), np.array([0, 1, 4]), np.array([0.25, 0.25, 3.0]))["frequency"].to_list()
        ['0', '7+']
    """
    frame = pl.DataFrame({"bin": np.minimum(frequency, top), "actual": actual, "predicted": predicted})
    by_bin = frame.group_by("bin").agg(pl.len().alias("customers"), pl.col("actual").mean(), pl.col("predicted").mean()).sort("bin")
    label = pl.col("bin").cast(pl.Int64).cast(pl.String) + pl.when(pl.col("bin") == top).then(pl.lit("+")).otherwise(pl.lit(""))
    return by_bin.select(
        label.alias("frequency"),
        pl.col("customers").cast(pl.Int64),
        pl.col("actual").alias("actual_mean"),
        pl.col("predicted").alias("predicted_mean"),
    )
