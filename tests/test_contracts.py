"""Checks of a frame in memory against a contract."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.contracts import INSTANT, Column, Contract, Rule, check
from relkit.errors import TableError

SPEND = Contract(
    name="spend",
    key=("id", "since"),
    one_of=(("a", "b"),),
    rules=(
        Rule(name="high: below low", columns=("low", "high"), broken=pl.col("high") < pl.col("low")),
        Rule(name="low: zero", columns=("low",), broken=pl.col("low") == 0, impossible=False),
    ),
    columns=(
        Column(name="id", dtype=pl.String, required=True, nullable=False),
        Column(name="since", dtype=pl.Date),
        Column(name="at", dtype=INSTANT),
        Column(name="n", dtype=pl.Int32, low=0, high=10),
        Column(name="low", dtype=pl.Float64, above=-5.0),
        Column(name="high", dtype=pl.Float64),
        Column(name="kind", dtype=pl.String, nullable=False, default="sale", allowed=("sale", "return")),
        Column(name="a", dtype=pl.String),
        Column(name="b", dtype=pl.String),
    ),
)


def spend(**columns):
    return pl.DataFrame({"id": ["p", "q"], "a": ["x", "y"]} | columns)


def test_columns_are_cast_others_dropped_and_defaults_filled():
    given = spend(n=[1.0, 2.0], low=[1, 2], zzz=[True, False])
    before = given.clone()
    checked = check(given, SPEND)
    assert checked.schema == {"id": pl.String, "n": pl.Int32, "low": pl.Float64, "kind": pl.String, "a": pl.String}
    assert checked["kind"].to_list() == ["sale", "sale"]
    assert_frame_equal(given, before)


def test_a_null_of_a_column_with_default_is_filled():
    assert check(spend(kind=[None, "return"]), SPEND)["kind"].to_list() == ["sale", "return"]


def test_a_column_that_is_always_there_is_made():
    always = Contract(name="s", key=(), columns=(Column(name="id", dtype=pl.String), Column(name="n", dtype=pl.Int32, always=True)))
    assert check(pl.DataFrame({"id": ["p", "q"]}), always)["n"].to_list() == [None, None]


def test_ids_of_whole_numbers_become_text():
    assert check(spend(id=[1, 2]), SPEND)["id"].to_list() == ["1", "2"]


def test_an_open_ended_contract_keeps_what_it_does_not_know():
    snapshot = Contract(name="s", key=("id",), open_ended=True, columns=(Column(name="id", dtype=pl.String, required=True),))
    assert check(pl.DataFrame({"colour": [3], "id": ["p"]}), snapshot).columns == ["id", "colour"]


def test_a_frame_without_rows_passes():
    assert check(spend().clear(), SPEND).is_empty()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"n": [1.5, 2.0]}, r"n is Float64, expected Int32 \(1 of 2 rows cannot be; first: row 0, 1\.5\)"),
        ({"n": ["1", "x"]}, r"n is String, expected Int32 \(1 of 2 rows cannot be; first: row 1, a text like a\)"),
        ({"since": [1, 2]}, r"since is Int64, expected Date\."),
        ({"at": [1, 2]}, r"at is Int64, expected Datetime\(time_unit='us', time_zone='UTC'\)\."),
        ({"low": [[1.0], [2.0]]}, r"low is List\(Float64\), expected Float64"),
        ({"n": [1, -1]}, r"n: 1 of 2 rows are below 0 \(first: row 1, -1\)"),
        ({"n": [11, 1]}, r"n: 1 of 2 rows are over 10 \(first: row 0, 11\)"),
        ({"low": [-5.0, 1.0]}, r"low: 1 of 2 rows are not above -5 \(first: row 0, -5\.0\)"),
        ({"low": [1.0, float("nan")]}, r"low: 1 of 2 rows are not a number"),
        ({"low": [1.0, float("inf")]}, r"low: 1 of 2 rows are infinite"),
        ({"id": [None, "q"]}, r"id: 1 of 2 rows are null"),
        ({"kind": ["sale", "gift"]}, r"kind: 1 of 2 rows are none of sale, return \(first: row 1, a text like aaaa\)"),
        ({"low": [1.0, 2.0], "high": [0.5, None]}, r"high: below low \(low, high\): 1 of 2 rows \(first: row 0\)"),
        ({"a": [None, "y"], "b": [None, None]}, r"a or b: empty: 1 of 2 rows \(first: row 0\)"),
        ({"id": ["p", "p"]}, r"2 rows share a key \(id\); first: row 0"),
        ({"id": ["p", "p"], "since": [date(2025, 1, 1)] * 2}, r"2 rows share a key \(id, since\)"),
    ],
)
def test_errors_are_reported_with_the_first_row(columns, message):
    with pytest.raises(TableError, match=rf"spend: .*{message}"):
        check(spend(**columns), SPEND)


def test_rules_that_only_warn_do_not_refuse():
    assert len(check(spend(low=[0.0, 1.0]), SPEND)) == 2


def test_a_group_of_which_no_column_is_there_is_empty():
    with pytest.raises(TableError, match="a or b: empty: 2 of 2 rows"):
        check(spend().drop("a"), SPEND)


def test_all_errors_are_reported_at_once():
    with pytest.raises(TableError, match=r"column 'id' is missing \(did you mean 'idd'\); n: 1 of 2 rows are below 0"):
        check(pl.DataFrame({"idd": ["p", "q"], "n": [1, -1], "a": ["x", "y"]}), SPEND)


def test_a_missing_column_without_neighbour_lists_those_there_are():
    with pytest.raises(TableError, match=r"column 'id' is missing \(the frame has zzzzzz\)"):
        check(pl.DataFrame({"zzzzzz": [1]}), SPEND)
    with pytest.raises(TableError, match=r"column 'id' is missing \(the frame has no columns\)"):
        check(pl.DataFrame(), SPEND)


def test_keys_that_differ_in_an_optional_part_are_two():
    assert len(check(spend(id=["p", "p"], since=[date(2025, 1, 1), None]), SPEND)) == 2


def test_columns_are_found_by_name_and_a_wrong_name_is_refused():
    assert SPEND["n"].high == 10
    assert SPEND.names[:2] == ("id", "since")
    with pytest.raises(TableError, match="spend: unknown column 'kinds'; did you mean 'kind'"):
        SPEND["kinds"]
