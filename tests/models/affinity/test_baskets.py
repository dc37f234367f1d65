from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from relkit.errors import TableError
from relkit.models.affinity.baskets import Baskets, tidied

LISTS = [["b", "a", "a"], [], ["c", None], ["NA", "007", "7", "nan"]]


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical, pl.Enum(["c", "nan", "b", "a", "7", "007", "NA", "unused"])])
def test_items_are_distinct_ascending_and_text_whatever_their_type(kind: pl.DataType) -> None:
    read = Baskets.of(pl.Series("products", LISTS, dtype=pl.List(pl.String)).cast(pl.List(kind)))
    assert read.names.to_list() == ["007", "7", "NA", "a", "b", "c", "nan"]
    assert read.names.dtype == pl.String
    assert read.offsets.tolist() == [0, 2, 3, 7]
    assert read.items.tolist() == [3, 4, 5, 0, 1, 2, 6]
    assert (read.n, read.empty, read.nameless, read.repeated) == (3, 1, 1, 1)
    assert read.counts.tolist() == [1] * 7


def test_a_basket_of_names_that_are_all_null_is_empty() -> None:
    read = Baskets.of(pl.Series([[None, None], ["a"]]))
    assert (read.n, read.empty, read.nameless) == (1, 1, 2)


@pytest.mark.parametrize("lists", [[], [[]], [[], []]])
def test_no_basket_at_all(lists: list[list[str]]) -> None:
    read = Baskets.of(pl.Series(lists, dtype=pl.List(pl.String)))
    assert (read.n, len(read.names), read.empty) == (0, 0, len(lists))


def test_lists_of_numbers_are_refused() -> None:
    with pytest.raises(TableError, match=r"receipts: products is List\(Int64\), expected List\(String\).*cast numbers to text"):
        Baskets.of(pl.Series("products", [[1, 2]]))


def test_long_and_short_baskets_are_sorted_alike() -> None:
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, 90, size).tolist() for size in (1, 2, 31, 32, 33, 34, 200)]
    offsets, items = tidied(np.cumsum([0, *map(len, rows)]), np.array([item for row in rows for item in row], np.int32))
    assert [items[a:b].tolist() for a, b in pairwise(offsets)] == [sorted(set(row)) for row in rows]


def test_baskets_without_some_items_stay_baskets() -> None:
    read = Baskets.of(pl.Series([["a", "b"], ["a"]]))
    less = read.with_codes(np.array([-1, 1], np.int32), read.names)
    assert (less.n, less.counts.tolist()) == (2, [0, 1])
