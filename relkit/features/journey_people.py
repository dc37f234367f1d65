"""People of journeys: a number for every customer, in order of customer_id, and one for every anonymous visitor."""

from __future__ import annotations

from dataclasses import dataclass
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
    id_ = pl.col("customer_id")
    heads = id_.filter(id_.ne_missing(id_.shift(1)))  # most tables are in order of customer, and comparing costs less than hashing
    ids = [tables.scan(name).select(heads.drop_nulls()) for name in given]
    found = pl.concat(ids).unique().collect(engine="streaming")
    return found.sort("customer_id")


def code_of(names: pl.Series) -> pl.Expr:
    """Return the expression for the code (u32) of customer_id among names; null for null.

    Of a million names it takes half a second to make: of long tables, look up hashes instead (`CustomerCodes`).
    """
    return pl.col("customer_id").cast(pl.Enum(names)).to_physical().cast(pl.UInt32)


@dataclass(frozen=True, eq=False)
class CustomerCodes:
    """Codes of customers by the hash of their id, which has 64 bits: two of a million customers share one in 40 million companies.

    Attributes:
        hashes: in order; (names,) uint64.
        codes: code of the customer of each hash; (names,) uint32.
    """

    hashes: NDArray[np.uint64]
    codes: NDArray[np.uint32]

    @classmethod
    def of(cls, names: pl.Series) -> CustomerCodes:
        """Return the codes of customers whose names are in order.

        Examples:
            >>> names = pl.Series(["ann", "bob"])
            >>> CustomerCodes.of(names).among(names.gather([1, 1, 0]).hash().to_numpy()).tolist()
            [1, 1, 0]
        """
        hashes = names.hash().to_numpy()
        order = np.argsort(hashes)
        return cls(hashes[order], order.astype(np.uint32))

    def among(self, hashes: NDArray[np.uint64]) -> NDArray[np.uint32]:
        """Return the code of each hash of a known id; each run of one id is looked up once, and in order, which spares the caches."""
        if not len(hashes):
            return np.zeros(0, np.uint32)
        starts = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1]))
        sought = hashes[starts]
        order = np.argsort(sought)
        found = np.empty(len(sought), np.uint32)
        found[order] = self.codes[np.searchsorted(self.hashes, sought[order])]
        return np.repeat(found, np.diff(np.append(starts, len(hashes))))


def are_tests(tables: TableSet) -> NDArray[np.bool_]:
    """Return for each code of a customer whether it is a test account; (number of names,)."""
    names, marked = customer_names(tables), marked_as_test(tables)
    return names.is_in(marked.implode()).to_numpy() if len(marked) else np.zeros(len(names), np.bool_)
