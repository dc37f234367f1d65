from __future__ import annotations

import polars as pl

from relkit.reports.channel_journeys import ChannelJourneys

PATHS = pl.DataFrame(
    {
        "channels": [["a", "a", "b"], ["a", "b"], ["b"], ["c"], [], ["b", "a"]],
        "conversions": [10.0, 20.0, 50.0, 3.0, 400.0, 17.0],
        "nulls": [0.0, 10.0, 50.0, 7.0, 0.0, 3.0],
    }
)
TRANSITIONS = pl.DataFrame({"state": ["(start)", "a"], "next": ["a", "(conversion)"], "journeys": [10.0, 5.0], "probability": [1.0, 0.5]})


def test_touches_in_a_row_are_one_step_and_small_paths_are_not_shown() -> None:
    found = ChannelJourneys(paths=PATHS)
    assert found.shown.select("path", "conversions", "nulls").rows() == [("b", 50, 50), ("a → b", 30, 10), ("b → a", 17, 3)]
    assert found.touched == 100


def test_models_can_differ_on_journeys_of_several_channels_only() -> None:
    first, second = ChannelJourneys(paths=PATHS).headlines().sentences
    assert first.startswith("53.0% of the conversions with a touch had a single channel")
    assert "the other 47.0%" in first
    assert second == "The most frequent way is b: 50 conversions (50.0%)."


def test_the_table_lists_paths_with_their_rate() -> None:
    cells = ChannelJourneys(paths=PATHS, language="fr").paths_table().cells()
    assert cells[1] == ["a → b", "30", "30,0\u00a0%", "75,0\u00a0%"]


def test_pictures_are_there_if_their_data_are() -> None:
    found = ChannelJourneys(paths=PATHS, transitions=TRANSITIONS)
    assert len(found.flow().pictures) == len(found.transitions_picture().pictures) == 1
    assert "97.0%" in found.flow().pictures[0].caption
    assert not ChannelJourneys(paths=PATHS).transitions_picture().pictures


def test_too_few_conversions_give_a_sentence() -> None:
    few = ChannelJourneys(paths=PATHS.filter(pl.col("conversions") < 10))
    assert few.headlines().sentences == ("No path led to enough conversions to be shown.",)
    assert not few.flow().pictures
