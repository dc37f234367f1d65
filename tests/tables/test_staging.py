"""The typed copy of a source: values, unreadable values, technical columns."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import polars as pl
import pytest

from relkit.errors import TableError
from relkit.tables.schemas import BAD, ROW, SOURCE, TABLES
from relkit.tables.staging import INDEX, missing_columns, stage

LINES = TABLES["transactions"]
GOOD = {
    "transaction_line_id": ["1", "2"],
    "transaction_id": ["t", "t"],
    "occurred_at": ["2025-06-30", "2025-07-01"],
    "net_amount": ["1.5", "2"],
}


def staged(tmp_path, columns, contract=LINES, zone="UTC"):
    return stage(pl.LazyFrame(columns), contract, tmp_path / "staged", zone=zone)


def test_text_becomes_the_types_of_the_contract(tmp_path):
    copy = staged(tmp_path, GOOD | {"quantity": ["1", ""], "store_id": [7, 8]}, zone="Europe/Paris")
    rows = copy.scan().collect()
    assert copy.names == (
        "transaction_line_id",
        "transaction_id",
        "customer_id",
        "occurred_at",
        "quantity",
        "net_amount",
        "line_kind",
        "store_id",
    )
    assert rows["occurred_at"][0] == datetime(2025, 6, 29, 22, tzinfo=UTC)
    assert rows.select("quantity", "net_amount", "line_kind", "store_id").row(1) == (None, 2.0, "sale", "8")


def test_lines_without_any_customer_have_the_column_all_null(tmp_path):
    assert staged(tmp_path, GOOD).scan().collect()["customer_id"].to_list() == [None, None]


def test_rows_are_numbered_where_the_source_does_not(tmp_path):
    rows = staged(tmp_path, GOOD).scan().collect()
    assert rows[INDEX].to_list() == [0, 1]
    assert rows[ROW].to_list() == [1, 2]
    assert rows[SOURCE].to_list() == ["transactions", "transactions"]
    assert rows[BAD].to_list() == [None, None]


def test_the_numbers_of_the_source_are_kept(tmp_path):
    rows = staged(tmp_path, GOOD | {SOURCE: ["a.csv", "b.csv"], ROW: [40, 1]}).scan().collect()
    assert rows.select(SOURCE, ROW).rows() == [("a.csv", 40), ("b.csv", 1)]


def test_what_could_not_be_read_is_kept_as_text(tmp_path):
    rows = staged(tmp_path, GOOD | {"net_amount": ["twelve" * 30, "2"], "quantity": [None, "many"]}).scan().collect()
    assert rows[BAD].to_list() == [[f"net_amount: {'twelve' * 30}"[: 80 + len("net_amount: ")]], ["quantity: many"]]
    assert rows["net_amount"].to_list() == [None, 2.0]


def test_what_the_reader_could_not_read_is_joined_by_what_fails_here(tmp_path):
    rows = staged(tmp_path, GOOD | {"quantity": ["x", "1"], BAD: [["net_amount: 1x"], None]}).scan().collect()
    assert rows[BAD].to_list() == [["net_amount: 1x", "quantity: x"], None]


def test_what_the_reader_could_not_read_alone(tmp_path):
    typed = {"occurred_at": [datetime(2025, 6, 30, tzinfo=UTC)] * 2, "net_amount": [1.0, float("nan")], BAD: [None, ["net_amount: 1x"]]}
    rows = staged(tmp_path, GOOD | typed).scan().collect()
    assert rows[BAD].to_list() == [None, ["net_amount: 1x"]]
    assert rows["net_amount"].to_list() == [1.0, None]


def test_a_column_of_nulls_takes_the_type(tmp_path):
    copy = staged(tmp_path, GOOD | {"quantity": [None, None], "recorded_at": [None, None]})
    assert copy.scan().collect_schema()["recorded_at"] == LINES["recorded_at"].dtype
    assert copy.scan().collect_schema()["quantity"] == pl.Float64


def test_a_number_is_no_instant(tmp_path):
    with pytest.raises(TableError, match=r"transactions\.occurred_at: .*number.*instant.*format"):
        staged(tmp_path, GOOD | {"occurred_at": [20250630, 20250701]})


def test_columns_that_no_contract_knows_are_named(tmp_path):
    assert staged(tmp_path, GOOD | {"colour": ["r", "g"]}).ignored == ("colour",)


def test_attributes_of_snapshots_are_kept_as_they_are(tmp_path):
    columns = {"customer_id": ["p"], "as_of": [date(2025, 6, 30)], "filter": ["x"], "score": [float("nan")]}
    copy = staged(tmp_path, columns, TABLES["customer_snapshots"])
    assert copy.names == ("customer_id", "as_of", "filter", "score")
    assert copy.ignored == ()
    assert copy.scan().select(copy.names).collect().row(0) == ("p", date(2025, 6, 30), "x", None)


def test_missing_columns_are_all_named_with_the_nearest():
    raw = pl.LazyFrame({"transaction_line_id": ["1"], "transaction_id": ["t"], "occured_at": ["x"], SOURCE: ["a.csv"]})
    assert missing_columns(raw, LINES) == [
        "column 'occurred_at' is missing (did you mean 'occured_at'?)",
        "column 'net_amount' is missing (there are transaction_line_id, transaction_id, occured_at)",
    ]


def test_one_of_several_columns_is_enough():
    raw = pl.LazyFrame({"touchpoint_id": ["1"], "occurred_at": ["x"], "channel_id": ["web"]})
    assert missing_columns(raw, TABLES["touchpoints"]) == [
        "none of the columns customer_id, anonymous_id is there, at least one is expected"
    ]
    assert missing_columns(raw.with_columns(anonymous_id=pl.lit("c")), TABLES["touchpoints"]) == []


def test_categories_are_read_as_text(tmp_path):
    raw = pl.LazyFrame(GOOD | {"line_kind": ["sale", "fee"]}).with_columns(pl.col("line_kind", "net_amount").cast(pl.Categorical))
    rows = stage(raw, LINES, tmp_path / "staged", zone="UTC").scan().collect()
    assert rows.select("line_kind", "net_amount").rows() == [("sale", 1.5), ("fee", 2.0)]


@pytest.mark.parametrize("values", [[[1.0], [2.0]], [{"a": 1}, {"a": 2}], [b"1", b"2"], [time(1), time(2)]])
def test_what_no_column_can_be_made_of_is_refused(tmp_path, values):
    with pytest.raises(TableError, match=r"transactions\.net_amount: the source holds .*, of which no column can be made\. Choose another"):
        staged(tmp_path, GOOD | {"net_amount": values})


def test_a_source_that_breaks_off_is_refused(tmp_path):
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and then nothing PAR1")
    raw = pl.scan_parquet(tmp_path / "cut.parquet", schema=dict.fromkeys(GOOD, pl.String))
    with pytest.raises(TableError, match=r"transactions: the rows cannot be read: .*\. Check the file"):
        stage(raw, LINES, tmp_path / "staged", zone="UTC")
