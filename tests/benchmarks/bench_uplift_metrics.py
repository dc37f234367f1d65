"""Qini with its 95 % interval: relkit next to causalml, same rows, same run.

CPU time; best of three for relkit, one run of causalml, after a run on a few rows. relkit starts from outcome, arm and score, and its
interval is analytic; causalml's `qini_score(return_ci=True)` takes half-samples, 200 by default, each with a sort of its own. Its draws
cost the same each, so RELKIT_BENCH_DRAWS of them (20 by default) are run and the time is scaled to 200; 200 are run as they are. The last
lines are the price of the interval in sorts of the score, and of the comparison of two models.

causalml is measured in a process of its own if it has an environment (`make bench-uplift` makes one; RELKIT_BENCH_UPLIFT names its
interpreter). The number of rows is the first argument.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from measuring import best_of_three, report

from relkit.metrics.uplift import Ranking, aipw_scores, autoc, qini

if TYPE_CHECKING:
    from relkit.metrics.uplift_figures import UpliftFigure

N_ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else int(os.environ.get("RELKIT_BENCH_ROWS", "1000000"))
DRAWS = int(os.environ.get("RELKIT_BENCH_DRAWS", "20"))
WHOLE = 200
ROOT = Path(__file__).resolve().parents[2]
PEER = Path(os.environ.get("RELKIT_BENCH_UPLIFT", ROOT / ".venv-uplift" / "bin" / "python"))


def drawn_units(n: int, seed: int = 1) -> dict[str, Any]:
    """Return outcome (a visit), arm and the score of a model that knows half of the effect."""
    rng = np.random.default_rng(seed)
    effect, treated = 0.1 * rng.random(n), rng.random(n) < 0.5
    outcome = rng.random(n) < 0.15 + effect * treated
    return {"outcome": outcome.astype(float), "treated": treated.astype(float), "score": effect + 0.05 * rng.standard_normal(n)}


def with_interval(units: dict[str, Any]) -> UpliftFigure:
    """Return the Qini, from the raw columns."""
    return qini(Ranking.of(units["score"]), aipw_scores(units["outcome"], units["treated"], 0.5))


def both_with_intervals(units: dict[str, Any]) -> tuple[UpliftFigure, UpliftFigure]:
    """Return Qini and AUTOC from one sort."""
    ranking, gain = Ranking.of(units["score"]), aipw_scores(units["outcome"], units["treated"], 0.5)
    return qini(ranking, gain), autoc(ranking, gain)


def of_two_models(units: dict[str, Any]) -> UpliftFigure:
    """Return the paired difference from a second model."""
    gain = aipw_scores(units["outcome"], units["treated"], 0.5)
    other = units["score"] + 0.05 * np.sin(np.arange(len(gain)))
    return qini(Ranking.of(units["score"]), gain).minus(qini(Ranking.of(other), gain))


def of_causalml(units: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return the name of the peer, and its figures, CPU seconds for 200 draws and memory; None if it is not installed."""
    if not PEER.exists():
        print(f"  causalml is skipped: {PEER} does not exist; make bench-uplift makes it.")
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "units.npz"
        np.savez(file, **units)
        script = Path(__file__).with_name("peer_uplift_metrics.py")
        done = subprocess.run([str(PEER), str(script), str(file), str(DRAWS)], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return found["name"], {**found, "seconds": found["seconds"] * WHOLE / DRAWS}


def main() -> None:
    units = drawn_units(N_ROWS)
    ours = best_of_three(lambda: with_interval(units))
    runs = {"relkit, analytic": ours}
    if (peer := of_causalml(units)) is not None:
        name, found = peer
        scaled = "" if DRAWS == WHOLE else f", {DRAWS} scaled"
        runs[f"{name}, {WHOLE} draws{scaled}"] = (found, found["seconds"], found["memory"])
        # Radcliffe's area is per pair of rows and times the share treated; causalml's raw score is a mean over rows.
        print(f"  Qini: relkit {ours[0].estimate:.6f}, causalml's raw score / n / share treated {found['raw'] / N_ROWS / 0.5:.6f}")
        print(f"  z: relkit {ours[0].estimate / ours[0].std_error:.1f}, causalml (normalised) {found['qini'] / found['se']:.1f}")
    report(f"Qini with a 95 % interval, {N_ROWS:,} rows", runs)
    negative = -units["score"]
    sort = best_of_three(lambda: np.argsort(negative, kind="stable"))[1]
    both, two = (best_of_three(work)[1] for work in (lambda: both_with_intervals(units), lambda: of_two_models(units)))
    print(f"  one sort {sort:.3f} s; with intervals, in sorts:")
    for name, seconds in (("Qini", ours[1]), ("Qini and AUTOC", both), ("two models, paired", two)):
        print(f"    {name:<34} {seconds:8.3f} s {seconds / sort:6.1f}")


if __name__ == "__main__":
    main()
