"""Place of the data: a folder, one file in it, or a database."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from relkit.errors import ParameterError, TableError
from relkit.near_paths import nearest_path
from relkit.tables.databases import as_url, is_sqlite
from relkit.tables.sources import Source, find_files, open_source

if TYPE_CHECKING:
    from relkit.tables.mapping_file import SourceDeclaration

DEFAULT = "mapping.yaml"
"""The mapping file that a folder of data may contain."""


@dataclass(frozen=True, kw_only=True)
class DataPlace:
    """Place from which names of files are resolved.

    Attributes:
        folder: of the data.
        file: the one file that was given, if one was.
        url: SQL URL, if one was given.

    Examples:
        >>> DataPlace.of("sqlite:///shop.db").url
        'sqlite:///shop.db'
    """

    folder: Path
    file: Path | None = None
    url: str | None = None

    @classmethod
    def of(cls, data: Path | str) -> DataPlace:
        """Return the place that `data` names, or raise a TableError with the nearest one."""
        url = as_url(data)
        if url is not None:
            return cls(folder=Path(), url=url)
        path = Path(data)
        if path.is_file():
            if is_sqlite(path):
                return cls(folder=path.parent, url=f"sqlite:///{path}")
            return cls(folder=path.parent, file=path)
        if not path.is_dir():
            near = nearest_path(path)
            remedy = f"Did you mean {near}?" if near else "Check the path of the data."
            raise TableError("there is no such folder or file.", where=str(path), remedy=remedy)
        return cls(folder=path)

    def __str__(self) -> str:
        """Return the place as messages show it."""
        return "the database" if self.url is not None else str(self.file or self.folder)

    def default_mapping(self) -> Path | None:
        """Return the mapping file of the folder, None if it has none."""
        path = self.folder / DEFAULT
        return path if self.url is None and self.file is None and path.is_file() else None

    def open(self, name: str, declaration: SourceDeclaration) -> Source:
        """Return the source that a mapping declares."""
        url = declaration.url if declaration.url_from is None else _url_from(declaration.url_from, name)
        files = self._named(declaration)
        if not files and url is None:
            url = self.url
            if url is None:
                raise ParameterError(
                    "it names neither files nor a url.", where=f"source {name}", remedy="Add files: NAME, or give one file as data."
                )
        return open_source(name, declaration.options(), folder=self.folder, files=files, url=url)

    def _named(self, declaration: SourceDeclaration) -> tuple[str, ...]:
        """Return the names or globs of a source; the one file that was given replaces the pattern it matches."""
        if declaration.url or declaration.url_from:
            return ()
        if self.file is not None and (not declaration.files or any(fnmatch(self.file.name, pattern) for pattern in declaration.files)):
            return (self.file.name,)
        return declaration.files

    def files(self, declaration: SourceDeclaration) -> tuple[Path, ...] | None:
        """Return the files of a source, None for a table of a database."""
        named = self._named(declaration)
        return find_files(named, self.folder) if named else None


def _url_from(variable: str, name: str) -> str:
    url = os.environ.get(variable)
    if not url:
        raise ParameterError(f"the environment variable {variable} is not set.", where=f"source {name}", remedy="Set it to the SQL URL.")
    return url
