from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from walked_journeys import START, at

from relkit.features.preceding_moments import preceding_moments

INSTANT = pl.Datetime("us", "UTC")


def instants(rows: list[tuple[str, float]], name: str = "at") -> pl.DataFrame:
    return pl.DataFrame([(who, at(day)) for who, day in rows], schema={"customer_id": pl.String, name: INSTANT}, orient="row")


def drawn_rows(number: int, seed: int, step: float = 0.5) -> list[tuple[str, float]]:
    """Return instants on a grid of half days, so that many fall on the very edge of a window."""
    rng = np.random.default_rng(seed)
    return [(f"c{rng.integers(0, 12)}", step * float(rng.integers(0, 80))) for _ in range(number)]


@pytest.mark.parametrize("days", [1, 7])
def test_drawn_events_agree_with_a_count_one_by_one(days: int) -> None:
    """Share and base rate of every event by a search over all people and moments, both ends of the window included."""
    events, moments = drawn_rows(60, 1), drawn_rows(90, 2)
    since = {f"c{i}": float(i % 5) * 2 for i in range(12)}
    moments = [(who, day) for who, day in moments if day >= since[who]]
    found = preceding_moments(instants(events), instants(moments), instants([*since.items()], "since"), windows_days=(days,))
    own, base = [], []
    by_person: dict[str, list[float]] = {}
    for who, day in events:
        had = {person for person, when in moments if day - days <= when <= day}
        own.append(who in had)
        base.append(len(had) / max(sum(first <= day for first in since.values()), 1))
        by_person.setdefault(who, []).append(own[-1] - base[-1])
    excess = float(np.mean(own) - np.mean(base))
    error = np.sqrt(sum(sum(each - excess for each in rows) ** 2 for rows in by_person.values())) / len(events)
    row = found.row(0, named=True)
    assert (row["events"], row["preceded"], row["customers"]) == (60, sum(own), len(by_person))
    assert [row["share"], row["base_share"]] == pytest.approx([np.mean(own), np.mean(base)], abs=1e-12)
    assert [row["excess"], row["excess_error"]] == pytest.approx([excess, error], abs=1e-12)


def test_the_order_of_rows_does_not_matter() -> None:
    events, moments, people = (
        instants(drawn_rows(40, 3)),
        instants(drawn_rows(40, 4)),
        instants([(f"c{i}", 0.0) for i in range(12)], "since"),
    )
    found = preceding_moments(events, moments, people, windows_days=(1, 7))
    again = preceding_moments(events.reverse(), moments.reverse(), people.reverse(), windows_days=(1, 7))
    assert found.drop("excess_error").equals(again.drop("excess_error"))


def test_visits_that_all_people_make_all_the_time_are_no_excess() -> None:
    people = [f"c{i}" for i in range(12)]
    daily = instants([(who, float(day)) for who in people for day in range(40)])
    found = preceding_moments(
        instants(drawn_rows(30, 5, 0.25)), daily, instants([(who, 0.0) for who in people], "since"), windows_days=(1,)
    )
    assert found.select("share", "base_share", "excess", "excess_error").row(0) == (1.0, 1.0, 0.0, 0.0)


def test_others_than_the_people_count_neither_as_events_nor_as_moments() -> None:
    people = instants([("a", 0.0)], "since")
    found = preceding_moments(instants([("a", 5), ("z", 5)]), instants([("z", 4.5)]), people, windows_days=(1,))
    assert found.select("events", "preceded", "base_share").row(0) == (1, 0, 0.0)


def test_no_event_has_no_share() -> None:
    nobody = instants([])
    found = preceding_moments(nobody, nobody, instants([], "since"), windows_days=(1, 7))
    assert found["events"].to_list() == [0, 0]
    assert found["share"].to_list() == [None, None]
    assert START.tzinfo is not None
