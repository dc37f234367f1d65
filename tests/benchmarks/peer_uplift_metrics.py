"""Qini with an interval by causalml, run by the interpreter of an environment of its own.

    python peer_uplift_metrics.py UNITS.npz DRAWS

Prints the name with the version, the normalised score and its standard error, the raw score, seconds of CPU and peak memory in MB over
the input, as JSON. The table of causalml is made before the clock starts.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from measuring import measured  # noqa: E402


def main() -> None:
    import pandas as pd
    from causalml.metrics import qini_score

    with np.load(sys.argv[1]) as arrays:
        table = pd.DataFrame({"y": arrays["outcome"], "w": arrays["treated"], "model": arrays["score"]})
    draws = int(sys.argv[2])
    qini_score(table.head(1000), return_ci=True, n_bootstrap=2, random_state=0)
    found, seconds, memory = measured(lambda: qini_score(table, return_ci=True, n_bootstrap=draws, random_state=0))
    row = found.loc["model"]
    raw = float(qini_score(table, normalize=False)["model"])
    figures = {"qini": float(row["qini"]), "se": float(row["se"]), "raw": raw, "seconds": seconds, "memory": memory}
    print(json.dumps({"name": f"causalml {version('causalml')}", **figures}))


if __name__ == "__main__":
    main()
