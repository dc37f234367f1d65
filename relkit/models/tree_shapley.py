"""Shapley values of the columns of boosted trees, exact, for all rows at once.

The value of a set S of columns is what a tree is expected to give if only those are known: at a node that splits on a known column
the row goes its way, at another one both children count, by the shares of the fitted rows that went there (Lundberg, Erion and Lee
2018, algorithm 1). The Shapley value of a column is the mean of what it adds to that, over all orders of the columns.

Along the path to a leaf of value v, the m columns that split there make a product: column i contributes 1 or 0 if it is known (the row
goes that way, or not), and the share z_i if it is not. So the value of the leaf for a column i is

    v (o_i - z_i) sum_k  k! (m - 1 - k)! / m!  e_k

where o_i is 1 or 0 and e_k is the coefficient of x^k in the product over the other columns j of (z_j + o_j x). Rows that take the same
side at all splits of a tree have equal values, and a tree of 8 leaves has at most 128 such patterns: each is computed once
(the idea of Fast TreeSHAP v2, Yang 2021).
"""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from relkit.models.boosted_trees import Trees

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Path = list[tuple[int, bool]]

FEW_SPLITS = 10
"""Up to this many splits all patterns of a tree are computed; of more, those that occur."""


def shapley(trees: Trees, X: Floats, *, given: tuple[int, ...] = ()) -> Floats:
    """Return the contribution of each column to the raw score of each row, shape (n, d).

    They add up to the raw score less that of nothing known, `trees.base` and the sum of the values of the roots.

    Args:
        trees: with their means and shares.
        X: shape (n, d).
        given: columns that are known in every set, and contribute 0: the others add up to the raw score less that of these alone.
    """
    found = np.zeros((X.shape[1], len(X)))
    shares = trees.shares()
    ends = np.append(trees.roots[1:], len(trees.value))
    for first, last in zip(trees.roots.tolist(), ends.tolist(), strict=True):
        nodes = np.arange(first, last)
        splits = nodes[trees.left[nodes] != nodes]
        if not len(splits):
            continue
        sides, pattern = _patterns(X, trees, splits)
        table = _of_patterns(trees, shares, first, dict(zip(splits.tolist(), sides.T, strict=True)), given)
        for column, values in table.items():
            found[column] += values[pattern]
    return np.ascontiguousarray(found.T)


def _patterns(X: Floats, trees: Trees, splits: NDArray[np.int64]) -> tuple[Flags, NDArray[np.int64]]:
    """Return the patterns of sides, shape (p, splits), true for left, and the pattern of each row."""
    goes_left = np.stack([X[:, trees.feature[node]] <= trees.threshold[node] for node in splits])
    if len(splits) <= FEW_SPLITS:
        codes = np.zeros(len(X), dtype=np.int64)
        for bit, side in enumerate(goes_left):
            codes |= side.astype(np.int64) << bit
        every = np.arange(2 ** len(splits))
        return (every[:, None] >> np.arange(len(splits))) & 1 == 1, codes
    sides, pattern = np.unique(goes_left, axis=1, return_inverse=True)
    return sides.T, pattern.ravel()


def _of_patterns(trees: Trees, shares: Floats, root: int, sides: dict[int, Flags], given: tuple[int, ...]) -> dict[int, Floats]:
    """Return the values of each column that splits a tree, by pattern."""
    found: dict[int, Floats] = {}
    patterns = len(next(iter(sides.values())))
    for leaf, path in _paths(trees, root):
        known, share = _along(trees, shares, path, sides)
        worth: Floats = np.full(patterns, trees.value[leaf])
        for column in given:
            worth = worth * known.pop(column, True)
        for column, value in zip(known, _of_leaf(known, share, patterns), strict=True):
            found[column] = found.get(column, 0.0) + worth * value
    return found


def _paths(trees: Trees, root: int) -> list[tuple[int, Path]]:
    """Return the leaves of a tree, each with the splits on its path and their sides."""
    found, waiting = [], [(root, list[tuple[int, bool]]())]
    while waiting:
        node, path = waiting.pop()
        if trees.left[node] == node:
            found.append((node, path))
            continue
        waiting += [(int(trees.right[node]), [*path, (node, False)]), (int(trees.left[node]), [*path, (node, True)])]
    return found


def _along(trees: Trees, shares: Floats, path: Path, sides: dict[int, Flags]) -> tuple[dict[int, Flags], dict[int, float]]:
    """Return by column of a path whether each pattern goes that way, and the share of the fitted rows that do."""
    known: dict[int, Flags] = {}
    share: dict[int, float] = {}
    for node, is_left in path:
        column = int(trees.feature[node])
        goes = sides[node] if is_left else ~sides[node]
        known[column] = known[column] & goes if column in known else goes
        share[column] = share.get(column, 1.0) * float(shares[node] if is_left else 1 - shares[node])
    return known, share


def _of_leaf(known: dict[int, Flags], share: dict[int, float], patterns: int) -> list[Floats]:
    """Return the value of each column of a path for a leaf of value 1, by pattern."""
    columns, m = list(known), len(known)
    weight = [factorial(k) * factorial(m - 1 - k) / factorial(m) for k in range(m)]
    found = []
    for i in columns:
        product: Floats = np.zeros((m, patterns))
        product[0] = 1.0
        for j in columns:
            if j != i:
                product[1:] = share[j] * product[1:] + known[j] * product[:-1]
                product[0] *= share[j]
        found.append((known[i] - share[i]) * (weight @ product))
    return found
