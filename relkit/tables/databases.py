"""DuckDB files and SQL databases: a table or a query, copied once to Parquet so that memory stays small.

DuckDB keeps its types. From any other database every value comes as text (ids as they are written, days and instants in
ISO form), as it does from text files; the mapping casts. A password may be part of the URL or, better, the URL in an
environment variable; messages never show it.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import MissingPackageError, ParameterError, TableError
from relkit.masking import masked
from relkit.tables.column_types import readable, readable_relation
from relkit.tables.opened_file import OpenedFile, scratch_file
from relkit.tables.schemas import ROW

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

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
    """Return whether the file is an SQLite database, whatever its name."""
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"


def _statement(options: ReadOptions, where: str, tables: list[str]) -> str:
    """Return the SELECT for the options; a table's name is looked up before it is quoted."""
    if options.query:
        return options.query
    if options.table is None:
        if len(tables) == 1:
            return f'SELECT * FROM "{tables[0]}"'
        raise ParameterError(f"it holds {len(tables)} tables ({', '.join(tables)[:120]}).", where=where, remedy="Say which: table: NAME.")
    if options.table not in tables:
        raise TableError.unknown("table", options.table, tables, where=where)
    quoted = ".".join(f'"{part}"' for part in options.table.split("."))
    return f"SELECT * FROM {quoted}"


def duckdb_tables(path: Path) -> list[str]:
    """Return the tables and views of a DuckDB file."""
    with _duckdb(path) as connection:
        rows = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'").fetchall()
    return sorted(str(row[0]) for row in rows)


def _duckdb(path: Path) -> Any:
    import duckdb

    if not path.is_file():
        raise TableError("there is no such file.", where=str(path), remedy="Check the path.")
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise TableError("it is not a DuckDB database.", where=str(path), remedy="Check that it was closed properly.") from error


def open_duckdb(path: Path, options: ReadOptions) -> OpenedFile:
    """Return a table or query of the DuckDB file at `path`, its types kept.

    Raises:
        TableError: it is no database, or has no such table, or the query fails.
    """
    import duckdb

    statement = _statement(options, str(path), duckdb_tables(path) if not options.query else [])
    copy = scratch_file(".parquet")
    with _duckdb(path) as connection:
        try:
            readable_relation(connection.sql(statement)).write_parquet(str(copy))
        except duckdb.Error as error:
            raise TableError(f"the query fails: {str(error).splitlines()[0]}", where=str(path), remedy="Try it in DuckDB.") from error
    return _opened(copy, options.table or path.name)


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
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        return create_engine(url)
    except (ArgumentError, NoSuchModuleError) as error:
        raise ParameterError("this is not a SQL URL.", where=masked(url), remedy="Write one like sqlite:///shop.db.") from error
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"the driver {error.name} is not installed.", where=masked(url), remedy=f"pip install {error.name}"
        ) from error


def _connected(url: str) -> Connection:
    from sqlalchemy.exc import SQLAlchemyError

    engine = _engine(url)
    if engine.dialect.name == "sqlite" and engine.url.database and not Path(engine.url.database).is_file():
        raise TableError("there is no such database.", where=masked(url), remedy="Check the path; sqlite:////abs/path has four slashes.")
    try:
        return engine.connect()
    except SQLAlchemyError as error:
        raise _no_answer(url) from error


def open_sql(url: str, options: ReadOptions) -> OpenedFile:
    """Return a table or query of a SQL database, every value as text.

    Raises:
        TableError: the database does not answer, has no such table, or the query fails.
        ParameterError: the URL is invalid.
        MissingPackageError: its driver is not installed.
    """
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    statement = _statement(options, masked(url), sql_tables(url) if not options.query else [])
    copies = scratch_file(".parquet")
    with _connected(url) as connection:
        try:
            result = connection.execution_options(stream_results=True).execute(text(statement))
        except SQLAlchemyError as error:
            message = str(getattr(error, "orig", error)).splitlines()[0]
            raise TableError(f"the query fails: {message}.", where=masked(url), remedy="Try it in the database's own client.") from error
        columns = [str(name) for name in result.keys()]  # noqa: SIM118  (a result is no dictionary)
        parts = 0
        while rows := result.fetchmany(_ROWS_AT_ONCE):
            texts = {name: [_as_text(row[i]) for row in rows] for i, name in enumerate(columns)}
            pl.DataFrame(texts, schema=dict.fromkeys(columns, pl.String)).write_parquet(copies.with_name(f"part-{parts:06}.parquet"))
            parts += 1
    name = options.table or "query"
    if not parts:
        raise TableError(f"{name} has no row.", where=masked(url), remedy="Check the table or the query.")
    return _opened(copies.with_name("part-*.parquet"), name)


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
