from __future__ import annotations

import polars as pl
from polars.testing import assert_frame_equal
from walked_journeys import at, drawn, ended, walked

from relkit.features.journey_steps import days_between, journey_steps, label_column


def test_positions_count_from_both_ends_of_each_journey() -> None:
    steps = walked([("dse", 1.0, 9.0), ("s", 0.0, 0.0)])
    rows = steps.select("journey", "channel", "position", "from_end", "conversions").rows()
    assert rows == [(0, "display", 1, 3, 1.0), (0, "search", 2, 2, 1.0), (0, "email", 3, 1, 1.0), (1, "search", 1, 1, 0.0)]


def test_drawn_journeys_have_the_positions_of_their_letters() -> None:
    walks = drawn(300)
    steps = walked(walks)
    assert steps["position"].to_list() == [place for letters, _, _ in walks for place in range(1, len(letters) + 1)]
    assert (steps["position"] + steps["from_end"] - 1).to_list() == [len(letters) for letters, _, _ in walks for _ in letters]


def test_touches_in_no_journey_are_left_out_and_the_order_of_journeys_does_not_matter() -> None:
    touches = pl.DataFrame({"journey": [1, 0, None, 0], "channel": ["s", "d", "x", "e"], "occurred_at": [at(0), at(1), at(2), at(3)]})
    steps = journey_steps(touches, ended([("de", 1.0, 5.0), ("s", 0.0, 0.0)], 1.0, 0.5).with_columns(pl.col("journey").cast(pl.Int64)))
    assert steps.select("journey", "channel", "position").rows() == [(0, "d", 1), (0, "e", 2), (1, "s", 1)]
    assert steps["kind"].to_list() == [None, None, None]


def test_inputs_are_unchanged() -> None:
    journeys = ended([("de", 1.0, 5.0)], 1.0, 0.5)
    before = journeys.clone()
    walked([("de", 1.0, 5.0)])
    journey_steps(pl.DataFrame({"journey": [0], "channel": ["s"], "occurred_at": [at(0)]}).cast({"journey": pl.UInt32}), journeys)
    assert_frame_equal(journeys, before)


def test_no_touch_gives_no_step() -> None:
    assert len(walked([])) == 0


def test_stages_are_named_by_the_first_column_that_tells_touches_apart() -> None:
    steps = walked([("ds", 1.0, 1.0)])
    assert label_column(steps) == "kind"
    assert label_column(steps.with_columns(step=pl.Series(["visit", "basket"]))) == "step"
    assert label_column(steps.with_columns(kind=pl.lit("click"))) == "channel"


def test_days_are_of_24_hours() -> None:
    frame = pl.DataFrame({"early": [at(0)], "late": [at(1.25)]})
    assert frame.select(days_between(pl.col("early"), pl.col("late"))).item() == 1.25
