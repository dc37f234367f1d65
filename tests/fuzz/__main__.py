"""`python -m tests.fuzz`: all kinds of cases; `python -m tests.fuzz KIND SEED`: one case again, its folder kept.

python -m tests.fuzz [KIND ...] [--count N] [--first SEED] [--workers N]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    # As many processes as cores, so one thread each; before anything is imported that reads it.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from fuzz import front

    sys.exit(front.main(sys.argv[1:]))
