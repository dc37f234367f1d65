"""Nobody's data in any word: a company of canaries goes through all jobs, and what they write and print is searched."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from canary_company import leaks, write_company

from relkit import cli

if TYPE_CHECKING:
    from pathlib import Path

STEPS = """
name: canaries
steps:
  - check: {max_quarantine_share: 0.9}
  - features
  - fit: {model: lifetime_value.bg_nbd}
  - fit: {model: survival.kaplan_meier}
  - score
  - deliver
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Path:
    """Return a working directory in which the pipeline has run on the company, with all that was printed in printed.txt."""
    folder = tmp_path_factory.mktemp("canaries")
    (folder / "mlruns").mkdir()
    shutil.copy(empty_store, folder / "mlruns" / "mlflow.db")
    write_company(folder / "company")
    (folder / "canaries.yaml").write_text(STEPS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
        assert cli.run(["run", "canaries.yaml", "--data", "company"]) == 0
    return folder


def test_the_pipeline_leaves_no_canary(place):
    assert (place / "out" / "default" / "deliveries").is_dir()
    shutil.rmtree(place / "company", ignore_errors=True)
    assert leaks(place) == []
