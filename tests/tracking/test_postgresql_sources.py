"""A real PostgreSQL as a source: it is read, and refuses what would change it even if the query were not parsed (`make test-server`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tracking import postgresql

from relkit.errors import ParameterError, TableError
from relkit.limits import variable
from relkit.tables.databases import open_sql, sql_tables
from relkit.tables.opened_file import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.server
CHANGES = (
    "drop table t",
    "delete from t",
    "with gone as (delete from t returning *) select * from gone",
    "select * into n from t",
    "select nextval('s')",
    "create temp table n as select 1",
    "select 1; commit; drop table t",
    "set transaction read write",
)


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    if lacking := postgresql.lacking():
        pytest.skip(lacking)
    from sqlalchemy import NullPool, create_engine

    with postgresql.database() as url:
        with create_engine(url, poolclass=NullPool).begin() as connection:
            connection.exec_driver_sql("create table t as select 1 as a, 'Zoé Dupont' as name")
            connection.exec_driver_sql("create sequence s")
        yield url


def _names(shop: str) -> list[tuple[str, ...]]:
    return open_sql(shop, ReadOptions(table="t")).frame.collect().select("a", "name").rows()


def test_it_is_read(shop: str) -> None:
    assert sql_tables(shop) == ["t"]
    assert _names(shop) == [("1", "Zoé Dupont")]
    asked = open_sql(shop, ReadOptions(query="select count(*) as n, 'a%b :c' as x from t where name like '%D%'"))
    assert asked.frame.collect().rows() == [(1, "1", "a%b :c")]


@pytest.mark.parametrize("query", CHANGES)
def test_it_is_not_changed(shop: str, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ParameterError, match=r"its query (has|is) "):
        open_sql(shop, ReadOptions(query=query))
    monkeypatch.setattr("relkit.tables.databases.one_select", lambda query, *_, **__: query)
    with pytest.raises(TableError, match="the query fails"):
        open_sql(shop, ReadOptions(query=query))
    assert sql_tables(shop) == ["t"]
    assert _names(shop) == [("1", "Zoé Dupont")]


def test_it_does_not_wait_for_ever(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable("query_seconds"), "1")
    monkeypatch.setattr("relkit.tables.databases.one_select", lambda query, *_, **__: query)
    with pytest.raises(TableError, match="a query of a database is limited to 1 second"):
        open_sql(shop, ReadOptions(query="select pg_sleep(5)"))


def test_a_value_is_in_no_message(shop: str) -> None:
    with pytest.raises(TableError, match="the query fails: invalid input syntax for type integer: a 10-character text"):
        open_sql(shop, ReadOptions(query="select name::int from t"))
