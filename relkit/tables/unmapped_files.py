"""Files and sheets beside those that a mapping reads: in the same folders, matched by no source."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING

from relkit.errors import TableError, nearest
from relkit.tables.likely_tables import bare_name, likely_table
from relkit.tables.named_files import held
from relkit.tables.unread_files import NO_SOURCE, Unread, is_passed_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from relkit.tables.data_place import DataPlace
    from relkit.tables.mapping_file import MappingFile, SourceDeclaration


def unmapped_files(place: DataPlace, file: MappingFile, mapping: Path | None) -> tuple[tuple[Unread, ...], int]:
    """Return the files and sheets that no source of a mapping reads, and the number of files passed over.

    Args:
        place: of the data; one file or a database that was given itself has nothing beside it.
        file: the mapping.
        mapping: its file, which is no data.
    """
    if place.url is not None or place.file is not None:
        return (), 0
    read = {name: _files(place, source) for name, source in file.sources.items()}
    known = {path.resolve() for paths in read.values() for path in paths} | ({mapping.resolve()} if mapping is not None else set())
    folders = dict.fromkeys([place.folder, *(path.parent for paths in read.values() for path in paths)])
    beside = [path for folder in folders for path in sorted(folder.iterdir()) if path.resolve() not in known and not path.is_dir()]
    files = [path for path in beside if not is_passed_over(path.name)]
    unread = [Unread(name=_relative(path, place.folder), reason=NO_SOURCE, near=_near(path.name, file)) for path in files]
    unread += [each for path in sorted(known) for each in _sheets(path, file.sources, read, set(file.tables))]
    return tuple(unread), len(beside) - len(files)


def _files(place: DataPlace, source: SourceDeclaration) -> tuple[Path, ...]:
    """Return the files of a source; those missing are reported where it is opened, if a table reads it."""
    try:
        return place.files(source) or ()
    except TableError:
        return ()


def _relative(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else path.name


def _near(name: str, file: MappingFile) -> str:
    """Return the source whose pattern nearly matches, or the table that the name has and the mapping lacks."""
    bare = bare_name(name).casefold()
    patterns = {bare_name(_last(pattern)).casefold(): source for source, given in file.sources.items() for pattern in given.files}
    for pattern, source in patterns.items():
        if fnmatch(bare, pattern):
            return source
    near = nearest(bare, [pattern.replace("*", "") for pattern in patterns], likeness=0.85)
    found = next((source for pattern, source in patterns.items() if pattern.replace("*", "") == near), "")
    return found or _missing_table(bare, file.tables)


def _missing_table(name: str, tables: Iterable[str]) -> str:
    known = likely_table(name)
    return known[0] if known and known[0] not in tables and known[1] != "near" else ""


def _last(pattern: str) -> str:
    return pattern.replace("\\", "/").rpartition("/")[2]


def _sheets(
    path: Path, sources: Mapping[str, SourceDeclaration], read: Mapping[str, tuple[Path, ...]], tables: set[str]
) -> Iterable[Unread]:
    """Yield the sheets of a workbook, or the tables of a DuckDB file, that no source takes; a query may take any."""
    using = [sources[name] for name, paths in read.items() if any(other.resolve() == path for other in paths)]
    inner = held(path) if using and not any(source.query for source in using) else []
    taken = {name for source in using for name in (source.sheet, source.table)}
    for place, offer in enumerate(inner):
        inside = offer.source.sheet or offer.source.table if offer.source else None
        if inside not in taken and not (place == 0 and None in {source.sheet or source.table for source in using}):
            yield Unread(name=offer.name, reason=NO_SOURCE, near=_missing_table(offer.stem, tables))
