from __future__ import annotations

import numpy as np

from relkit.plots.stress_layout import connected_parts, graph_distances, stress_layout


def test_a_chain_is_straight_and_its_edges_have_length_one() -> None:
    at = stress_layout(4, [(0, 1), (1, 2), (2, 3)])
    lengths = [float(np.hypot(*(at[i + 1] - at[i]))) for i in range(3)]
    np.testing.assert_allclose(lengths, 1.0, atol=0.02)
    assert np.ptp(at[:, 1]) < 0.05 * np.ptp(at[:, 0])


def test_the_leaves_of_a_star_surround_its_hub() -> None:
    at = stress_layout(7, [(0, leaf) for leaf in range(1, 7)])
    away = at[1:] - at[0]
    assert (np.hypot(away[:, 0], away[:, 1]) > 0.7).all()
    turns = np.sort(np.arctan2(away[:, 1], away[:, 0]))
    assert np.diff(np.append(turns, turns[0] + 2 * np.pi)).min() > 0.5


def test_unconnected_parts_do_not_overlap() -> None:
    edges = [(0, 1), (1, 2), (3, 4), (5, 6), (6, 7), (7, 5)]
    at = stress_layout(8, edges, room=(0.5, 0.5))
    boxes = [(at[part].min(axis=0), at[part].max(axis=0)) for part in connected_parts(graph_distances(8, edges))]
    for i, (low, high) in enumerate(boxes):
        for other_low, other_high in boxes[i + 1 :]:
            assert ((other_low >= high + 0.49) | (low >= other_high + 0.49)).any()


def test_the_seed_decides() -> None:
    edges = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)]
    np.testing.assert_array_equal(stress_layout(4, edges, seed=1), stress_layout(4, edges, seed=1))


def test_no_points_and_one_point_have_a_layout() -> None:
    assert stress_layout(0, []).shape == (0, 2)
    assert stress_layout(1, []).shape == (1, 2)
