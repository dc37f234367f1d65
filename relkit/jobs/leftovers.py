"""Leftovers of commands that were stopped: what was about to be published is finished, the rest is removed."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from relkit.errors import RelkitError
from relkit.replaced_folders import DRAFT, PART, finish_or_remove
from relkit.scratch import sweep_scratch

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDERS = (
    *("budget", "deliveries", "features", "kept", "measurements", "plans", "rankings", "reports", "results", "rules", "runs", "scores"),
    "tables",
)
"""Folders that jobs write below an output root; an output root that a person names may have other things in it."""
_DRAFTS = (DRAFT, ".check-")
"""Beginnings of the names of folders that are being written; the second is of earlier versions."""
_PARTS = (PART, ".draft")
"""Endings of hidden files that are being written."""


def sweep_folder(out: Path) -> int:
    """Finish or remove what is left in an output folder, and return the number of such things; the caller holds its lock.

    Args:
        out: the output root.
    """
    from relkit.delivery.publishing import sweep_deliveries

    found = sum(sweep_deliveries(root) for root in sorted((out / "deliveries").glob("*")) if root.is_dir())
    for path in list(_left(out)):
        if path.is_dir():
            finish_or_remove(path)
        else:
            path.unlink(missing_ok=True)
        found += 1
    return found


def _left(out: Path) -> Iterator[Path]:
    """Yield the drafts in an output folder and below those that relkit writes there; nothing inside a draft."""
    yield from (path for path in sorted(out.glob(".*")) if path.is_dir() and path.name.startswith(_DRAFTS))
    for name in FOLDERS:
        yield from _left_below(out / name)


def _left_below(top: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(top):
        drafts = [name for name in names if name.startswith(_DRAFTS)]
        names[:] = [name for name in names if name not in drafts]
        yield from (Path(folder, name) for name in drafts)
        yield from (Path(folder, name) for name in files if name.startswith(".") and name.endswith(_PARTS))


def swept(out: Path | None, *, asks_server: bool = False) -> tuple[str, ...]:
    """Finish or remove what commands that were stopped have left, and return a sentence on it; none if nothing was left.

    Args:
        out: the output root, whose lock the caller holds; None if it does not.
        asks_server: the store of models is looked at even if it is a server.
    """
    parts = [_counted(sweep_scratch(), "temporary folder"), _counted(sweep_folder(out) if out is not None else 0, "draft")]
    parts += _of_the_store(asks_server=asks_server)
    listed = ", ".join(part for part in parts if part)
    return (f"A command that was stopped had left something, which was finished or removed: {listed}.",) if listed else ()


def _of_the_store(*, asks_server: bool) -> list[str]:
    """Return phrases on the work finished in the store of models; a store that cannot be used is reported by the commands that need it."""
    from relkit.tracking import embedded
    from relkit.tracking.embedded_sweep import sweep_store

    with suppress(RelkitError, sqlite3.Error, OSError):
        store = embedded.current()
        found = sweep_store(store)
        if store.database is None and asks_server:
            from relkit.tracking.server_sweep import sweep_server

            found = sweep_server(store)
        return [_counted(found.runs, "run"), _counted(found.versions, "model version"), _counted(found.drafts, "database draft")]
    return []


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number > 1)}" if number else ""
