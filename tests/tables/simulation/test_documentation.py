"""docs/simulation.md names every column of the truth, every disturbance and every action, with its default."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from relkit.tables.simulation import Disturbances
from relkit.tables.simulation.actions import ACTIONS

if TYPE_CHECKING:
    from relkit.tables.simulation import CompanyTruth


@pytest.fixture(scope="module")
def page() -> str:
    return (Path(__file__).parents[3] / "docs" / "simulation.md").read_text(encoding="utf-8")


def test_every_column_of_the_truth_is_explained(clean: CompanyTruth, page: str):
    named = clean.customers.collect_schema().names()
    assert [name for name in named if f"`{name}`" not in page] == []


def test_every_disturbance_stands_there_with_its_default(page: str):
    for name, value in asdict(Disturbances()).items():
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else f"{value:g}"
        assert f"`{name}` {shown}" in page, name


def test_every_action_stands_there_with_its_effect(page: str):
    for action in ACTIONS:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{action.id}`"))
        assert f"{action.mean:g}, {action.slope:g}" in row
        assert f"{action.every_days} days" in row
