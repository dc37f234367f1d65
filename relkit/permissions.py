"""Permissions of what is written: files of the owner alone, and folders that anybody on the machine may read.

Files and folders get the permissions that the process's umask leaves, as those of any program do.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_OWNER_ALONE = 0o077
_READ_BY_OTHERS = stat.S_IROTH | stat.S_IXOTH


@contextmanager
def owner_alone(*, wanted: bool = True) -> Iterator[None]:
    """Let what is written meanwhile be for its owner alone: files 0600, folders 0700.

    Args:
        wanted: if false, the umask stays as it is.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import mkdtemp
        >>> with owner_alone():
        ...     _ = (Path(mkdtemp()) / "x").write_text("")
    """
    if not wanted:
        yield
        return
    before = os.umask(_OWNER_ALONE)
    try:
        yield
    finally:
        os.umask(before)


def is_open_to_all(folder: Path) -> bool:
    """Return whether anybody on the machine may list a folder: it and all folders above let others in."""
    if os.name == "nt":  # pragma: no cover  (Windows, where the mode tells nothing)
        return False
    place = folder.resolve()
    if place.stat().st_mode & _READ_BY_OTHERS != _READ_BY_OTHERS:
        return False
    return all(above.stat().st_mode & stat.S_IXOTH for above in place.parents)
