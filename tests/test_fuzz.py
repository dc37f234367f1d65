"""A sample of `make fuzz`: two hundred hostile cases of every kind, none of which may break, leak or lose anything."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from fuzz import front

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = {"tables": range(25), "mappings": range(35), "pipelines": range(30), "settings": range(55), "models": range(55)}
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
