"""Counts below a bound, and what they weigh, against counting one by one."""

from __future__ import annotations

import numpy as np

from relkit.metrics.ranks import Ranks


def test_ranks_count_what_stands_below_among_the_first() -> None:
    ranks = Ranks.build(np.array([3, 1, 4, 1, 5, 0]))
    assert ranks.below(np.array([0, 3, 6, 6, 6]), np.array([2, 4, 1, 5, 99])).tolist() == [0, 2, 1, 5, 6]
    many = np.random.default_rng(1).integers(0, 70_000, 500)
    assert Ranks.build(many).below(np.array([400]), np.array([35_000])).tolist() == [int((many[:400] < 35_000).sum())]


def test_weights_are_added_up_instead() -> None:
    rng = np.random.default_rng(2)
    values, weight = rng.integers(0, 40, 300), rng.random(300)
    first, bounds = rng.integers(0, 301, 100), rng.integers(0, 45, 100)
    expected = [weight[:p][values[:p] < bound].sum() for p, bound in zip(first, bounds, strict=True)]
    np.testing.assert_allclose(Ranks.build(values, weight).below(first, bounds), expected, rtol=0, atol=1e-11)
