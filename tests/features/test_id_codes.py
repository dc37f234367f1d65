"""Codes of ids in any order, nulls among them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.features.id_codes import coded_ids, codes_among


@pytest.mark.parametrize("run", [1, 4])
def test_ids_come_back_from_their_codes(run):
    drawn = np.random.default_rng(3).integers(0, 50, 300).repeat(run)
    ids = pl.Series("id", [None if number == 0 else f"c{number}" for number in drawn])
    names, codes = coded_ids(ids)
    assert names.to_list() == sorted(set(ids.drop_nulls()))
    assert names.gather(codes).to_list() == ids.to_list()


@pytest.mark.parametrize("ids", [[], [None], [None, "a"]])
def test_few_ids(ids):
    names, codes = coded_ids(pl.Series(ids, dtype=pl.String))
    assert codes.to_list() == [None if each is None else 0 for each in ids]
    assert names.to_list() == [each for each in ids if each]


def test_codes_are_the_same_in_any_order() -> None:
    """Ids and names in order are searched, others hashed."""
    names, ids = pl.Series(["a", "b", "d", "é"]), pl.Series([None, "a", "a", "c", "d", "z", "é", None])
    codes = [None, 0, 0, None, 2, None, 3, None]
    assert codes_among(names, ids).to_list() == codes
    assert codes_among(names, ids.reverse()).to_list() == codes[::-1]
    assert codes_among(names.reverse(), ids).to_list() == [None if code is None else 3 - code for code in codes]


@pytest.mark.parametrize("later", [[], ["b"], [None, "z", "a", "a"]])
def test_ids_out_of_order_at_the_end_are_coded_like_the_others(later: list[str | None]) -> None:
    """Those in order are searched, and the others hashed; nulls among them break no order."""
    ids = pl.Series(["a", None, "b", "b", "d", "d", *later])
    names, codes = coded_ids(ids)
    assert names.to_list() == sorted(set(ids.drop_nulls()))
    assert names.gather(codes).to_list() == ids.to_list()
    assert codes_among(pl.Series(["a", "d"]), ids).to_list() == [{"a": 0, "d": 1}.get(each) for each in ids]
