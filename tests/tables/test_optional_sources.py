"""Sources that are required, and those that may be absent."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import duckdb
import polars as pl
import pytest

from relkit.errors import ParameterError, TableError
from relkit.tables.mapping import read_source_tables, source_files

MAPPING = """
sources:
  till: {files: till.csv, required: TILL}
  cards: {files: "cards*.FORM", required: CARDS}
tables:
  transactions: {from: till, key: file and row, columns: {transaction_id: no, occurred_at: day, net_amount: amount}}
  customers: {from: cards, columns: {customer_id: id}}
"""


@pytest.fixture
def data(tmp_path):
    (tmp_path / "till.csv").write_text("no,day,amount\n1,2025-06-01,2.5\n")
    return tmp_path


def declared(data, *, till="null", cards="null", form="csv"):
    (data / "mapping.yaml").write_text(MAPPING.replace("TILL", till).replace("CARDS", cards).replace("FORM", form))
    return data


def test_without_a_word_a_missing_source_is_an_error_as_it_was(data):
    with pytest.raises(TableError, match=r"cards\*.csv: no file matches it"):
        read_source_tables(declared(data))


def test_a_source_that_is_not_required_is_left_out_with_its_table_and_a_warning(data):
    tables = read_source_tables(declared(data, cards="false"))
    assert list(tables.frames) == ["transactions"]
    (remark,) = tables.remarks
    assert remark.en == "cards: its files are absent or have no row. It is not required, so customers goes without its rows."
    assert source_files(data).files == (data / "mapping.yaml", data / "till.csv")


def test_one_without_a_row_counts_as_absent(data):
    (data / "cards.csv").write_text("id\n")
    assert list(read_source_tables(declared(data, cards="false")).frames) == ["transactions"]
    with pytest.raises(TableError, match="source cards, which is required"):
        read_source_tables(declared(data, cards="true"))


def test_a_parquet_file_without_a_row_counts_as_absent(data):
    pl.DataFrame({"id": []}, schema={"id": pl.String}).write_parquet(data / "cards.parquet")
    assert list(read_source_tables(declared(data, cards="false", form="parquet")).frames) == ["transactions"]
    with pytest.raises(TableError, match=r"source cards, which is required \(cards.parquet\): it has no row"):
        read_source_tables(declared(data, cards="true", form="parquet"))


@pytest.mark.parametrize(
    "source",
    [
        "{url: 'sqlite:///FOLDER/shop.db', table: nothing}",
        "{url: 'sqlite:///FOLDER/shop.db', table: cards}",
        "{url: 'sqlite:///FOLDER/none.db', table: cards}",
        "{files: shop.xlsx, sheet: July}",
        "{files: shop.xlsx, sheet: June}",
        "{files: web.duckdb, table: nothing}",
        "{files: web.duckdb, table: cards}",
        "{files: none.duckdb, table: cards}",
        "{files: zero.csv}",
        "{files: blank.csv}",
    ],
)
def test_tables_and_sheets_that_are_absent_or_empty_count_as_files_do(foreign, source):
    declared = source.replace("FOLDER", str(foreign))
    for required, error in (("false", None), ("true", "source cards, which is required"), ("null", ".")):
        text = MAPPING.replace('{files: "cards*.FORM", required: CARDS}', declared.replace("}", f", required: {required}}}"))
        (foreign / "mapping.yaml").write_text(text.replace("TILL", "null"))
        if error is None:
            assert list(read_source_tables(foreign).frames) == ["transactions"]
        else:
            with pytest.raises(TableError, match=error):
                read_source_tables(foreign)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "till.csv").write_text("no,day,amount\n1,2025-06-01,2.5\n")
    (folder / "zero.csv").write_text("")
    (folder / "blank.csv").write_text("\n\n")
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        connection.execute("create table cards (id text)")
    with closing(duckdb.connect(str(folder / "web.duckdb"))) as connection:
        connection.execute("create table cards (id varchar)")
    pl.DataFrame({"id": []}, schema={"id": pl.String}).write_excel(folder / "shop.xlsx", worksheet="June")
    return folder


def test_a_source_that_is_there_is_read_whatever_is_declared(data):
    (data / "cards.csv").write_text("id\np\n")
    for word in ("null", "true", "false"):
        tables = read_source_tables(declared(data, cards=word))
        assert (sorted(tables.frames), tables.remarks) == (["customers", "transactions"], ())


def test_a_missing_required_source_is_named(data):
    with pytest.raises(TableError, match=r"source cards, which is required \(.*cards\*.csv\): no file matches it"):
        read_source_tables(declared(data, cards="true"))


def test_a_required_source_that_no_table_reads_must_be_there_too(data):
    text = MAPPING.partition("  customers:")[0]
    (data / "mapping.yaml").write_text(text.replace("TILL", "null").replace("CARDS", "true").replace("FORM", "csv"))
    with pytest.raises(TableError, match="source cards, which is required"):
        read_source_tables(data)


def test_a_damaged_file_is_an_error_even_if_it_is_not_required(data):
    (data / "cards.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(TableError, match="it is not a Parquet file"):
        read_source_tables(declared(data, cards="false", form="parquet"))


def test_a_join_needs_its_source(data):
    text = MAPPING.replace("from: till,", "from: till, join: {source: cards, on: {no: id}},")
    (data / "mapping.yaml").write_text(text.replace("TILL", "null").replace("CARDS", "false").replace("FORM", "csv"))
    with pytest.raises(ParameterError, match=r"line 6.*'cards' is declared required: false, but this join needs it"):
        read_source_tables(data)
