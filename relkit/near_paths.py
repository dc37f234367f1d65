"""Suggestions for a path that does not exist, among what a person can mean: no hidden files, and nothing of the system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SYSTEM = frozenset(
    {"bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "lost+found", "media", "proc", "root", "run", "sbin", "snap", "srv"}
    | {"sys", "tmp", "usr", "var", "Applications", "Library", "System", "Windows"}
)
"""Folders at the root of a disk that no data are kept in."""


def nearest_path(path: Path, *, pattern: str = "*") -> Path | None:
    """Return the path next to one that does not exist whose name is nearest; None if none is near.

    Args:
        path: as given; if its folder does not exist either, the nearest folder is looked into.
        pattern: that the names match.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import mkdtemp
        >>> folder = Path(mkdtemp())
        >>> for name in ("sales.csv", ".salex.csv"):
        ...     (folder / name).touch()
        >>> nearest_path(folder / "salex.csv").name, nearest_path(Path("/nowhere"))
        ('sales.csv', None)
    """
    folder = path.parent
    if not folder.is_dir():
        meant = nearest_path(folder) if folder != path else None
        if meant is None:
            return None
        same = meant / path.name
        return same if same.exists() else nearest_path(same, pattern=pattern)
    near = nearest(path.name, _names(folder, pattern))
    return None if near is None else folder / near


def _names(folder: Path, pattern: str) -> Iterator[str]:
    """Yield the names in a folder that may be suggested."""
    at_root = folder.resolve().parent == folder.resolve()
    try:
        found = sorted(folder.glob(pattern))
    except OSError:
        return
    for path in found:
        if not path.name.startswith(".") and not (at_root and (path.name in SYSTEM or not path.is_dir())):
            yield path.name
