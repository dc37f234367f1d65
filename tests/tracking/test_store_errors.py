"""The message says which: full disk, damaged store, missing driver, a server that does not answer."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import sys

import pytest

from relkit.errors import MissingPackageError, StorageError
from relkit.tracking import embedded, registry, runs
from relkit.tracking.store_errors import store_error

NAMES = ("champions", "versions", "connected")


def reads(name: str) -> None:
    if name == "champions":
        registry.champion_versions()
    elif name == "versions":
        registry.versions()
    else:
        with runs.connected() as client:
            client.search_registered_models()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_no_database(workplace, name):
    (workplace / "mlruns" / "mlflow.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match=r"mlflow.db: the database is damaged. Put a copy of the file in its place, or move it away"):
        reads(name)


def test_a_database_that_was_cut_short(workplace, fitted):
    path = workplace / "mlruns" / "mlflow.db"
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(StorageError, match="the database is damaged"):
        reads("connected")


def test_a_full_disk(workplace, monkeypatch):
    def full(*_, **__):
        raise sqlite3.OperationalError("database or disk is full")

    with runs.connected() as client:
        monkeypatch.setattr(type(client), "search_registered_models", full)
    with pytest.raises(StorageError, match=r"the disk is full. Make room and run the command again"):
        reads("connected")
    known = store_error(OSError(errno.ENOSPC, "No space left on device"), "mlruns/mlflow.db")
    assert str(known).startswith("mlruns/mlflow.db: the disk is full.")
    assert store_error(OSError(errno.EACCES, "Permission denied"), "mlruns/mlflow.db") is None


@pytest.mark.parametrize(
    ("scheme", "driver", "package"),
    [
        ("postgresql+psycopg", "psycopg", "psycopg.binary"),
        ("postgresql+psycopg2", "psycopg2", "psycopg2-binary"),
        ("mysql", "MySQLdb", "mysqlclient"),
    ],
)
def test_a_missing_driver(workplace, monkeypatch, scheme, driver, package):
    monkeypatch.setitem(sys.modules, driver, None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"{scheme}://bob:s3cret@127.0.0.1:1/store")
    with pytest.raises(MissingPackageError, match=rf"the driver {driver} is not installed. pip install {package}") as error:
        reads("connected")
    assert "s3cret" not in str(error.value)


def test_a_store_that_cannot_be_written(workplace):
    text = "(sqlite3.OperationalError) attempt to write a readonly database [SQL: UPDATE x] (Background on this error at: page)"
    assert str(store_error(sqlite3.OperationalError(text), "m.db")).startswith("m.db: the database cannot be written. Make the file")


def test_what_is_not_known_is_told_without_statement_and_secrets():
    known = store_error(sqlite3.OperationalError("no such table: x [SQL: SELECT 'a name']"), "http://bob:s3cret@host")
    assert str(known).startswith("http://bob:***@host: MLflow says: no such table: x MLFLOW_TRACKING_URI")


def test_other_errors_are_left_alone(workplace):
    assert store_error(ModuleNotFoundError("No module named 'x'", name="x"), "m.db") is None
    with pytest.raises(KeyError), runs.connected():
        raise KeyError("x")
    shutil.rmtree(workplace / "mlruns")
    assert embedded.champions(embedded.current()) == {}
