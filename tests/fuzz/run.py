"""One command, run within this process as a person would run it, with all that it printed and wrote as text."""

from __future__ import annotations

import io
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relkit import cli

if TYPE_CHECKING:
    from pathlib import Path

READABLE = {".json", ".log", ".txt", ".md", ".html", ".yaml"}
"""Ends of the names of files in which no value of a person may stand; tables and quarantine hold the rows themselves."""


@dataclass(frozen=True)
class Ran:
    """The outcome of a command.

    Attributes:
        argv: its words.
        code: its exit code; None if an exception came through.
        said: what it printed, on both streams.
        written: what it wrote into files that people read, by path.
        raised: the exception that came through, in one line; empty if none did.
        seconds: wall time.
    """

    argv: tuple[str, ...]
    code: int | None
    said: str
    written: dict[str, str]
    raised: str
    seconds: float


def run(argv: list[str], out: Path) -> Ran:
    """Run a command and collect everything it left."""
    heard = io.StringIO()
    code, raised, started = None, "", time.perf_counter()
    with redirect_stdout(heard), redirect_stderr(heard):
        try:
            code = cli.run(argv)
        except BaseException as error:  # noqa: BLE001  nothing may come through, whatever its class
            raised = f"{type(error).__name__}: {error}"
    written = {str(p.relative_to(out)): p.read_text("utf-8", "replace") for p in out.rglob("*") if p.suffix in READABLE and p.is_file()}
    return Ran(tuple(argv), code, heard.getvalue(), written, raised, time.perf_counter() - started)
