"""Pairs out of order against counting one by one."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.metrics.inversions import inversions


@pytest.mark.parametrize("n", [1, 31, 32, 33, 300])
@pytest.mark.parametrize("top", [1, 2, 9, 64, 65, 730, 70_000, 2_000_000])
def test_every_pair_out_of_order_counts_once(n: int, top: int) -> None:
    """Against each with each; values of one digit up to four."""
    rng = np.random.default_rng(top)
    values, later = rng.integers(0, top, n), rng.integers(0, 3, n)
    wrong = np.triu(values[:, None] > values)
    assert inversions(values, later) == (wrong @ later).sum()
    earlier = rng.random(n)
    assert inversions(values, later, earlier) == pytest.approx(earlier @ wrong @ later, rel=1e-12)


def test_nothing_is_changed_and_nothing_is_no_pair() -> None:
    values, later = np.array([2, 1, 0]), np.array([1, 1, 1])
    assert inversions(values, later) == 3
    assert values.tolist() == [2, 1, 0]
    assert later.tolist() == [1, 1, 1]
    assert inversions(np.zeros(0, np.intp), np.zeros(0)) == 0
