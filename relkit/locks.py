"""One writer per folder: a lock that names its holder, and is free again when the holder ends, no matter how.

    out/default/.lock      {"command": "relkit run", "process": ..., "number": 4711, "host": "lab", "since": "2025-06-30 09:12:07"}

The lock is the system's own (flock), on a file that exists while somebody holds it; the content only names the holder. A command that
reads alone shares the lock with its like. Whatever holds the lock may take it again, in the same thread or in a process that it
started. On a file system without such locks a file made exclusively stands for it, and one of a process that has ended is taken over.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import threading
import time
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from relkit.errors import StorageError
from relkit.processes import has_ended, this_process
from relkit.progress import Progress, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK = ".lock"
ALONE = ".lock-alone"
"""The file that stands for the lock where the system has none."""
HOLDS = "RELKIT_HOLDS"
"""Environment variable from which a process knows what the one that started it holds."""
_POLL_SECONDS = 0.1
_WITHOUT = {errno.ENOLCK, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, getattr(errno, "ENOTSUP", errno.EOPNOTSUPP)}
"""Errors of a file system that has no locks."""


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A process that holds a lock.

    Attributes:
        command: what it runs.
        process: its mark (`relkit.processes`).
        number: of the process.
        host: the machine's name.
        since: local time.
    """

    command: str
    process: str
    number: int
    host: str
    since: str

    @classmethod
    def now(cls, command: str) -> Holder:
        """Return the present process as a holder."""
        since = f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S}"
        return cls(command=command, process=this_process(), number=os.getpid(), host=socket.gethostname(), since=since)

    def __str__(self) -> str:
        """Return the holder in words."""
        return f"{self.command} (process {self.number} on {self.host}, since {self.since})"


@contextmanager
def held(folder: Path, command: str, *, seconds: float = 0.0, shared: bool = False, progress: Progress = quiet) -> Iterator[bool]:
    """Hold the lock of a folder; yield False if this thread, or the process that started this one, holds it already.

    Args:
        folder: made if missing; if it is still empty at the end, it is removed again.
        command: for the messages of others.
        seconds: time to wait for the lock.
        shared: others may share the lock meanwhile.
        progress: receives the name of the holder for whom it waits.

    Raises:
        StorageError: another process holds it; the message names it.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import mkdtemp
        >>> folder = Path(mkdtemp())
        >>> with held(folder, "relkit run") as first, held(folder, "relkit check") as again:
        ...     first, again, [path.name for path in folder.iterdir()]
        (True, False, ['.lock'])
        >>> list(folder.iterdir())
        []
    """
    place = folder.resolve()
    if place in _HERE.get() or _is_held_above(place):
        yield False
        return
    made = not place.is_dir()
    try:
        lock = _acquired(place, Holder.now(command), seconds, shared=shared, progress=progress)
    except OSError as error:
        if not (shared and error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}):
            raise
        yield False  # nothing can be written here, and a reader of such a folder needs no lock
        return
    token = _HERE.set(_HERE.get() | {place})
    try:
        with _announced(place):
            yield True
    finally:
        _HERE.reset(token)
        lock.release()
        if made:
            with suppress(OSError):  # it is not empty
                place.rmdir()


_HERE: ContextVar[frozenset[Path]] = ContextVar("relkit_holds", default=frozenset())
_ANNOUNCED: list[str] = []
_GUARD = threading.Lock()


def _is_held_above(place: Path) -> bool:
    """Return whether a process that started this one holds the lock of a folder."""
    for line in os.environ.get(HOLDS, "").splitlines():
        mark, _, path = line.partition(" ")
        if path == str(place) and mark != this_process() and not has_ended(mark):
            return True
    return False


@contextmanager
def _announced(place: Path) -> Iterator[None]:
    """Let the processes that start meanwhile know that this one holds the lock."""
    line = f"{this_process()} {place}"
    with _GUARD:
        _ANNOUNCED.append(line)
        _announce()
    try:
        yield
    finally:
        with _GUARD:
            _ANNOUNCED.remove(line)
            _announce()


def _announce() -> None:
    above = [line for line in os.environ.get(HOLDS, "").splitlines() if not line.startswith(f"{this_process()} ")]
    lines = [*above, *_ANNOUNCED]
    if lines:
        os.environ[HOLDS] = "\n".join(lines)
    else:
        os.environ.pop(HOLDS, None)


def _acquired(place: Path, holder: Holder, seconds: float, *, shared: bool, progress: Progress) -> _Lock:
    """Return the lock of a folder as soon as it is free."""
    until, told = time.monotonic() + seconds, False
    while (lock := _taken(place, holder, shared=shared)) is None:
        found = holders(place)
        others, verb = " and ".join(map(str, found)) or "another command", "are" if len(found) > 1 else "is"
        if time.monotonic() >= until:
            remedy = "Wait until it has finished, or give a longer time with --wait SECONDS."
            raise StorageError(f"{others} {verb} at work here.", where=str(place), remedy=remedy)
        if not told:
            progress(f"{place} is used by {others}: waiting up to {seconds:g} s\n")
            told = True
        time.sleep(_POLL_SECONDS)
    return lock


def holders(place: Path) -> list[Holder]:
    """Return the living processes that hold the lock of a folder, as far as they are known."""
    found = []
    for name in (LOCK, ALONE):
        with suppress(OSError, ValueError, TypeError):
            lines = (place / name).read_text(encoding="utf-8").splitlines()
            found += [Holder(**json.loads(line)) for line in lines]
    return [holder for holder in found if not has_ended(holder.process)]


def _taken(place: Path, holder: Holder, *, shared: bool) -> _Lock | None:
    """Return the lock of a folder, or None while somebody else holds it."""
    try:
        place.mkdir(parents=True, exist_ok=True)  # whoever held it before may have removed the folder, if nothing was written there
        handle = os.open(place / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except FileNotFoundError:
        return None
    try:
        if not _take(handle, shared=shared):
            os.close(handle)
            return None
    except OSError as error:
        os.close(handle)
        if error.errno not in _WITHOUT:
            raise
        with suppress(OSError):
            (place / LOCK).unlink()
        return _taken_alone(place, holder)
    if not _is_that_file(handle, place / LOCK):  # the one before removed it meanwhile
        os.close(handle)
        return None
    lock = _Lock(place, holder, handle)
    lock.write_name(alone=not shared)
    return lock


def _taken_alone(place: Path, holder: Holder) -> _Lock | None:
    """Return the lock of a folder on a file system without locks: a file that only one process can make."""
    path = place / ALONE
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        known = path.read_text(encoding="utf-8") if path.exists() else ""
        if known and not holders(place):
            dead = place / f"{ALONE}-{uuid4().hex}"  # of two that take it over, one finds nothing to rename
            with suppress(OSError):
                path.rename(dead)
                dead.unlink()
        return None
    lock = _Lock(place, holder, handle, ALONE)
    lock.write_name(alone=True)
    return lock


def _is_that_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False


def _take(handle: int, *, shared: bool) -> bool:
    """Take the system's lock of an open file; return False if another process has it."""
    try:
        if os.name == "nt":  # pragma: no cover  (Windows)
            import msvcrt

            os.lseek(handle, 1 << 30, os.SEEK_SET)  # past the content, which others read
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


@dataclass
class _Lock:
    """A lock that is held."""

    place: Path
    holder: Holder
    handle: int
    name: str = LOCK

    def write_name(self, *, alone: bool) -> None:
        """Add the holder to the file; one that is alone replaces what others left."""
        line = json.dumps(asdict(self.holder)).encode() + b"\n"
        with suppress(OSError):  # a full disk: the lock holds without its name
            if alone:
                os.ftruncate(self.handle, 0)
            os.lseek(self.handle, 0, os.SEEK_END)
            os.write(self.handle, line)

    def release(self) -> None:
        """Give the lock back; the last holder removes the file."""
        with suppress(OSError):
            if self.name == ALONE or _take(self.handle, shared=False):
                (self.place / self.name).unlink()
            else:
                self._forget_name()
        os.close(self.handle)

    def _forget_name(self) -> None:
        """Remove the holder from the file of a shared lock; two that do so at once may lose a name, which only messages use."""
        path = self.place / self.name
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        own: dict[str, Any] = asdict(self.holder)
        path.write_text("".join(line for line in lines if json.loads(line) != own), encoding="utf-8")
