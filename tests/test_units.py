"""The length of a month and each default have one value, in one module."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path

import pytest
from source_trees import nodes

from relkit.jobs.score_customers import ScoreCustomers
from relkit.models import catalogue
from relkit.units import DAYS_PER_MONTH, DAYS_PER_YEAR, HORIZON_DAYS, HORIZON_MONTHS, LEVEL, days_of_months

PACKAGE = Path(__file__).resolve().parents[1] / "relkit"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "units.py")
LENGTHS = {DAYS_PER_YEAR, DAYS_PER_MONTH}
DEFAULTS = {"level": LEVEL, "horizon_days": HORIZON_DAYS, "horizon_months": HORIZON_MONTHS}


def defaults_of(path: Path) -> list[tuple[str, object]]:
    """Return the literal defaults of arguments and fields, by name."""
    found: list[tuple[str, ast.expr | None]] = []
    for node in nodes(path):
        if isinstance(node, ast.arguments):
            placed = [*node.posonlyargs, *node.args]
            found += [(a.arg, d) for a, d in zip(placed[len(placed) - len(node.defaults) :], node.defaults, strict=True)]
            found += [(a.arg, d) for a, d in zip(node.kwonlyargs, node.kw_defaults, strict=True)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.append((node.target.id, node.value))
    return [(name, default.value) for name, default in found if isinstance(default, ast.Constant)]


def test_a_month_is_a_twelfth_of_a_year_of_365_25_days() -> None:
    assert DAYS_PER_MONTH == 30.4375
    assert [days_of_months(m) for m in (1, 12, 24, 48)] == [30, 365, 730, 1461]


def test_no_module_writes_the_length_of_a_month_or_a_year() -> None:
    found = [
        (path.name, node.lineno)
        for path in SOURCES
        for node in nodes(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and node.value in LENGTHS
    ]
    assert found == []


def test_no_module_has_a_default_of_its_own_for_level_and_horizon() -> None:
    found = [
        (path.name, name, value) for path in SOURCES for name, value in defaults_of(path) if name in DEFAULTS and value == DEFAULTS[name]
    ]
    assert found == []


@pytest.mark.parametrize("name", catalogue.names())
def test_every_model_takes_the_level_of_the_house(name: str) -> None:
    levels = [field.default for field in fields(catalogue.settings_class(name)) if field.name == "level"]
    assert levels in ([], [LEVEL])


def test_scoring_looks_as_far_ahead_as_the_house() -> None:
    known = ScoreCustomers.model_fields
    assert (known["horizon_days"].default, known["horizon_months"].default) == (HORIZON_DAYS, HORIZON_MONTHS)
