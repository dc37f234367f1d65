"""Answers and points."""

from __future__ import annotations

from relkit.tables.drafting.draft import draft_mapping
from tests.tables.drafting.drafted import parsed, written

SURVEYS = "client;date enquête;NPS;verbatim\nC1;2024-01-13;9;bien\nC2;2024-01-14;3;non\nC1;2024-01-15;7;\n"
MOVEMENTS = "client;date;points;type\nC1;2024-01-13;10;gain\nC1;2024-01-14;-5;usage\nC2;2024-01-15;7;gain\n"


def test_kinds_and_modes_are_asked(tmp_path):
    columns = parsed(draft_mapping(written(tmp_path, export=SURVEYS)))["tables"]["surveys"][0]["columns"]
    assert columns["score"] == "NPS"
    assert columns["mode"]["constant"].startswith("?")
    folder = tmp_path / "more"
    folder.mkdir()
    columns = parsed(draft_mapping(written(folder, export=MOVEMENTS)))["tables"]["loyalty_movements"][0]["columns"]
    assert columns["kind"].startswith("?")
