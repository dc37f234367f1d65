"""Fits of one model at once, each in a forked process that begins when all are ready, and what each says it was compared with.

    python fits_at_once.py FOLDER MODEL NUMBER [SETTING=VALUE ...]     prints a JSON list, in the order of the versions

FOLDER has tables in out/default; the store is that of MLFLOW_TRACKING_URI, or the folder's own. The parent imports and does nothing
else, so that no thread of polars or MLflow is alive when it forks.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

import matplotlib.figure  # noqa: F401  (imported before the forks, used after them)
import mlflow.pyfunc  # noqa: F401
import polars as pl  # noqa: F401

from relkit.families import bindings
from relkit.jobs.fit_model import FitModel
from relkit.tracking import registry, runs  # noqa: F401


def fit(model: str, settings: dict[str, str], begin: int, told: Path) -> None:
    """Wait for the start, fit, and write down what the fit says."""
    for name in ("diagnostic_figures", "lesson_figures"):
        setattr(bindings, name, lambda *_, **__: {})
    os.read(begin, 1)
    result = FitModel.parse(model=model, settings=settings).run()
    told.write_text(json.dumps({"sentence": result.sentences[-1], **result.details}, default=str))


def main() -> None:
    folder, model, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    settings = dict(pair.split("=", 1) for pair in sys.argv[4:])
    os.chdir(folder)
    for earlier in folder.glob("told*.json"):
        earlier.unlink()
    begin, start = os.pipe()
    children = []
    for i in range(number):
        child = os.fork()
        if child == 0:
            os.close(start)
            try:
                fit(model, settings, begin, folder / f"told{i}.json")
            except BaseException:  # noqa: BLE001  (the child ends here, whatever happened)
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        children.append(child)
    os.write(start, b"." * number)
    ends = [os.waitpid(child, 0)[1] for child in children]
    assert ends == [0] * number, ends
    told = [json.loads(path.read_text()) for path in folder.glob("told*.json")]
    print(json.dumps(sorted(told, key=lambda one: int(one["version"]))))  # noqa: T201  (read by the test)


if __name__ == "__main__":
    main()
