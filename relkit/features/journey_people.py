"""People of journeys: a number for every customer, in order of customer_id, and one for every anonymous visitor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.features.known_rows import marked_as_test
from relkit.tables.kept import kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.tables.table_set import TableSet

SOURCES = ("customers", "transactions", "touchpoints")
"""Tables that name customers of journeys."""


def customer_names(tables: TableSet) -> pl.Series:
    """Return the id of every customer with a row in `SOURCES`, in order; the position of an id is its code, whatever the as-of."""
    return kept(tables, "journey_customers", lambda: _names(tables))["customer_id"]


def _names(tables: TableSet) -> pl.DataFrame:
    given = [name for name in SOURCES if tables.has(name) and "customer_id" in tables.columns(name)]
    ids = [tables.scan(name).select(pl.col("customer_id").drop_nulls().unique()) for name in given]
    found = pl.concat(ids).unique().collect(engine="streaming")
    return found.sort("customer_id")


def code_of(names: pl.Series) -> pl.Expr:
    """Return the expression for the code (u32) of customer_id among names; null for null.

    Of a million names it takes half a second to make: use it again, rather than make it again.
    """
    return pl.col("customer_id").cast(pl.Enum(names)).to_physical().cast(pl.UInt32)


def test_accounts(tables: TableSet) -> NDArray[np.bool_]:
    """Return for each code of a customer whether it is a test account; (number of names,)."""
    names, marked = customer_names(tables), marked_as_test(tables)
    return names.is_in(marked.implode()).to_numpy() if len(marked) else np.zeros(len(names), np.bool_)
