"""Zip archives that hold one file of data."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from functools import cache
from pathlib import Path, PurePosixPath

from relkit.errors import TableError
from relkit.limits import beyond, limit
from relkit.tables.opened_file import scratch_file

ENDING = ".zip"


def members(path: Path) -> list[str]:
    """Return the names of the files in a zip archive, without folders and what systems add; empty if it is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        return []
    return [name for name in names if not name.startswith("__MACOSX/") and not PurePosixPath(name).name.startswith(".")]


def unpacked(path: Path) -> Path:
    """Return a private copy of the one file that a zip archive holds.

    Raises:
        TableError: it is no zip archive, holds none or several files, has a password, is damaged, or is larger than the limit.
    """
    there = path.stat()
    return _unpacked(path, there.st_size, there.st_mtime_ns)


@cache
def _unpacked(path: Path, _: int, __: int) -> Path:
    names = members(path)
    if len(names) != 1:
        what = f"it holds {len(names)} files, not one." if names else "it is not a zip archive with a file in it."
        raise TableError(what, where=str(path), remedy="Unpack it into the folder.")
    copy = scratch_file(PurePosixPath(names[0]).suffix.lower())
    try:
        with zipfile.ZipFile(path) as archive, archive.open(names[0]) as packed, copy.open("wb") as plain:
            if archive.getinfo(names[0]).file_size > limit("unpacked_bytes"):
                raise beyond("unpacked_bytes", where=str(path), error=TableError)
            shutil.copyfileobj(packed, plain, 1 << 20)  # zipfile gives no more than the size that the archive states
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        message = "it has a password" if "password" in str(error) else "the archive is damaged, or packed in a way that is not known"
        raise TableError(f"{message}.", where=str(path), remedy="Unpack it into the folder.") from error
    return copy
