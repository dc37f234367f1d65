"""Folders that are replaced whole: written in a draft next to their place, then put there by renames that a later run can finish.

    out/default/.draft-x1y2/          tables/ quarantine/           being written; of a run that was killed it is removed
    out/default/.draft-x1y2/ready.json ["quarantine", "tables"]      being put in place; of a run that was killed it is finished

Callers hold the lock of the folder (`relkit.locks`), so that a draft they find is that of a process that has ended.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DRAFT = ".draft-"
READY = "ready.json"
PART = ".part"
"""Ending of a file that is being written, whose name begins with a dot."""
_OLD = "old-"


@contextmanager
def drafted(parent: Path) -> Iterator[Path]:
    """Yield an empty folder next to those that it will replace, and remove it at the end.

    Args:
        parent: made if missing.

    Examples:
        >>> parent = Path(tempfile.mkdtemp())
        >>> with drafted(parent) as draft:
        ...     (draft / "tables").mkdir()
        ...     put_in_place(draft, "tables")
        >>> [path.name for path in parent.iterdir()]
        ['tables']
    """
    parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=parent))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def put_in_place(draft: Path, *names: str) -> None:
    """Put folders (or files) of a draft next to it, in place of earlier ones of their names.

    All earlier ones leave first, so that no moment shows some of two runs as one.
    """
    part = draft / f".{READY}{PART}"
    part.write_text(json.dumps(names), encoding="utf-8")
    part.replace(draft / READY)
    try:
        _finish(draft)
    except OSError:
        _undo(draft)
        raise


def finish_or_remove(draft: Path) -> bool:
    """Deal with the draft of a run that was killed: finish putting it in place if it had begun, else remove it.

    Returns:
        True if it was finished.
    """
    ready = (draft / READY).is_file()
    if ready:
        _finish(draft)
    shutil.rmtree(draft, ignore_errors=True)
    return ready


def _finish(draft: Path) -> None:
    names = json.loads((draft / READY).read_text(encoding="utf-8"))
    for name in names:
        if (draft / name).exists() and (draft.parent / name).exists():
            (draft.parent / name).rename(draft / f"{_OLD}{name}")
    for name in names:
        if (draft / name).exists():
            (draft / name).rename(draft.parent / name)


def _undo(draft: Path) -> None:
    """Put the earlier folders back, as far as they have left."""
    for old in draft.glob(f"{_OLD}*"):
        place = draft.parent / old.name.removeprefix(_OLD)
        if not place.exists():
            with suppress(OSError):
                old.rename(place)
    (draft / READY).unlink(missing_ok=True)
