"""Sources that a mapping declares required, or not: whose absence is an error that names them, or a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.errors import TableError
from relkit.remarks import Remark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.tables.data_place import DataPlace
    from relkit.tables.mapping_file import SourceDeclaration
    from relkit.tables.sources import Source

_NOTHING_THERE = ("no row", "unknown table ", "unknown sheet ", "there is no such database", "the file is empty", "only blank lines")
"""Words of the errors of sources that are absent or empty, as readers of files and databases raise them."""


def open_declared(place: DataPlace, name: str, declared: SourceDeclaration) -> Source | None:
    """Return a source of a mapping; None if it is not required, and its files are absent or have no row.

    Raises:
        TableError: it is absent or empty and may not be, or it cannot be read.
    """
    if declared.required is False and not is_there(place, declared):
        return None
    try:
        source = place.open(name, declared)
    except TableError as error:
        if declared.required is False and any(words in error.what for words in _NOTHING_THERE):
            return None
        raise _named(error, name, declared) from error
    if declared.required is not None and not len(source.frame.head(1).collect()):
        if not declared.required:
            return None
        raise TableError("it has no row.", where=f"source {name}, which is required ({source.spoken})", remedy="Ask for it again.")
    return source


def is_there(place: DataPlace, declared: SourceDeclaration) -> bool:
    """Return True if a file of the source exists; a table of a database is taken to."""
    try:
        place.files(declared)
    except TableError:
        return False
    return True


def remark_on_absent(name: str, tables: Sequence[str]) -> Remark:
    """Return the remark on a source that is not required and not there.

    Args:
        name: of the source.
        tables: that it feeds.
    """
    go, font = ("go", "se passent") if len(tables) > 1 else ("goes", "se passe")
    la = "les tables" if len(tables) > 1 else "la table"
    return Remark(
        "source_absent",
        f"{name}: its files are absent or have no row. It is not required, so {' and '.join(tables)} {go} without its rows.",
        f"{name} : ses fichiers sont absents ou vides. Cette source n’étant pas obligatoire, {la} {' et '.join(tables)} {font} de ses "
        "lignes.",
    )


def _named(error: TableError, name: str, declared: SourceDeclaration) -> TableError:
    if not declared.required:
        return error
    return TableError(error.what, where=f"source {name}, which is required ({error.where})", remedy=error.remedy)
