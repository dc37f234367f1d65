from __future__ import annotations

import numpy as np

from relkit.metrics.switching import quasi_independent, switching


def test_quasi_independence_by_hand() -> None:
    """Rates a = (1, 2, 3) and b = (3, 2, 1) give the table a_i b_j off the diagonal, which its margins determine."""
    table = np.outer([1, 2, 3], [3, 2, 1]) * (1 - np.eye(3, dtype=int))
    np.testing.assert_allclose(quasi_independent(table), table, atol=1e-9)


def test_dissimilarity_by_hand() -> None:
    """Four products in two pairs: 90 switches each way within a pair, 5 to each other product.

    All margins are 100, so each of the three cells of a row is expected to hold 100 / 3, and both directions twice that.
    """
    counts = np.full((4, 4), 5)
    counts[[0, 1, 2, 3], [1, 0, 3, 2]] = 90
    np.fill_diagonal(counts, 0)
    found = switching(counts)
    expected = 2 * 100 / 3
    np.testing.assert_allclose(found.expected[0, 1], expected)
    apart = found.dissimilarity()
    np.testing.assert_allclose(apart[0, 1], expected / (180 + expected))
    np.testing.assert_allclose(apart[0, 2], expected / (10 + expected))
    assert apart[0, 1] < 0.5 < apart[0, 2]


def test_pairs_within_chance_are_at_one_half() -> None:
    rng = np.random.default_rng(1)
    share = 1 / np.arange(1, 11)
    rate = 2_000 * np.outer(share, share) / share.sum() ** 2 * (1 - np.eye(10))
    false = [bool((switching(rng.poisson(rate)).q_value < 0.05).any()) for _ in range(100)]
    assert sum(false) <= 11  # 5 of 100 expected if all pairs are at chance; 11 or fewer in 99.6 % of trials


def test_few_products_have_no_pair_to_compare() -> None:
    for k in (0, 1):
        found = switching(np.zeros((k, k), dtype=np.int64))
        assert found.dissimilarity().tolist() == np.zeros((k, k)).tolist()
