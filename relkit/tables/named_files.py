"""Files that need no mapping: named after our tables, with our column names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import TableError, nearest
from relkit.tables import casting
from relkit.tables.casting import Style
from relkit.tables.databases import duckdb_tables, is_sqlite, sql_tables
from relkit.tables.mapping_file import Attribute, Block, ColumnRule, SourceDeclaration
from relkit.tables.schemas import TABLES
from relkit.tables.sources import Source, format_of, stem
from relkit.tables.workbook import sheets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from relkit.tables.data_place import DataPlace


def declared_by_names(place: DataPlace) -> dict[str, SourceDeclaration]:
    """Return a source for each file (or table of a database) named after one of our tables."""
    if place.url is not None:
        names = [name for name in sql_tables(place.url) if name in TABLES]
        if not names:
            raise TableError(
                "no table of the database has the name of one of ours.", where=str(place), remedy="Write a mapping: docs/mappings.md."
            )
        return {name: SourceDeclaration(table=name) for name in names}
    files = [place.file] if place.file is not None else sorted(p for p in place.folder.iterdir() if p.is_file() and format_of(p))
    if len(files) == 1 and (held := _held(files[0])):
        return held
    found: dict[str, SourceDeclaration] = {}
    for path in files:
        name = stem(path)
        if name in found:
            raise TableError(
                f"{found[name].files[0]} and {path.name} are both named {name}.", where=str(place.folder), remedy="Keep one of them."
            )
        if name in TABLES:
            found[name] = _held(path).get(name, SourceDeclaration(files=(path.name,)))
    for folder in sorted(p for p in place.folder.iterdir() if place.file is None and p.is_dir() and p.name in TABLES):
        parts = sorted(f"{folder.name}/{p.name}" for p in folder.iterdir() if p.is_file() and format_of(p))
        if folder.name not in found and parts:
            found[folder.name] = SourceDeclaration(files=tuple(parts))
    if not found:
        raise _no_table(place)
    return found


def _held(path: Path) -> dict[str, SourceDeclaration]:
    """Return a source for each table of a DuckDB file, or sheet of a workbook, named after one of our tables."""
    if format_of(path) == "duckdb":
        return {n: SourceDeclaration(files=(path.name,), table=n) for n in duckdb_tables(path) if n in TABLES}
    if format_of(path) == "xlsx":
        return {n: SourceDeclaration(files=(path.name,), sheet=n) for n in sheets(path) if n in TABLES}
    return {}


def _no_table(place: DataPlace) -> TableError:
    """Return the error that lists what is there instead, and what can be done with it."""
    there = [place.file] if place.file else sorted(p for p in place.folder.iterdir() if p.is_file() and not p.name.startswith("."))
    for path in there:
        if is_sqlite(path):
            remedy = f"Give its URL as data: sqlite:///{path}."
            return TableError("it is an SQLite database.", where=str(path), remedy=remedy)
    if not there:
        return TableError("there is no file in it.", where=str(place), remedy="Check the path of the data.")
    hints = [f"{p.name} is near {near}" for p in there if (near := nearest(stem(p), TABLES, likeness=0.7))]
    listed = f"{', '.join(p.name for p in there[:8])}{', ...' if len(there) > 8 else ''}"
    instead = "; ".join(hints[:3]) or f"there {'is' if len(there) == 1 else 'are'} {listed}"
    return TableError(
        f"no file is named after one of our tables ({instead}).",
        where=str(place),
        remedy="Write a mapping (docs/mappings.md) and give it with --mapping, or name files transactions.csv, contracts.parquet, ...",
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
            remedy=f"It has: {', '.join(source.columns)}. A mapping can rename them.",
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
        value = pl.col(name)
        wrong = casting.misread(value, "text", casting.number(value, "text", Style(decimal=source.decimal)))
        kind = "text" if source.frame.select(wrong.any()).collect(engine="streaming").item() else "decimal"
    types: dict[str, Any] = {"decimal": "number", "integer": "integer", "bool": "yes_no", "date": "date", "instant": "date", "utc": "date"}
    return Attribute(column=name, type=types.get(kind, "text"))
