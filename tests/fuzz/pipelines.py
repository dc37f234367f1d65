"""Cases of pipeline files: a monthly one after an accident; half of them run, as far as their steps are cheap."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

from fuzz.documents import changed, damaged, text_of
from fuzz.oracle import faults
from fuzz.prepared import at_a_shop
from fuzz.run import run

if TYPE_CHECKING:
    from pathlib import Path


def pipeline(rng: Random) -> dict[str, Any]:
    """Return a pipeline as it should be, of cheap steps or of all."""
    cheap: list[Any] = ["check", {"features": {"as_of": "2024-01-31"}}, {"check": {"max_quarantine_share": 0.5}}, {"clean": None}]
    dear: list[Any] = [
        {"fit": {"model": "lifetime_value.bg_nbd", "holdout_days": 90, "settings": {"max_iterations": 100}}},
        {"fit": {"model": "survival.cox"}},
        {"score": {"horizon_days": 90, "offer": {"contact_cost": 4, "offer_cost": 20, "averted_share": 0.25, "budget": 5000}}},
        {"deliver": {"workbook": False, "languages": ["en", "fr"]}},
        {"report": {"notebook": "segment_churn_risk"}},
        {"rank": {"product": "p1", "top": 10}},
        {"budget": {"total": 1000}},
    ]
    steps = [step for step in cheap if rng.random() < 0.7] + [step for step in dear if rng.random() < 0.4]
    return json.loads(json.dumps({"name": "monthly", "description": "A trial.", "steps": steps or ["check"]}))  # type: ignore[no-any-return]


def case(seed: int, folder: Path) -> list[str]:
    """Write and run one pipeline; return the faults."""
    rng = Random(f"pipelines {seed}")
    tree = pipeline(rng)
    how = rng.choice(["tree", "tree", "text"])
    for _ in range(rng.choice([1, 1, 2, 3]) if how == "tree" else 0):
        changed(tree, rng)
        if not tree:
            break
    text = text_of(tree)
    (folder / "pipeline.yaml").write_bytes((damaged(text, rng) if how == "text" else text).encode("utf-8", "surrogatepass"))
    data = at_a_shop(folder)
    # Models and reports are for other cases: without data, the pipeline is parsed and verified, and ends at its first step.
    dear = any(word in text for word in ("fit", "score", "report", "rank", "budget", "deliver", "demo", "run"))
    words = ["run", str(folder / "pipeline.yaml"), "--data", str(folder / "nowhere" if dear else data), "--out", str(folder / "out")]
    return list(faults(run(words, folder / "out")))
