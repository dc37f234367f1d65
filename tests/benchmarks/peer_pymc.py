"""pymc-marketing's MAP fit of the BG/NBD, run by the interpreter of an environment of its own (it wants pandas 3).

    python peer_pymc.py CUSTOMERS.npz

Priors are flat, so that its maximum is that of the likelihood. One fit of a few customers comes before, which compiles.
Prints seconds of CPU, peak memory in MB over the input, and the parameters, as JSON.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from typing import Any

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from measuring import measured  # noqa: E402


def fit(customers: pd.DataFrame) -> dict[str, float]:
    from pymc_extras.prior import Prior
    from pymc_marketing.clv import BetaGeoModel

    model: Any = BetaGeoModel(model_config={name: Prior("HalfFlat") for name in ("r", "alpha", "a", "b")})
    model.fit(customers, method="map", progressbar=False)
    return {name: float(model.fit_result[name].to_numpy().ravel()[0]) for name in ("r", "alpha", "a", "b")}


def main() -> None:
    with np.load(sys.argv[1]) as arrays:
        customers = pd.DataFrame({name: arrays[name] for name in ("customer_id", "frequency", "recency", "T")})
    fit(customers.head(500))
    parameters, seconds, memory = measured(lambda: fit(customers))
    print(json.dumps({"version": version("pymc-marketing"), "seconds": seconds, "memory": memory, "parameters": parameters}))


if __name__ == "__main__":
    main()
