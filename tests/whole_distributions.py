"""Whole distributions of purchases ahead, from the probabilities that a model gives to single numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray


def distribution(fitted: Any, features: pl.DataFrame, days: float, *, most: int) -> NDArray[np.float64]:
    """Return the probabilities of 0, 1, ... `most` purchases of each customer, shape (n, most + 1)."""
    return np.column_stack([fitted.purchases_probability(features, np.full(len(features), m), days) for m in range(most + 1)])
