"""The summary of a fitted model: its terms with standard errors and intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.metrics.intervals import bounds, log_bounds
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]


def summary_of(terms: Sequence[str], estimates: Floats, errors: Floats, level: float = LEVEL, *, positive: int = 0) -> pl.DataFrame:
    """Return term, estimate, std_error, lower, upper; null for terms without a standard error.

    Args:
        terms: names of the k terms.
        estimates: shape (k,).
        errors: shape (k,), standard errors; NaN if there is none.
        level: of the intervals.
        positive: number of leading terms that are above zero: their errors are those of logarithms, as are their intervals.

    Examples:
        >>> summary_of(("r", "age"), np.array([2.0, 0.1]), np.array([0.5, 0.05]), positive=1).select(pl.exclude("term").round(3)).rows()
        [(2.0, 1.0, 0.751, 5.329), (0.1, 0.05, 0.002, 0.198)]
    """
    above, any_sign = slice(positive), slice(positive, None)
    low, high = (
        np.append(first, rest)
        for first, rest in zip(
            log_bounds(estimates[above], errors[above], level), bounds(estimates[any_sign], errors[any_sign], level), strict=True
        )
    )
    spread = np.append(estimates[above] * errors[above], errors[any_sign])
    columns = {"estimate": estimates, "std_error": spread, "lower": low, "upper": high}
    return pl.DataFrame({"term": list(terms), **columns}).with_columns(pl.exclude("term").fill_nan(None))
