"""Errors of the store of runs and models in relkit's words: which of full disk, damage, missing driver or lost connection it is."""

from __future__ import annotations

import errno
import re

from relkit.errors import RelkitError, StorageError
from relkit.masking import masked
from relkit.shapes import without_values
from relkit.tables.drivers import missing_driver

_KINDS = (
    (
        r"disk is full|no space left|disk quota",
        "the disk is full.",
        "Make room and run the command again: what it had begun is finished or removed then.",
    ),
    (
        r"malformed|not a database|disk i/o error|file is encrypted",
        "the database is damaged.",
        "Put a copy of the file in its place, or move it away: the next fit makes a new one.",
    ),
    (r"readonly|read-only", "the database cannot be written.", "Make the file and its folder writable."),
    (r"database is locked", "the database is locked by another program.", "Close what has it open, and run the command again."),
    (
        r"could not connect|connection refused|connection to server|max retries|name or service not known|failed to establish",
        "the server does not answer.",
        "Check that it runs and that the address is right.",
    ),
    (r"password authentication|401|unauthorized", "the server refuses the user.", "Check user, password and rights."),
)
"""Words in the error of a database, what they mean, and what to do."""
_SETTING = "MLFLOW_TRACKING_URI names the store; without it mlruns/ in the working directory is used."


def store_error(error: BaseException, where: str) -> RelkitError | None:
    """Return the error of a store in relkit's words; None if it is no error of a store.

    Args:
        error: from MLflow, SQLAlchemy, SQLite or the system.
        where: the store, whose secrets are masked.

    Examples:
        >>> import sqlite3
        >>> str(store_error(sqlite3.DatabaseError("file is not a database"), "mlruns/mlflow.db")).split(". ")[0]
        'mlruns/mlflow.db: the database is damaged'
        >>> store_error(KeyError("x"), "mlruns/mlflow.db") is None
        True
    """
    place = masked(where)
    if isinstance(error, ModuleNotFoundError):
        is_database = "://" in where and not where.startswith(("http", "sqlite", "file"))
        return missing_driver(error, where=place) if is_database else None
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageError(_KINDS[0][1], where=place, remedy=_KINDS[0][2])
    if not _is_of_a_store(error):
        return None
    text = _plain(error)
    for words, what, remedy in _KINDS:
        if re.search(words, text, re.IGNORECASE):
            return StorageError(what, where=place, remedy=remedy)
    return StorageError(f"MLflow says: {without_values(masked(text))}", where=place, remedy=_SETTING)


def _is_of_a_store(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in {"mlflow", "sqlalchemy", "sqlite3", "psycopg2", "pymysql", "requests", "urllib3"}


def _plain(error: BaseException) -> str:
    """Return the message without the statement and the address of a page on it, which SQLAlchemy adds."""
    return re.split(r"\s*(?:\[SQL: |\(Background on this error)", " ".join(str(error).split()))[0]
