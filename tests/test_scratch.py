"""Temporary folders are removed: at the end, and those of killed processes by the next command."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from relkit.processes import machine
from relkit.scratch import make_scratch, scratch, sweep_scratch

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_only_folders_of_processes_that_have_ended_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = tmp_path / f"relkit-{machine()}-4194304-1-abc"
    others = [tmp_path / name for name in ("relkit-ffffffff-4194304-1-abc", "relkit-old", "relkit", "tmpabc")]
    for folder in (dead, *others):
        folder.mkdir()
    own = make_scratch()
    (dead / "copy.txt").write_text("x")
    assert sweep_scratch() == 1
    assert sorted(tmp_path.iterdir()) == sorted([own, *others])


def test_a_folder_lasts_as_long_as_its_block() -> None:
    with scratch() as folder:
        assert folder.is_dir()
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()
