"""The same folders for a command and for a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from relkit.jobs.build_features import BuildFeatures
from relkit.tracking import embedded

if TYPE_CHECKING:
    import pytest


def test_a_command_means_the_folders_of_its_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert BuildFeatures().out_dir == Path("out/default")
    assert embedded.current().database == tmp_path / "mlruns" / "mlflow.db"


def test_a_notebook_means_the_folders_beside_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "mlruns").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert BuildFeatures().out_dir.resolve() == tmp_path / "out" / "default"
    assert embedded.current().database == tmp_path / "mlruns" / "mlflow.db"


def test_a_folder_that_is_only_called_notebooks_is_a_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert BuildFeatures().out_dir == Path("out/default")
