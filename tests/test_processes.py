"""Marks tell a process that has ended from one that lives, and from one of another machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from relkit import processes
from relkit.processes import has_ended, machine, this_process

if TYPE_CHECKING:
    import pytest


def mark_of(number: int) -> str:
    return f"{machine()}-{number}-{processes._began(number)}"


def test_a_process_has_ended_when_it_is_gone_or_only_waits_to_be_counted() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        mark = mark_of(child.pid)
        assert not has_ended(mark)
        os.kill(child.pid, signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert has_ended(mark)  # it is not waited for yet
    assert has_ended(mark)


def test_a_number_that_another_process_has_now_is_not_mistaken() -> None:
    machine_, number, began = this_process().split("-")
    assert has_ended(f"{machine_}-{number}-{int(began) + 1}")


def test_of_another_machine_nothing_is_known() -> None:
    _, number, began = this_process().split("-")
    assert not has_ended(f"ffffffff-{number}-{int(began) + 1}")


def test_without_proc_the_number_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_began", lambda _number: None)
    assert this_process().endswith(f"-{os.getpid()}-0")
    assert not has_ended(this_process())
    assert has_ended(f"{machine()}-4194304-0")
