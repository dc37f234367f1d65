"""Pairs out of order against counting one by one."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from relkit.metrics.inversions import by_bits, by_tree, inversions


@pytest.mark.parametrize("top", [1, 2, 9, 70_000])
def test_every_pair_out_of_order_counts_once(top: int) -> None:
    rng = np.random.default_rng(top)
    values, later = rng.integers(0, top, 300), rng.integers(0, 3, 300)
    wrong = np.triu(values[:, None] > values)
    assert inversions(values, later) == (wrong @ later).sum()
    earlier = rng.random(300)
    assert inversions(values, later, earlier) == pytest.approx(earlier @ wrong @ later, rel=1e-12)


@pytest.mark.parametrize("top", [1, 9, 300])
def test_the_tree_counts_as_the_bits_do(top: int) -> None:
    rng = np.random.default_rng(top)
    values, later, earlier = rng.integers(0, top, 300), rng.integers(0, 3, 300).astype(float), rng.integers(0, 4, 300).astype(float)
    assert by_tree(values, later, earlier) == by_bits(values, later, earlier)


def test_where_numba_is_loaded_the_count_is_the_same() -> None:
    """In a process of its own: numba takes seconds to import, and stays."""
    program = """
import numba, numpy as np
from relkit.metrics.inversions import by_bits, inversions
rng = np.random.default_rng(1)
values, later = rng.integers(0, 700, 30_000), rng.integers(0, 2, 30_000)
assert inversions(values, later) == by_bits(values, later, None) > 0
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_nothing_is_changed_and_nothing_is_no_pair() -> None:
    values, later = np.array([2, 1, 0]), np.array([1, 1, 1])
    assert inversions(values, later) == 3
    assert values.tolist() == [2, 1, 0]
    assert later.tolist() == [1, 1, 1]
    assert inversions(np.zeros(0, np.intp), np.zeros(0)) == 0
