from __future__ import annotations

import polars as pl
import pytest
from walked_journeys import NAMES, at, drawn, walked

from relkit.features.journey_ends import journey_ends


def test_drawn_journeys_agree_with_a_count_one_by_one() -> None:
    walks = drawn(400)
    found = journey_ends(walked(walks), open_since=at(4))
    for letter, name in NAMES.items():
        row = found.row(by_predicate=pl.col("label") == name, named=True)
        lost = [letters for letters, n, _ in walks if n == 0 and letters[-1] == letter]
        still_open = sum(len(letters) - 1 >= 4 for letters in lost)
        touches = sum(letters.count(letter) for letters, _, _ in walks)
        assert (row["touches"], row["still_open"], row["ended"]) == (touches, still_open, len(lost) - still_open)
        assert row["converted"] == sum(n > 0 and letters[-1] == letter for letters, n, _ in walks)
        assert row["went_on"] == sum(letters[:-1].count(letter) for letters, _, _ in walks)
        assert row["exit_rate"] == row["ended"] / (touches - still_open)
    assert found["share_of_ends"].sum() == pytest.approx(1.0)


def test_recent_journeys_are_no_ends() -> None:
    walks = [("ds", 0.0, 0.0), ("d", 0.0, 0.0)]
    assert journey_ends(walked(walks), open_since=at(0))["ended"].sum() == 0
    assert journey_ends(walked(walks))["ended"].to_list() == [1, 1]


def test_ends_by_kind() -> None:
    found = journey_ends(walked([("ds", 0.0, 0.0), ("de", 1.0, 2.0)]), by="kind")
    assert found.select("label", "touches", "ended", "converted").rows() == [("click", 2, 1, 1), ("impression", 2, 0, 0)]
