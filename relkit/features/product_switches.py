"""Switches between the products of a category, from one visit of a customer to the next.

A switch from i to j: i was bought and is not bought at the customer's next visit to the category, at which j is bought that was not bought
before. Products of one basket are thus never a switch: they go together rather than replace one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

MOST_PRODUCTS = 20
BLOCK = 500_000
"""Visits counted at a time."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ProductSwitches:
    """Switches within a category.

    Attributes:
        category: its name.
        products: ids, the most bought first.
        counts: switches from the row to the column, shape (k, k).
        customers: those with at least two visits to the category.
        left_out: products of the category that are bought less and not considered.
    """

    category: str
    products: tuple[str, ...]
    counts: Ints
    customers: int
    left_out: int


def product_switches(visits: pl.DataFrame, category: str, *, most: int = MOST_PRODUCTS) -> ProductSwitches:
    """Return the switches between the products of a category that most customers bought.

    Args:
        visits: of `relkit.features.customer_visits`, in order of customer and day.
        category: one of them.
        most: products at most; ties in alphabetical order.

    Examples:
        >>> from datetime import date
        >>> days = [date(2025, 1, d) for d in (1, 2, 2, 3)]
        >>> made = {"customer": [0, 0, 0, 0], "day": days, "product_id": ["a", "a", "b", "c"], "category": ["tea"] * 4}
        >>> found = product_switches(pl.DataFrame(made), "tea")
        >>> found.products, found.counts.tolist()
        (('a', 'b', 'c'), [[0, 0, 1], [0, 0, 1], [0, 0, 0]])
    """
    lines = visits.filter(pl.col("category").cast(pl.String) == category).with_columns(pl.col("product_id").cast(pl.String))
    ranked = (
        lines.select("customer", "product_id").unique().group_by("product_id").len().sort(["len", "product_id"], descending=[True, False])
    )
    names = ranked["product_id"].head(most).to_list()
    place = pl.col("product_id").replace_strict(dict(zip(names, range(len(names)), strict=True)), default=None, return_dtype=pl.Int64)
    visit = pl.struct("customer", "day").rle_id().cast(pl.Int64)
    coded = lines.select("customer", visit=visit, product=place)
    customer = coded.unique("visit", maintain_order=True)["customer"].to_numpy()
    returning = np.unique(customer[1:][customer[1:] == customer[:-1]]) if len(customer) else customer
    return ProductSwitches(
        category=category,
        products=tuple(names),
        counts=_switches(customer, coded.drop_nulls("product"), len(names)),
        customers=len(returning),
        left_out=len(ranked) - len(names),
    )


def busiest_category(visits: pl.DataFrame) -> str | None:
    """Return the category with the most returns of a customer to it among those of three products or more; None if there is none.

    Examples:
        >>> busiest_category(
        ...     pl.DataFrame({"customer": [0, 0], "day": [1, 2], "product_id": ["a", "a"], "category": ["tea", "tea"]})
        ... ) is None
        True
    """
    counted = visits.lazy().group_by("category").agg(products=pl.col("product_id").n_unique()).filter(pl.col("products") > 2).collect()
    days = visits.lazy().select("category", "customer", "day").unique().group_by("category", "customer").len()
    returns = days.group_by("category").agg(returns=(pl.col("len") - 1).sum()).collect()
    ranked = counted.join(returns, on="category").with_columns(pl.col("category").cast(pl.String)).filter(pl.col("returns") > 0)
    ranked = ranked.sort(["returns", "category"], descending=[True, False])
    return str(ranked["category"][0]) if len(ranked) else None


def _switches(customer: NDArray[np.uint32], lines: pl.DataFrame, products: int) -> Ints:
    """Return the switches, from the customer of each visit and the product codes of its lines."""
    visit, product = lines["visit"].to_numpy(), lines["product"].to_numpy()
    total = np.zeros((products, products), dtype=np.int64)
    for low in range(0, len(customer), BLOCK):
        high = min(low + BLOCK + 1, len(customer))  # one more: the next visit of the last one
        part = slice(*np.searchsorted(visit, [low, high]))
        bought = np.zeros((high - low, products), dtype=bool)
        bought[visit[part] - low, product[part]] = True
        again = (customer[low + 1 : high] == customer[low : high - 1])[:, None]
        dropped = bought[:-1] & ~bought[1:] & again
        total += np.rint(dropped.T.astype(np.float32) @ (bought[1:] & ~bought[:-1] & again).astype(np.float32)).astype(np.int64)
    return total
