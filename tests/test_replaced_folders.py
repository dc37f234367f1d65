"""Folders are replaced whole; a run that is killed at any rename is finished or undone by the next one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from relkit.replaced_folders import READY, drafted, finish_or_remove, put_in_place

KILLED = """
import os, sys
from pathlib import Path
from relkit.replaced_folders import drafted, finish_or_remove, put_in_place

left = 0
real = {name: getattr(Path, name) for name in ("rename", "replace", "write_text", "mkdir")}

def watched(name):
    def call(*given, **more):
        global left
        left -= 1
        if left == 0:
            os._exit(9)
        return real[name](*given, **more)
    return call

def write(parent, value):
    with drafted(parent) as draft:
        for name in ("tables", "quarantine"):
            (draft / name).mkdir()
            (draft / name / "value").write_text(value)
        put_in_place(draft, "quarantine", "tables")

def found(parent):
    return [(parent / name / "value").read_text() for name in ("tables", "quarantine")]

for nth in range(1, 100):
    parent = Path(sys.argv[1], str(nth))
    write(parent, "old")
    if os.fork() == 0:
        for name in real:
            setattr(Path, name, watched(name))
        left = nth
        write(parent, "new")
        os._exit(0)
    _, status = os.wait()
    for draft in parent.glob(".draft-*"):
        finish_or_remove(draft)
    values = found(parent)
    assert values in (["old"] * 2, ["new"] * 2), values
    assert sorted(path.name for path in parent.iterdir()) == ["quarantine", "tables"]
    print("".join(value[0] for value in values), end=" ")
    if status == 0:
        break
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the test forks")
def test_a_run_that_ends_at_any_step_leaves_all_of_the_old_or_all_of_the_new(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["oo"] * 7 + ["nn"] * 5


def test_an_error_puts_the_old_ones_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tables", "quarantine"):
        (tmp_path / name).mkdir()
    real = Path.rename

    def fails(path: Path, target: Path) -> Path:
        if path.name == "tables" and target.parent == tmp_path:
            raise OSError("no")
        return real(path, target)

    with drafted(tmp_path) as draft:
        (draft / "tables").mkdir()
        (draft / "tables" / "new").touch()
        monkeypatch.setattr(Path, "rename", fails)
        with pytest.raises(OSError, match="no"):
            put_in_place(draft, "tables")
        monkeypatch.undo()
        assert not (draft / READY).exists()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["quarantine", "tables"]


def test_files_are_put_in_place_as_folders_are(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("old")
    with drafted(tmp_path) as draft:
        (draft / "list.csv").write_text("new")
        put_in_place(draft, "list.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]
    assert (tmp_path / "list.csv").read_text() == "new"


def test_a_draft_that_was_not_ready_is_removed(tmp_path: Path) -> None:
    draft = tmp_path / ".draft-x"
    (draft / "tables").mkdir(parents=True)
    assert not finish_or_remove(draft)
    assert not list(tmp_path.iterdir())
