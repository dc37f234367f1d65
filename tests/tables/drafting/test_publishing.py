"""Drafts as files."""

from __future__ import annotations

import pytest

from relkit.errors import ParameterError
from relkit.tables.drafting.publishing import write_draft
from tests.tables.drafting.drafted import written
from tests.tables.drafting.exports import EXPORTS


def test_a_draft_never_replaces_a_file(tmp_path):
    data = written(tmp_path, sales=EXPORTS["sap"])
    path = tmp_path / "mine.yaml"
    draft = write_draft(data, path)
    assert path.read_text() == draft.text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.yaml", "sales.csv"]
    with pytest.raises(ParameterError, match="a draft never replaces one"):
        write_draft(data, path)
    with pytest.raises(ParameterError, match="there is no such folder"):
        write_draft(data, tmp_path / "none" / "mine.yaml")
