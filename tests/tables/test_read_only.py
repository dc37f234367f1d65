"""Databases that stay as they were, whatever their mapping asks for."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from pathlib import Path

import duckdb
import polars as pl
import pytest
from sqlalchemy import create_engine, event

from relkit.errors import ParameterError, TableError
from relkit.limits import variable
from relkit.tables import read_only
from relkit.tables.databases import open_duckdb, open_sql
from relkit.tables.opened_file import ReadOptions
from relkit.tables.read_only import READ_ONLY, duckdb_connection, make_read_only, sqlite_connection
from relkit.tables.sources import open_source


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop's.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table t as select 1 as a")
    connection.close()
    return path


@pytest.fixture
def duck(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "elsewhere").mkdir()
    pl.DataFrame({"a": [1, 2]}).write_parquet(tmp_path / "data" / "part.parquet")
    pl.DataFrame({"a": [3]}).write_parquet(tmp_path / "elsewhere" / "part.parquet")
    path = tmp_path / "data" / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table t as select 1 as a")
        for name in ("data", "elsewhere"):
            connection.execute(f"create view in_{name} as select * from read_parquet('{tmp_path}/{name}/part.parquet')")
    return path


def _state(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}


CHANGES = (
    "drop table t",
    "delete from t",
    "create table n as select 1",
    "select 1; drop table t",
    "attach 'n.db' as n",
    "vacuum into 'n.db'",
)


@pytest.mark.parametrize("query", CHANGES)
def test_a_query_changes_nothing(shop, duck, query, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = _state(tmp_path)
    with pytest.raises(ParameterError, match=r"its query (has|is)"):
        open_sql(f"sqlite:///{shop}", ReadOptions(query=query))
    with pytest.raises(ParameterError, match=r"its query (has|is|cannot)"):
        open_duckdb(duck, ReadOptions(query=query))
    assert _state(tmp_path) == before


@pytest.mark.parametrize("query", [*CHANGES[:3], "attach 'n.db' as n", "pragma user_version = 7", "select load_extension('x')"])
def test_the_database_refuses_what_the_parser_would_let_through(shop, query, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("relkit.tables.databases.one_select", lambda query, *_, **__: query)
    before = _state(tmp_path)
    with pytest.raises(TableError, match=r"the query fails: (not authorized|attempt to write|.*prohibited)"):
        open_sql(f"sqlite:///{shop}", ReadOptions(query=query))
    assert _state(tmp_path) == before


@pytest.mark.parametrize(
    "query", [*CHANGES, "copy t to 'n.csv'", "select 1) TO 'n.csv' (FORMAT csv); COPY (select * from t", "set threads = 1", "load httpfs"]
)
def test_duckdb_refuses_what_the_parser_would_let_through(duck, query, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("relkit.tables.databases.one_select", lambda query, *_, **__: query)
    before = _state(tmp_path)
    with pytest.raises((TableError, ParameterError), match=r"its query is not one SELECT|the query fails"):
        open_duckdb(duck, ReadOptions(query=query))
    assert _state(tmp_path) == before


def test_duckdb_reads_views_over_files_in_its_folder_and_no_others(duck, tmp_path):
    assert open_duckdb(duck, ReadOptions(table="in_data")).frame.collect()["a"].to_list() == [1, 2]
    with pytest.raises(
        TableError, match=r"it reads files outside the folders that it may read\. Name the folder of the files under `reads`"
    ):
        open_duckdb(duck, ReadOptions(table="in_elsewhere"))
    named = ReadOptions(table="in_elsewhere", reads=(Path("../elsewhere"),))
    assert open_duckdb(duck, named).frame.collect()["a"].to_list() == [3]
    source = open_source("t", named, folder=tmp_path / "data", files=["shop.duckdb"])
    assert source.frame.collect()["a"].to_list() == [3]
    for place in ("/etc/passwd", f"{duck.parent}/../elsewhere/part.parquet", "/proc/self/environ"):
        with pytest.raises(TableError, match="it reads files outside the folders"):
            open_duckdb(duck, ReadOptions(query=f"select * from read_csv('{place}')"))


def test_a_link_out_of_the_folder_is_not_followed(duck, tmp_path):
    (duck.parent / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TableError, match="it reads files outside the folders"):
        open_duckdb(duck, ReadOptions(query=f"select * from '{duck.parent}/link/part.parquet'"))


def test_a_duckdb_database_in_a_folder_above_its_files(duck, tmp_path):
    """The folder of the data is allowed when the database is in a folder inside it."""
    (tmp_path / "data" / "base").mkdir()
    shutil.move(duck, tmp_path / "data" / "base" / "shop.duckdb")
    source = open_source("t", ReadOptions(table="in_data"), folder=tmp_path / "data", files=["base/shop.duckdb"])
    assert source.frame.collect()["a"].to_list() == [1, 2]


def test_settings_of_duckdb_are_locked(duck):
    with duckdb_connection(duck, [duck.parent]) as connection:
        for statement in ("set enable_external_access = true", "set allowed_directories = ['/']", "set lock_configuration = false"):
            with pytest.raises(duckdb.Error, match=r"locked|allowed_directories"):
                connection.execute(statement)


def _logged(path: Path) -> sqlite3.Connection:
    """Make a database that keeps a log of its changes, and return the open connection."""
    connection = sqlite3.connect(path)
    connection.execute("pragma journal_mode = wal")
    connection.execute("create table t as select 1 as a")
    connection.commit()
    return connection


def test_sqlite_with_a_log_of_changes_at_rest_leaves_no_file(tmp_path):
    _logged(tmp_path / "w.db").close()
    before = _state(tmp_path)
    assert set(before) == {str(tmp_path / "w.db")}
    assert open_sql(f"sqlite:///{tmp_path}/w.db", ReadOptions(table="t")).frame.collect()["a"].to_list() == ["1"]
    assert _state(tmp_path) == before


def test_sqlite_with_a_log_in_use_shows_what_is_in_the_log(tmp_path):
    writer = _logged(tmp_path / "w.db")
    assert (tmp_path / "w.db-wal").stat().st_size
    assert open_sql(f"sqlite:///{tmp_path}/w.db", ReadOptions(table="t")).frame.collect()["a"].to_list() == ["1"]
    writer.execute("insert into t values (2)")
    writer.commit()
    assert len(open_sql(f"sqlite:///{tmp_path}/w.db", ReadOptions(table="t")).frame.collect()) == 2
    writer.close()


def test_the_authorizer_and_the_mode_each_suffice(shop):
    connection = sqlite_connection(shop)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("pragma query_only = 0").connection.execute("delete from t")
    connection.close()
    connection = sqlite3.connect(shop)
    connection.set_authorizer(read_only._allowed)
    assert connection.execute("select a, upper('x') from t").fetchall() == [(1, "X")]
    for statement in ("delete from t", "pragma query_only = 0", "attach 'x' as y", "create temp table n as select 1"):
        with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
            connection.execute(statement)
    connection.close()


ENDLESS = "with recursive n(x) as (select 1 union all select x + 1 from n) select max(x) as a from n"


def test_a_query_that_takes_too_long_is_stopped(shop, duck, monkeypatch):
    monkeypatch.setenv(variable("query_seconds"), "7")
    monkeypatch.setattr("relkit.tables.read_only.limit", lambda _: 0.1)
    message = r"a query of a database is limited to 7 seconds\. If it is meant, set RELKIT_MAX_QUERY_SECONDS"
    with pytest.raises(TableError, match=message):
        open_sql(f"sqlite:///{shop}", ReadOptions(query=ENDLESS))
    with pytest.raises(TableError, match=message):
        open_duckdb(duck, ReadOptions(query="select sum(x.range * y.range) as a from range(9000000) as x, range(9000000) as y"))


@pytest.mark.parametrize("dialect", READ_ONLY)
def test_servers_get_a_read_only_transaction_first(dialect):
    """SQLite plays each server: what is sent counts, not what it answers."""
    sent = []

    class Connection:
        def __init__(self) -> None:
            self.dialect = type("Dialect", (), {"name": dialect})

        def exec_driver_sql(self, statement: str) -> None:
            sent.append(statement)

    make_read_only(Connection())  # type: ignore[arg-type]  # all that is used of a connection
    assert any("READ ONLY" in statement for statement in sent)
    assert "{" not in "".join(sent)
    if dialect != "oracle":
        assert any("3600" in statement for statement in sent)


def test_a_query_runs_after_the_transaction_was_made_read_only(shop, monkeypatch):
    order = []
    monkeypatch.setattr("relkit.tables.databases.make_read_only", lambda _: order.append("read only"))
    engine = create_engine(f"sqlite:///{shop}")
    event.listen(engine, "before_cursor_execute", lambda *given: order.append(given[2]))
    monkeypatch.setattr("relkit.tables.databases._engine", lambda _: engine)
    open_sql(f"sqlite:///{shop}", ReadOptions(query="select a from t"))
    assert order[-2:] == ["read only", "select a from t"]


def test_texts_that_look_like_parameters_are_taken_as_they_are(shop):
    query = "select 'a :b %s %(x)s 10:30' as a from t where a % 2 = 1"
    assert open_sql(f"sqlite:///{shop}", ReadOptions(query=query)).frame.collect()["a"].to_list() == ["a :b %s %(x)s 10:30"]


def test_a_name_with_quotes_is_a_name(shop, duck):
    name = 'odd" name'
    with sqlite3.connect(shop) as connection:
        connection.execute('create table "odd"" name" as select 7 as a')
    connection.close()
    with duckdb.connect(str(duck)) as connection:
        connection.execute('create table "odd"" name" as select 7 as a')
    assert open_sql(f"sqlite:///{shop}", ReadOptions(table=name)).frame.collect()["a"].to_list() == ["7"]
    assert open_duckdb(duck, ReadOptions(table=name)).frame.collect()["a"].to_list() == [7]


def test_a_value_of_the_data_is_in_no_message(shop, duck):
    with sqlite3.connect(shop) as connection:
        connection.execute("create table people as select 'Zoé Dupont' as name")
    connection.close()
    with duckdb.connect(str(duck)) as connection:
        connection.execute("create table people as select 'Zoé Dupont' as name")
    with pytest.raises(TableError, match=r"the query fails: .*a 10-character text") as caught:
        open_duckdb(duck, ReadOptions(query="select name::integer as a from people"))
    assert "Dupont" not in str(caught.value)
    with pytest.raises(TableError, match="malformed JSON") as caught:
        open_sql(f"sqlite:///{shop}", ReadOptions(query="select json_extract(name, '$.a') as a from people"))
    assert "Dupont" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_a_read_only_folder_can_be_read(shop, tmp_path):
    shop.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        assert open_sql(f"sqlite:///{shop}", ReadOptions(table="t")).frame.collect()["a"].to_list() == ["1"]
    finally:
        tmp_path.chmod(0o755)
