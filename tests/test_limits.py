"""Limits from the environment, and the message that names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from relkit.errors import ParameterError, TableError
from relkit.limits import LIMITS, beyond, limit, variable


def test_the_environment_changes_a_limit(monkeypatch):
    monkeypatch.setenv(variable("yaml_depth"), "7")
    assert limit("yaml_depth") == 7
    assert limit("yaml_bytes") == LIMITS["yaml_bytes"].default


@pytest.mark.parametrize("given", ["0", "-1", "many", "1e6", "²"])
def test_a_limit_that_is_no_number_is_refused(monkeypatch, given):
    monkeypatch.setenv(variable("yaml_depth"), given)
    with pytest.raises(ParameterError, match="RELKIT_MAX_YAML_DEPTH: it is not a whole number"):
        limit("yaml_depth")


def test_the_error_names_limit_and_variable():
    error = beyond("field_bytes", where="till.csv, row 7", error=TableError)
    assert isinstance(error, TableError)
    assert "limited to 1,000,000 bytes" in str(error)
    assert "RELKIT_MAX_FIELD_BYTES" in str(error)


def test_the_guide_lists_every_limit_with_its_default():
    guide = (Path(__file__).parents[1] / "docs" / "mappings.md").read_text(encoding="utf-8")
    rows = [f"| `{variable(name)}` | {each.meaning} | {each.default:,} {each.unit} |" for name, each in LIMITS.items()]
    assert [row for row in rows if row not in guide] == []
