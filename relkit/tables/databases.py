"""DuckDB files and SQL databases: a table or a query, copied once to Parquet so that memory stays small.

DuckDB keeps its types. From any other database every value comes as text (ids as they are written, days and instants in
ISO form), as it does from text files; the mapping casts. A query is one SELECT (`select_only`), on a connection that cannot
change the database (`read_only`). A password may be part of the URL or, better, the URL in an environment variable; messages
never show it.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import ParameterError, TableError
from relkit.limits import beyond
from relkit.masking import masked
from relkit.tables.column_types import readable, readable_relation
from relkit.tables.drivers import missing_driver
from relkit.tables.opened_file import OpenedFile, scratch_file
from relkit.tables.read_only import duckdb_connection, make_read_only, sqlite_connection, stopped_in_time
from relkit.tables.schemas import ROW
from relkit.tables.select_only import one_select
from relkit.traces import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import URL, Connection, Engine

    from relkit.tables.opened_file import ReadOptions

_ROWS_AT_ONCE = 50_000
_URL = re.compile(r"^([a-z][a-z0-9]*(?:\+[a-z0-9_]+)?):(/+)(.*)$")


def as_url(data: Path | str) -> str | None:
    """Return the SQL URL in `data`, or None for a path; a Path has lost some of its slashes, which are restored.

    Examples:
        >>> as_url("postgresql://shop@db/sales"), as_url(Path("postgresql://shop@db/sales"))
        ('postgresql://shop@db/sales', 'postgresql://shop@db/sales')
        >>> as_url(Path("data/shop.csv")) is None
        True
    """
    match = _URL.match(str(data))
    if match is None:
        return None
    scheme, slashes, rest = match.groups()
    if len(slashes) > 1:
        return str(data)
    if scheme.startswith("sqlite"):
        return f"{scheme}:///{rest}" if Path(rest).exists() else f"{scheme}:////{rest}"
    return f"{scheme}://{rest}"


def is_sqlite(path: Path) -> bool:
    """Return whether the file is an SQLite database, whatever its name; a pipe or a device, which might never end, is not opened."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"


def _statement(options: ReadOptions, where: str, dialect: str, tables: Callable[[], list[str]], quoted: Callable[[str], str]) -> str:
    """Return the SELECT for the options; a table's name is looked up before it is quoted."""
    if options.query:
        return one_select(options.query, dialect, where=where)
    known = tables()
    name = options.table
    if name is None:
        if len(known) != 1:
            raise ParameterError(f"it holds {len(known)} tables ({', '.join(known)[:120]}).", where=where, remedy="Say which: table: NAME.")
        name = known[0]
    if name not in known:
        raise TableError.unknown("table", name, known, where=where)
    return f"SELECT * FROM {quoted(name)}"


def _in_quotes(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def duckdb_tables(path: Path) -> list[str]:
    """Return the tables and views of a DuckDB file."""
    with _duckdb(path) as connection:
        rows = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'").fetchall()
    return sorted(str(row[0]) for row in rows)


def _duckdb(path: Path, folders: Sequence[Path] = ()) -> Any:
    import duckdb

    if not path.is_file():
        raise TableError("there is no such file.", where=str(path), remedy="Check the path.")
    try:
        return duckdb_connection(path, (path.parent, *folders))
    except duckdb.Error as error:
        raise TableError("it is not a DuckDB database.", where=str(path), remedy="Check that it was closed properly.") from error


def open_duckdb(path: Path, options: ReadOptions) -> OpenedFile:
    """Return a table or query of the DuckDB file at `path`, its types kept.

    Raises:
        TableError: it is no database, or has no such table, or the query fails or takes too long.
        ParameterError: the query is not one SELECT that only reads.
    """
    import duckdb

    statement = _statement(options, str(path), "duckdb", lambda: duckdb_tables(path), _in_quotes)
    copy = scratch_file(".parquet")
    with _duckdb(path, [path.parent / folder for folder in options.reads]) as connection:
        try:
            _verify_select(connection, statement, str(path))
            with stopped_in_time(connection.interrupt, where=str(path)):
                # the relation writes itself: no text of the query stands in a COPY, which it could end
                readable_relation(connection.sql(statement)).write_parquet(str(copy))
        except duckdb.PermissionException as error:
            remedy = "Name the folder of the files under `reads`, or copy them next to the database."
            raise TableError("it reads files outside the folders that it may read.", where=str(path), remedy=remedy) from error
        except duckdb.Error as error:
            raise _failed(error, statement, str(path), "Try it in DuckDB.") from error
    return _opened(copy, options.table or path.name)


def _verify_select(connection: Any, statement: str, where: str) -> None:
    """Ask DuckDB itself what the statement is; sqlglot may read it in another way."""
    import duckdb

    found = [part.type for part in connection.extract_statements(statement)]
    if found != [duckdb.StatementType.SELECT]:
        raise ParameterError("its query is not one SELECT.", where=where, remedy="Write one SELECT.")


def _failed(error: Exception, statement: str, where: str, remedy: str) -> TableError:
    """Return the error for a query that fails, with the words of the database that the query has too, and no value of the data."""
    words = words_of(getattr(error, "orig", None) or error, re.findall(r"\w+", statement)).rstrip(".")
    return TableError(f"the query fails: {words}.", where=where, remedy=remedy)


def sql_tables(url: str) -> list[str]:
    """Return the tables and views of the database at a SQL URL."""
    from sqlalchemy import inspect
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with _connected(url) as connection:
            found = inspect(connection)
            return sorted([*found.get_table_names(), *found.get_view_names()])
    except SQLAlchemyError as error:
        raise _no_answer(url) from error


def _no_answer(url: str) -> TableError:
    return TableError("the database does not answer.", where=masked(url), remedy="Check the URL, the network and the rights.")


def _engine(url: str) -> Engine:
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    from sqlalchemy.pool import NullPool

    try:
        given = make_url(url)
        creator = {} if (file := _sqlite_file(given)) is None else {"creator": lambda: sqlite_connection(file)}
        return create_engine(given, hide_parameters=True, poolclass=NullPool, **creator)
    except (ArgumentError, NoSuchModuleError) as error:
        raise ParameterError("this is not a SQL URL.", where=masked(url), remedy="Write one like sqlite:///shop.db.") from error
    except ModuleNotFoundError as error:
        raise missing_driver(error, where=url) from error


def _sqlite_file(url: URL) -> Path | None:
    """Return the file of an SQLite URL, None for another database and for one in memory."""
    is_file = url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}
    return Path(str(url.database)) if is_file else None


def _connected(url: str) -> Connection:
    from sqlalchemy.exc import SQLAlchemyError

    engine = _engine(url)
    file = _sqlite_file(engine.url)
    if file is not None and not file.is_file():
        raise TableError("there is no such database.", where=masked(url), remedy="Check the path; sqlite:////abs/path has four slashes.")
    try:
        return engine.connect()
    except SQLAlchemyError as error:
        raise _no_answer(url) from error


def open_sql(url: str, options: ReadOptions) -> OpenedFile:
    """Return a table or query of a SQL database, every value as text.

    Raises:
        TableError: the database does not answer, has no such table, or the query fails or takes too long.
        ParameterError: the URL is invalid, or the query is not one SELECT that only reads.
        MissingPackageError: its driver is not installed.
    """
    from sqlalchemy.exc import SQLAlchemyError

    where, name = masked(url), options.table or "query"
    with _connected(url) as connection:
        quoted = connection.dialect.identifier_preparer.quote_identifier
        statement = _statement(options, where, connection.dialect.name, lambda: sql_tables(url), quoted)
        try:
            make_read_only(connection)
            copies = _copied(connection, statement)
        except SQLAlchemyError as error:
            if _is_stopped(error):
                raise beyond("query_seconds", where=where, error=TableError) from error
            raise _failed(error, statement, where, "Try it in the database's own client.") from error
    if copies is None:
        raise TableError(f"{name} has no row.", where=where, remedy="Check the table or the query.")
    return _opened(copies, name)


def _copied(connection: Connection, statement: str) -> Path | None:
    """Copy the rows of a SELECT to Parquet, batch by batch, and return the glob of the files; None if there is no row."""
    copies = scratch_file(".parquet")
    # as it is: no `:name` in it is a parameter, no % a format
    result = connection.execution_options(stream_results=True, no_parameters=True).exec_driver_sql(statement)
    columns = [str(name) for name in result.keys()]  # noqa: SIM118  (a result is no dictionary)
    parts = 0
    while rows := result.fetchmany(_ROWS_AT_ONCE):
        texts = {name: [_as_text(row[i]) for row in rows] for i, name in enumerate(columns)}
        pl.DataFrame(texts, schema=dict.fromkeys(columns, pl.String)).write_parquet(copies.with_name(f"part-{parts:06}.parquet"))
        parts += 1
    return copies.with_name("part-*.parquet") if parts else None


def _is_stopped(error: Exception) -> bool:
    """Return whether a database stopped a query at its time limit: SQLite, PostgreSQL, MySQL, MariaDB."""
    words = str(getattr(error, "orig", error)).lower()
    return any(mark in words for mark in ("interrupted", "statement timeout", "maximum statement execution time", "max_statement_time"))


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def _opened(path: Path, name: str) -> OpenedFile:
    frame = pl.scan_parquet(path)
    frame, unusable = readable(frame)
    columns = tuple(frame.collect_schema().names())
    return OpenedFile(name=name, frame=frame.with_row_index(ROW, offset=1), columns=columns, unusable=unusable)
