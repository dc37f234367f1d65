"""Pairs of products of a category that replace each other more than chance explains, as a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.metrics.switching import Switching

CHANCE = 0.5
"""Dissimilarity of products that customers take for each other as often as their popularity gives."""


def replacing_products(compared: Switching, products: Sequence[str], *, alpha: float, least: int) -> pl.DataFrame:
    """Return the pairs below chance, the most similar first.

    Args:
        compared: switches against popularity.
        products: ids, in the order of the switches.
        alpha: false discovery rate.
        least: fewest switches between the two.

    Returns:
        product_a, product_b, observed, expected (switches in both directions), dissimilarity, q_value.

    Examples:
        >>> from relkit.metrics.switching import switching
        >>> counts = np.array([[0, 90, 5, 5], [90, 0, 5, 5], [5, 5, 0, 90], [5, 5, 90, 0]])
        >>> found = replacing_products(switching(counts), ["a", "b", "c", "d"], alpha=0.05, least=10)
        >>> found.select("product_a", "product_b", "observed").rows()
        [('a', 'b', 180), ('c', 'd', 180)]
    """
    rows, columns = np.triu_indices(len(products), 1)
    named = {"product_a": [products[int(i)] for i in rows], "product_b": [products[int(j)] for j in columns]}
    measures = {
        "observed": compared.observed,
        "expected": compared.expected,
        "dissimilarity": compared.dissimilarity(alpha),
        "q_value": compared.q_value,
    }
    pairs = pl.DataFrame({**named, **{name: values[rows, columns] for name, values in measures.items()}})
    near = pairs.filter(pl.col("dissimilarity") < CHANCE, pl.col("observed") >= least)
    return near.sort("dissimilarity", "product_a", "product_b")
