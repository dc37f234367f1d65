from __future__ import annotations

import numpy as np
import pytest

from relkit.metrics.credit_shares import rank_agreement, share_distances, share_spread, total_variation


def test_distances_are_those_of_each_pair() -> None:
    shares = np.random.default_rng(1).dirichlet(np.ones(5), 4)
    distances = share_distances(shares)
    for i in range(4):
        for j in range(4):
            assert distances[i, j] == pytest.approx(total_variation(shares[i], shares[j]))
    assert (distances <= 1).all()


def test_disjoint_shares_are_one_apart() -> None:
    assert total_variation(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1.0


def test_a_share_is_marked_only_if_models_differ_by_more_than_the_noise() -> None:
    shares = np.array([[0.30, 0.30, 0.40], [0.34, 0.26, 0.40]])
    found = share_spread(shares, np.array([[0.02, 0.05, 0.0], [0.04, np.nan, 0.0]]))
    assert found.width.tolist() == pytest.approx([0.03, 0.05, 0.0])
    assert found.spread.tolist() == pytest.approx([0.04, 0.04, 0.0])
    assert found.is_model_bound.tolist() == [True, False, False]
    assert (found.low.tolist(), found.high.tolist()) == ([0.30, 0.26, 0.40], [0.34, 0.30, 0.40])


def test_nothing_is_marked_without_intervals_or_with_one_model() -> None:
    shares = np.array([[0.9, 0.1], [0.1, 0.9]])
    without = share_spread(shares, np.full((2, 2), np.nan))
    assert not without.is_model_bound.any()
    assert np.isnan(without.width).all()
    assert not share_spread(shares[:1], np.zeros((1, 2))).is_model_bound.any()


def test_agreement_follows_the_mean_rank_correlation() -> None:
    """W = (1 + (m - 1) r) / m with r the mean of Spearman's correlations over pairs (Kendall and Babington Smith 1939)."""
    shares = np.random.default_rng(2).dirichlet(np.ones(6), 4)
    ranks = shares.argsort(axis=1).argsort(axis=1)
    mean = np.corrcoef(ranks)[np.triu_indices(4, 1)].mean()
    assert rank_agreement(shares) == pytest.approx((1 + 3 * mean) / 4)


def test_equal_shares_have_equal_ranks() -> None:
    assert rank_agreement(np.array([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]])) == pytest.approx(1.0)
    assert rank_agreement(np.array([[0.5, 0.1 + 0.2 - 0.05, 0.25], [0.5, 0.25, 0.25]])) == pytest.approx(1.0)
    assert np.isnan(rank_agreement(np.full((3, 2), 0.5)))
