"""Experiments shared by tests of measurement: golden cases, the public e-mail experiment, units drawn with a known effect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

CASES = Path(__file__).resolve().parent / "golden" / "uplift"
MENS, WOMENS, NO_MAIL = "Mens E-Mail", "Womens E-Mail", "No E-Mail"


def case(number: str) -> tuple[pl.DataFrame, Any]:
    """Return the input and the right values of a case, by the number that its folder begins with."""
    folder = next(path for path in CASES.iterdir() if path.name.startswith(number))
    return pl.read_csv(folder / "input.csv"), json.loads((folder / "expected.json").read_text(encoding="utf-8"))["values"]


def emails(data: Path) -> pl.DataFrame:
    """Return the 64,000 customers of Hillstrom's e-mail experiment (2008), raw file order."""
    return pl.read_csv(data / "hillstrom.csv.gz", schema_overrides={"spend": pl.Float64, "history": pl.Float64})


def drawn_units(n: int = 400, *, seed: int = 1, households: bool = False) -> pl.DataFrame:
    """Return units of two waves with shares 0.5 and 0.8; margin rises by 3 with treatment and follows the margin of the weeks before."""
    rng = np.random.default_rng(seed)
    wave = rng.integers(0, 2, n)
    share = np.where(wave == 0, 0.5, 0.8)
    treated = rng.random(n) < share
    before = rng.gamma(2.0, 10.0, n)
    home = rng.integers(0, n // 3, n) if households else np.arange(n)
    margin = 5 * wave + 0.7 * before + 3 * treated + rng.normal(0, 5, n) + (home % 7 if households else 0)
    return pl.DataFrame({
        "unit_id": [f"u{i}" for i in range(n)],
        "cluster_id": home,
        "wave_id": np.where(wave == 0, "w1", "w2"),
        "arm": np.where(treated, "treated", "control"),
        "propensity": share,
        "margin": margin,
        "orders": rng.poisson(1.0 + 0.2 * treated),
        "cost": np.where(treated, 0.5, 0.0),
        "pre_margin": before,
        "segment": np.where(before > 20, "high", "low"),
    })  # fmt: skip
