"""Rows that stand for several customers: a column with their number, read by fits only.

A row of weight 3 counts as three identical rows, in the likelihood and so in the standard errors; a row of weight 0
does not count at all, or is refused. Weights that correct for uneven sampling are not numbers of customers: with them the
estimates are right and the standard errors are not. A fitted model neither reads nor knows weights: it is judged, plotted and
scored row by row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.contracts import Column
from relkit.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray


def columns_of(name: str, *, zero: bool = True) -> tuple[Column, ...]:
    """Return the column of weights that a fit reads; none if `name` is empty.

    Args:
        name: of the column.
        zero: whether a weight of 0 is allowed.
    """
    if not name:
        return ()
    low, above, meaning = 0.0 if zero else None, None if zero else 0.0, "How many the row stands for."
    return (Column(name=name, dtype=pl.Float64, required=True, nullable=False, low=low, above=above, meaning=meaning),)


def check_weight_column(name: str, taken: Iterable[str], *, where: str) -> None:
    """Refuse a weight column that the model reads for something else."""
    if name and name in taken:
        raise ParameterError(f"weight_column is {name!r}, which the model reads already.", where=where, remedy="Name a column of its own.")


def with_weight(frame: pl.DataFrame, name: str) -> tuple[pl.DataFrame, NDArray[np.float64] | None]:
    """Return the rows that count, and how many each stands for, shape (n,); None if there are no weights.

    Examples:
        >>> frame, weights = with_weight(pl.DataFrame({"a": [1, 2, 3], "n": [2.0, 0.0, 1.0]}), "n")
        >>> frame["a"].to_list(), weights.tolist()
        ([1, 3], [2.0, 1.0])
    """
    if not name:
        return frame, None
    counting = frame.filter(pl.col(name) > 0)
    return counting, counting[name].to_numpy()
