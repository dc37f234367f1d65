"""Layout of a small graph by stress majorisation, its connected parts next to one another.

Points are moved so that distances on the page are as near as possible to distances in the graph: the stress is the sum over pairs of
(|x_i - x_j| - d_ij)^2 / d_ij^2, and each step is its exact minimum along the bound of Gansner, Koren and North (2004, Graph Drawing by
Stress Majorization, equation 7), here one point at a time. Parts without an edge between them have no distance: each is laid out
alone and packed into rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from relkit.metrics.risk_sets import Floats

    Ints = NDArray[np.int64]

ROUNDS = 250
"""Sweeps over all points; graphs of up to a hundred points change no more by then."""


def stress_layout(
    points: int,
    edges: Sequence[tuple[int, int]],
    lengths: Sequence[float] | None = None,
    *,
    wide: float = 2.4,
    room: tuple[float, float] = (1.0, 1.0),
    seed: int = 0,
) -> Floats:
    """Return positions of the points, shape (points, 2), in lengths of an edge; the same for the same arguments.

    Args:
        points: their number.
        edges: pairs of points.
        lengths: of the edges; one by default.
        wide: width of the page over its height.
        room: horizontal and vertical space around each connected part, in lengths of an edge.
        seed: of the starting positions.

    Examples:
        >>> at = stress_layout(3, [(0, 1), (1, 2)])
        >>> [round(float(np.hypot(*(at[i] - at[j]))), 1) for i, j in ((0, 1), (1, 2), (0, 2))]
        [1.0, 1.0, 2.0]
    """
    if not points:
        return np.zeros((0, 2))
    rng, distance = np.random.default_rng(seed), graph_distances(points, edges, lengths)
    parts = connected_parts(distance)
    placed = [_upright(_minimal_stress(distance[np.ix_(part, part)], rng)) for part in parts]
    at, space = np.zeros((points, 2)), np.array(room)
    for part, own, corner in zip(parts, placed, _packed([own.max(axis=0) + space for own in placed], wide), strict=True):
        at[part] = own + corner + space / 2
    return at


def graph_distances(points: int, edges: Sequence[tuple[int, int]], lengths: Sequence[float] | None = None) -> Floats:
    """Return the shortest way between points, shape (points, points); infinite if they are not connected (Floyd and Warshall).

    Examples:
        >>> graph_distances(3, [(0, 1)]).tolist()
        [[0.0, 1.0, inf], [1.0, 0.0, inf], [inf, inf, 0.0]]
    """
    distance = np.full((points, points), np.inf)
    np.fill_diagonal(distance, 0.0)
    for (a, b), length in zip(edges, [1.0] * len(edges) if lengths is None else lengths, strict=True):
        distance[a, b] = distance[b, a] = length
    for by in range(points):
        distance = np.minimum(distance, distance[:, by, None] + distance[None, by])
    return distance


def connected_parts(distance: Floats) -> list[Ints]:
    """Return the points of each connected part, the largest part first.

    Examples:
        >>> [part.tolist() for part in connected_parts(graph_distances(3, [(1, 2)]))]
        [[1, 2], [0]]
    """
    heads = np.argmax(np.isfinite(distance), axis=1)
    parts = [np.flatnonzero(heads == head) for head in np.unique(heads)]
    return sorted(parts, key=lambda part: (-len(part), int(part[0])))


def _minimal_stress(distance: Floats, rng: np.random.Generator) -> Floats:
    """Return positions of minimal stress of one connected part, from a circle with noise."""
    n = len(distance)
    turn = 2 * np.pi * np.arange(n) / max(n, 1)
    at: Floats = np.stack([np.cos(turn), np.sin(turn)], axis=1) * np.sqrt(n) / 2 + rng.normal(0, 0.05, (n, 2))
    weight = np.divide(1.0, distance**2, out=np.zeros_like(distance), where=distance > 0)
    for _ in range(ROUNDS if n > 1 else 0):
        for i in range(n):
            away = at[i] - at
            length = np.maximum(np.hypot(away[:, 0], away[:, 1]), 1e-9)
            pulls = weight[i, :, None] * (at + away * (distance[i] / length)[:, None])
            at[i] = pulls.sum(axis=0) / weight[i].sum()
    return at


def _upright(at: Floats) -> Floats:
    """Return positions turned so that the longest extent is horizontal, from (0, 0) upwards."""
    centred = at - at.mean(axis=0)
    turned = centred @ np.linalg.svd(centred, full_matrices=False)[2].T if len(at) > 1 else centred
    return np.asarray(turned - turned.min(axis=0))


def _packed(sizes: Sequence[Floats], wide: float) -> list[Floats]:
    """Return the lower left corner of each box, in rows of about equal width from the top."""
    area = sum(float(size[0] * size[1]) for size in sizes)
    width = max([float(np.sqrt(area * wide)), *(float(size[0]) for size in sizes)])
    corners, x, y, tallest = [], 0.0, 0.0, 0.0
    for size in sizes:
        if x > 0 and x + size[0] > width + 1e-9:
            x, y, tallest = 0.0, y - tallest, 0.0
        corners.append(np.array([x, y - size[1]]))
        x, tallest = x + float(size[0]), max(tallest, float(size[1]))
    return corners
