from __future__ import annotations

from typing import Any

import polars as pl
from met_customers import BOUGHT, CALL, MAIL, moments
from walked_journeys import at

from relkit.features.next_behaviour import next_behaviour
from relkit.periods import AsOf

AS_OF = AsOf.parse("2025-06-30")
INSTANT = pl.Datetime("us", "UTC")


def outcomes(rows: list[tuple[str, float, str]]) -> pl.DataFrame:
    schema: dict[str, Any] = {"customer_id": pl.String, "at": INSTANT, "channel": pl.String, "outcome": pl.String}
    made = [(who, at(day), "email", outcome) for who, day, outcome in rows]
    return pl.DataFrame(made, schema=schema, orient="row")


def test_the_first_thing_a_customer_does_after_the_outcome_counts() -> None:
    """By hand: a buys before calling, b is only written to, c calls too late, d acts at the very instant, e's window is not over."""
    met = moments([("a", 3, BOUGHT), ("a", 4, CALL), ("b", 2, MAIL), ("c", 16, CALL), ("d", 1, BOUGHT), ("e", 20, BOUGHT)])
    found = next_behaviour(
        outcomes([("a", 1, "opened"), ("b", 1, "opened"), ("c", 1, "opened"), ("d", 1, "clicked"), ("e", 16, "clicked")]), met, AS_OF
    )
    assert found.rows() == [
        ("email", "opened", "nothing", 2, 2 / 3, None),
        ("email", "opened", "purchase", 1, 1 / 3, 2.0),
        ("email", "clicked", "nothing", 1, 1.0, None),
    ]


def test_behaviour_on_the_last_instant_of_the_window_counts() -> None:
    found = next_behaviour(outcomes([("a", 1, "opened")]), moments([("a", 15, CALL)]), AS_OF)
    assert found.select("next", "median_days").row(0) == ("call", 14.0)


def test_the_order_of_rows_does_not_matter() -> None:
    met = moments([("a", 3, BOUGHT), ("b", 2, CALL), ("b", 1.5, CALL)])
    given = outcomes([("b", 1, "opened"), ("a", 1, "opened")])
    assert next_behaviour(given, met, AS_OF).equals(next_behaviour(given.reverse(), met, AS_OF))
