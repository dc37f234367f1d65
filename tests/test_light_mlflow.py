"""The lighter MLflow of the jobs' tests: its stores share statements and nothing else."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from light_mlflow import lighten

from relkit.tracking import runs

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_each_store_has_what_was_written_to_it(tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lighten(monkeypatch)
    for name in ("one", "two"):
        shutil.copy(empty_store, tmp_path / f"{name}.db")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/{name}.db")
        with runs.connected() as client:
            client.create_registered_model(name, tags={"of": name})
            client.set_registered_model_tag(name, "again", name)
            assert [found.name for found in client.search_registered_models()] == [name]
    for name in ("one", "two"):
        with closing(sqlite3.connect(tmp_path / f"{name}.db")) as connection:
            tags = connection.execute("SELECT name, key, value FROM registered_model_tags ORDER BY key").fetchall()
        assert tags == [(name, "again", name), (name, "of", name)]
