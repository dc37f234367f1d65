"""Confidence bands of a survival curve, on a scale on which they stay between 0 and 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.metrics.intervals import normal_reach

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Floats


def log_log_band(survival: Floats, greenwood: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the bounds of S on the scale log(-log S): S ** exp(-+ z sqrt(V) / log S) (Kalbfleisch and Prentice 2002, eq. 1.13).

    If S is 1 both bounds are 1. If it is 0 the scale has no bounds: the lower one is 0, and the upper one
    keeps its last value.
    """
    z = normal_reach(level)
    inside = (survival > 0) & (survival < 1)
    log_s = np.log(np.where(inside, survival, 0.5))
    # Tiny weights may overflow any number: the bounds are 0 and 1 long before.
    shift = np.exp(np.minimum(z * np.sqrt(np.where(inside, greenwood, 0.0)) / np.abs(log_s), 700.0))
    lower = np.where(inside, np.exp(log_s * shift), survival)
    upper = np.where(inside, np.exp(log_s / shift), survival)
    last = np.maximum.accumulate(np.where(survival > 0, np.arange(len(survival)), -1))
    return lower, np.where(survival > 0, upper, np.where(last >= 0, upper[last], 1.0))
