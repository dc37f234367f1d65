"""Features of the moment: the same for nearly all customers at any one time, as a rate of interest or the month is.

They tell one time from another, not one customer from the next. In a model they take the credit for whatever else changed over the
same months, and are then read where no customer was ever observed: the level of the next months is better learnt from the latest rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

RARELY = 0.05
"""A feature is of the moment if neighbours in time differ in it at most this often, relative to two rows drawn at random."""
REASON = "the same for all customers at any one moment"


def of_the_moment(features: pl.DataFrame, sequence: NDArray[np.int64], *, seed: int = 0) -> dict[str, str]:
    """Return the features of the moment, with the reason to set them aside.

    Args:
        features: one row per customer and moment.
        sequence: rank of the moment of each row, shape (n,).
        seed: of the order of rows of one moment.

    Examples:
        >>> import polars as pl
        >>> days = np.arange(1000)
        >>> rows = pl.DataFrame({"age": days * 37 % 61, "rate": days // 100})
        >>> list(of_the_moment(rows, days))
        ['rate']
    """
    order = np.lexsort((np.random.default_rng(seed).random(len(sequence)), sequence))
    return {name: REASON for name in features.columns if _relative_changes(features[name].gather(order)) <= RARELY}


def _relative_changes(values: pl.Series) -> float:
    """Return the share of neighbours that differ, over that of rows drawn at random; 1 if all are the same."""
    codes = values.rank("dense").fill_null(0).to_numpy().astype(np.int64)
    share = np.bincount(codes) / max(len(codes), 1)
    at_random = 1.0 - float(share @ share)
    return float((codes[1:] != codes[:-1]).mean()) / at_random if at_random > 0 and len(codes) > 1 else 1.0
