"""How near the expected purchases of a model came to those of a holdout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import TableError
from relkit.metrics.purchases import compare
from relkit.models.lifetime_value.purchases import meet_outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = NDArray[np.float64]


class ExpectsPurchases(Protocol):
    """A fitted model that expects purchases."""

    @property
    def expected_purchases(self) -> Callable[[pl.DataFrame, float], Floats]:
        """Of features and days: the purchases expected of each customer in so many days, shape (n,)."""


def judge_purchases(fitted: ExpectsPurchases, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
    """Return the errors per customer, the totals and the correlation, as `relkit.metrics.purchases.compare` names them.

    Args:
        fitted: the model, fitted up to the calibration date.
        features: as of the calibration date.
        outcomes: customer_id, holdout_purchases (purchase days) and holdout_days, the same on every row.

    Raises:
        TableError: holdout_days differs between rows, a column is missing, or no customer is in both.
    """
    both = meet_outcomes(features, outcomes, ("holdout_purchases", "holdout_days"))
    lengths = both["holdout_days"].unique()
    if len(lengths) != 1:
        raise TableError("holdout_days differs between rows.", where="outcomes of the holdout", remedy="Judge one holdout at a time.")
    actual = both["holdout_purchases"].cast(pl.Float64).to_numpy()
    return compare(actual, fitted.expected_purchases(both, float(lengths[0])), of="repeat_purchases")
