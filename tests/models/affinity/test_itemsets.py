from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from random_baskets import counted, random_lists

from relkit.errors import NotEnoughEventsError
from relkit.models.affinity import grown_sets
from relkit.models.affinity.baskets import Baskets
from relkit.models.affinity.itemsets import Itemsets, frequent_itemsets


def as_dict(sets: Itemsets, baskets: Baskets) -> dict[tuple[str, ...], int]:
    names = np.array(baskets.names.to_list())
    return {
        tuple(names[row].tolist()): int(n)
        for rows, counts in zip(sets.rows, sets.counts, strict=True)
        for row, n in zip(rows, counts, strict=True)
    }


@pytest.mark.parametrize("most", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("least", [1, 3, 6])
def test_sets_are_those_of_a_loop(least: int, most: int) -> None:
    lists = random_lists(3)
    baskets = Baskets.of(pl.Series(lists))
    expected = {items: n for items, n in counted(lists, most).items() if n >= least}
    assert as_dict(frequent_itemsets(baskets, least, most_items=most), baskets) == expected
    if most == 9:
        assert as_dict(frequent_itemsets(baskets, least), baskets) == expected


def test_sets_over_more_than_64_baskets_of_an_item() -> None:
    lists = random_lists(4, baskets=700, items=12, share=0.3)
    baskets = Baskets.of(pl.Series(lists))
    assert as_dict(frequent_itemsets(baskets, 5, most_items=4), baskets) == {s: n for s, n in counted(lists, 4).items() if n >= 5}


def test_closed_and_maximal_sets_are_those_of_the_definitions() -> None:
    baskets = Baskets.of(pl.Series(random_lists(5)))
    sets = frequent_itemsets(baskets, 4)
    known = as_dict(sets, baskets)
    names = list(known)
    marked = [flag for size in sets.closed_and_maximal() for flag in zip(*size, strict=True)]
    for items, (closed, maximal) in zip(names, marked, strict=True):
        larger = [other for other in names if set(items) < set(other)]
        assert maximal == (not larger)
        assert closed == all(known[other] < known[items] for other in larger)


def test_a_set_is_found_by_its_items() -> None:
    baskets = Baskets.of(pl.Series(random_lists(6)))
    sets = frequent_itemsets(baskets, 4)
    every = np.array(list(combinations(range(len(baskets.names)), 3)), np.int32)
    names = baskets.names.to_list()
    counts = {items: n for items, n in as_dict(sets, baskets).items() if len(items) == 3}
    places = sets.places(every)
    assert [names and tuple(names[i] for i in row) in counts for row in every] == (places >= 0).tolist()
    assert sets.counts_of(every[places >= 0]).tolist() == list(counts.values())
    assert (sets.places(np.zeros((2, 12), np.int32)) == -1).all()
    assert sets.counts_of(np.empty((3, 0), np.int32)).tolist() == [60] * 3


def test_too_many_sets_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grown_sets, "MOST_SETS", 100)
    with pytest.raises(NotEnoughEventsError, match=r"over 100 sets of three products and more.*Raise min_support"):
        frequent_itemsets(Baskets.of(pl.Series([[f"i{i}" for i in range(14)]] * 2)), 2)


def test_frequent_sets_of_the_groceries(groceries: Baskets) -> None:
    """Numbers by size counted with integers by an independent program; 13,492 in all."""
    sets = frequent_itemsets(groceries, 10)
    assert sets.sizes == (157, 2981, 6831, 3137, 376, 10)
    assert sum(sets.sizes) == 13_492
    assert groceries.counts[groceries.names.index_of("whole milk")] == 2513
