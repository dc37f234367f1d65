from __future__ import annotations

from typing import Any

import polars as pl
from met_customers import BOUGHT, CALL, MAIL, moments
from walked_journeys import INSTANT, at

from relkit.features.paths_to_losses import moments_before, paths_to_losses


def lost(rows: list[tuple[str, float]], loss: str = "complaint") -> pl.DataFrame:
    schema: dict[str, Any] = {"customer_id": pl.String, "at": INSTANT}
    return pl.DataFrame([(who, at(day)) for who, day in rows], schema=schema, orient="row").with_columns(loss=pl.lit(loss))


def people(number: int) -> list[tuple[str, float, tuple[str, str]]]:
    """Return an old purchase of each customer, so that all are known from day 0."""
    return [(f"c{i:02d}", 0.0, BOUGHT) for i in range(number)]


def test_a_path_has_the_last_moments_within_the_window_without_repeats() -> None:
    """By hand: of c00 the mail, the two calls as one, and the purchase; of c01 nothing within 30 days; c02 to c05 are compared."""
    own = [("c00", 95.0, MAIL), ("c00", 96.0, CALL), ("c00", 97.0, CALL), ("c00", 98.0, BOUGHT), ("c00", 101.0, MAIL)]
    others = [("c02", 99.0, MAIL), ("c03", 69.9, MAIL), ("c04", 70.0, MAIL)]
    found = paths_to_losses(lost([("c00", 100.0), ("c01", 100.0)]), moments([*people(6), *own, *others]))
    rows = {tuple(row["path"]): (row["losses"], row["share"], row["others"], row["base_share"]) for row in found.iter_rows(named=True)}
    assert rows == {
        ("contact\temail", "call\tphone", "purchase\tstore"): (1, 0.5, 0, 0.0),
        (): (1, 0.5, 2, 0.5),
    }


def test_people_are_compared_only_at_instants_at_which_they_were_known() -> None:
    late = [("c09", 150.0, MAIL)]
    found = paths_to_losses(lost([("c00", 100.0)]), moments([*people(3), *late]))
    assert found.select("others", "base_share").row(0) == (2, 1.0)


def test_a_moment_that_precedes_losses_more_than_it_happens_anyway_comes_first() -> None:
    """Of 20 complaints 15 follow a call; of 40 customers 15 had one then, all of them complained, so the base rate is 15 / 40."""
    calls = [(f"c{i:02d}", 99.0, CALL) for i in range(15)]
    found = moments_before(lost([(f"c{i:02d}", 100.0) for i in range(20)]), moments([*people(40), *calls]))
    assert found.select("loss", "kind", "channel", "events", "preceded", "share", "base_share").rows() == [
        ("complaint", "call", "phone", 20, 15, 0.75, 0.375)
    ]


def test_purchases_do_not_precede_a_silence_and_rare_moments_are_not_shown() -> None:
    calls = [(f"c{i:02d}", 99.0, CALL) for i in range(9)]
    bought = [(f"c{i:02d}", 98.0, BOUGHT) for i in range(20)]
    rows = moments([*people(30), *calls, *bought])
    events = [(f"c{i:02d}", 100.0) for i in range(20)]
    assert moments_before(lost(events, "silence"), rows).is_empty()
    assert moments_before(lost(events), rows)["kind"].to_list() == ["purchase"]


def test_no_losses_have_no_paths() -> None:
    assert moments_before(lost([]), moments(people(3))).is_empty()
    assert paths_to_losses(lost([]), moments(people(3))).is_empty()
