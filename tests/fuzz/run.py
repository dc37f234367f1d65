"""One command, run within this process as a person would run it, with all that it printed and wrote as text."""

from __future__ import annotations

import io
import time
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from relkit import cli
from relkit.running import job_class

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
        printed: what it printed, on both streams.
        written: what it wrote into files that people read, by path.
        raised: the exception that came through, in one line; empty if none did.
        seconds: of the processor.
    """

    argv: tuple[str, ...]
    code: int | None
    printed: str
    written: dict[str, str]
    raised: str
    seconds: float


def run(argv: list[str], out: Path, *, parameters: dict[str, Any] | None = None) -> Ran:
    """Run a command in the folder above its results, and collect everything it left.

    Args:
        argv: its words.
        out: folder of its results.
        parameters: those that the words mean, to spare the reading of the words, which takes longer than a tiny table.
    """
    heard = io.StringIO()
    code, raised, started = None, "", time.process_time()
    with redirect_stdout(heard), redirect_stderr(heard), chdir(out.parent):
        try:
            code = cli.run(argv) if parameters is None else cli.guarded(partial(_executed, argv[0], parameters), argv)
        except BaseException as error:  # noqa: BLE001  nothing may come through, whatever its class
            raised = f"{type(error).__name__}: {error}"
    written = {str(p.relative_to(out)): p.read_text("utf-8", "replace") for p in out.rglob("*") if p.suffix in READABLE and p.is_file()}
    return Ran(tuple(argv), code, heard.getvalue(), written, raised, time.process_time() - started)


def _executed(command: str, parameters: dict[str, Any]) -> int:
    return cli.execute(job_class(command).parse(**parameters), as_json=False)
