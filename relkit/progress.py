"""How long work tells where it is: a callable of a sentence and, when it is known, the share done.

Rooms take a `Progress` and call it; only the command line draws anything.

Examples:
    >>> quiet("reading transactions", 0.5)
"""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives one sentence about the work under way."""

    def __call__(self, what: str, done: float | None = None, /) -> None:
        """Say `what` is going on; `done` is a share in [0, 1]."""


def quiet(what: str, done: float | None = None, /) -> None:
    """Say nothing: the default of every function that takes a `Progress`."""
