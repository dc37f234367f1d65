"""The store on disk, without MLflow."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest

from relkit.errors import StorageError
from relkit.tracking import embedded


def roots(database):
    with closing(sqlite3.connect(database)) as connection:
        return dict(connection.execute("SELECT name, artifact_location FROM experiments"))


def test_the_default_store_is_in_the_working_directory(workplace):
    store = embedded.current()
    assert store.database == workplace / "mlruns" / "mlflow.db"
    assert store.uri == f"sqlite:///{workplace}/mlruns/mlflow.db"
    assert store.artifacts == workplace / "mlruns" / "artifacts"


def test_a_server_keeps_its_own_files(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://tracking.example.org")
    store = embedded.current()
    assert (store.uri, store.database, store.artifacts) == ("https://tracking.example.org", None, None)
    assert embedded.relocate(store) == 0
    assert embedded.champions(store) == {}


def test_another_file_keeps_its_artifacts_next_to_it(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/my%20store/runs.db")
    store = embedded.current()
    assert store.database == tmp_path / "my store" / "runs.db"
    assert store.artifacts == tmp_path / "my store" / "artifacts"


@pytest.mark.parametrize("written", ["/srv/mlruns", "./mlruns", "file:///srv/mlruns"])
def test_a_bare_folder_is_refused_with_what_to_write_instead(monkeypatch, written):
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", written)
    with pytest.raises(StorageError, match=r"sqlite:///.*mlruns/mlflow\.db"):
        embedded.current()


def test_a_bare_folder_is_mlflows_business_if_it_is_set_to_allow_it(monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "/srv/mlruns")
    assert embedded.current().database is None


def test_what_does_not_exist_is_not_made(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/none.db")
    assert embedded.relocate(embedded.current()) == 0
    assert embedded.champions(embedded.current()) == {}
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_is_left_alone(monkeypatch, tmp_path):
    (tmp_path / "empty.db").touch()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/empty.db")
    assert embedded.relocate(embedded.current()) == 0
    assert embedded.champions(embedded.current()) == {}


def test_a_moved_store_is_rewritten_once(workplace):
    store = embedded.current()
    assert embedded.relocate(store) > 0
    assert roots(store.database)["relkit"] == (workplace / "mlruns" / "artifacts").as_uri()
    assert embedded.relocate(store) == 0


def test_only_what_lies_below_the_old_root_is_rewritten(workplace):
    store = embedded.current()
    old = roots(store.database)["relkit"]
    with closing(sqlite3.connect(store.database)) as connection, connection:
        for name, where in (("beside", f"{old}-old/x"), ("below", f"{old}/below"), ("bucket", "s3://bucket/x")):
            connection.execute(
                "INSERT INTO experiments (name, artifact_location, lifecycle_stage, workspace) VALUES (?, ?, 'active', 'default')",
                (name, where),
            )
    embedded.relocate(store)
    now = roots(store.database)
    assert now["beside"] == f"{old}-old/x"
    assert now["bucket"] == "s3://bucket/x"
    assert now["below"] == (workplace / "mlruns" / "artifacts" / "below").as_uri()


def test_a_read_only_store_that_was_moved_says_so(workplace, monkeypatch):
    store = embedded.current()
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda name, **given: real(name.replace("mode=rw", "mode=ro"), **given))
    with pytest.raises(StorageError, match=r"mlflow.db: the store was moved from .* cannot be rewritten .*Make the file writable"):
        embedded.relocate(store)


def test_a_copy_next_to_the_original_is_a_store_of_its_own(workplace, monkeypatch):
    embedded.relocate(embedded.current())
    copy = workplace / "copy"
    shutil.copytree(workplace / "mlruns", copy / "mlruns")
    monkeypatch.chdir(copy)
    assert embedded.relocate(embedded.current()) > 0
    assert roots(workplace / "mlruns" / "mlflow.db")["relkit"] == (workplace / "mlruns" / "artifacts").as_uri()
