"""A sample of `make fuzz`: two hundred hostile cases of every kind, none of which may break, leak or lose anything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fuzz import front

SAMPLE = {"tables": range(50), "mappings": range(60), "pipelines": range(45), "settings": range(25), "models": range(20)}
"""Seeds of each kind."""


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give back the store that a case names, and silence the backtraces of compiled libraries."""
    monkeypatch.setenv("RUST_BACKTRACE", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", os.environ.get("MLFLOW_TRACKING_URI", ""))


@pytest.mark.parametrize("kind", SAMPLE)
@pytest.mark.filterwarnings("ignore")
def test_a_sample_of_cases_shows_no_fault(kind: str, tmp_path: Path) -> None:
    """Each fault is named with the command that shows it again."""
    case, found = front.case_of(kind), []
    for seed in SAMPLE[kind]:
        folder = tmp_path / str(seed)
        folder.mkdir()
        found += [f"{fault}\n    python -m tests.fuzz {kind} {seed}" for fault in case(seed, folder)]
    assert found == []
