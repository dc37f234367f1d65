"""Fixtures that several rooms share."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MPLBACKEND", "Agg")

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session", autouse=True)
def own_temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep temporary files apart from those that killed processes of other runs left, which commands would sweep and report."""
    tmp_path_factory.getbasetemp()  # stays where it is
    with tempfile.TemporaryDirectory(prefix="t-") as folder, pytest.MonkeyPatch.context() as patch:
        Path(folder).chmod(0o711)  # a database of the tests runs as another user
        patch.setattr(tempfile, "tempdir", folder)
        patch.setenv("TMPDIR", folder)
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of public data sets, or skip: they are not part of the repository."""
    if not DATA.is_dir():
        pytest.skip(f"the public data sets are not at {DATA}")
    return DATA


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty tracking database, made once, as it takes MLflow seconds."""
    from relkit.tracking import runs

    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        with runs.connected():
            pass
    return folder / "mlflow.db"


@pytest.fixture
def workplace(tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty working directory, already entered, with a tracking store ready under mlruns/."""
    (tmp_path / "mlruns").mkdir()
    shutil.copy(empty_store, tmp_path / "mlruns" / "mlflow.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Path:
    """Return a working directory where all jobs but the reports have run on a small simulated company, once; do not write to it."""
    import reported_company

    folder = tmp_path_factory.mktemp("reported")
    (folder / "mlruns").mkdir()
    shutil.copy(empty_store, folder / "mlruns" / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
        reported_company.run_pipeline(folder)
    return folder
