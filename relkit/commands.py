"""Commands as messages and pages print them: complete for the job at hand, so that they run as they are.

    with at_work(Place(programme="demo")):
        command("score", as_of=day)        # relkit score --as-of 2025-06-30 --programme demo

A command names the programme, the output folder and the day of the present job if they differ from the defaults.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_PROGRAMME = "default"
OF_A_DAY = ("features", "fit", "score", "deliver", "measure", "rank", "similar", "report")
"""Commands that take --as-of."""


@dataclass(frozen=True)
class Place:
    """The programme and the folder of a job.

    Attributes:
        programme: its id.
        out: the output root, if it is not out/<programme>.
        as_of: the day, if it is not the last one in the data.
    """

    programme: str = DEFAULT_PROGRAMME
    out: Path | None = None
    as_of: str | None = None


_PRESENT: ContextVar[Place] = ContextVar("relkit_place", default=Place())  # noqa: B039 frozen


@contextmanager
def at_work(place: Place) -> Iterator[None]:
    """Print the commands of a job for its place while it runs."""
    token = _PRESENT.set(place)
    try:
        yield
    finally:
        _PRESENT.reset(token)


def stay_at(place: Place) -> None:
    """Print commands for a place from now on, as the cells of a notebook do."""
    _PRESENT.set(place)


def command(name: str, *words: str, programme: str | None = None, **flags: Any) -> str:
    """Return a relkit command that can be run as it is printed.

    Args:
        name: name of the command.
        words: its positional arguments.
        programme: by default that of the present job.
        flags: values by parameter; `_` is written `-`, None is left out.

    Examples:
        >>> command("fit", "survival.cox")
        'relkit fit survival.cox'
        >>> with at_work(Place(programme="demo", out=Path("/data/my out"))):
        ...     command("score", as_of="2025-06-30", offer=None)
        "relkit score --as-of 2025-06-30 --programme demo --out '/data/my out'"
    """
    place = _PRESENT.get()
    named = programme or place.programme
    is_here = named == place.programme
    given = {"as_of": place.as_of if is_here and name in OF_A_DAY else None, **flags}
    given |= {"programme": None if named == DEFAULT_PROGRAMME else named, "out": place.out if is_here else None}
    parts = [part for flag, value in given.items() if value is not None for part in (_flag(flag), str(value))]
    return " ".join(["relkit", name, *(shlex.quote(word) for word in (*words, *parts))])


def _flag(name: str) -> str:
    """Return the flag of a parameter; a part declared by name keeps its spelling, as in --offer.contact_cost."""
    first, dot, part = name.partition(".")
    return f"--{first.replace('_', '-')}{dot}{part}"


def program(name: str) -> str:
    """Return the word that starts a program of this environment: its name, if the shell finds that one, else its path."""
    own = Path(sys.executable).parent / name
    if not own.exists() or shutil.which(name) == str(own):
        return name
    return str(own.relative_to(Path.cwd())) if own.is_relative_to(Path.cwd()) else str(own)
