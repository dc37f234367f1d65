"""Marks of processes: which process made a thing, and if it has ended since.

    mark = this_process()      "3f0c9a1b-4711-8812345": the machine, the number of the process, the time at which it began
    has_ended(mark)            True only if it was a process of this machine and is certainly gone

A number alone does not do: the system gives it to another process later. The time tells them apart where /proc exists.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
from functools import cache
from pathlib import Path

PATTERN = r"[0-9a-f]{8}-\d+-\d+"
"""A mark, as a regular expression."""
_MARK = re.compile(r"([0-9a-f]{8})-(\d+)-(\d+)")


def this_process() -> str:
    """Return the mark of the present process.

    Examples:
        >>> has_ended(this_process())
        False
    """
    return f"{machine()}-{os.getpid()}-{_began(os.getpid()) or 0}"


@cache
def machine() -> str:
    """Return a word for the machine, or for the container: numbers of processes mean something in it alone."""
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        space = ""
    return hashlib.sha256(f"{socket.gethostname()}\0{space}".encode()).hexdigest()[:8]


def has_ended(mark: str) -> bool:
    """Return whether the process of a mark is gone; False if it lives, or if this machine cannot tell.

    Examples:
        >>> has_ended(f"{machine()}-4194304-1"), has_ended("00000000-1-1"), has_ended("not a mark")
        (True, False, False)
    """
    found = _MARK.fullmatch(mark)
    if found is None or found[1] != machine():
        return False
    number, began = int(found[2]), int(found[3])
    if not began:
        return not _exists(number)
    return _began(number) != began


def _began(number: int) -> int | None:
    """Return the time at which a process began, in ticks since the machine did; None if it is gone, or without /proc."""
    try:
        text = Path(f"/proc/{number}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    state, *fields = text.rpartition(")")[2].split()
    return None if state in "ZX" else int(fields[18])  # one that was killed and not yet waited for is gone


def _exists(number: int) -> bool:
    if os.name == "nt":  # pragma: no cover  (there os.kill ends a process, whatever the signal)
        return True
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
