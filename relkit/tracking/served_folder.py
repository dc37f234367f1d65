"""A fitted model's folder in MLflow's format, written through the parts of MLflow's interface that are cheap.

`mlflow.pyfunc.save_model` would look through the metadata of every installed package (more than a second in each process that fits), import
the served code, and copy a `pyproject.toml` and lock file that it happens to find in the working directory into the model.
"""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from shutil import copy
from typing import TYPE_CHECKING

import relkit
from relkit.models import storage
from relkit.tracking.signatures import signature_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.models.base import Fitted

SAVED = "artifacts/fitted"
"""The model as relkit stores it, within the folder."""
_LOADER = "mlflow.pyfunc.loaders.code_model"
_REQUIREMENTS = ("mlflow", "numpy", "pandas", "polars", "pyarrow", "scipy")
_BUILD = ("pip", "setuptools", "wheel")
_CODE = "served_model.py"
_REQUIREMENTS_FILE, _CONDA_FILE, _PYTHON_FILE = "requirements.txt", "conda.yaml", "python_env.yaml"


def write_served_folder(folder: Path, fitted: Fitted, *, run_id: str, model_id: str) -> None:
    """Write a model's folder: its description, its code, what it needs installed, and the fitted model as relkit stores it.

    The description has no path of this machine (a home folder names its owner).

    Args:
        folder: made by this function.
        fitted: the model.
        run_id: of the MLflow run.
        model_id: of the logged model.
    """
    (folder / SAVED).parent.mkdir(parents=True)
    copy(Path(__file__).with_name(_CODE), folder / _CODE)
    storage.save(fitted, folder / SAVED)
    _write_requirements(folder)
    _describe(folder, fitted, run_id=run_id, model_id=model_id)


def _write_requirements(folder: Path) -> None:
    """Write what has to be installed, in the three forms that MLflow's ways of serving read."""
    needed = [f"relkit=={relkit.__version__}", *(f"{name}=={version_of(name)}" for name in _REQUIREMENTS)]
    python = platform.python_version()
    conda = ("name: mlflow-env", "channels:", "- conda-forge", "dependencies:", f"- python={python}", f"- {_pinned('pip', '<=')}", "- pip:")
    build = (f"- {_pinned(name, '==')}" for name in _BUILD)
    _write_lines(folder / _REQUIREMENTS_FILE, needed)
    _write_lines(folder / _CONDA_FILE, [*conda, *(f"  - {line}" for line in needed)])
    _write_lines(folder / _PYTHON_FILE, [f"python: {python}", "build_dependencies:", *build, "dependencies:", f"- -r {_REQUIREMENTS_FILE}"])


def _write_lines(file: Path, lines: Sequence[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _pinned(name: str, relation: str) -> str:
    """Return a package with the installed version, if it is installed: environments made by uv have no pip."""
    try:
        return f"{name}{relation}{version_of(name)}"
    except PackageNotFoundError:
        return name


def _describe(folder: Path, fitted: Fitted, *, run_id: str, model_id: str) -> None:
    from mlflow.models import Model
    from mlflow.pyfunc import add_to_model

    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    model = Model(
        run_id=run_id, model_id=model_id, signature=signature_of(fitted), metadata={"relkit_name": fitted.name}, model_size_bytes=size
    )
    add_to_model(  # type: ignore[no-untyped-call]
        model,
        _LOADER,
        conda_env=_CONDA_FILE,
        python_env=_PYTHON_FILE,
        model_code_path=_CODE,
        artifacts={"fitted": {"path": SAVED, "uri": SAVED}},
        streamable=False,
    )
    model.save(folder / "MLmodel")
