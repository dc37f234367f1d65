"""DuckDB files and SQL databases (SQLite stands for them all)."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import duckdb
import polars as pl
import pytest

from relkit.errors import MissingPackageError, ParameterError, TableError
from relkit.tables import databases
from relkit.tables.databases import as_url, duckdb_tables, is_sqlite, open_duckdb, open_sql, sql_tables
from relkit.tables.opened_file import ReadOptions


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table sales (no text, day date, at timestamp, amount real, picture blob)")
        rows = [("007", "2024-07-01", "2024-07-01 10:00:00", 5.25, b"\x01"), ("8", None, None, 6, None), ("9", None, None, 0.1, None)]
        connection.executemany("insert into sales values (?, ?, ?, ?, ?)", rows)
        connection.execute("create view big as select * from sales where amount > 5")
    connection.close()
    return f"sqlite:///{path}"


@pytest.fixture
def duck(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table sales as select '007' as no, date '2024-07-01' as day, 5.25::decimal(9, 2) as amount")
        connection.execute("create table other as select 1 as a")
    return path


@pytest.mark.parametrize("chunk", [1, 50_000])
def test_sql_gives_texts_as_they_are_written(shop, chunk, monkeypatch):
    monkeypatch.setattr(databases, "_ROWS_AT_ONCE", chunk)
    opened = open_sql(shop, ReadOptions(table="sales"))
    assert opened.name == "sales"
    assert opened.frame.collect().rows() == [
        (1, "007", "2024-07-01", "2024-07-01 10:00:00", "5.25", "01"),
        (2, "8", None, None, "6.0", None),
        (3, "9", None, None, "0.1", None),
    ]


def test_sql_types_become_texts_in_iso_form():
    from datetime import UTC, date, datetime
    from decimal import Decimal

    given = [
        None,
        "x",
        date(2024, 7, 1),
        datetime(2024, 7, 1, 10, tzinfo=UTC).replace(tzinfo=None),
        datetime(2024, 7, 1, 10, tzinfo=UTC),
        b"\xff",
        Decimal("1.50"),
        True,
    ]
    assert [databases._as_text(value) for value in given] == [
        None, "x", "2024-07-01", "2024-07-01 10:00:00", "2024-07-01 10:00:00+00:00", "ff", "1.50", "True",
    ]  # fmt: skip


def test_views_queries_and_the_only_table(shop, tmp_path):
    assert sql_tables(shop) == ["big", "sales"]
    assert len(open_sql(shop, ReadOptions(table="big")).frame.collect()) == 2
    asked = open_sql(shop, ReadOptions(query="select no from sales where amount < 1"))
    assert (asked.name, asked.frame.collect().rows()) == ("query", [(1, "9")])
    with sqlite3.connect(tmp_path / "one.db") as connection:
        connection.execute("create table only_one as select 1 as a")
    connection.close()
    assert open_sql(f"sqlite:///{tmp_path}/one.db", ReadOptions()).columns == ("a",)


def test_duckdb_keeps_its_types(duck):
    opened = open_duckdb(duck, ReadOptions(table="sales"))
    frame = opened.frame.collect()
    assert frame.schema["day"] == pl.Date
    assert frame.select("no", pl.col("amount").cast(pl.Float64)).rows() == [("007", 5.25)]
    assert open_duckdb(duck, ReadOptions(query="select a + 1 as b from other")).frame.collect()["b"].to_list() == [2]
    assert duckdb_tables(duck) == ["other", "sales"]


def test_faults_of_a_duckdb_file(duck, tmp_path):
    with pytest.raises(TableError, match=r"unknown table 'sale'; did you mean 'sales'\? Known: other, sales"):
        open_duckdb(duck, ReadOptions(table="sale"))
    with pytest.raises(ParameterError, match=r"it holds 2 tables \(other, sales\)\. Say which: table: NAME"):
        open_duckdb(duck, ReadOptions())
    with pytest.raises(TableError, match=r"the query fails: .*nope"):
        open_duckdb(duck, ReadOptions(query="select nope from sales"))
    with pytest.raises(TableError, match="there is no such file"):
        duckdb_tables(tmp_path / "none.duckdb")
    (tmp_path / "text.duckdb").write_bytes(b"hello" * 100)
    with pytest.raises(TableError, match="it is not a DuckDB database"):
        duckdb_tables(tmp_path / "text.duckdb")


def test_faults_of_a_sql_database(shop):
    with pytest.raises(TableError, match="unknown table 'sale'; did you mean 'sales'"):
        open_sql(shop, ReadOptions(table="sale"))
    with pytest.raises(ParameterError, match="it holds 2 tables"):
        open_sql(shop, ReadOptions())
    with pytest.raises(TableError, match="the query fails: no such column: nope"):
        open_sql(shop, ReadOptions(query="select nope from sales"))
    with pytest.raises(TableError, match="query has no row"):
        open_sql(shop, ReadOptions(query="select * from sales where 1 = 0"))
    with pytest.raises(TableError, match=r"there is no such database\. Check the path; sqlite:////abs/path has four slashes"):
        open_sql("sqlite:////nowhere/shop.db", ReadOptions())
    with pytest.raises(ParameterError, match="this is not a SQL URL"):
        open_sql("foo:bar@@", ReadOptions())
    with pytest.raises(ParameterError, match="this is not a SQL URL"):
        open_sql("nosuchdialect://host/x", ReadOptions())


def test_a_database_that_does_not_answer(tmp_path):
    (tmp_path / "shop.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(TableError, match="the query fails: file is not a database"):
        open_sql(f"sqlite:///{tmp_path}/shop.db", ReadOptions(query="select * from sales"))
    with pytest.raises(TableError, match="the database does not answer"):
        sql_tables(f"sqlite:///{tmp_path}/shop.db")


def test_a_missing_driver_is_named_and_the_password_is_not_shown():
    with pytest.raises(MissingPackageError, match=r"the driver \w+ is not installed\. pip install") as caught:
        open_sql("postgresql://me:secret@localhost/x", ReadOptions(table="a"))
    assert "secret" not in str(caught.value)
    assert "me:***@" in caught.value.where


@pytest.mark.parametrize(
    ("data", "url"),
    [
        ("postgresql://shop@db/sales", "postgresql://shop@db/sales"),
        (Path("postgresql+psycopg://shop@db/sales"), "postgresql+psycopg://shop@db/sales"),
        ("sqlite:///shop.db", "sqlite:///shop.db"),
        (Path("sqlite:////nowhere/shop.db"), "sqlite:////nowhere/shop.db"),
        (Path("/data/shop.csv"), None),
        ("data/shop.csv", None),
        ("C:/data", None),
    ],
)
def test_urls_are_distinguished_from_paths(data, url):
    assert as_url(data) == url


def test_a_relative_sqlite_path_survives_being_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.db").write_bytes(b"")
    assert as_url(Path("sqlite:///shop.db")) == "sqlite:///shop.db"


def test_a_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "transactions.csv")
    assert not is_sqlite(tmp_path / "transactions.csv")
