"""Customers like those drawn for an action, to whom what was learnt from the draws applies.

An action is drawn among some customers: those who never bought, holders of a contract, the readers of one language. The tables say who was
drawn, not who could have been, but what nearly all of those drawn have in common tells it: a driver that is known, one that is not, or one
category or count. It counts if customers without it are rare among those drawn (`MOST_LACKING`), and much rarer than among all customers
(`RARER`): that few of those drawn have an open complaint says nothing if few customers have one. Contacts and visits do not count: they are
what actions bring about, so that those drawn first had none, and their customers have some since.
"""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

import polars as pl

from relkit.features.customer_drivers import CONTACT_DAYS, COUNTS, VISIT_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator

FEWEST = 100
"""Fewest customers drawn whose common facts are not taken for chance."""
BROUGHT_ABOUT = (f"contacts_{CONTACT_DAYS}d", "days_since_last_contact", f"visits_{VISIT_DAYS}d", "days_since_last_visit")
"""Drivers that actions change."""
MOST_LACKING, RARER = 0.02, 5.0
"""Largest share of those drawn without what they have in common, and how many times larger it must be among all customers."""


def like_drawn(customers: pl.DataFrame, drawn: pl.DataFrame) -> pl.Series:
    """Return which customers are like those drawn, by their drivers.

    Args:
        customers: one row per customer, with drivers.
        drawn: drivers of those drawn; with fewer than `FEWEST` rows, all customers are like them.

    Examples:
        >>> drawn = pl.DataFrame(
        ...     {"country": ["FR"] * 100, "orders": [1, 2] * 50, "contract_age_days": pl.Series([None] * 100, dtype=pl.Int32)}
        ... )
        >>> people = {"country": ["FR", "BE", "FR", "FR"], "orders": [7, 1, None, 1], "contract_age_days": [None, None, None, 30]}
        >>> like_drawn(pl.DataFrame(people), drawn).to_list()
        [True, False, False, False]
    """
    names = [name for name in drawn.columns if name in customers.columns and name not in BROUGHT_ABOUT]
    shared = [] if len(drawn) < FEWEST else [mask for name in names for mask in _common(drawn[name], customers[name])]
    everybody = pl.Series("is_like", [True]).new_from_index(0, len(customers))
    return reduce(and_, shared, everybody).alias("is_like")


def _common(drawn: pl.Series, customers: pl.Series) -> Iterator[pl.Series]:
    """Return which customers have what nearly all drawn have in common in a driver; nothing if they have nothing in common."""
    pairs = [(drawn.is_not_null(), customers.is_not_null()), (drawn.is_null(), customers.is_null())]
    has_values = drawn.name in COUNTS or not drawn.dtype.is_numeric()  # days and amounts change as time goes by
    usual = drawn.drop_nulls().mode().sort() if has_values else drawn.clear()
    pairs += [(drawn.eq_missing(usual[0]), customers.eq_missing(usual[0]))] if len(usual) else []
    for of_drawn, of_all in pairs:
        lacking = 1 - (of_drawn.mean() or 0.0)  # type: ignore[operator]
        if lacking <= MOST_LACKING and 1 - (of_all.mean() or 0.0) > max(MOST_LACKING, RARER * lacking):  # type: ignore[operator]
            yield of_all
