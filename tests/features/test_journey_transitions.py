from __future__ import annotations

from collections import Counter
from itertools import pairwise

import polars as pl
import pytest
from walked_journeys import NAMES, drawn, walked

from relkit.features.journey_transitions import START, journey_transitions
from relkit.features.step_matrix import CONVERTED, LEFT, TOUCH


def test_drawn_journeys_agree_with_a_count_one_by_one() -> None:
    walks = drawn(400)
    wanted: Counter[tuple[str, str | None, str, str | None]] = Counter()
    for letters, conversions, _ in walks:
        names = [NAMES[letter] for letter in letters]
        wanted[START, None, TOUCH, names[0]] += 1
        wanted.update((TOUCH, a, TOUCH, b) for a, b in pairwise(names))
        wanted[TOUCH, names[-1], CONVERTED if conversions else LEFT, None] += 1
    found = journey_transitions(walked(walks))
    assert {row[:4]: row[4] for row in found.rows()} == wanted
    assert found["journeys"].is_sorted(descending=True)


def test_shares_are_of_the_steps_from_an_origin() -> None:
    found = journey_transitions(walked(drawn(200)))
    sums = found.group_by("origin_state", "origin").agg(pl.col("share").sum())
    assert sums["share"].to_list() == pytest.approx([1.0] * len(sums))


def test_times_are_between_touches_and_to_the_conversion_only() -> None:
    found = journey_transitions(walked([("ds", 1.0, 1.0), ("d", 0.0, 0.0)], gap_days=2.0))
    times = {(row["origin"], row["state"]): row["median_days"] for row in found.iter_rows(named=True)}
    assert times == {(None, TOUCH): None, ("display", TOUCH): 2.0, ("search", CONVERTED): 0.5, ("display", LEFT): None}
