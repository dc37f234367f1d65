"""Columns on which trees split: recency, frequency, age, and orders of windows of several lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from relkit.models.lifetime_value.own_past import OwnPast

Floats = NDArray[np.float64]

WINDOWS_DAYS = (28, 91, 182, 364)
"""Lengths of windows besides half of the days forecast, as many, and twice as many."""
WIDTH = 14


def order_windows(past: OwnPast, days: float) -> Floats:
    """Return the columns as of the last day known, shape (n, 14).

    In order: repeat purchases; age at the last purchase and age today, days; days since the last purchase; 1 for customers who may be
    older than the data; long-run orders in as many days as are forecast; orders of the last `days` / 2, `days`, 2 `days`, 28, 91, 182
    and 364 days, as far as they are known; mean days between purchases.

    Args:
        past: orders of n customers.
        days: days forecast.
    """
    x, t_x, T = past.summary
    windows = (round(days / 2), round(days), round(2 * days), *WINDOWS_DAYS)
    return np.column_stack(
        [
            x,
            t_x,
            T,
            T - t_x,
            past.older,
            past.long_run(days),
            *(past.last(window) for window in windows),
            t_x / np.maximum(x, 1),
        ]
    ).astype(np.float64)
