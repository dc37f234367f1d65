"""Inversions, pairs in which the earlier has the larger value: the counting behind concordance.

In plain numpy, which is as fast here as compiled code without the cost of loading any. Fresh memory costs as much as the
work on it, so small counts stay in small types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.metrics.risk_sets import Floats

DIGIT = 6
"""Most bits of a value that are processed together."""
SIDE = 32
"""Rows per block, within which all pairs are compared."""


def inversions(values: NDArray[Any], later: NDArray[Any], earlier: Floats | None = None) -> float:
    """Return the sum of later[i] earlier[j] over all j < i with values[j] > values[i], in O(n log of the largest value).

    Two different values diverge at their highest different digit. So for each digit the rows are ordered by their higher
    digits, the pairs in which the earlier has the larger digit are counted, and those of different higher digits,
    which are now in order, are subtracted by a table. Whole numbers are exact up to 2^53.

    Args:
        values: shape (n,), not negative; ranks, since the tables are as long as the largest of them.
        later: shape (n,), weights.
        earlier: shape (n,), weights; None means 1 for all.

    Examples:
        >>> inversions(np.array([3, 1, 2]), np.ones(3))
        2.0
    """
    bits = int(values.max(initial=0)).bit_length()
    levels = max(1, -(-bits // DIGIT))
    width = max(1, -(-bits // levels))
    kind: Any = np.uint16 if bits <= 16 else np.uint32  # of 16 bits numpy sorts by counting
    values = values.astype(kind, copy=False)
    total = 0.0
    for shift in range(0, bits, width):
        upto, higher = values >> kind(shift), values >> kind(shift + width)
        digit = (upto & kind((1 << width) - 1)).astype(np.uint8)
        if shift + width >= bits:
            total += _by_digit(digit, 1 << width, later, earlier)
        else:
            order = np.argsort(higher, kind="stable")
            total += _by_digit(digit[order], 1 << width, later[order], None if earlier is None else earlier[order])
            total -= _of_lower_parts(upto, 1 << width, later, earlier)
    return total


def _of_lower_parts(values: NDArray[Any], base: int, later: NDArray[Any], earlier: Floats | None) -> float:
    """Return the sum over the pairs in which one has the larger last digit and smaller leading digits."""
    cells = (int(values.max()) // base + 1) * base
    due, weight = (np.bincount(values, weights=w, minlength=cells).reshape(-1, base) for w in (later, earlier))
    lower = np.cumsum(weight, axis=0) - weight
    larger = lower.sum(axis=1, keepdims=True) - np.cumsum(lower, axis=1)
    return float((due * larger).sum())


def _by_digit(digit: NDArray[np.uint8], base: int, later: NDArray[Any], earlier: Floats | None) -> float:
    """Return the sum over the pairs in which the earlier has the larger digit.

    Within a block by comparing each with each, between blocks from a table of the weight of earlier blocks by digit.
    """
    blocks = -(-len(digit) // SIDE)
    digits, due = _side_by_side(digit, blocks), _side_by_side(later, blocks)
    weight = None if earlier is None else _side_by_side(earlier, blocks)
    found: NDArray[Any] = np.zeros(digits.shape, np.uint8 if weight is None else np.float64)
    for apart in range(1, SIDE):
        is_larger = digits[:-apart] > digits[apart:]
        found[apart:] += is_larger.view(np.uint8) if weight is None else is_larger * weight[:-apart]
    # A digit above all and a block before all stay empty, so that the cell wanted is one step from each cell.
    cell = digits * np.intp(blocks + 1) + np.arange(1, blocks + 1)
    table = np.bincount(cell.ravel(), None if weight is None else weight.ravel(), (base + 1) * (blocks + 1)).reshape(base + 1, -1)
    np.cumsum(table, axis=1, out=table)
    for larger in reversed(range(base)):
        table[larger] += table[larger + 1]
    cell += blocks
    return float(((table.take(cell) + found) * due).sum())


def _side_by_side(column: NDArray[Any], blocks: int) -> NDArray[Any]:
    """Return blocks of rows as columns; the padding of the first one has the smallest digit and no weight."""
    padded = np.zeros(blocks * SIDE, column.dtype)
    padded[len(padded) - len(column) :] = column
    return np.ascontiguousarray(padded.reshape(blocks, SIDE).T)
