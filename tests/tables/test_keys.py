"""Repeated keys and equal rows, against a count by hand."""

from __future__ import annotations

from collections import Counter

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from relkit.tables.keys import REPEATED, distinct, equal_rows, repeated_rows, shared_hashes
from relkit.tables.schemas import TABLES
from relkit.tables.staging import INDEX, stage

SCOPES = ["north", "south", None]


def events(tmp_path, kinds, scopes, labels):
    columns = {"kind": kinds, "starts_on": ["2025-06-30"] * len(kinds), "scope": scopes, "label": labels}
    return stage(
        pl.LazyFrame(columns, schema_overrides=dict.fromkeys(columns, pl.String)), TABLES["calendar"], tmp_path / "staged", zone="UTC"
    )


def test_the_first_row_of_a_key_stays_and_copies_are_distinguished_from_other_content(tmp_path):
    staged = events(tmp_path, ["holiday"] * 4, ["north", "north", "north", None], ["a", "a", "b", "a"])
    found = repeated_rows(staged, lambda rows: rows)
    assert found.rows() == [
        (1, "kind, starts_on, scope: exact copy of an earlier row"),
        (2, "kind, starts_on, scope: key of an earlier row, other content"),
    ]


def test_a_faulty_row_does_not_displace_a_good_one(tmp_path):
    staged = events(tmp_path, ["holiday", "holiday"], ["north", "north"], ["faulty", "good"])
    assert repeated_rows(staged, lambda rows: rows.filter(pl.col("label") != "faulty")).is_empty()


def test_an_optional_part_of_the_key_that_is_absent_does_not_count(tmp_path):
    columns = {"product_id": ["p", "p"], "name": ["a", "b"]}
    staged = stage(pl.LazyFrame(columns), TABLES["products"], tmp_path / "staged", zone="UTC")
    assert repeated_rows(staged, lambda rows: rows)[REPEATED].to_list() == ["product_id: key of an earlier row, other content"]


def test_nothing_is_repeated_where_all_keys_differ(tmp_path):
    staged = events(tmp_path, ["a", "b"], [None, None], ["x", "x"])
    assert repeated_rows(staged, lambda rows: rows).schema == {INDEX: pl.UInt32, REPEATED: pl.String}
    assert repeated_rows(staged, lambda rows: rows).is_empty()


@settings(max_examples=60)
@given(rows=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(SCOPES), st.sampled_from("xy")), min_size=1, max_size=30))
def test_repeated_rows_are_those_counted_by_hand(rows, tmp_path_factory):
    staged = events(tmp_path_factory.mktemp("keys"), *(list(column) for column in zip(*rows, strict=True)))
    first: dict[tuple[str, str | None], str] = {}
    expected = []
    for place, (kind, scope, label) in enumerate(rows):
        if (kind, scope) in first:
            reason = "exact copy of an earlier row" if first[kind, scope] == label else "key of an earlier row, other content"
            expected.append((place, f"kind, starts_on, scope: {reason}"))
        first.setdefault((kind, scope), label)
    assert repeated_rows(staged, lambda frame: frame).rows() == expected


@given(rows=st.lists(st.tuples(st.sampled_from(["", "a", "b", None]), st.integers(0, 2)), max_size=40))
def test_equal_rows_are_all_but_the_first_of_each_kind(rows):
    frame = pl.LazyFrame(rows, schema={"text": pl.String, "n": pl.Int64}, orient="row").with_row_index(INDEX)
    assert len(equal_rows(frame, ["text", "n"])) == sum(count - 1 for count in Counter(rows).values())
    assert distinct(frame, "text") == len({text for text, _ in rows} - {None})


def test_no_columns_share_nothing():
    assert len(shared_hashes(pl.LazyFrame({"a": [1, 1]}), [])) == 0
