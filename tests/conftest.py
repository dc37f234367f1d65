"""Fixtures that several rooms share."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from made_once import MadeOnce, entered

from relkit.reports.engine import without_grammar

if TYPE_CHECKING:
    from collections.abc import Iterator

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MPLBACKEND", "Agg")

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


with without_grammar():  # as the product imports it: with the grammar it takes seven seconds in each process
    import nbformat  # noqa: F401


@pytest.fixture(scope="session", autouse=True)
def without_constants() -> Iterator[None]:
    """Keep hypothesis from parsing every imported file for constants: it takes many seconds, and tests name the traps they draw from."""
    with pytest.MonkeyPatch.context() as patch:
        if "hypothesis" in sys.modules:
            patch.setattr("hypothesis.internal.conjecture.providers.is_local_module_file", lambda _: False, raising=False)
        yield


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
def made_once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadeOnce]:
    """Return the maker of folders that all processes of a run read; it is an error to write to them."""
    own = tmp_path_factory.getbasetemp()
    once = MadeOnce((own.parent if hasattr(request.config, "workerinput") else own) / "made_once")
    yield once
    assert once.written() == [], "tests have written to folders that they share with others, instead of copying them"


@pytest.fixture(scope="session")
def empty_store(made_once: MadeOnce) -> Path:
    """Return an empty tracking database, made once, as it takes MLflow seconds; copy it."""
    return made_once("empty_store", _make_store) / "mlflow.db"


def _make_store(folder: Path) -> None:
    from relkit.tracking import runs

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        with runs.connected():
            pass


@pytest.fixture
def workplace(tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty working directory, already entered, with a tracking store ready under mlruns/."""
    (tmp_path / "mlruns").mkdir()
    shutil.copy(empty_store, tmp_path / "mlruns" / "mlflow.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def reported(made_once: MadeOnce, empty_store: Path) -> Path:
    """Return a working directory where all jobs but the reports have run on a small simulated company; do not write to it."""

    def make(folder: Path) -> None:
        import reported_company

        with entered(folder, empty_store) as patch:
            patch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
            reported_company.run_pipeline(folder)

    return made_once("reported", make)
