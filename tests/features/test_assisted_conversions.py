from __future__ import annotations

import polars as pl
import pytest
from walked_journeys import NAMES, drawn, walked

from relkit.features.assisted_conversions import FEWEST_CONVERSIONS, assisted_conversions, small_channel_remarks

WALKS = [("dss", 1.0, 10.0), ("ds", 2.0, 30.0), ("sd", 1.0, 7.0), ("dd", 0.0, 0.0), ("e", 1.0, 4.0)]


def test_each_conversion_is_closed_once_and_assisted_by_the_other_channels_once_each() -> None:
    """By hand: search closes 1 + 2 and assists 1, display assists 1 + 2 and closes 1, email closes its own."""
    found = assisted_conversions(walked(WALKS))
    rows = found.select("channel", "journeys", "conversions", "opened", "closed", "assisted", "closed_again", "ratio").rows()
    assert rows == [
        ("display", 4, 4.0, 3.0, 1.0, 3.0, 0.0, 3.0),
        ("search", 3, 4.0, 1.0, 3.0, 1.0, 1.0, pytest.approx(1 / 3)),
        ("email", 1, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0),
    ]
    assert found.select("closed_value", "assisted_value").rows() == [(7.0, 40.0), (40.0, 7.0), (4.0, 0.0)]


def test_drawn_journeys_agree_with_a_count_one_by_one() -> None:
    walks = drawn(400)
    found = assisted_conversions(walked(walks))
    for letter, name in NAMES.items():
        row = found.row(by_predicate=pl.col("channel") == name, named=True)
        own = [(letters, n) for letters, n, _ in walks if letter in letters]
        assert row["closed"] == sum(n for letters, n in own if letters[-1] == letter)
        assert row["assisted"] == sum(n for letters, n in own if letters[-1] != letter)
        assert row["opened"] == sum(n for letters, n in own if letters[0] == letter)
        assert row["converted_journeys"] == sum(n > 0 for _, n in own)
    assert found["closed"].sum() == sum(n for _, n, _ in walks)
    assert (found["closed"] + found["assisted"] - found["conversions"]).abs().max() == 0


def test_a_channel_that_is_in_no_conversion_has_no_ratio() -> None:
    found = assisted_conversions(walked([("d", 0.0, 0.0), ("s", 1.0, 1.0)]))
    assert found.row(by_predicate=pl.col("channel") == "display", named=True)["ratio"] is None


def test_small_channels_are_named_in_both_languages() -> None:
    many = [("s", 1.0, 1.0)] * FEWEST_CONVERSIONS
    (remark,) = small_channel_remarks(assisted_conversions(walked([*many, ("d", 1.0, 1.0)])))
    assert remark.text("en") == "In fewer than 30 conversions, so known to within a third at best: display."
    assert remark.text("fr").endswith("un tiers près\u00a0: display.")
    assert small_channel_remarks(assisted_conversions(walked(many))) == ()
