"""Progress of long work: a callable of a sentence and, if known, the share done.

Rooms take a `Progress` and call it; only the command line and a notebook draw anything.

Examples:
    >>> quiet("reading transactions", 0.5)
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Progress(Protocol):
    """Callable that receives one sentence on the work under way."""

    def __call__(self, what: str, done: float | None = None, /) -> None:
        """Report `what` is under way; `done` is a share in [0, 1]."""


def quiet(what: str, done: float | None = None, /) -> None:
    """Report nothing: the default of every function that takes a `Progress`."""


@contextmanager
def in_notebook(progress: Progress) -> Iterator[Progress]:
    """Provide a self-updating line below the cell, if a notebook runs the work and no other progress is given.

    The line is removed when the work ends. Otherwise `progress` is returned unchanged.

    Examples:
        >>> with in_notebook(quiet) as shown:
        ...     shown is quiet
        True
    """
    if progress is not quiet or not _in_kernel():
        yield progress
        return
    line = CellLine()
    try:
        yield line
    finally:
        line.clear()


def _in_kernel() -> bool:
    """Return whether this Python is the kernel of a notebook, without an import."""
    module = sys.modules.get("ipykernel.kernelapp")
    return module is not None and bool(module.IPKernelApp.initialized())


class CellLine:
    """A line in the output of a notebook's cell: the work under way and, if known, a bar."""

    def __init__(self) -> None:
        self._handle: Any = None

    def __call__(self, what: str, done: float | None = None, /) -> None:
        """Replace the line."""
        self._show(_line(what.strip().partition("\n")[0], done))

    def clear(self) -> None:
        """Remove the line."""
        if self._handle is not None:
            self._show("")

    def _show(self, html: str) -> None:
        from importlib import import_module

        display = import_module("IPython.display")
        content = {"text/html": html, "text/plain": ""}
        if self._handle is None:
            self._handle = display.display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)


def _line(what: str, done: float | None) -> str:
    bar = "" if done is None else f'<progress value="{min(max(done, 0.0), 1.0):.3f}" max="1" style="width:12em"></progress> '
    return f'<div style="font-size:0.9em;opacity:0.75">{bar}{escape(what)}</div>'
