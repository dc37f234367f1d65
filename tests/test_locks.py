"""One writer per folder: who holds it, who waits, and what a dead holder leaves."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from relkit import locks
from relkit.errors import StorageError
from relkit.locks import ALONE, HOLDS, LOCK, Holder, held, holders
from relkit.processes import machine

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import os, sys, time
from pathlib import Path
from relkit.locks import held
with held(Path(sys.argv[1]), "relkit run"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path: Path):
    """Another process that holds the lock of a folder."""
    folder = tmp_path / "out"
    with subprocess.Popen([sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield folder, process
        process.kill()


def refused(folder: Path, **more) -> str:
    with pytest.raises(StorageError) as error, held(folder, "relkit check", **more):
        pass
    return str(error.value)


def in_a_thread(work) -> None:
    """Run something in another thread, which holds nothing of what this one holds."""
    found = []
    thread = threading.Thread(target=lambda: found.append(_outcome(work)))
    thread.start()
    thread.join()
    if found[0] is not None:
        raise found[0]


def _outcome(work) -> BaseException | None:
    try:
        work()
    except BaseException as error:  # noqa: BLE001  (raised again by the caller)
        return error
    return None


def test_a_second_process_is_refused_by_name_and_takes_over_when_the_first_is_killed(other) -> None:
    folder, process = other
    told: list[str] = []
    message = refused(folder, seconds=0.2, progress=lambda what, _done=None: told.append(what))
    assert f"relkit run (process {process.pid} on " in message
    assert "is at work here. Wait until it has finished, or give a longer time with --wait SECONDS." in message
    assert told == [f"{folder} is used by {holders(folder)[0]}: waiting up to 0.2 s\n"]
    assert f"relkit run (process {process.pid} on " in refused(folder, shared=True)
    process.kill()
    process.wait()
    with held(folder, "relkit check", seconds=5.0):
        assert [holder.command for holder in holders(folder)] == ["relkit check"]


def test_a_holder_may_take_it_again_and_nothing_remains(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with held(folder, "relkit run") as first, held(folder / ".." / "out", "relkit check") as again:
        assert (first, again) == (True, False)
        in_a_thread(lambda: refused(folder))
    assert not folder.exists()
    (tmp_path / "kept").mkdir()
    with held(tmp_path / "kept", "relkit run"):
        pass
    assert list(tmp_path.rglob("*")) == [tmp_path / "kept"]


def test_a_process_that_the_holder_starts_may_take_it(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from relkit.locks import held\nwith held(Path(sys.argv[1]), 'relkit check') as f: print(f)"
    )
    with held(tmp_path, "relkit report"):
        done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
        environment = os.environ | {HOLDS: f"{machine()}-4194304-1 {tmp_path.resolve()}"}  # of one that has ended
        stale = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout == "False\n"
    assert "relkit report (process" in stale.stderr
    assert HOLDS not in os.environ


def test_readers_share_it_and_a_writer_waits_for_all_of_them(tmp_path: Path) -> None:
    with held(tmp_path, "relkit fit", shared=True):
        in_a_thread(lambda: _share(tmp_path))
        assert [holder.command for holder in holders(tmp_path)] == ["relkit fit"]
        in_a_thread(lambda: refused(tmp_path))
    with held(tmp_path, "relkit check"):
        in_a_thread(lambda: refused(tmp_path, shared=True))


def _share(folder: Path) -> None:
    with held(folder, "relkit similar", shared=True):
        assert [holder.command for holder in holders(folder)] == ["relkit fit", "relkit similar"]


def test_it_is_waited_for(tmp_path: Path) -> None:
    begun = threading.Event()

    def hold() -> None:
        with held(tmp_path, "relkit fit"):
            begun.set()
            time.sleep(0.2)

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait()
    with held(tmp_path, "relkit check", seconds=5.0) as first:
        assert first
    thread.join()


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without locks of its own."""

    def refuse(*_, **__):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks, "_take", refuse)


def test_without_locks_of_the_file_system_a_file_stands_for_it(tmp_path: Path, no_locks: None) -> None:
    with held(tmp_path, "relkit run"):
        assert [path.name for path in tmp_path.iterdir()] == [ALONE]
        in_a_thread(lambda: _named(tmp_path))
    assert not list(tmp_path.iterdir())


def _named(folder: Path) -> None:
    assert "relkit run (process" in refused(folder)


def test_without_locks_a_dead_holder_s_file_is_taken_over(tmp_path: Path, no_locks: None) -> None:
    gone = vars(Holder.now("relkit run")) | {"process": f"{machine()}-4194304-1", "number": 4194304}
    (tmp_path / ALONE).write_text(json.dumps(gone) + "\n")
    with held(tmp_path, "relkit check", seconds=2.0):
        assert [holder.command for holder in holders(tmp_path)] == ["relkit check"]
    assert not list(tmp_path.iterdir())


def test_a_lock_file_that_cannot_be_read_names_nobody(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text("not json\n")
    assert holders(tmp_path) == []
    with held(tmp_path, "relkit check"):
        assert len(holders(tmp_path)) == 1
