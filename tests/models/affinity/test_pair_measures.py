"""Measures of pairs: by hand, and tests against scipy's Fisher."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import fisher_exact

from relkit.models.affinity.pair_measures import measured_pairs, possible_pairs

PAIRS = pl.DataFrame(
    {
        "product_a": ["milk", "milk", "bread"],
        "product_b": ["bread", "beer", "beer"],
        "count": [30, 5, 12],
        "count_a": [60, 60, 50],
        "count_b": [50, 40, 40],
        "baskets": [200, 200, 200],
    }
)


def row(found: pl.DataFrame, a: str, b: str) -> dict:
    return found.filter(product_a=a, product_b=b).row(0, named=True)


def test_measures_by_hand() -> None:
    """Milk is in 60 and bread in 50 of 200 baskets: 15 common ones are expected, 30 are found."""
    found = measured_pairs(PAIRS)
    pair = row(found, "milk", "bread")
    assert (pair["lift"], pair["extra"], pair["share_of_a"], pair["share_of_b"]) == (2.0, 15.0, 0.5, 0.6)
    assert pair["lift_lower"] < 2 < pair["lift_upper"]
    assert found.select("product_a", "product_b").rows() == [("milk", "bread"), ("bread", "beer"), ("milk", "beer")]


def test_p_values_are_two_sided_and_corrected_for_the_tests() -> None:
    """The p-value is twice the smaller tail of Fisher's test; q-values are those of Benjamini and Hochberg by hand."""
    tails = []
    for both, left, right, n in PAIRS.select("count", "count_a", "count_b", "baskets").iter_rows():
        table = [[both, left - both], [right - both, n - left - right + both]]
        tails.append(min(2 * min(fisher_exact(table, alternative=side).pvalue for side in ("greater", "less")), 1.0))
    smallest, middle, largest = np.argsort(tails)
    for tests in (None, 10):
        made = tests or 3
        q = measured_pairs(PAIRS, tests=tests)
        by_pair = [row(q, a, b)["q_value"] for a, b in PAIRS.select("product_a", "product_b").iter_rows()]
        last = min(tails[largest] * made / 3, 1.0)
        second = min(tails[middle] * made / 2, last)
        assert by_pair[largest] == pytest.approx(last, rel=1e-9)
        assert by_pair[middle] == pytest.approx(second, rel=1e-9)
        assert by_pair[smallest] == pytest.approx(min(tails[smallest] * made, second), rel=1e-9)


def test_products_that_avoid_each_other_are_significant_too() -> None:
    pair = row(measured_pairs(PAIRS), "milk", "beer")
    assert pair["extra"] == -7.0
    assert pair["is_significant"]
    assert not row(measured_pairs(PAIRS), "bread", "beer")["is_significant"]


def test_a_pair_that_is_always_together_is_no_error() -> None:
    pairs = pl.DataFrame({"product_a": "a", "product_b": "b", "count": 5, "count_a": 5, "count_b": 5, "baskets": 10})
    assert measured_pairs(pairs)["q_value"][0] == pytest.approx(2 / 252)


def test_no_pairs_give_no_rows() -> None:
    found = measured_pairs(PAIRS.clear())
    assert found.is_empty()
    assert {"lift", "extra", "is_significant"} <= set(found.columns)


def test_possible_pairs() -> None:
    assert [possible_pairs(n) for n in (0, 1, 2, 5)] == [0, 0, 1, 10]
