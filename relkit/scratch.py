"""Temporary folders, named after the process that made them: one of a command that was killed is known by its name.

A name is `relkit-`, the mark of the process (`relkit.processes`) and a few letters: /tmp/relkit-3f0c9a1b-4711-8812345-k2w9x0aq.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from relkit.processes import PATTERN, has_ended, this_process

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(rf"relkit-({PATTERN})-.*")


def make_scratch() -> Path:
    """Make a temporary folder that nobody else may enter, and return it; the caller removes it."""
    return Path(tempfile.mkdtemp(prefix=f"relkit-{this_process()}-"))


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a temporary folder, removed at the end.

    Examples:
        >>> with scratch() as folder:
        ...     folder.is_dir()
        True
        >>> folder.exists()
        False
    """
    folder = make_scratch()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_scratch() -> int:
    """Remove the temporary folders of processes that have ended, and return their number."""
    left = [path for path in Path(tempfile.gettempdir()).glob("relkit-*") if _is_left(path.name)]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)


def _is_left(name: str) -> bool:
    found = _NAME.fullmatch(name)
    return found is not None and has_ended(found[1])
