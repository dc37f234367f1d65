"""Cross-shopping: customers who buy in one category and in another, counted.

The share of the buyers of A who also buy B says nothing alone if everybody buys B; the index compares it with the share of all buyers who
buy B: index = 100 x n(A and B) x n / (n(A) x n(B)), 100 if the categories are independent. It is the lift of customers rather than baskets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

BLOCK = 200_000
"""Customers counted at a time: sums of ones in a float of 32 bits are exact below 16 million."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CrossShopping:
    """Buyers of each pair of categories.

    Attributes:
        categories: names, the most bought first.
        both: customers who bought in both, shape (k, k); on the diagonal those who bought in the category.
        customers: those who bought in any category, drawn or not.
    """

    categories: tuple[str, ...]
    both: Ints
    customers: int

    @property
    def buyers(self) -> Ints:
        """Customers of each category, shape (k,)."""
        return self.both.diagonal().copy()

    @property
    def share(self) -> Floats:
        """Share of the buyers of the row who also buy the column, shape (k, k)."""
        return np.asarray(self.both / np.maximum(self.buyers, 1)[:, None])

    @property
    def index(self) -> Floats:
        """That share over the share of all customers who buy the column, times 100, shape (k, k)."""
        expected = np.outer(self.buyers, self.buyers) / max(self.customers, 1)
        return np.asarray(100 * self.both / np.maximum(expected, 1e-12))

    def share_of_at_least(self, customers: int) -> Floats:
        """Return the shares, NaN where one to `customers` - 1 customers buy both."""
        few = (self.both > 0) & (self.both < customers)
        return np.where(few, np.nan, self.share)

    def pairs(self) -> pl.DataFrame:
        """Return one row per pair of categories and direction.

        Returns:
            a, b, both (customers), buyers_a, buyers_b, share (of the buyers of a who buy b), all (share of all who buy b), index.
        """
        rows, columns = np.nonzero(~np.eye(len(self.categories), dtype=bool))
        counts = {"both": self.both[rows, columns], "buyers_a": self.buyers[rows], "buyers_b": self.buyers[columns]}
        names = {"a": [self.categories[i] for i in rows], "b": [self.categories[j] for j in columns]}
        shares = {"share": self.share[rows, columns], "all": self.buyers[columns] / max(self.customers, 1)}
        return pl.DataFrame({**names, **counts, **shares, "index": self.index[rows, columns]})


def cross_shopping(visits: pl.DataFrame, *, most: int = 12) -> CrossShopping:
    """Return the buyers that pairs of categories share.

    Args:
        visits: of `relkit.features.customer_visits`.
        most: categories at most, those with the most buyers; ties in alphabetical order.

    Examples:
        >>> made = {"customer": [0, 0, 1, 2], "category": ["tea", "wine", "tea", "wine"]}
        >>> found = cross_shopping(pl.DataFrame(made))
        >>> found.both.tolist(), found.share.tolist(), found.index.tolist()
        ([[2, 1], [1, 2]], [[1.0, 0.5], [0.5, 1.0]], [[150.0, 75.0], [75.0, 150.0]])
    """
    bought = visits.lazy().select(pl.col("customer").cast(pl.UInt32), pl.col("category").cast(pl.String)).unique().collect()
    ranked = bought.group_by("category").agg(buyers=pl.len()).sort(["buyers", "category"], descending=[True, False]).head(most)
    names = ranked["category"].to_list()
    place = pl.col("category").replace_strict(dict(zip(names, range(len(names)), strict=True)), default=None, return_dtype=pl.Int64)
    coded = bought.select("customer", place.alias("category")).drop_nulls().sort("customer")
    both = shared(coded["customer"].to_numpy(), coded["category"].to_numpy(), len(names))
    return CrossShopping(categories=tuple(names), both=both, customers=bought["customer"].n_unique())


def shared(row: NDArray[np.uint32], column: Ints, columns: int) -> Ints:
    """Return the number of rows in which each pair of columns occurs, shape (columns, columns).

    Args:
        row: number of the row of each entry, ascending.
        column: its column; each pair of row and column once.
        columns: their number.
    """
    starts = np.flatnonzero(np.diff(row, prepend=row[:1] + 1 if len(row) else 0))
    dense = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(row))))
    total = np.zeros((columns, columns), dtype=np.int64)
    for low in range(0, len(starts), BLOCK):
        part = slice(*np.searchsorted(dense, [low, low + BLOCK]))
        marks = np.zeros((min(BLOCK, len(starts) - low), columns), dtype=np.float32)
        marks[dense[part] - low, column[part]] = 1.0
        total += np.rint(marks.T @ marks).astype(np.int64)
    return total
