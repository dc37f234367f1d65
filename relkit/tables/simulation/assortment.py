"""Products, categories and stores: the same in every simulated company."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from datetime import date

    from relkit.tables.simulation.clock import Floats, Ints

CATEGORIES = ("coffee", "tea", "wine", "cheese", "garden", "tools", "books", "games")
"""category_2; in pairs they are siblings under one category_1, which compete with each other."""
DEPARTMENTS = ("drinks", "cellar", "home", "leisure")
MARGIN_RATES = (0.35, 0.40, 0.25, 0.30, 0.35, 0.25, 0.30, 0.40)
"""Margin over net amount at list price, by category."""
BASE_SHARES = (0.20, 0.08, 0.15, 0.15, 0.12, 0.10, 0.10, 0.10)
"""Share of lines by category, of a customer with average tastes."""
PRODUCTS_A_CATEGORY = 15
BUNDLE_SHARE = 0.4
"""A product of rank 0 brings the product of rank 1 of its category into the next line of the order with this probability."""
CHANNELS = ("store", "web", "app", "phone")
STORES = 40
REGIONS = ("north", "east", "south", "west")


def popularity() -> Floats:
    """Return the share of each product within its category, by rank (Zipf), shape (15,)."""
    weights = 1 / np.arange(1, PRODUCTS_A_CATEGORY + 1)
    return np.asarray(weights / weights.sum())


def product_id(category: int, rank: int) -> str:
    """Return the id of a product.

    Examples:
        >>> product_id(0, 3)
        'P0-03'
    """
    return f"P{category}-{rank:02d}"


def product_ids() -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Return all ids, category by category."""
    return np.array([product_id(c, k) for c in range(len(CATEGORIES)) for k in range(PRODUCTS_A_CATEGORY)])


def prices() -> Floats:
    """Return the list prices on the first day, in the order of `product_ids`."""
    category, rank = np.divmod(np.arange(len(CATEGORIES) * PRODUCTS_A_CATEGORY), PRODUCTS_A_CATEGORY)
    return np.asarray(np.round(4.0 + 1.5 * category + 2.25 * (rank * 7 % PRODUCTS_A_CATEGORY), 2) + 0.9)


def products_table(starts_on: date, price_days: list[tuple[date, float]]) -> pl.DataFrame:
    """Return the table products: a version at the start and one at each price change (day, price level from then on)."""
    category, rank = np.divmod(np.arange(len(CATEGORIES) * PRODUCTS_A_CATEGORY), PRODUCTS_A_CATEGORY)
    versions = []
    for day, level in [(starts_on, 1.0), *price_days]:
        price = np.round(prices() * level, 2)
        versions.append(_version(day, category, rank, price))
    subscriptions = pl.DataFrame({"product_id": ["SUB-BASIC", "SUB-PLUS", "SUB-FULL"], "valid_from": starts_on, "category_1": "contracts"})
    return pl.concat([*versions, subscriptions.with_columns(name=pl.col("product_id"))], how="diagonal").sort("product_id", "valid_from")


def _version(day: date, category: Ints, rank: Ints, price: Floats) -> pl.DataFrame:
    names = np.array(CATEGORIES)[category]
    return pl.DataFrame(
        {
            "product_id": product_ids(),
            "valid_from": pl.repeat(day, len(price), dtype=pl.Date, eager=True),
            "name": [f"{name} {k + 1}" for name, k in zip(names, rank, strict=True)],
            "category_1": np.array(DEPARTMENTS)[category // 2],
            "category_2": names,
            "brand": np.where(rank % 3 == 0, "own", "maker"),
            "supplier": [f"S{k % 5 + 1}" for k in rank],
            "price": price,
            "vat_rate": pl.repeat(0.2, len(price), eager=True),
            "unit_margin": np.round(price * np.array(MARGIN_RATES)[category], 2),
            "margin_source": pl.repeat("measured", len(price), eager=True),
        }
    )


def stores_table(opened_on: date) -> pl.DataFrame:
    """Return the table stores."""
    number = np.arange(1, STORES + 1)
    return pl.DataFrame(
        {
            "store_id": [f"M{k:03d}" for k in number],
            "name": [f"Store {k}" for k in number],
            "format": np.where(number % 4 == 0, "large", "small"),
            "region": np.array(REGIONS)[number % 4],
            "is_owned": number % 3 > 0,
            "opened_on": pl.repeat(opened_on, STORES, dtype=pl.Date, eager=True),
        }
    )
