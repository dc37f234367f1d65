"""A command names what it finishes or removes of commands that were stopped, and works alone in its folder."""

from __future__ import annotations

import json
import tempfile
import threading
from typing import TYPE_CHECKING, ClassVar

import pytest

from relkit.errors import StorageError
from relkit.jobs.base import Job, Result
from relkit.jobs.leftovers import sweep_folder, swept
from relkit.jobs.manage_models import ListModels
from relkit.processes import machine
from relkit.progress import quiet

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.progress import Progress

DEAD = f"{machine()}-4194304-1"


class Writes(Job):
    """Writes nothing, and waits until it may end."""

    command: ClassVar[str] = "check"
    begun: ClassVar[threading.Event]
    may_end: ClassVar[threading.Event]

    def run(self, progress: Progress = quiet) -> Result:  # noqa: ARG002
        """Wait."""
        self.begun.set()
        assert self.may_end.wait(20)
        return Result(job="check", sentences=("Done.",))


class Reads(Writes):
    """Shares the lock."""

    command: ClassVar[str] = "fit"

    @property
    def shares(self) -> bool:
        return True

    def run(self, progress: Progress = quiet) -> Result:
        """Wait."""
        return super().run(progress)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    Writes.begun, Writes.may_end = threading.Event(), threading.Event()
    return tmp_path


def leave(out: Path) -> None:
    """Leave what kills leave: drafts of every kind, some of which were about to be published."""
    for draft in (".check-old", "features/.draft-x", "scores/.draft-y/2025-06-30"):
        (out / draft).mkdir(parents=True)
    ready = out / ".draft-z"
    for name in ("old-tables", "tables", "quarantine"):
        (ready / name).mkdir(parents=True)
        (ready / name / "value").write_text(name)
    (ready / "ready.json").write_text(json.dumps(["quarantine", "tables"]))
    for part in ("runs/.monthly.json.part", "kept/abc/.1234.draft", "reports/2025-06-30/.page.html.part"):
        (out / part).parent.mkdir(parents=True, exist_ok=True)
        (out / part).touch()
    (out / "deliveries" / "default" / ".draft-w").mkdir(parents=True)
    (out / "notes.part").touch()
    (out / "own").mkdir()
    (out / "own" / ".download.part").touch()  # of another program, in a folder that somebody named as --out


def test_everything_that_is_left_is_finished_or_removed_and_nothing_else(tmp_path: Path) -> None:
    leave(tmp_path)
    assert sweep_folder(tmp_path) == 8
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["notes.part", "own/.download.part", "quarantine/value", "tables/value"]
    assert (tmp_path / "tables" / "value").read_text() == "tables"
    assert sweep_folder(tmp_path) == 0


def test_the_next_command_says_so(place: Path) -> None:
    leave(place / "out" / "default")
    (place / "tmp" / f"relkit-{DEAD}-abc").mkdir()
    Writes.may_end.set()
    result = Writes().run()
    assert result.sentences == (
        "A command that was stopped had left something, which was finished or removed: 1 temporary folder, 8 drafts.",
        "Done.",
    )
    assert Writes().run().sentences == ("Done.",)


def test_a_command_that_only_reads_the_registry_leaves_the_folder_alone(place: Path) -> None:
    leave(place / "out" / "default")
    (place / "tmp" / f"relkit-{DEAD}-abc").mkdir()
    assert ListModels().run().sentences[0].endswith("finished or removed: 1 temporary folder.")
    assert (place / "out" / "default" / ".check-old").is_dir()


def test_a_store_that_cannot_be_used_does_not_stop_others(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "mlruns").mkdir()
    (place / "mlruns" / "mlflow.db").write_text("no database at all" * 100)
    assert swept(None) == ()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "./folder")
    assert swept(None) == ()


def running(job: type[Writes]) -> threading.Thread:
    Writes.begun.clear()
    thread = threading.Thread(target=job().run)
    thread.start()
    assert Writes.begun.wait(20)
    return thread


def test_two_commands_in_one_folder_are_kept_apart_by_name(place: Path) -> None:
    first = running(Writes)
    told: list[str] = []
    with pytest.raises(StorageError, match=r"relkit check \(process \d+ on .*, since .*\) is at work here. Wait until it has finished"):
        Writes(wait=0.0).run(lambda what, _done=None: told.append(what))
    with pytest.raises(StorageError, match="relkit check"):
        Reads(wait=0.0).run()
    assert Writes(wait=0.0, programme="other").out_dir != Writes().out_dir
    Writes.may_end.set()
    assert Writes(wait=20.0).run().sentences == ("Done.",)
    first.join()
    assert not (place / "out" / "default" / ".lock").exists()


def test_fits_run_side_by_side_and_a_check_waits_for_them(place: Path) -> None:
    first = running(Reads)
    second = running(Reads)
    with pytest.raises(StorageError, match=r"relkit fit .* and relkit fit .* are at work here"):
        Writes(wait=0.0).run()
    Writes.may_end.set()
    first.join()
    second.join()


def test_the_time_to_wait_is_no_part_of_what_a_step_is_known_by() -> None:
    assert Writes(wait=3.0).model_dump_json() == Writes().model_dump_json()
    with pytest.raises(ValueError, match="wait"):
        Writes(wait=-1)
