"""Files that need no mapping: named after our tables, with our column names."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from relkit.commands import command
from relkit.errors import TableError, nearest
from relkit.masking import masked
from relkit.shapes import names_listed
from relkit.tables import casting
from relkit.tables.casting import Style
from relkit.tables.databases import duckdb_tables, is_sqlite, sql_tables
from relkit.tables.file_columns import exactly
from relkit.tables.likely_tables import Likeness, bare_name, kind_of_part, likely_table
from relkit.tables.mapping_file import Attribute, Block, ColumnRule, SourceDeclaration
from relkit.tables.schemas import TABLES
from relkit.tables.sources import Source, format_of, starting_columns
from relkit.tables.unread_files import (
    ARCHIVE,
    DANGLING,
    DATABASE,
    EMPTY_FOLDER,
    FOLDER,
    FORMAT,
    NOT_ALONE,
    OTHER_COLUMNS,
    OTHER_NAME,
    SECOND,
    UNFINISHED,
    Unread,
    is_passed_over,
    refuse_unread,
    unread_notes,
)
from relkit.tables.workbook import sheets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from relkit.tables.data_place import DataPlace
    from relkit.texts import Text

MAPPING = "mapping.yaml"
_UNFINISHED = re.compile(r"\.(part|crdownload|filepart|download|tmp)$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class NamedSources:
    """Files, sheets and tables that need no mapping, and all that was found beside them.

    Attributes:
        declared: a source for each of our tables that is there.
        unread: what was not read.
        notes: on parts that were put together and files passed over.
    """

    declared: dict[str, SourceDeclaration]
    unread: tuple[Unread, ...] = ()
    notes: tuple[str, ...] = ()


def sources_by_names(place: DataPlace) -> NamedSources:
    """Return a source for each file, folder, sheet or table of a database that is named after one of our tables.

    Capitals do not matter. `transaction.csv` and the parts `transactions_2023.csv`, `transactions_2024.csv` are read if nothing else
    has the name of the table and they have its columns.

    Raises:
        TableError: nothing has the name of a table, two files have the same, or one that has such a name cannot be read.
    """
    if place.url is not None:
        return _of_database(place)
    paths = [place.file] if place.file is not None else sorted(p for p in place.folder.iterdir() if p.name != MAPPING)
    files = [path for path in paths if not is_passed_over(path.name)]
    found = _Found(place.folder, alone=sum(map(_is_readable, files)) == 1)
    offered = [offer for path in files for offer in found.offers(path)]
    for path in files:
        if path.is_dir() and not is_passed_over(path.name):
            found.look_beside(path)
    found.take_same(offered)
    found.take_likely(offered)
    refuse_unread(found.unread, str(place))
    if not found.declared:
        raise _no_table(place, found.unread)
    unread = tuple(sorted(found.unread, key=lambda each: each.name))
    passed_over = 0 if place.file is not None else len(paths) - len(files)
    return NamedSources(declared=found.declared, unread=unread, notes=(*found.notes, *unread_notes(unread, passed_over)))


def _of_database(place: DataPlace) -> NamedSources:
    names = sql_tables(place.url or "")
    found = {known[0]: name for name in names if (known := likely_table(name)) and known[1] == "same"}
    if not found:
        raise TableError(
            "no table of the database has the name of one of ours.", where=str(place), remedy=f"Draft a mapping: {_drafting(place)}."
        )
    others = [name for name in names if name not in found.values()]
    unread = tuple(Unread(name=name, reason=OTHER_NAME, near=near[0] if (near := likely_table(name)) else "") for name in others)
    return NamedSources(
        declared={table: SourceDeclaration(table=name) for table, name in found.items()},
        unread=unread,
        notes=tuple(unread_notes(unread, 0)),
    )


@dataclass(frozen=True, kw_only=True)
class _Offer:
    """A file, a folder of parts, a sheet or a table, with the table of ours that it may be; None if it is near none."""

    name: str
    stem: str
    source: SourceDeclaration | None
    reason: Text = OTHER_NAME
    needs_columns: bool = False

    @property
    def likely(self) -> tuple[str, Likeness] | None:
        """The table that it may be."""
        return likely_table(self.stem)

    @property
    def is_table(self) -> bool:
        """True for a table of a database."""
        return self.source is not None and self.source.table is not None

    @property
    def is_file(self) -> bool:
        """True for a whole file that can be read."""
        return self.source is not None and not self.is_table and self.source.sheet is None and not self.name.endswith("/")


class _Found:
    """Sources found in a folder so far."""

    def __init__(self, folder: Path, *, alone: bool) -> None:
        self.folder, self.alone = folder, alone
        self.declared: dict[str, SourceDeclaration] = {}
        self.unread: list[Unread] = []
        self.notes: list[str] = []

    def offers(self, path: Path) -> list[_Offer]:
        """Return the offers of a file or folder: itself, or its sheets or tables."""
        if path.is_dir():
            return self._parts(path)
        if path.exists() and _is_readable(path):
            return self._of_file(path)
        return [_Offer(name=path.name, stem=bare_name(path.name), source=None, reason=_why_not(path))]

    def _of_file(self, path: Path) -> list[_Offer]:
        whole, inner = _Offer(name=path.name, stem=bare_name(path.name), source=SourceDeclaration(files=(path.name,))), held(path)
        if not inner:
            return [whole]
        table = whole.likely[0] if whole.likely else None
        named = [offer.likely[0] for offer in inner if offer.likely and offer.likely[1] == "same"]
        if table is None or table in named or inner[0].is_table:
            return [replace(offer, needs_columns=not self.alone and offer.likely != whole.likely) for offer in inner]
        return [whole, *(replace(offer, needs_columns=True) for offer in inner[1:])]

    def _parts(self, folder: Path) -> list[_Offer]:
        plain = bare_name(folder.name)
        if likely_table(plain) is None:
            return []
        inside = sorted(p for p in folder.iterdir() if not is_passed_over(p.name))
        parts = tuple(f"{folder.name}/{p.name}" for p in inside if p.is_file() and _is_readable(p))
        source = SourceDeclaration(files=parts) if parts else None
        others = [Unread(name=f"{folder.name}/{p.name}", reason=FORMAT, near=likely_table(plain)[0]) for p in inside if not _is_readable(p)]  # type: ignore[index]
        self.unread += others if parts else []
        return [_Offer(name=f"{folder.name}/", stem=plain, source=source, reason=EMPTY_FOLDER if source is None else OTHER_NAME)]

    def look_beside(self, folder: Path) -> None:
        """Name a folder that is near no table and holds files of data."""
        if likely_table(bare_name(folder.name)) is not None:
            return
        inside = [p for p in sorted(folder.iterdir()) if p.is_file() and format_of(p) and not is_passed_over(p.name)]
        near = [known[0] for p in inside if (known := likely_table(bare_name(p.name)))]
        if inside:
            self.unread.append(Unread(name=f"{folder.name}/", reason=FOLDER, near=near[0] if near else ""))

    def take_same(self, offered: Sequence[_Offer]) -> None:
        """Take what has the very name of a table."""
        by_table: dict[str, list[_Offer]] = {}
        for offer in offered:
            if offer.likely and offer.likely[1] == "same":
                by_table.setdefault(offer.likely[0], []).append(offer)
        for table, offers in by_table.items():
            readable = [offer for offer in offers if offer.source is not None and (not offer.needs_columns or self._fits(offer, table))]
            files = [offer for offer in readable if offer.is_file]
            if len(files) > 1:
                raise TableError(
                    f"{files[0].name} and {files[1].name} are both named {table}.", where=str(self.folder), remedy="Keep one of them."
                )
            chosen = next(iter(files or readable), None)
            if chosen is not None and chosen.source is not None:
                self.declared[table] = chosen.source
            for offer in offers:
                if offer is not chosen:
                    self.unread.append(_left(offer, table, has_other=chosen is not None))

    def take_likely(self, offered: Sequence[_Offer]) -> None:
        """Take singulars and dated parts of tables that are not there, if they have their columns; name all others."""
        by_table: dict[str, list[_Offer]] = {}
        for offer in offered:
            if offer.likely is None:
                self.unread.append(Unread(name=offer.name, reason=offer.reason))
            elif offer.likely[1] != "same":
                by_table.setdefault(offer.likely[0], []).append(offer)
        for table, offers in by_table.items():
            taken = [] if table in self.declared else self._taken(table, offers)
            if taken:
                self.declared[table] = _joined([offer.source for offer in taken if offer.source is not None])
                self.notes.append(f"{', '.join(offer.name for offer in taken)}: read as {table}.")
            for offer in offers:
                if not any(offer is other for other in taken):
                    self.unread.append(Unread(name=offer.name, reason=self._reason(offer, table, offers), near=table))

    def _taken(self, table: str, offers: Sequence[_Offer]) -> list[_Offer]:
        singular = [offer for offer in offers if offer.likely and offer.likely[1] == "singular"]
        parts = [offer for offer in offers if offer.likely and offer.likely[1] == "part"]
        if singular and parts:
            return []
        if len({kind_of_part(offer.stem) for offer in parts}) > 1 or len(singular) > 1:
            return []
        taken = [*singular, *parts]
        is_plain = all(
            offer.source is not None and offer.source.files and not offer.source.sheet and not offer.source.table for offer in taken
        )
        return taken if taken and (is_plain or len(taken) == 1) and all(self._fits(offer, table) for offer in taken) else []

    def _reason(self, offer: _Offer, table: str, offers: Sequence[_Offer]) -> Text:
        if offer.source is None or (offer.likely and offer.likely[1] == "near"):
            return offer.reason
        if table in self.declared:
            return SECOND
        return OTHER_COLUMNS if not self._fits(offer, table) else NOT_ALONE if len(offers) > 1 else OTHER_NAME

    def _fits(self, offer: _Offer, table: str) -> bool:
        """Return whether the columns that a table requires are there under their names."""
        if offer.source is None:
            return False
        lacking = {column.name for column in TABLES[table].columns if column.required and column.default is None}
        return all(lacking <= set(starting_columns(self.folder / name, offer.source.options())) for name in offer.source.files)


def _left(offer: _Offer, table: str, *, has_other: bool) -> Unread:
    """Return the record of an offer with a table's name that is not read: it cannot be, another is, or it lacks columns."""
    if offer.source is None:
        return Unread(name=offer.name, reason=offer.reason, near=table, is_error=not has_other)
    return Unread(name=offer.name, reason=SECOND if has_other else OTHER_COLUMNS, near=table)


def _joined(sources: Sequence[SourceDeclaration]) -> SourceDeclaration:
    return sources[0] if len(sources) == 1 else SourceDeclaration(files=tuple(name for source in sources for name in source.files))


def _is_readable(path: Path) -> bool:
    return path.is_file() and format_of(path) is not None and not is_passed_over(path.name)


def _why_not(path: Path) -> Text:
    if not path.exists():
        return DANGLING
    if _UNFINISHED.search(path.name):
        return UNFINISHED
    if path.suffix.lower() == ".zip":
        return ARCHIVE
    return DATABASE if is_sqlite(path) else FORMAT


def held(path: Path) -> list[_Offer]:
    """Return the sheets of a workbook, or the tables of a DuckDB file."""
    form = None if path.suffix.lower() == ".zip" else format_of(path)
    if form == "duckdb":
        tables = duckdb_tables(path)
        return [_Offer(name=f"{path.name}, table {n}", stem=n, source=SourceDeclaration(files=(path.name,), table=n)) for n in tables]
    if form == "xlsx":
        return [_Offer(name=f"{path.name}, sheet {n}", stem=n, source=SourceDeclaration(files=(path.name,), sheet=n)) for n in sheets(path)]
    return []


def _drafting(place: DataPlace) -> str:
    data = str(place.file or place.folder) if place.url is None else masked(place.url)
    return command("check", data, draft_mapping="mapping.yaml")


def _no_table(place: DataPlace, unread: Sequence[Unread]) -> TableError:
    """Return the error that lists what is there instead, and what can be done with it."""
    there = [place.file] if place.file else sorted(p for p in place.folder.iterdir() if not is_passed_over(p.name) and p.name != MAPPING)
    for path in there:
        if path.is_file() and is_sqlite(path):
            return TableError("it is an SQLite database.", where=str(path), remedy="Give it as data instead of its folder.")
    if not there:
        return TableError("there is no file in it.", where=str(place), remedy="Check the path of the data.")
    hints = [f"{each.name} is near {each.near}" for each in unread if each.near]
    listed = f"{', '.join(p.name for p in there[:8])}{', ...' if len(there) > 8 else ''}"
    instead = "; ".join(hints[:3]) or f"there {'is' if len(there) == 1 else 'are'} {listed}"
    return TableError(
        f"no file is named after one of our tables ({instead}).",
        where=str(place),
        remedy=f"Draft a mapping with {_drafting(place)} and give it with --mapping, or name files transactions.csv, ...",
    )


def block_by_names(table: str, source: Source, notes: list[str]) -> Block:
    """Return the block that reads a file whose columns have our names; others are left out, and noted."""
    contract = TABLES[table]
    known = [name for name in source.columns if name in contract.names]
    lacking = [c.name for c in contract.columns if c.required and c.default is None and c.name not in known]
    others = [name for name in source.columns if name not in known]
    if lacking:
        raise TableError(
            _lacking(lacking, others),
            where=source.spoken,
            remedy=f"It has: {names_listed(source.columns)}. A mapping can rename them.",
        )
    attributes = {}
    if table == "customer_snapshots":
        attributes = {name: _attribute_by_name(name, source) for name in others if name not in source.unusable}
    if others:
        what = "kept as attributes that no mapping declares" if attributes else f"left out: no column of {table} is so named"
        free = [name for name in contract.names if name not in known]
        meant = [f"did you mean {near} by {name}?" for name in others if (near := nearest(name, free, likeness=0.8))]
        notes.append(" ".join((f"{source.spoken}: {', '.join(others)} {what}{';' if meant else '.'}", *meant)))
    return Block(source=table, columns={name: ColumnRule(column=name) for name in known}, attributes=attributes)


def _lacking(lacking: Sequence[str], others: Sequence[str]) -> str:
    """Return the sentence that names the missing columns, each with the nearest existing one."""
    near = {name: found for name in lacking if (found := nearest(name, others))}
    if len(lacking) == 1:
        hint = f"; the nearest of its columns is {near[lacking[0]]!r}" if near else ""
        return f"column {lacking[0]!r} is missing{hint}."
    named = [f"{name!r} (the nearest is {near[name]!r})" if name in near else repr(name) for name in lacking]
    return f"columns {', '.join(named[:-1])} and {named[-1]} are missing."


def _attribute_by_name(name: str, source: Source) -> Attribute:
    """Return an attribute with the type of the column, or number if all its texts are numbers."""
    kind = casting.kind_of(source.frame.collect_schema()[name])
    if kind == "text":
        value = exactly(name)
        wrong = casting.misread(value, "text", casting.number(value, "text", Style(decimal=source.decimal)))
        kind = "text" if source.frame.select(wrong.any()).collect(engine="streaming").item() else "decimal"
    types: dict[str, Any] = {"decimal": "number", "integer": "integer", "bool": "yes_no", "date": "date", "instant": "date", "utc": "date"}
    return Attribute(column=name, type=types.get(kind, "text"))
