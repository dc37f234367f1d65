"""Customers like those drawn for an action, to whom what was learnt from the draws applies.

An action is drawn among some customers: those who never bought, holders of a contract, the readers of one language. The tables say who was
drawn, not who could have been; but what all of those drawn have in common tells it well enough. A customer is like them if each driver
that was known for all of them is known, each that was known for none is not, and each that was the same for all is the same.
"""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

FEWEST = 100
"""Fewest customers drawn whose common facts are not taken for chance."""


def like_drawn(customers: pl.DataFrame, drawn: pl.DataFrame) -> pl.Series:
    """Return which customers are like those drawn, by their drivers.

    Args:
        customers: one row per customer, with drivers.
        drawn: drivers of those drawn; with fewer than `FEWEST` rows, all customers are like them.

    Examples:
        >>> drawn = pl.DataFrame({"country": ["FR"] * 100, "orders": [1, 2] * 50, "contract_age_days": pl.Series([None] * 100, dtype=pl.Int32)})
        >>> people = {"country": ["FR", "BE", "FR", "FR"], "orders": [7, 1, None, 1], "contract_age_days": [None, None, None, 30]}
        >>> like_drawn(pl.DataFrame(people), drawn).to_list()
        [True, False, False, False]
    """
    everybody = pl.Series("is_like", [True]).new_from_index(0, len(customers))
    shared = [] if len(drawn) < FEWEST else list(_common(drawn.select(name for name in drawn.columns if name in customers.columns)))
    return customers.select(reduce(and_, shared).fill_null(value=False).alias("is_like")).to_series() if shared else everybody


def _common(drawn: pl.DataFrame) -> Iterator[pl.Expr]:
    """Return a condition for each driver of which all drawn have something in common."""
    for series in drawn:
        unknown = series.null_count()
        if unknown == len(series):
            yield pl.col(series.name).is_null()
        elif not unknown and series.n_unique() == 1:
            yield pl.col(series.name) == series[0]
        elif not unknown:
            yield pl.col(series.name).is_not_null()
