"""JSON files that relkit wrote itself, read back with care: a damaged one is named, with the command that writes it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from relkit.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.errors import RelkitError


def read_json(path: Path, *keys: str, remedy: str, error: type[RelkitError] = StorageError) -> dict[str, Any]:
    """Return the object in a JSON file.

    Args:
        path: of the file.
        keys: those that it must have.
        remedy: advice if it is damaged.
        error: class of the error.

    Raises:
        RelkitError: of that class: it cannot be read, is no JSON or no object (cut, nested beyond reason, with `NaN`), or lacks a key.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import mkdtemp
        >>> path = Path(mkdtemp()) / "facts.json"
        >>> _ = path.write_text('{"rows": 2}')
        >>> read_json(path, "rows", remedy="Check again.")
        {'rows': 2}
    """
    try:
        found = json.loads(path.read_bytes().decode("utf-8"), parse_constant=_refused)
    except (OSError, ValueError, RecursionError) as fault:
        raise error("the file is damaged.", where=str(path), remedy=remedy) from fault
    lacking = [key for key in keys if key not in found] if isinstance(found, dict) else keys
    if lacking or not isinstance(found, dict):
        what = f"it has no {', '.join(lacking)}." if lacking else "it is no object."
        raise error(f"the file is damaged, or of another version of relkit: {what}", where=str(path), remedy=remedy)
    return found


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
