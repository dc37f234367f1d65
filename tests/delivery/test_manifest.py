from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from relkit.delivery.difference import no_difference
from relkit.delivery.manifest import Occasion, git_commit, manifest
from relkit.tables.table_set import TableFacts

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.delivery.customer_files import CustomerFile


MODELS = {"p_alive": {"run_id": "r1", "metric": "mae", "value": 0.5}}


def made(file: CustomerFile, *, escaped_cells=None, **more):
    known = {"programme": "default", "language": "en", "facts": TableFacts(rows={}, fingerprints={}), "models": MODELS, "run_id": "run"}
    occasion = Occasion(**{**known, **more})
    return manifest(file, occasion, difference=no_difference(1), escaped_cells=escaped_cells or {}, warnings=())


def test_what_varies_is_in_the_run_block_only(file: CustomerFile) -> None:
    one = made(file)
    two = made(file, run_id="other", models={"p_alive": {"run_id": "r2", "metric": "mae", "value": 0.5}})
    assert one.pop("run")["run_id"] != two.pop("run")["run_id"]
    assert one == two


def test_each_score_names_its_model_with_its_metric(file: CustomerFile) -> None:
    models = {entry["score"]: entry for entry in made(file)["models"]}
    assert models["p_alive"] == {
        "score": "p_alive", "metric": "mae", "value": 0.5, "model": "lifetime_value.bg_nbd", "version": "1", "trained_as_of": "2025-06-30",
    }  # fmt: skip
    assert models["churn_probability_90d"]["model"] == "survival.cox"


def test_only_files_with_escaped_cells_are_listed(file: CustomerFile) -> None:
    found = made(file, escaped_cells={"a.csv": {"note": 2}, "b.csv": {}})
    assert found["escaped_cells"] == {"a.csv": {"note": 2}}


def test_the_commit_is_that_of_the_checkout_or_none(tmp_path: Path) -> None:
    assert git_commit(tmp_path / "nowhere") is None
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert git_commit(tmp_path) is None
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *identity, "commit", "-q", "--allow-empty", "-m", "x"], cwd=tmp_path, check=True)
    assert len(git_commit(tmp_path)) == 40
