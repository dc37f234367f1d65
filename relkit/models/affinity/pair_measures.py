"""Measures of pairs of products for pictures and tables: lift with its interval, baskets beyond chance, a two-sided test.

Unlike a rule, a pair has no direction, and products that avoid each other are as interesting as those that attract: the p-value is twice
the smaller of Fisher's two tails.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.metrics.multiplicity import benjamini_hochberg
from relkit.models.affinity.fisher import fisher_p_values
from relkit.models.affinity.measures import Counts, measures_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA = 0.05
"""False discovery rate at which a pair counts as significant."""


def measured_pairs(pairs: pl.DataFrame, *, tests: int | None = None, alpha: float = ALPHA) -> pl.DataFrame:
    """Return pairs with their measures, those with the most baskets beyond chance first.

    Args:
        pairs: product_a, product_b, count, count_a, count_b, baskets: the pairs that meet often enough to be compared.
        tests: all pairs of products; those that meet too rarely to be listed count as not significant. Those listed by default.
        alpha: false discovery rate (Benjamini and Hochberg) among these tests.

    Returns:
        The same, and share_of_a, share_of_b (of the baskets with either that contain both), lift, lift_lower, lift_upper, leverage, extra
        (baskets with both beyond those expected by chance; negative if fewer), q_value, is_significant.

    Examples:
        >>> pairs = pl.DataFrame({"product_a": "a", "product_b": "b", "count": 60, "count_a": 100, "count_b": 120, "baskets": 1000})
        >>> measured_pairs(pairs).select("share_of_a", "lift", "extra", "is_significant").rows()
        [(0.6, 5.0, 48.0, True)]
    """
    if pairs.is_empty():
        return _with_measures(pairs.with_columns(baskets=pl.col("baskets").cast(pl.Int64)), np.empty(0), alpha)
    both, left, right = (pairs[name].to_numpy().astype(np.int64) for name in ("count", "count_a", "count_b"))
    counts = Counts(both, left, right, int(pairs["baskets"][0]))
    measures = measures_of(counts).select("lift", "lift_lower", "lift_upper", "leverage")
    return _with_measures(pairs.hstack(measures), benjamini_hochberg(_two_sided(counts), tests=tests), alpha)


def possible_pairs(products: int) -> int:
    """Return the number of pairs that so many products make.

    Examples:
        >>> possible_pairs(4)
        6
    """
    return products * (products - 1) // 2


def _two_sided(counts: Counts) -> NDArray[np.float64]:
    more = fisher_p_values(counts)
    fewer = 1.0 - fisher_p_values(replace(counts, both=np.minimum(counts.both + 1, np.minimum(counts.left, counts.right))))
    at_most = np.where(counts.both >= np.minimum(counts.left, counts.right), 1.0, fewer)
    return np.asarray(np.minimum(2 * np.minimum(more, at_most), 1.0))


def _with_measures(pairs: pl.DataFrame, q_value: NDArray[np.float64], alpha: float) -> pl.DataFrame:
    missing = [name for name in ("lift", "lift_lower", "lift_upper", "leverage") if name not in pairs.columns]
    count, left, right = pl.col("count"), pl.col("count_a"), pl.col("count_b")
    made = pairs.with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing).with_columns(
        share_of_a=count / left,
        share_of_b=count / right,
        extra=count - left.cast(pl.Float64) * right / pl.col("baskets"),
        q_value=pl.Series(q_value, dtype=pl.Float64),
    )
    made = made.with_columns(is_significant=pl.col("q_value") <= alpha)
    return made.sort(["extra", "product_a", "product_b"], descending=[True, False, False])
