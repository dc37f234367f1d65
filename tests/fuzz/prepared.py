"""A shop that is ready for commands: files, tables, features, and a tracking store, made once a process and copied for each case."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from random import Random

from fuzz import files
from fuzz.company import rows
from fuzz.run import run


@cache
def _made() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="fuzz-prepared-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    rng = Random("prepared")
    (folder / "data").mkdir()
    for name in ("customers", "transactions", "contracts"):
        made = [{k: v for k, v in row.items() if k not in {"email", "phone", "full name"}} for row in rows(name, rng, 60)]
        (folder / "data" / f"{name}.csv").write_bytes(files.csv_bytes(made))
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
    out = folder / "out"
    for words in (["check", str(folder / "data"), "--max-quarantine-share", "1"], ["features"]):
        ran = run([*words, "--out", str(out)], out)
        assert ran.code == 0, ran.printed
    return folder


def at_a_shop(folder: Path) -> Path:
    """Return the folder with the data of the shop; `folder` gets an empty place for results."""
    shutil.copytree(_made() / "data", folder / "data")
    return folder / "data"


def in_a_shop(folder: Path) -> Path:
    """Return a folder of results with tables and features in it."""
    shutil.copytree(_made() / "out", folder / "out")
    return folder / "out"


@cache
def store() -> Path:
    """Return an empty tracking store, which takes MLflow seconds to make."""
    from relkit.tracking import runs

    path = _made() / "empty.db"
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{path}"
    with runs.connected():
        pass
    return path
