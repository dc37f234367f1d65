"""Stores the estimates of scikit-survival on the tables of tests/survival_peers.py, with its version.

make bench's environment has it: .venv/bin/python tests/golden/survival/scikit_survival.py
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from survival_peers import PENALTY, SHARES, TABLES  # noqa: E402

if TYPE_CHECKING:
    from survival_peers import Table


def values(table: Table) -> dict[str, Any]:
    """Return coefficients for the columns as they are given, points of curves, and the log-rank statistic between plans."""
    from sksurv.compare import compare_survival
    from sksurv.linear_model import CoxnetSurvivalAnalysis, CoxPHSurvivalAnalysis
    from sksurv.nonparametric import kaplan_meier_estimator, nelson_aalen_estimator
    from sksurv.util import Surv

    frame = table.whole
    X = frame.select(table.covariates).to_numpy().astype(float)
    seen = Surv.from_arrays(frame["event"].to_numpy(), frame["duration_days"].to_numpy())
    scaled = X / X.std(axis=0)
    found: dict[str, Any] = {}
    for ties in ("efron", "breslow"):
        found[f"cox_{ties}"] = (CoxPHSurvivalAnalysis(ties=ties, n_iter=200, tol=1e-14).fit(scaled, seen).coef_ / X.std(axis=0)).tolist()
    for share in SHARES:
        net = CoxnetSurvivalAnalysis(l1_ratio=share, alphas=[PENALTY], tol=1e-14, max_iter=1_000_000).fit(scaled, seen)
        found[f"net_{share}"] = (net.coef_[:, 0] / X.std(axis=0)).tolist()
    late = table.late
    days, curve = kaplan_meier_estimator(late["event"].to_numpy(), late["duration_days"].to_numpy(), late["entry_days"].to_numpy())
    some = np.linspace(0, len(days) - 1, 7).astype(int)
    found["kaplan_meier_late"] = {"days": days[some].tolist(), "survival": curve[some].tolist()}
    days, hazard = nelson_aalen_estimator(frame["event"].to_numpy(), frame["duration_days"].to_numpy())
    some = np.linspace(0, len(days) - 1, 7).astype(int)
    found["nelson_aalen"] = {"days": days[some].tolist(), "hazard": hazard[some].tolist()}
    found["log_rank"] = float(compare_survival(seen, frame["plan"].to_numpy())[0])
    return found


def main() -> None:
    made_by = {name: version(name) for name in ("scikit-survival", "lifelines", "numpy")}
    stored = {"made_by": made_by, **{name: values(table) for name, table in TABLES.items()}}
    (HERE / "scikit_survival.json").write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
