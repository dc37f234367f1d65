from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.metrics.clustering import average_linkage

APART = np.array([[0.0, 2, 6, 10], [2, 0, 5, 9], [6, 5, 0, 4], [10, 9, 4, 0]])


def test_average_linkage_by_hand() -> None:
    """Merge 0 and 1 at 2, 2 and 3 at 4, then both at the mean of the four distances across, (6 + 10 + 5 + 9) / 4."""
    found = average_linkage(APART)
    assert found.merges.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert found.heights.tolist() == [2.0, 4.0, 7.5]


def test_neighbouring_leaves_are_as_near_as_the_tree_permits() -> None:
    """Of the orders of this tree, those with 1 next to 2 (distance 5) are the shortest."""
    order = average_linkage(APART).order.tolist()
    assert order in ([0, 1, 2, 3], [3, 2, 1, 0])


@pytest.mark.parametrize(("height", "sizes"), [(1.0, [1, 1, 1, 1]), (2.0, [2, 1, 1]), (4.0, [2, 2]), (8.0, [4])])
def test_groups_are_those_that_merge_up_to_a_height(height: float, sizes: list[int]) -> None:
    groups = average_linkage(APART).groups(height)
    assert sorted(np.bincount(groups).tolist(), reverse=True) == sizes


def test_one_thing_is_its_own_cluster() -> None:
    found = average_linkage(np.zeros((1, 1)))
    assert found.order.tolist() == [0]
    assert len(found.merges) == 0


@pytest.mark.parametrize("wrong", [np.zeros((2, 3)), np.array([[0, np.nan], [np.nan, 0]])])
def test_what_is_no_matrix_of_dissimilarities_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="not a square matrix of finite numbers"):
        average_linkage(wrong)
