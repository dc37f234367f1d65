"""Drafts of a few lines of text, as the tests look at them."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

from relkit.declarations import read_declaration
from relkit.tables.data_place import DataPlace
from relkit.tables.drafting.desk import Desk
from relkit.tables.drafting.draft import Draft, draft_mapping
from relkit.tables.drafting.found import find_sources
from tests.tables.answered import questions
from tests.tables.drafting.exports import EXPORTS


def written(folder: Path, **files: str) -> Path:
    """Write texts as CSV files by name, and return the folder."""
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def desk_of(folder: Path, text: str) -> Desk:
    """Return the only source of a text."""
    found, _ = find_sources(DataPlace.of(written(folder, source=text)))
    return Desk(found[0])


def parsed(draft: Draft) -> dict[str, Any]:
    """Return the content of a draft."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "draft.yaml"
        path.write_text(draft.text, encoding="utf-8")
        return dict(read_declaration(path).value)


@functools.cache
def export(name: str) -> tuple[Draft, dict[str, Any]]:
    """Return the draft of one of the exports, and its content."""
    with tempfile.TemporaryDirectory() as folder:
        draft = draft_mapping(written(Path(folder), **{name: EXPORTS[name]}))
    return draft, parsed(draft)


def block(name: str, table: str) -> dict[str, Any]:
    """Return the first block of a table in the draft of an export."""
    return dict(export(name)[1]["tables"][table][0])


def answers(draft: Draft, value: str) -> list[str]:
    """Return the answers offered for an open question."""
    return questions(draft.text)[value.removeprefix("?")][1]
