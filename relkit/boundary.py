"""The one place where an exception that is not relkit's becomes a message with place and remedy.

Whatever comes out of a job or a command and is no RelkitError passes through `refusal`: a full disk, a right that is lacking, a
damaged database, memory that ran out and a package that is not there are named, whichever library met them first. What is left is a
fault of relkit itself: its trace is kept in a file, and the message says where.
"""

from __future__ import annotations

import re
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from relkit.errors import MissingPackageError, RelkitError, ResourceError, StorageError, UnforeseenError
from relkit.masking import masked
from relkit.traces import trace_of, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

STOPS = (KeyboardInterrupt, SystemExit, GeneratorExit)
"""Exceptions that end a program on purpose; every other one is a fault, panics of compiled libraries included."""

_FULL = ("the disk is full.", "Make room and run the command again, or name another folder with --out.")
_WORDS: tuple[tuple[str, type[RelkitError], str, str], ...] = (
    (r"no space left|disk is full|os error 28\b|disk quota", ResourceError, *_FULL),
    (
        r"database disk image is malformed|file is not a database|disk i/o error|file is encrypted",
        StorageError,
        "the database is damaged.",
        "Put a copy of its file in its place, or move the file away to begin with an empty one.",
    ),
    (
        r"database (?:table )?is locked",
        ResourceError,
        "the database is locked by another program.",
        "Close what has it open, and run the command again.",
    ),
    (
        r"readonly database|unable to open database file",
        ResourceError,
        "the database cannot be written or opened.",
        "Check the path and the rights.",
    ),
    (
        r"out of memory|cannot allocate memory|unable to allocate|std::bad_alloc|bad allocation",
        ResourceError,
        "memory ran out.",
        "Close other programs, or give fewer rows.",
    ),
)
"""Words in messages of libraries (polars, numpy, SQLite, DuckDB, MLflow) that tell what is lacking, whatever the class of the error."""


class Terminated(KeyboardInterrupt):
    """The system asked the program to end (SIGTERM)."""


def end_cleanly_on_termination() -> None:
    """Let SIGTERM unwind the program as an interrupt from the keyboard does, so that temporary folders and locks are removed."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    signal.signal(signal.SIGTERM, stop)


def refusal(error: BaseException, *, where: str, log: Path | None = None) -> RelkitError:
    """Return the error that is reported in place of one that is not relkit's.

    Args:
        error: anything but an interrupt.
        where: the command.
        log: file for the trace of a fault; by default one in the folder for temporary files.

    Examples:
        >>> str(refusal(OSError(28, "No space left on device", "out/tables/x.parquet"), where="check")).split(". ")[0]
        'out/tables/x.parquet: the disk is full'
        >>> str(refusal(MemoryError(), where="fit")).split(". ")[0]
        'fit: memory ran out'
    """
    if isinstance(error, RelkitError):
        return _full_disk(error, where) or error
    for link in _chain(error):
        if (found := _explained(link, where)) is not None:
            return found
    return _unforeseen(error, where, log)


def _full_disk(error: RelkitError, where: str) -> RelkitError | None:
    """Return the error for a full disk that was taken for a fault of a file, as a library tells both in one class."""
    pattern, kind, what, remedy = _WORDS[0]
    return kind(what, where=where, remedy=remedy) if any(re.search(pattern, str(link), re.IGNORECASE) for link in _chain(error)) else None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and those behind it, at most twenty."""
    link: BaseException | None = error
    for _ in range(20):
        if link is None:
            return
        yield link
        link = link.__cause__ or link.__context__


def _explained(error: BaseException, where: str) -> RelkitError | None:
    """Return the error that names the lack, if the exception tells it; None for a fault."""
    text = "out of memory" if isinstance(error, MemoryError) else str(error)
    for pattern, kind, what, remedy in _WORDS:
        if re.search(pattern, text, re.IGNORECASE):
            return kind(what, where=_place(error, where), remedy=remedy)
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("relkit"):
        package = error.name.partition(".")[0]
        remedy = f"Install it next to relkit: pip install {package}."
        return MissingPackageError(f"the package {package} is not installed.", where=where, remedy=remedy)
    if isinstance(error, OSError):
        remedy = "Check the path, the rights and the space left; --out names another folder."
        return ResourceError(f"{error.strerror or words_of(error).rstrip('.')}.", where=_place(error, where), remedy=remedy)
    return None


def _place(error: BaseException, where: str) -> str:
    """Return the file that the system named, else the command."""
    named = getattr(error, "filename", None)
    return masked(str(named)) if named else where


def _unforeseen(error: BaseException, where: str, log: Path | None) -> RelkitError:
    """Keep the trace of a fault in a file, and return one line about it."""
    path = log or Path(tempfile.gettempdir()) / f"relkit_{where.replace(' ', '_')}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(trace_of(error) + "\n", encoding="utf-8", errors="backslashreplace")
        kept = f"The trace is in {path}."
    except OSError as lacking:
        kept = f"The trace could not be kept: {lacking.strerror or lacking}."
    return UnforeseenError(f"it broke down, {type(error).__name__}: {words_of(error).rstrip('.')}.", where=where, remedy=kept)
