"""Connecting to a store and what goes into a run."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from relkit.errors import StorageError
from relkit.tracking import embedded, registry, runs


def test_a_store_that_is_not_there_holds_nothing_and_reading_makes_none(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    assert (registry.versions(), registry.champion("survival.cox")) == ([], None)
    assert not list(tmp_path.iterdir())


def test_the_store_is_made_on_first_use_and_quietly(tmp_path):
    code = (
        "import warnings; warnings.simplefilter('error', UserWarning)\n"
        "from relkit.tracking import registry, runs\n"
        "with runs.connected(): print(registry.versions(), registry.champion('survival.cox'))"
    )
    env = {k: v for k, v in os.environ.items() if k not in {"MLFLOW_TRACKING_URI", "MLFLOW_DISABLE_TELEMETRY"}}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[] None\n", "")
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")) == ["mlruns", "mlruns/mlflow.db"]


@pytest.fixture
def quick_store(empty_store, monkeypatch):
    """Let MLflow's store be a copy of an empty one, whose tables take it seconds to make."""
    from mlflow.store.tracking import sqlalchemy_store

    class Copied:
        engine = SimpleNamespace(dispose=lambda: None)

        def __init__(self, uri, _artifacts):
            shutil.copy(empty_store, uri.removeprefix("sqlite:///"))

        def create_experiment(self, *_, **__):
            pass

    monkeypatch.setattr(sqlalchemy_store, "SqlAlchemyStore", Copied)


def test_of_two_that_begin_together_the_first_database_counts(tmp_path, monkeypatch, quick_store):
    """The one that is slower throws its own database away: the runs in the other are not lost."""
    link = os.link

    def late(fresh, database):
        database.write_bytes(b"first")
        link(fresh, database)

    monkeypatch.setattr(os, "link", late)
    with runs._quiet():
        runs._make(embedded.Store(uri="", database=tmp_path / "mlflow.db"))
    assert [p.name for p in tmp_path.iterdir()] == ["mlflow.db"]
    assert (tmp_path / "mlflow.db").read_bytes() == b"first"


def test_where_links_are_not_possible_the_store_is_moved_into_place(tmp_path, monkeypatch, quick_store, empty_store):
    def no_links(*_):
        raise PermissionError

    monkeypatch.setattr(os, "link", no_links)
    with runs._quiet():
        runs._make(embedded.Store(uri="", database=tmp_path / "mlflow.db"))
    assert [p.name for p in tmp_path.iterdir()] == ["mlflow.db"]
    assert (tmp_path / "mlflow.db").read_bytes() == empty_store.read_bytes()


def test_an_experiment_that_is_absent_is_made(workplace):
    with runs.connected() as client:
        client.rename_experiment(client.get_experiment_by_name("relkit").experiment_id, "gone")
        made = client.get_experiment(runs._experiment(client))
    assert made.name == "relkit"
    assert made.artifact_location == (workplace / "mlruns" / "artifacts").as_uri()


def test_what_mlflow_refuses_is_reported_in_our_words(workplace):
    with (
        pytest.raises(StorageError, match=r"sqlite:.*mlflow.db: MLflow says: .*Registered Model.*MLFLOW_TRACKING_URI names the store"),
        runs.connected() as client,
    ):
        client.get_registered_model("none")


def test_loggers_are_left_as_they_were(workplace):
    logger = logging.getLogger("mlflow")
    logger.setLevel(logging.INFO)
    with runs.connected():
        assert logger.level == logging.WARNING
    assert logger.level == logging.INFO


def test_a_progress_bar_that_was_wished_for_stays_so(workplace, monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "true")
    with runs.connected():
        assert os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] == "false"
    assert os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] == "true"


def test_metric_names_are_made_acceptable():
    assert runs._metric_name("estimate/région (été)") == "estimate/région _été_"
