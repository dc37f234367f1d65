"""Cases of fits: strange settings and horizons for a model of a small shop, with a tracking store of its own."""

from __future__ import annotations

import os
import shutil
from random import Random
from typing import TYPE_CHECKING

from fuzz.oracle import faults
from fuzz.prepared import in_a_shop, store
from fuzz.run import run
from fuzz.settings import WORDS
from relkit.models import catalogue
from relkit.models.catalogue import settings_class

if TYPE_CHECKING:
    from pathlib import Path

CHEAP = ("lifetime_value.bg_nbd", "lifetime_value.gamma_gamma", "lifetime_value.nbd", "survival.kaplan_meier", "survival.cox")


def case(seed: int, folder: Path) -> list[str]:
    """Fit one model with strange parameters; return the faults."""
    rng = Random(f"fits {seed}")
    name = rng.choice([*CHEAP, rng.choice(catalogue.names())])
    out = in_a_shop(folder)
    shutil.copy(store(), folder / "mlflow.db")
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
    words = ["fit", name, "--out", str(out), "--no-figures"]
    if rng.random() < 0.6:
        words += ["--holdout-days", rng.choice(["0", "1", "90", *WORDS])]
    if rng.random() < 0.3:
        words += ["--as-of", rng.choice(["2023-06-30", *WORDS])]
    fields = [field for field in settings_class(name).__dataclass_fields__ if not field.startswith("_")]
    for field in rng.sample(fields, k=min(len(fields), rng.randint(0, 2))):
        words += [f"--settings.{field}", rng.choice(WORDS)]
    return list(faults(run(words, out)))
