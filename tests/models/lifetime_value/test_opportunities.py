"""Histories cut into opportunities, customer by customer."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.models.lifetime_value.opportunities import Opportunities, OpportunityCounts


def cut(T: list[float], ages: list[list[float]], period: float = 7.0) -> Opportunities:
    return Opportunities.of(pl.DataFrame({"observed_days": T, "repeat_ages_days": pl.Series(ages, dtype=pl.List(pl.Float64))}), period)


def test_an_opportunity_ends_with_its_last_day() -> None:
    seen = cut([14.0] * 4, [[7.0], [7.5], [8.0], [14.0]])
    assert seen.t_x.tolist() == [1, 2, 2, 2]
    assert seen.n.tolist() == [2, 2, 2, 2]


def test_purchases_of_one_opportunity_count_once() -> None:
    seen = cut([30.0], [[1.0, 2.0, 6.5, 9.0, 27.0]])
    assert (seen.x.tolist(), seen.t_x.tolist(), seen.n.tolist(), seen.purchases) == ([3], [4], [4], 5)


def test_the_opportunity_under_way_is_left_out_with_its_purchases() -> None:
    seen = cut([20.0, 5.0, 0.0], [[3.0, 15.0, 16.0], [1.0], []])
    assert (seen.x.tolist(), seen.t_x.tolist(), seen.n.tolist()) == ([1, 0, 0], [1, 0, 0], [2, 0, 0])
    assert seen.under_way == pytest.approx([6 / 7, 5 / 7, 0])
    assert (seen.purchases, seen.left_out) == (1, 3)


@pytest.mark.parametrize("period", [0.1, 0.7, 30.4375, 365.25])
def test_rounding_moves_nothing_across_a_boundary(period: float) -> None:
    edges = np.arange(1, 200) * period
    seen = cut([float(edges[-1])], [edges.tolist()], period)
    assert (seen.x.tolist(), seen.t_x.tolist(), seen.n.tolist(), seen.left_out) == ([199], [199], [199], 0)


def test_customers_after_the_longest_list_are_not_mixed_up() -> None:
    """Each customer has the result of being alone."""
    rng = np.random.default_rng(3)
    ages = [np.sort(rng.choice(np.arange(1.0, 100), rng.integers(0, 12), replace=False)).tolist() for _ in range(200)]
    T = rng.integers(100, 130, 200).astype(float).tolist()
    together = cut(T, ages)
    alone = [cut([t], [each]) for t, each in zip(T, ages, strict=True)]
    for name in ("x", "t_x", "n", "under_way"):
        assert getattr(together, name).tolist() == [getattr(one, name)[0] for one in alone]


def test_counts_hold_every_customer_once() -> None:
    x, t_x, n = np.array([2, 0, 2, 1]), np.array([5, 0, 5, 5]), np.array([6, 6, 6, 9])
    counts = OpportunityCounts.of(x, t_x, n)
    rows = np.stack((counts.x, counts.t_x, counts.n, counts.customers.astype(int)), axis=1)
    assert rows.tolist() == [[0, 0, 6, 1], [1, 5, 9, 1], [2, 5, 6, 2]]
