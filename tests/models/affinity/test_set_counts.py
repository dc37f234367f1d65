from __future__ import annotations

import polars as pl
import pytest
from random_baskets import counted, random_lists

from relkit.models.affinity import set_counts
from relkit.models.affinity.baskets import Baskets


@pytest.mark.parametrize("chunk", [8, 16, 1 << 20])
def test_counts_are_those_of_a_loop_however_baskets_are_taken(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_counts, "_CHUNK", chunk)
    lists = random_lists(21, baskets=45)
    baskets = Baskets.of(pl.Series(lists))
    code = {name: i for i, name in enumerate(baskets.names.to_list())}
    expected = counted(lists, 3)
    sets = [tuple(code[item] for item in items) for items in expected]
    assert set_counts.count_sets(baskets, [*sets, (-1,), (0, -1)]).tolist() == [*expected.values(), 0, 0]


def test_no_set_and_no_basket() -> None:
    baskets = Baskets.of(pl.Series([["a"]]))
    assert set_counts.count_sets(baskets, []).tolist() == []
    assert set_counts.count_sets(Baskets.of(pl.Series([], dtype=pl.List(pl.String))), [(-1,)]).tolist() == [0]
