"""Folders made once a run: by one process of several, whole or not at all, and unchanged after the tests."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from made_once import MadeOnce

if TYPE_CHECKING:
    from pathlib import Path

ONE_OF_TWO = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from made_once import MadeOnce
def make(folder):
    time.sleep(0.5)
    with (folder.parent / "makers").open("a") as makers:
        makers.write("made\\n")
    (folder / "content").write_text("whole")
print((MadeOnce(Path(sys.argv[1]))("dear", make) / "content").read_text())
"""


def makes(folder: Path) -> None:
    (folder / "content").write_text("whole")


def makes_too(folder: Path) -> None:
    (folder / "content").write_text("other")


def fails(folder: Path) -> None:
    (folder / "half").write_text("")
    raise OSError("the disk is full")


def test_two_processes_share_what_one_makes(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    command = [sys.executable, "-c", ONE_OF_TWO, tmp_path, pytestconfig.rootpath / "tests"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=120)[0] for process in both] == ["whole\n"] * 2
    assert (tmp_path / "makers").read_text() == "made\n"


def test_what_failed_is_made_again_from_nothing(tmp_path: Path) -> None:
    once = MadeOnce(tmp_path)
    with pytest.raises(OSError, match="full"):
        once("dear", fails)
    folder = once("dear", makes)
    assert [path.name for path in folder.iterdir()] == ["content"]


def test_a_name_is_of_one_function(tmp_path: Path) -> None:
    once = MadeOnce(tmp_path)
    assert once("dear", makes) == once("dear", makes)
    with pytest.raises(AssertionError, match=r"dear is made by .*makes; .*makes_too needs another name"):
        once("dear", makes_too)


def test_a_folder_that_a_test_wrote_to_is_found(tmp_path: Path) -> None:
    once = MadeOnce(tmp_path)
    folder = once("dear", makes)
    once("other", makes)
    assert once.written() == []
    (folder / "content").write_text("altered")
    (folder / "more").write_text("")
    assert once.written() == ["dear/content", "dear/more"]


def test_the_processes_of_a_run_use_the_same_folders(made_once: MadeOnce, tmp_path_factory: pytest.TempPathFactory, request) -> None:
    own = tmp_path_factory.getbasetemp()
    assert (made_once.place.parent == own) != hasattr(request.config, "workerinput")
    assert made_once.place.is_relative_to(own.parent)
