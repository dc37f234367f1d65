from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from met_customers import BOUGHT, CALL, moments
from walked_journeys import at

from relkit.features.moments_of_truth import moments_of_truth
from relkit.periods import AsOf

if TYPE_CHECKING:
    from collections.abc import Sequence

AS_OF = AsOf.parse("2025-06-30")
INSTANT = pl.Datetime("us", "UTC")


def answers(rows: Sequence[tuple[str, float, float, float]]) -> pl.DataFrame:
    schema: dict[str, Any] = {"customer_id": pl.String, "at": INSTANT, "score": pl.Float64, "weight": pl.Float64}
    return pl.DataFrame([(who, at(day), score, weight) for who, day, score, weight in rows], schema=schema, orient="row")


def purchases(rows: list[tuple[str, float, float]]) -> pl.DataFrame:
    schema: dict[str, Any] = {"customer_id": pl.String, "at": INSTANT, "amount": pl.Float64}
    return pl.DataFrame([(who, at(day), amount) for who, day, amount in rows], schema=schema, orient="row")


def test_an_answer_belongs_to_the_last_moment_before_it_within_the_window() -> None:
    """By hand: a and b answer after a call (4 and 2), c after a purchase (9); d's moment is too old and e has none (8 and 10)."""
    met = moments([("a", 1, BOUGHT), ("a", 2, CALL), ("b", 5, CALL), ("c", 5, BOUGHT), ("c", 9, CALL), ("d", 0, CALL)])
    scored = answers([("a", 3, 4, 1), ("b", 5, 2, 1), ("c", 8, 9, 1), ("d", 14.1, 8, 1), ("e", 3, 10, 1)])
    found = moments_of_truth(scored, met, purchases([("a", 1, 30), ("c", 5, 50), ("d", -400, 99)]), AS_OF)
    call, bought = found.row(0, named=True), found.row(1, named=True)
    assert (call["kind"], call["answers"], call["score"], call["score_of_others"], call["gap"]) == ("call", 2, 3.0, 9.0, 6.0)
    assert (call["customers"], call["revenue_each"]) == (4, 20.0)  # a, b, c, d had a call; 30 + 0 + 50 + 0 within the year
    assert call["stake"] == pytest.approx(4 * 20 * 6 / 10)
    assert (bought["kind"], bought["answers"], bought["gap"], bought["customers"]) == ("purchase", 1, 6.0 - 9.0, 2)


def test_the_error_of_the_gap_takes_the_answers_of_a_customer_as_one() -> None:
    """By hand: sums over customers of -w (x - mean) / W on one side and w (x - mean) / W on the other."""
    met = moments([("a", 1, CALL), ("b", 1, CALL), ("c", 1, BOUGHT), ("d", 1, BOUGHT)])
    rows = [("a", 2, 2, 1), ("a", 3, 4, 1), ("b", 2, 6, 2), ("c", 2, 9, 1), ("d", 2, 7, 1)]
    found = moments_of_truth(answers(rows), met, purchases([]), AS_OF).filter(pl.col("kind") == "call").row(0, named=True)
    mean = (2 + 4 + 12) / 4
    parts = [-((2 - mean) + (4 - mean)) / 4, -2 * (6 - mean) / 4, (9 - 8) / 2, (7 - 8) / 2]
    assert found["score"] == mean
    assert found["respondents"] == 2
    assert found["gap_error"] == pytest.approx(math.sqrt(sum(part**2 for part in parts)))


def test_scores_that_do_not_depend_on_the_moment_have_gaps_within_their_errors() -> None:
    """The 95 % interval of the gap covers 0 in about 95 of 100 worlds without a difference; 84 or fewer has a chance below 1e-4."""
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        met = moments([(f"c{i:03d}", 1.0, (CALL, BOUGHT)[i % 2]) for i in range(80)])
        scored = answers([(f"c{i:03d}", 2.0, float(rng.normal(7, 2)), 1.0) for i in range(80)])
        row = moments_of_truth(scored, met, purchases([]), AS_OF).row(0, named=True)
        covered += abs(row["gap"]) < 1.96 * row["gap_error"]
    assert 85 <= covered < 100


def test_answers_after_nothing_are_compared_with_nothing() -> None:
    assert moments_of_truth(answers([("a", 3, 4, 1)]), moments([]), purchases([]), AS_OF).is_empty()
    alone = moments_of_truth(answers([("a", 3, 4, 1)]), moments([("a", 2, CALL)]), purchases([]), AS_OF)
    assert alone.select("answers", "gap", "gap_error", "stake").row(0) == (1, None, None, None)
