"""Shares of credit compared: between two times, and between models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Floats


def total_variation(shares: Floats, others: Floats) -> float:
    """Return the total variation distance between two sets of shares: the part of the credit that would have to move.

    Args:
        shares: of k channels; (k,), adding up to 1.
        others: of the same channels; (k,).

    Examples:
        >>> round(total_variation(np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.3, 0.3])), 12)
        0.1
    """
    return float(np.abs(np.asarray(shares) - np.asarray(others)).sum() / 2)
