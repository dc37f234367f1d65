"""Stores the metrics of scikit-survival on the spells of tests/judged_spells.py, with its version.

    make bench's environment has it: .venv/bin/python tests/golden/metrics/scikit_survival.py

Censoring is estimated on all rows and the forecasts are judged on every other one. A value is null if scikit-survival refuses.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from judged_spells import CASES  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from judged_spells import Judged


def values(spells: Judged) -> dict[str, Any]:
    from sksurv import metrics
    from sksurv.util import Surv

    seen = spells.tested
    train, test = Surv.from_arrays(spells.event, spells.duration), Surv.from_arrays(seen.event, seen.duration)
    harrell = metrics.concordance_index_censored(seen.event, seen.duration, seen.risk)
    tau = float(seen.days[-2])
    return {
        "days": list(seen.days),
        "harrell": {"index": harrell[0], "concordant": int(harrell[1]), "discordant": int(harrell[2]), "tied": int(harrell[3])},
        "uno": unless_refused(lambda: metrics.concordance_index_ipcw(train, test, seen.risk)[0]),
        "tau": tau,
        "uno_up_to_tau": metrics.concordance_index_ipcw(train, test, seen.risk, tau=tau)[0],
        "auc": unless_refused(lambda: _listed(*metrics.cumulative_dynamic_auc(train, test, seen.risk, seen.days))),
        "auc_of_risk_by_day": unless_refused(lambda: _listed(*metrics.cumulative_dynamic_auc(train, test, seen.risk_by_day, seen.days))),
        "brier": list(metrics.brier_score(train, test, seen.survival, seen.days)[1]),
        "integrated_brier": metrics.integrated_brier_score(train, test, seen.survival, seen.days),
    }


def _listed(auc: Any, mean: float) -> dict[str, Any]:
    return {"at": list(auc), "mean": mean}


def unless_refused(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except ValueError as error:
        if "censoring survival function is zero" in str(error):
            return None
        raise


if __name__ == "__main__":
    made_by = {package: version(package) for package in ("scikit-survival", "lifelines", "numpy")}
    stored = {"made_by": made_by, "cases": {name: values(make()) for name, make in CASES.items()}}
    (HERE / "scikit_survival.json").write_text(json.dumps(stored, indent=1, default=float) + "\n", encoding="utf-8")
