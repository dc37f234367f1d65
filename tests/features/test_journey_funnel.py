from __future__ import annotations

from statistics import median

import pytest
from walked_journeys import drawn, walked

from relkit.errors import ParameterError
from relkit.features.journey_funnel import found_stages, journey_funnel

STAGES = {"display": "d", "email": "e", "search": "s"}


def passed(letters: str, stages: str) -> list[int]:
    """Return the places at which a journey reaches each stage after the one before."""
    places: list[int] = []
    for stage in stages:
        place = letters.find(stage, places[-1] + 1 if places else 0)
        if place < 0:
            break
        places.append(place)
    return places


def test_drawn_journeys_agree_with_a_search_one_by_one() -> None:
    walks = drawn(500)
    found = journey_funnel(walked(walks), list(STAGES), by="channel")
    reached = [(passed(letters, "des"), letters, n) for letters, n, _ in walks]
    counts = [sum(len(places) > stage for places, _, _ in reached) for stage in range(3)]
    through = [(places, letters) for places, letters, n in reached if len(places) == 3 and n > 0]
    assert found["journeys"].to_list() == [*counts, len(through)]
    assert found["stage"].to_list() == [*STAGES, None]
    assert found["median_days"].to_list()[1] == median(places[1] - places[0] for places, _, _ in reached if len(places) > 1)
    assert found["median_days"].to_list()[3] == median(len(letters) - 1 + 0.5 - places[2] for places, letters in through)
    assert found["share_of_previous"].to_list()[1] == counts[1] / counts[0]
    assert found["share_of_first"].to_list()[3] == len(through) / counts[0]


def test_a_stage_before_its_turn_does_not_count() -> None:
    found = journey_funnel(walked([("sd", 1.0, 1.0)]), ["display", "search"], by="channel")
    assert found["journeys"].to_list() == [1, 0, 0]
    assert found["share_of_previous"].to_list() == [None, 0.0, None]


def test_stages_that_are_found_are_in_the_order_of_their_usual_place() -> None:
    walks = [("dsv", 1.0, 1.0)] * 10 + [("dv", 1.0, 1.0)] * 3 + [("e", 0.0, 0.0)]
    assert found_stages(walked(walks), by="channel") == ("display", "search", "direct")
    assert found_stages(walked(walks), by="channel", most=2) == ("display", "direct")


@pytest.mark.parametrize(
    ("stages", "message"),
    [(["display", "serch"], "search"), (["display", "display"], "named twice"), ([], "no stage is named")],
)
def test_stages_that_make_no_funnel_are_refused(stages: list[str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        journey_funnel(walked([("ds", 1.0, 1.0)]), stages, by="channel")
