"""The long score table and its contract."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from score_records import kinds, made, record

from relkit.errors import ParameterError, TableError
from relkit.score_kinds import Score
from relkit.scores.score_table import SCORE_TABLE, Source, applicable, check_scores, empty, joined, to_long, wide

DAY = date(2025, 6, 30)
COX = Source(model="survival.cox", version="2", trained_as_of=date(2025, 3, 31))


def table(score="p_alive", values=(0.5, 0.25), **columns) -> pl.DataFrame:
    ids = [f"c{i}" for i in range(len(values))]
    long = to_long(pl.DataFrame({"customer_id": ids, "p_alive": [0.5] * len(values)}), kinds("p_alive"), as_of=DAY, source=COX).frame
    return long.with_columns(score=pl.lit(score), value=pl.Series(values, dtype=pl.Float64), **columns)


def test_the_columns_are_those_of_the_contract():
    assert empty().frame.columns == list(SCORE_TABLE.names)
    assert table().schema == empty().frame.schema


def test_each_score_is_a_row_with_its_version():
    given = pl.DataFrame({"customer_id": [7, 8], "churn_probability_30d": [0.1, 0.2], "hazard_ratio": [1.0, 2.0]})
    rows = to_long(given, kinds("churn_probability_30d", "p_alive"), as_of=DAY, source=COX).frame.rows(named=True)
    assert [row["customer_id"] for row in rows] == ["7", "8"]
    assert rows[0] == {
        "customer_id": "7",
        "as_of": DAY,
        "score": "churn_probability_30d",
        "value": 0.1,
        "lower": None,
        "upper": None,
        "horizon_days": 30,
        "model": "survival.cox",
        "version": "2",
        "trained_as_of": date(2025, 3, 31),
    }


def test_a_score_that_does_not_apply_has_no_row():
    given = pl.DataFrame({"customer_id": ["a", "b"], "churn_probability_90d": [None, 0.2]})
    scores = to_long(given, kinds("churn_probability_90d"), as_of=DAY, source=COX)
    assert (len(scores), scores.frame["customer_id"].to_list()) == (1, ["b"])


def test_a_frame_without_scores_gives_an_empty_table():
    ratio = pl.DataFrame({"customer_id": ["a"], "hazard_ratio": [1.0]})
    assert to_long(ratio, kinds("p_alive"), as_of=DAY, source=COX).frame.equals(empty().frame)
    assert joined([]).frame.equals(empty().frame)


@pytest.mark.parametrize(
    ("score", "days"),
    [
        (Score("p_alive"), None),
        (Score("expected_orders", "days", 7), 7),
        (Score("future_margin", "months", 12), 365),
        (Score("future_margin", "months"), None),
        (Score("churn_probability", "days", 30, "from_12m"), 30),
    ],
)
def test_the_horizon_is_that_of_the_record(score, days):
    given = pl.DataFrame({"customer_id": ["a"], str(score): [0.5]})
    assert to_long(given, kinds(str(score)), as_of=DAY, source=COX).frame["horizon_days"].to_list() == [days]


def test_a_score_of_a_reason_is_a_probability():
    with pytest.raises(TableError, match="churn_probability_90d_move: 1 values are not between 0 and 1"):
        check_scores(made(table(score="churn_probability_90d_move", values=(0.2, 1.5))))


def test_a_margin_may_be_a_loss():
    assert check_scores(made(table(score="future_margin_24m", values=(-1.0, 2.0)))).frame["value"].to_list() == [-1.0, 2.0]


def test_tables_are_joined_with_what_is_known_of_their_scores():
    both = joined([made(table()), made(table(score="expected_orders_90d"))])
    assert [part.score for part in both.parts] == [record("p_alive"), record("expected_orders_90d")]
    assert both.of(record("expected_orders_90d"))["customer_id"].to_list() == ["c0", "c1"]


def test_a_score_of_a_model_is_given_once():
    with pytest.raises(TableError, match=r"scores: p_alive of survival.cox is given 2 times"):
        joined([made(table()), made(table())])


def test_the_file_has_all_rows_in_order_of_score_model_and_customer(tmp_path):
    mixed = pl.concat([table(score="p_alive").reverse(), table(score="expected_orders_90d"), table(model=pl.lit("another"))])
    made(mixed).sorted().write(tmp_path / "scores.parquet")
    read = pl.read_parquet(tmp_path / "scores.parquet")
    assert read.equals(made(mixed).frame.sort("score", "model", "customer_id"))
    empty().write(tmp_path / "none.parquet")
    assert pl.read_parquet(tmp_path / "none.parquet").equals(empty().frame)


def test_a_customer_with_several_scores_counts_once():
    both = pl.concat([table(), table(score="expected_orders_90d"), table(score="p_alive", model=pl.lit("another"), values=(0.5,))])
    assert sorted(made(both).customers()) == ["c0", "c1"]


def test_bounds_stand_beside_their_value_and_no_number_is_no_bound():
    given = pl.DataFrame({"customer_id": ["a", "b", "c"], "p_alive": [0.5, None, 0.25]})
    bounds = {record("p_alive"): (np.array([0.4, 0.1, np.nan]), np.array([0.6, 0.2, np.nan]))}
    scores = to_long(given, kinds("p_alive"), as_of=DAY, source=COX, bounds=bounds).frame
    rows = scores.select("customer_id", "value", "lower", "upper").rows()
    assert rows == [("a", 0.5, 0.4, 0.6), ("c", 0.25, None, None)]


def test_alive_is_for_those_without_a_contract_and_churn_for_its_holders():
    names = ("p_alive", "churn_probability_90d", "expected_orders_90d")
    both = pl.concat(table(score=name) for name in names)
    left = applicable(made(both), pl.Series(["c1"])).frame.select("score", "customer_id").rows()
    assert left == [("p_alive", "c0"), ("churn_probability_90d", "c1"), ("expected_orders_90d", "c0"), ("expected_orders_90d", "c1")]


def test_without_contract_holders_there_is_no_churn():
    both = pl.concat([table(), table(score="churn_probability_90d")])
    assert set(applicable(made(both), pl.Series([], dtype=pl.String)).frame["score"]) == {"p_alive"}


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (table(values=(0.5, 1.5)), r"scores: p_alive: 1 values are not between 0 and 1 \(the first is 1.5\)"),
        (
            table(score="expected_orders_90d", values=(-1.0, 2.0)),
            r"expected_orders_90d: 1 values are not 0 or more \(the first is -1\)",
        ),
        (table(score="expected_order_value", values=(float("inf"), 2.0)), r"value: 1 of 2 rows are infinite"),
        (table(lower=pl.lit(0.3)), r"1 values lie outside their interval"),
        (table(upper=pl.lit(0.3)), r"1 values lie outside their interval"),
        (pl.concat([table(), table()]), r"4 rows share a key"),
        (table(values=(0.5, float("nan"))), r"value: 1 of 2 rows are not a number"),
    ],
)
def test_invalid_values_are_refused(scores, message):
    with pytest.raises(TableError, match=message):
        check_scores(made(scores))


def test_wide_has_a_column_a_score():
    both = pl.concat([table(), table(score="expected_orders_90d", values=(2.0, 0.5))])
    assert wide(both).rows(named=True) == [
        {"customer_id": "c0", "p_alive": 0.5, "expected_orders_90d": 2.0},
        {"customer_id": "c1", "p_alive": 0.25, "expected_orders_90d": 0.5},
    ]


def test_wide_asks_which_model_where_two_give_the_same_score():
    both = pl.concat([table(), table(model=pl.lit("survival.kaplan_meier"))])
    with pytest.raises(ParameterError, match=r"scores: p_alive is given by survival.cox, survival.kaplan_meier. Name the model you want"):
        wide(both)
    assert wide(both, model="survival.cox").height == 2
    with pytest.raises(ParameterError, match=r"unknown model 'survival.cocks'; did you mean 'survival.cox'"):
        wide(both, model="survival.cocks")
