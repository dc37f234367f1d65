"""Places of labels next to points, chosen so that labels cover neither one another nor points, and few lines.

Each label may stand in one of eight directions around its point. They are placed greedily, then each is tried again in all directions
while the others stay, as in the search by Christensen, Marks and Shieber (1995, An Empirical Study of Algorithms for Point-Feature Label
Placement, section 3.3), without its random moves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.metrics.risk_sets import Floats

SIDES = np.array([(1, 0), (-1, 0), (0, -1), (0, 1), (0.8, 0.8), (-0.8, 0.8), (0.8, -0.8), (-0.8, -0.8)])
"""Directions from the point, the preferred first."""
LABEL, POINT, LINE, OUTSIDE = 20.0, 12.0, 1.5, 30.0
"""Costs of covering a label, a point (per share of the label's area), a line (per share of the line), and of leaving the page."""
PASSES = 3


def label_places(at: Floats, radius: Floats, size: Floats, lines: Sequence[tuple[int, int]], page: Floats) -> Floats:
    """Return the centre of each label, shape (n, 2).

    Args:
        at: points, shape (n, 2).
        radius: of their discs, shape (n,).
        size: width and height of the labels, shape (n, 2), in the unit of the positions.
        lines: pairs of points with a line between them.
        page: lower left and upper right corner, shape (2, 2).

    Examples:
        >>> at, half = np.array([[0.0, 0.0], [3.0, 0.0]]), np.array([0.2, 0.2])
        >>> label_places(at, half, np.array([[1.0, 0.3], [1.0, 0.3]]), [(0, 1)], np.array([[-2, -2], [5.0, 2]])).round(2).tolist()
        [[-0.75, 0.0], [3.75, 0.0]]
    """
    n, gap = len(at), 0.05
    reach = SIDES[None] * (radius[:, None, None] + size[:, None] / 2 + gap)
    tried = at[:, None] + reach
    samples = _along(at, lines)
    fixed = np.array(
        [[_fixed_cost(tried[i, s], size[i], i, at, radius, samples, page) + 0.01 * s for s in range(len(SIDES))] for i in range(n)]
    )
    chosen = np.full(n, -1)
    for _ in range(PASSES):
        for i in range(n):
            others = np.flatnonzero((chosen >= 0) & (np.arange(n) != i))
            placed = tried[others, chosen[others]]
            covered = [LABEL * _overlap(tried[i, s], size[i], placed, size[others]).sum() for s in range(len(SIDES))]
            chosen[i] = int(np.argmin(fixed[i] + np.array(covered)))
    return np.asarray(tried[np.arange(n), chosen])


def _along(at: Floats, lines: Sequence[tuple[int, int]]) -> Floats:
    """Return points along each line, shape (lines, 21, 2)."""
    ends = np.array(lines, dtype=np.int64).reshape(-1, 2)
    share = np.linspace(0, 1, 21)[None, :, None]
    return np.asarray(at[ends[:, 0], None] * (1 - share) + at[ends[:, 1], None] * share)


def _fixed_cost(centre: Floats, size: Floats, own: int, at: Floats, radius: Floats, samples: Floats, page: Floats) -> float:
    """Return the cost of a place that does not depend on other labels."""
    discs = np.delete(np.arange(len(at)), own)
    on_points = POINT * _overlap(centre, size, at[discs], np.repeat(2 * radius[discs, None], 2, axis=1)).sum()
    on_lines = LINE * (np.abs(samples - centre) < size / 2).all(axis=2).mean(axis=1).sum() if len(samples) else 0.0
    beyond = np.maximum(page[0] - (centre - size / 2), 0) + np.maximum(centre + size / 2 - page[1], 0)
    return float(on_points + on_lines + OUTSIDE * (beyond / size).sum())


def _overlap(centre: Floats, size: Floats, others: Floats, sizes: Floats) -> Floats:
    """Return the area shared with other boxes over the area of this one."""
    shared = np.maximum((size + sizes) / 2 - np.abs(others - centre), 0.0)
    shared = np.minimum(shared, np.minimum(size, sizes))
    return np.asarray(shared.prod(axis=-1) / size.prod())
