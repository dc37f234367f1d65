"""The groceries: one month of a German grocery outlet, 9,835 baskets of 169 items (Hahsler, Hornik and Reutterer 2006)."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import polars as pl
import pytest

from relkit.models.affinity.baskets import Baskets

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def grocery_lists(real_data: Path) -> pl.Series:
    """Return the items of each basket."""
    with gzip.open(real_data / "groceries.csv.gz", "rt", encoding="utf-8") as file:
        return pl.Series("products", [line.split(",") for line in file.read().splitlines()])


@pytest.fixture(scope="session")
def groceries(grocery_lists: pl.Series) -> Baskets:
    """Return them as integers."""
    return Baskets.of(grocery_lists)
