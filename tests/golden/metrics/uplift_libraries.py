"""Stores the uplift metrics of scikit-uplift and causalml on the units of tests/metrics/ranked_units.py, with their versions.

make bench-uplift's environment has them: .venv-uplift/bin/python tests/golden/metrics/uplift_libraries.py
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "metrics"))

from ranked_units import CASES  # noqa: E402

if TYPE_CHECKING:
    from ranked_units import Units

PEERS = ("scikit-uplift", "causalml", "numpy", "pandas")


def of_scikit_uplift(units: Units) -> dict[str, Any]:
    from sklift import metrics

    given = units.outcome.astype(int), units.score, units.treated.astype(int)
    curves = {"qini_curve": metrics.qini_curve, "uplift_curve": metrics.uplift_curve}
    perfect = {"perfect_qini_curve": metrics.perfect_qini_curve, "perfect_uplift_curve": metrics.perfect_uplift_curve}
    listed = {name: thinned(curve(*given)) for name, curve in curves.items()}
    listed |= {name: thinned(curve(given[0], given[2])) for name, curve in perfect.items()}
    table = metrics.uplift_by_percentile(*given, strategy="overall", bins=7, std=True)
    return listed | {
        "qini_auc": metrics.qini_auc_score(*given),
        "qini_auc_no_negative": metrics.qini_auc_score(*given, negative_effect=False),
        "uplift_auc": metrics.uplift_auc_score(*given),
        "at_k_overall": metrics.uplift_at_k(*given, strategy="overall", k=0.3),
        "at_k_by_group": metrics.uplift_at_k(*given, strategy="by_group", k=0.3),
        "weighted_average": metrics.weighted_average_uplift(*given, bins=10),
        "weighted_average_by_group": metrics.weighted_average_uplift(*given, strategy="by_group", bins=7),
        "percentiles": {name: table[name].tolist() for name in table.columns},
    }


def thinned(curve: Any) -> list[list[float]]:
    """Return every 25th point of a curve, and its last."""
    return [[*each.tolist()[::25], float(each[-1])] for each in curve]


def of_causalml(units: Units) -> dict[str, Any]:
    import pandas as pd
    from causalml.metrics import auuc_score, qini_score

    frame = pd.DataFrame({"y": units.outcome, "w": units.treated, "model": units.score})
    return {
        f"{name}{'' if normalise else '_raw'}": float(score(frame, normalize=normalise)["model"])
        for name, score in (("qini", qini_score), ("auuc", auuc_score))
        for normalise in (True, False)
    }


if __name__ == "__main__":
    cases = {
        name: {"causalml": of_causalml(units), **({"scikit_uplift": of_scikit_uplift(units)} if units.is_binary else {})}
        for name, units in CASES.items()
    }
    stored = {"made_by": {name: version(name) for name in PEERS}, "cases": cases}
    (HERE / "uplift_libraries.json").write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
