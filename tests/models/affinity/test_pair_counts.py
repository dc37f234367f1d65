from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from random_baskets import counted, random_lists

from relkit.models.affinity.baskets import Baskets
from relkit.models.affinity.pair_counts import Pairs, count_pairs


def as_dict(pairs: Pairs, baskets: Baskets) -> dict[tuple[str, str], int]:
    names = baskets.names.to_list()
    return {(names[a], names[b]): int(n) for a, b, n in zip(pairs.first, pairs.second, pairs.counts, strict=True)}


@pytest.mark.parametrize("triangle_bytes", [0, 1 << 20], ids=["rows", "triangle"])
@pytest.mark.parametrize("least", [1, 2, 8])
def test_pairs_are_those_of_a_loop(least: int, triangle_bytes: int) -> None:
    lists = random_lists(1)
    expected = {pair: n for pair, n in counted(lists, 2).items() if len(pair) == 2 and n >= least}
    baskets = Baskets.of(pl.Series(lists))
    found = count_pairs(baskets, least, triangle_bytes=triangle_bytes)
    assert as_dict(found, baskets) == expected
    assert list(as_dict(found, baskets)) == sorted(expected)


def test_a_count_of_zero_lists_all_pairs() -> None:
    baskets = Baskets.of(pl.Series([["a"], ["b", "c"]]))
    assert as_dict(count_pairs(baskets, 0), baskets) == {("a", "b"): 0, ("a", "c"): 0, ("b", "c"): 1}


@pytest.mark.parametrize("triangle_bytes", [0, 1 << 20], ids=["rows", "triangle"])
@pytest.mark.parametrize("lists", [[], [["a"]], [["a"], ["b"]]])
def test_nothing_meets(lists: list[list[str]], triangle_bytes: int) -> None:
    assert len(count_pairs(Baskets.of(pl.Series(lists, dtype=pl.List(pl.String))), 1, triangle_bytes=triangle_bytes)) == 0


def test_a_basket_of_5000_items_is_counted_like_any_other() -> None:
    every = [f"p{i:04d}" for i in range(5000)]
    baskets = Baskets.of(pl.Series([every, ["p0000", "p4999"], ["p0001"]]))
    rows, triangle = (count_pairs(baskets, 2, triangle_bytes=size) for size in (0, 1 << 30))
    assert as_dict(rows, baskets) == as_dict(triangle, baskets) == {("p0000", "p4999"): 2}
    assert len(count_pairs(baskets, 1, triangle_bytes=0)) == 5000 * 4999 // 2


def test_rows_grow_when_many_pairs_are_found() -> None:
    rng = np.random.default_rng(2)
    lists = [[f"i{item}" for item in rng.choice(120, 40, replace=False)] for _ in range(200)]
    baskets = Baskets.of(pl.Series(lists))
    rows, triangle = (count_pairs(baskets, 1, triangle_bytes=size) for size in (0, 1 << 30))
    assert len(rows) > 1024
    assert as_dict(rows, baskets) == as_dict(triangle, baskets)
