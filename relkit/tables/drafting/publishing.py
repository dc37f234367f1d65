"""The file of a draft: written whole, and never over another."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from relkit.errors import ParameterError
from relkit.tables.drafting.draft import Draft, draft_mapping

if TYPE_CHECKING:
    from relkit.texts import Language


def write_draft(data: Path | str, path: Path, *, language: Language = "en", command: str = "") -> Draft:
    """Write the draft of a mapping for what is at `data`, and return it.

    Args:
        data: a folder, one file, or a SQL URL.
        path: of a new file.
        language: of the comments.
        command: the command that tries the draft, for its last line.

    Raises:
        ParameterError: there is a file already, or no folder for it.
        TableError: nothing at `data` can be read as a table.
    """
    _verify_free(path)
    draft = draft_mapping(data, language=language, command=command)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", encoding="utf-8", delete=False) as file:
        file.write(draft.text)
    whole = Path(file.name)
    try:
        os.link(whole, path)  # unlike a renaming, it never replaces a file that has come meanwhile
    except FileExistsError as error:
        raise _exists(path) from error
    finally:
        whole.unlink()
    return draft


def _verify_free(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise _exists(path)
    if not path.parent.is_dir():
        raise ParameterError("there is no such folder.", where=f"draft_mapping {path.parent}", remedy="Check the path of the draft.")


def _exists(path: Path) -> ParameterError:
    return ParameterError(
        "there is such a file already, and a draft never replaces one.", where=f"draft_mapping {path}", remedy="Name a new file."
    )
