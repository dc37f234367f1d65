"""The page on models names every model and every measure of a rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from relkit.models import catalogue
from relkit.models.affinity.measures import Counts, measures_of

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "models.md").read_text(encoding="utf-8")
MEASURES = {
    "support": "support, confidence",
    "confidence": "support, confidence",
    "lift": "lift",
    "leverage": "leverage",
    "conviction": "conviction",
    "zhang": "Zhang",
    "phi": "phi",
    "odds_ratio": "odds ratio",
}
"""Measures of rules and the names of their rows on the page."""


def listed(family: str) -> set[str]:
    """Return the models that the table of a family names."""
    table = PAGE.partition(f"| `{family}.` |")[2].partition("\n\n")[0]
    return {name for row in table.splitlines() if row.startswith("| `") for name in re.findall(r"`(\w+)`", row.split("|")[1])}


@pytest.mark.parametrize("family", ["survival", "affinity", "uplift", "attribution"])
def test_the_table_of_a_family_lists_its_models(family: str) -> None:
    known = {name.partition(".")[2] for name in catalogue.families()[family]}
    assert listed(family) == known


def test_every_model_is_named() -> None:
    assert [
        name
        for name in catalogue.names()
        if f"`{name}`" not in PAGE and f"`{name.partition('.')[2]}`" not in PAGE and f".{name.partition('.')[2]}`" not in PAGE
    ] == []


def test_every_measure_of_a_rule_has_its_formula() -> None:
    import numpy as np

    one = np.array([2])
    columns = [name for name in measures_of(Counts(one, one + 1, one + 1, 10)).columns if not name.endswith(("_lower", "_upper"))]
    assert sorted(columns) == sorted(MEASURES)
    assert [name for name, row in MEASURES.items() if f"\n| {row} |" not in PAGE] == []
