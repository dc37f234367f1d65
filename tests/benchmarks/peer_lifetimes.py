"""BG/NBD and Pareto/NBD of lifetimes: parameters and expected purchases, for customers given in files.

    python peer_lifetimes.py FOLDER HORIZON_DAYS

FOLDER has customers_<day>.npz: x, t_x and T in weeks and the number of customers with each. fitted_<day>.npz, written next to it, has the
parameters of either model and what lifetimes expects of each row within the horizon. Weighted rows give the estimates of the single
customers. A model for which lifetimes finds no optimum is left out.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402


def fitted(fitter: Any, x: Any, t_x: Any, T: Any, weights: Any) -> Any:
    for tolerance in (1e-7, 1e-4):  # its default, and one at which flat likelihoods pass for converged
        np.random.seed(1)  # noqa: NPY002  # where lifetimes takes its starting point from
        try:
            return fitter().fit(x, t_x, T, weights=weights, tol=tolerance)
        except Exception:  # noqa: BLE001  # its ConvergenceError, and what numpy raises on the way
            continue
    return None


def main() -> None:
    from lifetimes import BetaGeoFitter, ParetoNBDFitter

    models = {
        "lifetimes BG/NBD": (BetaGeoFitter, ("r", "alpha", "a", "b")),
        "lifetimes Pareto/NBD": (ParetoNBDFitter, ("r", "alpha", "s", "beta")),
    }
    folder, weeks = Path(sys.argv[1]), float(sys.argv[2]) / 7
    for file in sorted(folder.glob("customers_*.npz")):
        with np.load(file) as arrays:
            x, t_x, T, weights = (arrays[name] for name in ("x", "t_x", "T", "customers"))
        found = {}
        for name, (fitter, terms) in models.items():
            model = fitted(fitter, x, t_x, T, weights)
            if model is not None:
                found[name] = np.array([float(model.params_[term]) for term in terms])
                expected = model.conditional_expected_number_of_purchases_up_to_time(weeks, x, t_x, T)
                found[f"{name} expected"] = np.asarray(expected, dtype=float)
        np.savez(folder / file.name.replace("customers", "fitted"), **found)


if __name__ == "__main__":
    main()
