"""Leftovers of stopped commands in a store on disk, finished with the standard library: loading MLflow takes seconds."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relkit.processes import PATTERN, has_ended, this_process
from relkit.tracking import embedded, tickets

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from relkit.tracking.embedded import Store
    from relkit.tracking.tickets import Change

_DRAFT = re.compile(rf"\.({PATTERN})\.db.*")
_FAILED_MODEL, _PENDING_MODEL = 3, 1
"""MLflow's states of a logged model."""


@dataclass(frozen=True)
class Swept:
    """The number of runs and versions that were finished, and of databases in the making that were removed."""

    runs: int = 0
    versions: int = 0
    drafts: int = 0


def draft_of(database: Path) -> Path:
    """Return the path at which this process makes a database before it gets its name."""
    return database.with_name(f".{this_process()}.db")


def sweep_store(store: Store) -> Swept:
    """Finish what processes that have ended left in a store on disk, and return how much; nothing on a server.

    A run without a version is marked as killed, one with a version as finished; tickets are closed.
    """
    if store.database is None or not store.database.parent.is_dir():
        return Swept()
    drafts = [path for path in store.database.parent.glob(".*.db*") if (m := _DRAFT.fullmatch(path.name)) and has_ended(m[1])]
    for path in drafts:
        path.unlink(missing_ok=True)
    if not store.database.is_file():
        return Swept(drafts=len(drafts))
    versions = _close_tickets(store, store.database)
    with embedded.opened(store.database) as connection, connection:
        return Swept(_end_runs(connection), versions, len(drafts))


def _close_tickets(store: Store, database: Path) -> int:
    """Close the tickets that nobody will give back, one after another, and return their number."""
    closed = 0
    while left := tickets.abandoned(embedded.stored_versions(store) or ()):
        version = left[0]
        own = [other for other in embedded.stored_versions(store) or () if other.name == version.name]
        with embedded.opened(database) as connection, connection:
            for change in tickets.closing(version, own):
                _apply(connection, change)
        closed += 1
    return closed


def _apply(connection: sqlite3.Connection, change: Change) -> None:
    name, number = change.version.name, change.version.version
    if change.is_alias:
        connection.execute("DELETE FROM registered_model_aliases WHERE name = ? AND version = ?", (name, number))
        connection.execute(
            "INSERT OR REPLACE INTO registered_model_aliases (alias, version, name) VALUES (?, ?, ?)", (change.name, number, name)
        )
        return
    connection.execute("DELETE FROM model_version_tags WHERE name = ? AND version = ? AND key = ?", (name, number, change.name))
    if change.value is not None:
        row = {"key": change.name, "value": change.value, "name": name, "version": number}
        connection.execute("INSERT INTO model_version_tags (key, value, name, version) VALUES (:key, :value, :name, :version)", row)


def _end_runs(connection: sqlite3.Connection) -> int:
    """End the runs of processes that have ended, and the models that they had begun to log; return the number of runs."""
    if not embedded.has_table(connection, "runs"):
        return 0
    query = (
        "SELECT runs.run_uuid, tags.value, runs.start_time FROM runs JOIN tags ON tags.run_uuid = runs.run_uuid "
        "WHERE runs.status = 'RUNNING' AND tags.key = ?"
    )
    rows = connection.execute(query, (tickets.PROCESS,)).fetchall()
    left = [str(run) for run, mark, since in rows if tickets.is_abandoned(str(mark), (since or 0) / 1000)]
    for run in left:
        registered = connection.execute("SELECT 1 FROM model_versions WHERE run_id = ?", (run,)).fetchone()
        status = "FINISHED" if registered else "KILLED"
        connection.execute("UPDATE runs SET status = ?, end_time = ? WHERE run_uuid = ?", (status, int(time.time() * 1000), run))
        if not registered:
            states = (_FAILED_MODEL, run, _PENDING_MODEL)
            connection.execute("UPDATE logged_models SET status = ? WHERE source_run_id = ? AND status = ?", states)
    return len(left)
