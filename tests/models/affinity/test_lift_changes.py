from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.models.affinity.baskets import Baskets
from relkit.models.affinity.lift_changes import lift_changes, two_sided_binomial


def baskets_of(rng: np.random.Generator, n: int, together: float) -> list[list[str]]:
    """Return baskets of a and b, each in three of ten; b follows a with probability `together`, so that the share of b stays."""
    a = rng.random(n) < 0.3
    b = np.where(a, rng.random(n) < together, rng.random(n) < (0.3 - 0.3 * together) / 0.7)
    return [["c", *["a"] * bool(one), *["b"] * bool(other)] for one, other in zip(a, b, strict=True)]


def changed(early: list[list[str]], late: list[list[str]]) -> dict[str, float]:
    both = Baskets.of(pl.Series([*early, *late]))
    is_late = np.arange(both.n) >= len(early)
    code = {name: i for i, name in enumerate(both.names.to_list())}
    table = lift_changes(both.where(~is_late), both.where(is_late), [(code["a"], code["b"])], [("a", "b")])
    return table.row(0, named=True)


def test_a_lift_that_doubled_is_found_with_its_ratio() -> None:
    rng = np.random.default_rng(1)
    row = changed(baskets_of(rng, 4000, 0.3), baskets_of(rng, 4000, 0.6))
    assert row["lift_ratio_lower"] < 2.0 < row["lift_ratio_upper"]
    assert row["p_value"] < 1e-10
    assert row["z"] > 6


def test_a_lift_that_stays_is_rarely_reported() -> None:
    """p-values of 150 pairs of samples with the same lift are uniform: a share of about 5 % lies below 0.05."""
    rng = np.random.default_rng(2)
    p = [changed(baskets_of(rng, 300, 0.45), baskets_of(rng, 400, 0.45))["p_value"] for _ in range(150)]
    assert np.mean(np.array(p) < 0.05) <= 0.11
    assert 0.4 <= np.mean(p) <= 0.6


def test_a_pair_that_no_longer_meets_is_tested_without_a_logarithm() -> None:
    row = changed([["a", "b"]] * 40 + [["a"], ["b"], ["c"]] * 20, [["a"], ["b"], ["c"]] * 60)
    assert (row["lift_after"], row["z"], row["lift_ratio_lower"]) == (0.0, None, None)
    assert row["p_value"] < 1e-6


def test_a_product_that_was_not_sold_tells_nothing() -> None:
    row = changed([["a", "b"]] * 9, [["a"], ["c"]] * 9)
    assert (row["lift_after"], row["p_value"], row["q_value"]) == (None, None, None)
    table = lift_changes(Baskets.of(pl.Series([["a"]])), Baskets.of(pl.Series([["a"]])), [(0, -1)], [("a", "gone")])
    assert table["p_value"].to_list() == [None]
    assert table["count_after"].to_list() == [0]


def test_no_pairs_is_an_empty_frame() -> None:
    baskets = Baskets.of(pl.Series([["a"]]))
    assert lift_changes(baskets, baskets, [], []).is_empty()


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_the_interval_follows_the_level(level: float) -> None:
    baskets = Baskets.of(pl.Series([["a", "b"], ["a"], ["b"], ["c"]] * 30))
    row = lift_changes(baskets, baskets, [(0, 1)], [("a", "b")], level=level).row(0, named=True)
    assert row["lift_ratio"] == 1.0
    assert row["lift_ratio_upper"] == pytest.approx(1 / row["lift_ratio_lower"])
    assert (row["lift_ratio_upper"] > 1.2) == (level > 0.9)


def test_the_binomial_test_is_that_of_scipy() -> None:
    from scipy.stats import binomtest

    rng = np.random.default_rng(5)
    n = np.concatenate([rng.integers(1, 30, 300), rng.integers(1_000, 90_000, 40)])
    p = np.where(np.arange(340) % 2, rng.choice([0.5, 0.25, 0.9], 340), rng.random(340) * 0.98 + 0.01)
    k = np.concatenate([rng.integers(0, n[:300] + 1), rng.binomial(n[300:], p[300:])])
    expected = [binomtest(int(a), int(b), float(c)).pvalue for a, b, c in zip(k, n, p, strict=True)]
    assert two_sided_binomial(k, n, p) == pytest.approx(expected, rel=1e-7, abs=1e-300)
