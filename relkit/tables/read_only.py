"""Connections that cannot change a database: the second wall behind `select_only`.

SQLite files are opened read-only with an authorizer that allows reading alone, DuckDB files read-only with locked settings and files
limited to the folders given, servers in a read-only transaction. A query that takes too long is stopped.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from relkit.errors import TableError
from relkit.limits import beyond, limit
from relkit.tables.opened_file import scratch_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

READ_ONLY: dict[str, tuple[str, ...]] = {
    "postgresql": ("SET TRANSACTION READ ONLY", "SET LOCAL statement_timeout = {milliseconds}"),
    "mysql": ("SET SESSION max_execution_time = {milliseconds}", "START TRANSACTION READ ONLY"),
    "mariadb": ("SET SESSION max_statement_time = {seconds}", "START TRANSACTION READ ONLY"),
    "oracle": ("SET TRANSACTION READ ONLY",),
}
"""Statements that make a transaction read-only and give it a time limit, by SQLAlchemy's name of the dialect."""

_WAL = b"\x02\x02"
_SQLITE_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE, sqlite3.SQLITE_TRANSACTION}
_SQLITE_PRAGMAS = {"data_version"}  # which full-text search asks for
_SQLITE_FUNCTIONS = {"load_extension", "writefile", "readfile", "edit", "fts3_tokenizer", "writecsv", "zipfile", "lsdir", "fsdir"}
_STEPS = 20_000
"""Steps of SQLite between two looks at the clock."""


def sqlite_connection(path: Path) -> sqlite3.Connection:
    """Return a read-only connection to an SQLite file; nothing is written next to it either.

    Raises:
        TableError: the file has a log of changes (`-wal`) to be merged first, which takes writing.
    """
    mode = "mode=ro&immutable=1" if _is_at_rest(path) else "mode=ro"
    connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?{mode}", uri=True, check_same_thread=False)
    connection.execute("PRAGMA query_only = 1")
    return connection


def _is_at_rest(path: Path) -> bool:
    """Return whether a file keeps a log of its changes and nobody has it open, so that no lock is needed to read it."""
    with path.open("rb") as file:
        versions = file.read(20)[18:20]
    log = path.with_name(f"{path.name}-wal")
    return versions == _WAL and (not log.exists() or log.stat().st_size == 0)


def _allowed(action: int, first: str | None, second: str | None, *_: Any) -> int:
    """Return SQLite's answer to whether a statement may do something: read, and call functions that only compute."""
    reads = action in _SQLITE_READS or (action == sqlite3.SQLITE_PRAGMA and first in _SQLITE_PRAGMAS and second is None)
    computes = action == sqlite3.SQLITE_FUNCTION and str(second).lower() not in _SQLITE_FUNCTIONS
    return sqlite3.SQLITE_OK if reads or computes else sqlite3.SQLITE_DENY


def duckdb_connection(path: Path, folders: Sequence[Path]) -> Any:
    """Return a read-only connection to a DuckDB file that reads other files from the folders alone, its settings locked.

    Args:
        path: the file, which exists.
        folders: where its views and queries may read files; symbolic links are followed, and must stay inside.
    """
    import duckdb

    connection = duckdb.connect(str(path), read_only=True)
    allowed = sorted({name for folder in folders for name in (str(folder.absolute()), str(folder.resolve()))})
    settings: dict[str, bool | str | list[str]] = {
        "allowed_directories": allowed,
        "temp_directory": str(scratch_folder()),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "enable_external_access": False,
        "lock_configuration": True,
    }
    for name, value in settings.items():  # in this order: the last two close the door
        connection.execute(f"SET {name} = {_literal(value)}")
    return connection


def _literal(value: bool | str | list[str]) -> str:  # noqa: FBT001
    """Return a value as DuckDB reads it.

    Examples:
        >>> _literal(["/data/l'an"]), _literal(False)
        ("['/data/l''an']", 'false')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(_literal(one) for one in value) + "]"
    return "'" + value.replace("'", "''") + "'"


def make_read_only(connection: Connection) -> None:
    """Make all that follows on a SQLAlchemy connection read-only, and give it a time limit, as far as its database can."""
    dialect = connection.dialect.name
    if dialect == "sqlite":
        raw: Any = connection.connection.dbapi_connection
        until = time.monotonic() + limit("query_seconds")
        raw.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        raw.set_authorizer(_allowed)
    seconds = limit("query_seconds")
    for statement in READ_ONLY.get(dialect, ()):
        connection.exec_driver_sql(statement.format(milliseconds=seconds * 1000, seconds=seconds))


@contextmanager
def stopped_in_time(stop: Callable[[], object], *, where: str) -> Iterator[None]:
    """Call `stop` when a query takes longer than its limit, and raise the error for it.

    Args:
        stop: interrupts the query, from another thread.
        where: the source, for the message.

    Raises:
        TableError: the limit was reached.
    """
    late = threading.Event()

    def interrupt() -> None:
        late.set()
        stop()

    timer = threading.Timer(limit("query_seconds"), interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if late.is_set():
            raise beyond("query_seconds", where=where, error=TableError) from error
        raise
    finally:
        timer.cancel()
