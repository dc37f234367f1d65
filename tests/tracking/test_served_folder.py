"""The folder of a logged model: what MLflow's own readers find in it, and what is not in it."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

from relkit.tracking.served_folder import write_served_folder

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

RUN_ID, MODEL_ID = "0123456789abcdef", "m-0123456789abcdef"


@pytest.fixture
def folder(tmp_path: Path, fitted: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a model that was written in a working directory with a project of the user's."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for name in ("pyproject.toml", "uv.lock"):
        (tmp_path / "work" / name).write_text("[project]\nname = 'secret'\n")
    write_served_folder(tmp_path / "served", fitted, run_id=RUN_ID, model_id=MODEL_ID)
    return tmp_path / "served"


def test_it_has_nothing_but_the_model_and_its_description(folder: Path) -> None:
    found = {path.relative_to(folder).as_posix() for path in folder.iterdir()}
    assert found == {"MLmodel", "artifacts", "conda.yaml", "python_env.yaml", "requirements.txt", "served_model.py"}
    assert not [path for path in folder.rglob("*") if path.is_file() and str(folder.parent).encode() in path.read_bytes()]


def test_mlflow_reads_its_environments(folder: Path) -> None:
    from mlflow.utils.environment import _PythonEnv

    needed = (folder / "requirements.txt").read_text().splitlines()
    read = _PythonEnv.from_yaml(folder / "python_env.yaml")
    assert (read.python, read.dependencies) == (platform.python_version(), ["-r requirements.txt"])
    assert [part.partition("==")[0] for part in read.build_dependencies] == ["pip", "setuptools", "wheel"]
    assert f"mlflow=={version('mlflow')}" in needed
    assert _PythonEnv.get_dependencies_from_conda_yaml(folder / "conda.yaml")["dependencies"] == needed


def test_mlflow_loads_it(folder: Path, fitted: Any, running: pl.DataFrame) -> None:
    import mlflow

    loaded = mlflow.pyfunc.load_model(str(folder))
    assert loaded.predict(running).equals(fitted.score(running))
    assert (loaded.metadata.run_id, loaded.metadata.model_id) == (RUN_ID, MODEL_ID)
    assert loaded.metadata.metadata == {"relkit_name": fitted.name}


def test_a_package_that_is_not_installed_has_no_version(tmp_path: Path, fitted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relkit.tracking.served_folder._BUILD", ("pip", "no-such-package"))
    write_served_folder(tmp_path / "served", fitted, run_id=RUN_ID, model_id=MODEL_ID)
    assert "\n- no-such-package\n" in (tmp_path / "served" / "python_env.yaml").read_text()
