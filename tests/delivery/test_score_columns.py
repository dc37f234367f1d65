"""The scores that a templated column shows."""

from __future__ import annotations

import polars as pl
import pytest
from score_records import record, records

from relkit.delivery.score_columns import horizons, marketer_horizon, reasons
from relkit.file_column import FileColumn


def template(score: str) -> FileColumn:
    return FileColumn(name=score, dtype=pl.Float64, score=score)


CHURN, BY_REASON = template("churn_probability_{h}d"), template("churn_probability_{h}d_{reason}")
SCORES = records("churn_probability_90d", "churn_probability_30d", "churn_probability_90d_move", "churn_probability_90d_voluntary")


def test_a_column_shows_its_own_score_at_each_horizon_the_nearest_first() -> None:
    assert horizons(CHURN, SCORES) == [30, 90]
    assert horizons(template("order_probability_{h}d"), SCORES) == []


def test_a_horizon_without_end_fills_no_template() -> None:
    assert horizons(template("future_margin_{h}m"), records("future_margin_endless", "future_margin_12m")) == [12]


def test_reasons_are_in_their_usual_order() -> None:
    assert reasons(BY_REASON, [*SCORES, record("churn_probability_90d_bought_out")]) == [
        (90, "voluntary"),
        (90, "move"),
        (90, "bought_out"),
    ]
    assert reasons(CHURN, SCORES[2:]) == []


@pytest.mark.parametrize(
    ("score", "scored", "horizon"),
    [
        ("p_alive", ["expected_orders_30d"], None),
        ("churn_probability_{h}d", ["churn_probability_60d", "expected_orders_90d"], 60),
        ("churn_probability_{h}d", ["expected_orders_90d", "order_probability_30d"], 90),
        ("churn_probability_{h}d", ["expected_orders_30d", "future_margin_12m"], 30),
        ("churn_probability_{h}d", [], 90),
        ("future_margin_{h}m", ["expected_orders_30d"], 24),
    ],
)
def test_the_marketer_view_always_has_a_horizon(score: str, scored: list[str], horizon: int | None) -> None:
    assert marketer_horizon(template(score), records(*scored)) == horizon
