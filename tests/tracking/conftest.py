"""Small fitted models for the tracking tests."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from relkit.models import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AS_OF = date(2025, 6, 30)


@pytest.fixture(scope="session")
def spells() -> pl.DataFrame:
    """Return 60 contracts whose ids would be recognised anywhere."""
    rng = np.random.default_rng(20250630)
    n = 60
    return pl.DataFrame(
        {
            "customer_id": [f"CUST-{i:05d}" for i in range(n)],
            "duration_days": rng.integers(20, 900, n).astype(float),
            "event": rng.random(n) < 0.5,
            "monthly_amount": rng.gamma(2.0, 20.0, n).round(2),
            "pays_by_direct_debit": (rng.random(n) < 0.6).astype(float),
        }
    )


@pytest.fixture(scope="session")
def running(spells: pl.DataFrame) -> pl.DataFrame:
    """Return the contracts that can be scored."""
    return spells.filter(~pl.col("event"))


@pytest.fixture(scope="session")
def fitted(spells: pl.DataFrame):
    """Return a Cox regression of the contracts."""
    model = catalogue.make("survival.cox", {"covariates": ("monthly_amount", "pays_by_direct_debit")})
    return model.fit(spells, as_of=AS_OF)


@pytest.fixture(scope="module")
def light_store(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Iterator[Path]:
    """Return an entered working directory with a store for all tests of a module, in which models have no files."""
    from relkit.tracking import registry, runs

    def logged(client, experiment, run_id, _fitted, _record):
        model = client.create_logged_model(experiment, name="m", source_run_id=run_id)
        return runs.Logged(run_id, str(model.artifact_location), None, "")

    folder = tmp_path_factory.mktemp("light")
    (folder / "mlruns").mkdir()
    shutil.copy(empty_store, folder / "mlruns" / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setattr(runs, "_written", logged)
        patch.setattr(registry, "git_commit", lambda: "")
        yield folder
