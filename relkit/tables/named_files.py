"""Files that need no mapping: named after our tables, with our names of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import TableError, nearest
from relkit.tables import casting
from relkit.tables.casting import Style
from relkit.tables.databases import duckdb_tables, sql_tables
from relkit.tables.mapping_file import Attribute, Block, ColumnRule, SourceDeclaration
from relkit.tables.schemas import TABLES
from relkit.tables.sources import Source, format_of, stem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from relkit.tables.data_place import DataPlace


def declared_by_names(place: DataPlace) -> dict[str, SourceDeclaration]:
    """Return a source for each file (or table of a database) that has the name of a table of ours."""
    if place.url is not None:
        names = [name for name in sql_tables(place.url) if name in TABLES]
        if not names:
            raise TableError(
                "no table of the database has the name of one of ours.", where=str(place), remedy="Write a mapping: docs/mappings.md."
            )
        return {name: SourceDeclaration(table=name) for name in names}
    files = [place.file] if place.file is not None else sorted(p for p in place.folder.iterdir() if p.is_file() and format_of(p))
    if len(files) == 1 and format_of(files[0]) == "duckdb":
        return {n: SourceDeclaration(files=(files[0].name,), table=n) for n in duckdb_tables(files[0]) if n in TABLES}
    found: dict[str, SourceDeclaration] = {}
    for path in files:
        name = stem(path)
        if name in found:
            raise TableError(
                f"{found[name].files[0]} and {path.name} are both named {name}.", where=str(place.folder), remedy="Keep one of them."
            )
        if name in TABLES:
            found[name] = SourceDeclaration(files=(path.name,))
    for folder in sorted(p for p in place.folder.iterdir() if place.file is None and p.is_dir() and p.name in TABLES):
        parts = sorted(f"{folder.name}/{p.name}" for p in folder.iterdir() if p.is_file() and format_of(p))
        if folder.name not in found and parts:
            found[folder.name] = SourceDeclaration(files=tuple(parts))
    if not found:
        raise _no_table(place, files)
    return found


def _no_table(place: DataPlace, files: Sequence[Path]) -> TableError:
    hints = [f"{p.name} is near {near}" for p in files if (near := nearest(stem(p), TABLES))]
    said = f" ({'; '.join(hints[:3])})" if hints else ""
    return TableError(
        f"no file is named after one of our tables{said}.",
        where=str(place),
        remedy="Write a mapping (docs/mappings.md) and give it with --mapping, or name files transactions.csv, contracts.parquet, ...",
    )


def block_by_names(table: str, source: Source, notes: list[str]) -> Block:
    """Return the block that reads a file whose columns have our names; others are left out, and said."""
    contract = TABLES[table]
    known = [name for name in source.columns if name in contract.names]
    lacking = [c.name for c in contract.columns if c.required and c.default is None and c.name not in known]
    if lacking:
        near = nearest(lacking[0], (n for n in source.columns if n not in known))
        hint = f"; the nearest of its columns is {near!r}" if near else ""
        raise TableError(
            f"column {lacking[0]!r} is missing{hint}.",
            where=source.spoken,
            remedy=f"It has: {', '.join(source.columns)}. A mapping can rename them.",
        )
    others = [name for name in source.columns if name not in known]
    attributes = {}
    if table == "customer_snapshots":
        attributes = {name: _attribute_by_name(name, source) for name in others}
    if others:
        what = "kept as attributes that no mapping declares" if attributes else f"left out: no column of {table} is so named"
        notes.append(f"{source.spoken}: {', '.join(others)} {what}.")
    return Block(source=table, columns={name: ColumnRule(column=name) for name in known}, attributes=attributes)


def _attribute_by_name(name: str, source: Source) -> Attribute:
    """Return an attribute whose type is that of the column, or number where all its texts are numbers."""
    kind = casting.kind_of(source.frame.collect_schema()[name])
    if kind == "text":
        value = pl.col(name)
        wrong = casting.misread(value, "text", casting.number(value, "text", Style(decimal=source.decimal)))
        kind = "text" if source.frame.select(wrong.any()).collect(engine="streaming").item() else "decimal"
    types: dict[str, Any] = {"decimal": "number", "integer": "integer", "bool": "yes_no", "date": "date", "instant": "date", "utc": "date"}
    return Attribute(column=name, type=types.get(kind, "text"))
