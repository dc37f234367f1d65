"""The store on disk: `mlruns/mlflow.db` with `mlruns/artifacts/` alongside it.

This module reads and repairs the database with the standard library, because loading MLflow takes
seconds: which store is in force, where it was when its paths were written, which versions are champions.

MLflow writes absolute artifact paths. If the folder has been moved, or is mounted in a container under
another path, `relocate` rewrites the stored roots to where the folder is now; it does nothing otherwise.
"""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from relkit.errors import StorageError
from relkit.masking import masked
from relkit.tracking.store_errors import store_error
from relkit.workplace import workplace

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPERIMENT = "relkit"
"""The MLflow experiment that contains every fit."""

_SQLITE = "sqlite:///"
_FOLDER = re.compile(r"file:|[./~]|[A-Za-z]:[\\/]")
# Where MLflow 3 keeps artifact locations.
_LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


@dataclass(frozen=True)
class Store:
    """Store of runs and models.

    Attributes:
        uri: the tracking URI, with an absolute path when it is a SQLite file.
        database: the SQLite file; None if the store is a server.
    """

    uri: str
    database: Path | None

    @property
    def artifacts(self) -> Path | None:
        """The folder of artifacts alongside the database; a server keeps its own."""
        return self.database.parent / "artifacts" if self.database else None


def current() -> Store:
    """Return the store in force: `MLFLOW_TRACKING_URI`, or mlruns/ in the workplace.

    Raises:
        StorageError: `MLFLOW_TRACKING_URI` is a bare folder, in which MLflow 3 keeps no store by default.

    Examples:
        >>> current().uri.startswith("sqlite:////")
        True
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"{_SQLITE}{workplace() / 'mlruns' / 'mlflow.db'}"
    if _FOLDER.match(uri) and os.environ.get("MLFLOW_ALLOW_FILE_STORE", "").lower() != "true":
        path = unquote(re.sub(r"^file:(//)?", "", uri))
        raise StorageError(
            "MLflow no longer keeps its store in a bare folder, but in a database.",
            where=f"MLFLOW_TRACKING_URI = {masked(uri)}",
            remedy=f"Write {_SQLITE}{path.rstrip('/')}/mlflow.db; without the variable mlruns/ in the working directory is used.",
        )
    if not uri.startswith(_SQLITE):
        return Store(uri=uri, database=None)
    # Without "..", so that the path is the same from a notebook's folder.
    database = Path(os.path.abspath(unquote(uri.removeprefix(_SQLITE))))  # noqa: PTH100  (absolute() keeps "..")
    return Store(uri=_SQLITE + database.as_posix(), database=database)


def relocate(store: Store) -> int:
    """Rewrite the stored artifact roots to the store's current place and return the number of rows changed.

    Raises:
        StorageError: the store was moved and its database cannot be written.
    """
    if store.database is None or store.artifacts is None or not store.database.is_file():
        return 0
    with opened(store.database) as connection:
        old = _recorded_root(connection)
        new = location(store.artifacts)
        if old is None or old == new:
            return 0
        try:
            with connection:
                return sum(_rewrite(connection, table, column, old, new) for table, column in _LOCATIONS)
        except sqlite3.OperationalError as error:
            raise StorageError(
                f"the store was moved from {unquote(old)} and its paths cannot be rewritten ({error}).",
                where=str(store.database),
                remedy="Make the file writable, or move the folder back.",
            ) from error


def champions(store: Store) -> dict[str, str]:
    """Return the champion version of each model of a store on disk, without loading MLflow."""
    if store.database is None or not store.database.is_file():
        return {}
    with opened(store.database) as connection:
        if not has_table(connection, "registered_model_aliases"):
            return {}
        rows = connection.execute("SELECT name, version FROM registered_model_aliases WHERE alias = 'champion' ORDER BY name")
        return {str(name): str(version) for name, version in rows}


def marked(store: Store, tag: str) -> dict[str, str]:
    """Return the values of a tag by registered model that has it, in a store on disk, without loading MLflow."""
    if store.database is None or not store.database.is_file():
        return {}
    with opened(store.database) as connection:
        if not has_table(connection, "registered_model_tags"):
            return {}
        return dict(connection.execute("SELECT name, value FROM registered_model_tags WHERE key = ?", (tag,)))


@dataclass(frozen=True)
class StoredVersion:
    """A version as stored.

    Attributes:
        name, version: under which it is registered, and its number as text.
        run_id: of the run that made it.
        creation_timestamp: milliseconds since 1970, UTC.
        tags: by name.
        aliases: that point to it.
        source: where its files are.
    """

    name: str
    version: str
    run_id: str
    creation_timestamp: int
    tags: dict[str, str]
    aliases: tuple[str, ...]
    source: str


def stored_versions(store: Store) -> list[StoredVersion] | None:
    """Return all versions of a store on disk, read without MLflow; None if only MLflow can read it."""
    if store.database is None:
        return None
    if not store.database.is_file():
        return []
    relocate(store)
    try:
        with opened(store.database) as connection:
            return _versions(connection)
    except sqlite3.DatabaseError:  # of another MLflow, or damaged, which MLflow distinguishes
        return None


def _versions(connection: sqlite3.Connection) -> list[StoredVersion]:
    tags: dict[tuple[str, str], dict[str, str]] = {}
    for key, value, name, version in connection.execute("SELECT key, value, name, version FROM model_version_tags"):
        tags.setdefault((str(name), str(version)), {})[str(key)] = str(value)
    aliases: dict[tuple[str, str], list[str]] = {}
    for name, version, alias in connection.execute("SELECT name, version, alias FROM registered_model_aliases ORDER BY alias"):
        aliases.setdefault((str(name), str(version)), []).append(str(alias))
    rows = connection.execute(
        "SELECT name, version, run_id, creation_time, COALESCE(NULLIF(storage_location, ''), source) FROM model_versions "
        "WHERE current_stage IS NULL OR current_stage <> 'Deleted_Internal' ORDER BY name, version"
    )
    return [
        StoredVersion(str(name), str(number), str(run), int(made), tags.get(key, {}), tuple(aliases.get(key, ())), str(source))
        for name, number, run, made, source in rows
        for key in [(str(name), str(number))]
    ]


def run_artifacts(store: Store, run_id: str) -> str | None:
    """Return the location of a run's artifacts, in a store on disk; None if only MLflow can tell."""
    if store.database is None or not store.database.is_file():
        return None
    relocate(store)
    try:
        with opened(store.database) as connection:
            row = connection.execute("SELECT artifact_uri FROM runs WHERE run_uuid = ?", (run_id,)).fetchone()
    except sqlite3.DatabaseError:
        return None
    return None if row is None else str(row[0])


def location(folder: Path) -> str:
    """Return a folder as MLflow stores it.

    Examples:
        >>> location(Path("/home/ana/my work/mlruns/artifacts"))
        'file:///home/ana/my%20work/mlruns/artifacts'
    """
    return folder.absolute().as_uri()


@contextmanager
def opened(database: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection to an existing database; sqlite3.connect alone would create an empty one.

    Raises:
        StorageError: the file is damaged, or the disk is full.
    """
    try:
        with closing(sqlite3.connect(f"file:{quote(database.as_posix())}?mode=rw", uri=True, timeout=20)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        known = store_error(error, str(database))
        if known is None or "MLflow says" in known.what:
            raise
        raise known from error


def has_table(connection: sqlite3.Connection, table: str) -> bool:
    """Return whether a database has a table."""
    return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone())


def _recorded_root(connection: sqlite3.Connection) -> str | None:
    """Return the artifact root as of the last opening of the store; None before anything was recorded."""
    if not has_table(connection, "experiments"):
        return None
    row = connection.execute("SELECT artifact_location FROM experiments WHERE name = ?", (EXPERIMENT,)).fetchone()
    return str(row[0]) if row else None


def _rewrite(connection: sqlite3.Connection, table: str, column: str, old: str, new: str) -> int:
    """Replace the root of every location at or below `old`."""
    if not any(row[1] == column for row in _columns(connection, table)):
        return 0
    cursor = connection.execute(
        f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE {column} = ? OR substr({column}, 1, ?) = ?",
        (new, len(old) + 1, old, len(old) + 1, old + "/"),
    )
    return cursor.rowcount


def _columns(connection: sqlite3.Connection, table: str) -> Iterator[tuple[int, str]]:
    yield from connection.execute(f"PRAGMA table_info({table})")
