"""Reading of a company's data: files of several formats, one, many or a glob, and databases.

A `Source` is one lazy frame: the columns of the files, `_source` (the file's name) and `_row` (the number of the row in
that file, 1 for the first row of data). Text files give text; Parquet and DuckDB keep their types. What was detected
(delimiter, encoding, header, decimal mark) is stated in `notes`. Any fault of a file is one `TableError` that
names it, before the main reading begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import polars as pl

from relkit.errors import RelkitError, TableError, nearest
from relkit.near_paths import nearest_path
from relkit.shapes import names_listed
from relkit.tables.archives import ENDING, members, unpacked
from relkit.tables.column_types import readable
from relkit.tables.databases import open_duckdb, open_sql
from relkit.tables.delimited import columns_of, explain_fault, open_delimited
from relkit.tables.file_columns import exactly, renamed_note, spared
from relkit.tables.findings import counted
from relkit.tables.opened_file import FIELDS, Format, OpenedFile, ReadOptions
from relkit.tables.schemas import ROW, SOURCE
from relkit.tables.workbook import open_workbook
from relkit.traces import words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from relkit.remarks import Remark

STEM = "_stem"
"""Technical column: the name of the file without its extensions, from which keys are made."""

FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".dat": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xlsb": "xlsx",
    ".xls": "xlsx",
    ".ods": "xlsx",
    ".duckdb": "duckdb",
    ".ddb": "duckdb",
}
"""The format that a file's name announces; .gz after the extension of a text is allowed, and .zip after any, or instead of it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """One or several files read as one table.

    Attributes:
        name: as in the mapping.
        frame: the columns, `_source`, `_row`, `_fields`; lazy, blank lines left out.
        columns: the columns of the files.
        parts: the frame of each file, by its name, blank lines included.
        decimal: the decimal mark of its texts.
        decimal_known: whether that mark was declared or seen; else it is the usual one.
        unusable: types of the columns of which none of ours can be made, by name.
        notes: on what was detected and left out, one sentence each.
        is_columnar: whether its files are Parquet, of which some columns can be read without the others.
        is_text: whether its lines can be blank, too short or too long.
        lines_before: lines before the first row of data, of all its files.
        remarks: on what readers of the reports should know of its files.
    """

    name: str
    frame: pl.LazyFrame
    columns: tuple[str, ...]
    decimal: str
    parts: dict[str, pl.LazyFrame]
    notes: tuple[str, ...] = ()
    is_columnar: bool = False
    decimal_known: bool = True
    unusable: dict[str, str] = field(default_factory=dict)
    is_text: bool = False
    lines_before: int = 0
    remarks: tuple[Remark, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files."""
        return tuple(self.parts)

    @property
    def spoken(self) -> str:
        """The files in a few words, for messages."""
        return self.files[0] if len(self.files) == 1 else f"{self.files[0]} and {len(self.files) - 1} more"


def stem(path: Path) -> str:
    """Return the file's name without its extensions.

    Examples:
        >>> stem(Path("transactions.csv.gz"))
        'transactions'
    """
    name = re.sub(r"\.(gz|zip)$", "", path.name, flags=re.IGNORECASE)
    return name[: -len(Path(name).suffix)] if Path(name).suffix.lower() in FORMATS else name


def format_of(path: Path) -> Format | None:
    """Return the format that the name announces, or None; that of the one file in a zip archive."""
    if path.suffix.lower() == ENDING:
        inside = members(path)
        return FORMATS.get(Path(inside[0].lower().removesuffix(".gz")).suffix) if len(inside) == 1 else None
    return FORMATS.get(Path(path.name.lower().removesuffix(".gz")).suffix)


def find_files(patterns: Sequence[str], folder: Path) -> tuple[Path, ...]:
    """Return the files that match names or globs, in order of name, or raise a TableError with the nearest name.

    Args:
        patterns: relative to `folder`, or absolute.
        folder: the data folder.
    """
    if not folder.is_dir():
        near = nearest_path(folder)
        remedy = f"Did you mean {near}?" if near else "Check --data."
        raise TableError("there is no such folder.", where=str(folder), remedy=remedy)
    found: dict[Path, None] = {}
    for pattern in patterns:
        base = Path(Path(pattern).anchor) if Path(pattern).is_absolute() else folder
        rest = str(Path(pattern).relative_to(base)) if Path(pattern).is_absolute() else pattern
        matched = sorted(p for p in base.glob(rest) if p.is_file()) if _is_glob(rest) else [base / rest]
        if not matched or not matched[0].is_file():
            raise _no_file(pattern, folder)
        found.update(dict.fromkeys(matched))
    return tuple(found)


def _is_glob(pattern: str) -> bool:
    return any(mark in pattern for mark in "*?[")


def _no_file(pattern: str, folder: Path) -> TableError:
    names = sorted(p.name for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    near = nearest(pattern.replace("*", ""), names)
    what = "no file matches it" if _is_glob(pattern) else "there is no such file"
    hint = f"; the nearest is {near!r}" if near else ""
    listed = (
        f"The folder has {counted(len(names), 'file')}: {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}."
        if names
        else "The folder is empty."
    )
    return TableError(f"{what}{hint}.", where=str(folder / pattern), remedy=listed)


def open_file(path: Path, options: ReadOptions) -> OpenedFile:
    """Return one file, opened by its name or the options.

    Raises:
        TableError: it cannot be read, or its format is unknown.
    """
    form = options.format or format_of(path)
    if path.suffix.lower() == ENDING and path.is_file():
        copy = unpacked(path)
        form = options.format or format_of(copy)
        return replace(open_file(copy, replace(options, format=form)), name=path.name) if form else _unknown(path, copy.suffix)
    if form is None:
        return _unknown(path, path.suffix)
    if form == "parquet":
        return _open_parquet(path)
    if form == "xlsx":
        return open_workbook(path, options)
    if form == "duckdb":
        return open_duckdb(path, options)
    return open_delimited(path, options)


def starting_columns(path: Path, options: ReadOptions) -> tuple[str, ...]:
    """Return the columns of a file without reading a text further than its start; none if it cannot be read."""
    try:
        if (options.format or format_of(path)) == "csv" and path.suffix.lower() != ENDING:
            return columns_of(path, options)
        return open_file(path, options).columns
    except (RelkitError, OSError):
        return ()


def _unknown(path: Path, ending: str) -> NoReturn:
    raise TableError(
        f"its name does not say what it is ({ending or 'no ending'}).",
        where=str(path),
        remedy="Give its `format` in the mapping: csv, text, fixed, parquet, xlsx or duckdb.",
    )


def _open_parquet(path: Path) -> OpenedFile:
    try:
        frame = pl.scan_parquet(path, glob=False)
        schema = frame.collect_schema()
    except FileNotFoundError as error:
        raise TableError("there is no such file.", where=str(path), remedy="Check the path.") from error
    except (pl.exceptions.PolarsError, OSError) as error:
        raise TableError("it is not a Parquet file.", where=str(path), remedy="The copy may be incomplete: fetch it again.") from error
    names = schema.names()
    columns = spared(names)
    frame = frame.rename(dict(zip(names, columns, strict=True))) if columns != tuple(names) else frame
    frame, unusable = readable(frame)
    numbered = frame.with_row_index(ROW, offset=1)
    return OpenedFile(name=path.name, frame=numbered, columns=columns, detected=renamed_note(names), is_columnar=True, unusable=unusable)


def open_source(name: str, options: ReadOptions, *, folder: Path, files: Sequence[str] = (), url: str | None = None) -> Source:
    """Return files or a database as one source.

    Args:
        name: as in messages.
        options: how to read.
        folder: to which relative names refer.
        files: names or globs.
        url: SQL URL, instead of files.

    Raises:
        TableError: a file is missing or unreadable, or files of one source have different columns.
    """
    options = replace(options, reads=(folder.absolute(), *(folder.absolute() / named for named in options.reads)))
    opened = _open_all(find_files(files, folder), options) if url is None else [open_sql(url, options)]
    first = opened[0]
    notes = [*_detected(name, opened), *_same_columns(opened)]
    parts = {part.name: _plain(part, first.columns) for part in opened}
    try:
        frame = pl.concat(parts.values(), how="vertical_relaxed") if len(parts) > 1 else parts[first.name]
        frame.collect_schema()
    except pl.exceptions.PolarsError as error:
        raise TableError(
            f"its {len(opened)} files give a column different types: {words_of(error, first.columns).rstrip('.')}.",
            where=name,
            remedy="Read them as two sources.",
        ) from error
    decimal = options.decimal or _one_decimal(name, opened)
    columnar = all(part.is_columnar for part in opened)
    is_text = any(part.is_text for part in opened) and all(frame.collect_schema()[c] == pl.String for c in first.columns)
    return Source(
        name=name,
        frame=frame.filter(~_blank(first.columns)) if is_text else frame,
        columns=first.columns,
        decimal=decimal or ".",
        decimal_known=decimal is not None,
        unusable={name: dtype for part in opened for name, dtype in part.unusable.items()},
        parts=parts,
        notes=tuple(notes),
        is_columnar=columnar,
        is_text=is_text,
        lines_before=sum(part.lines_before for part in opened),
        remarks=tuple(remark for part in opened for remark in part.remarks),
    )


def _open_all(paths: Sequence[Path], options: ReadOptions) -> list[OpenedFile]:
    """Return all files; of several, one without rows is skipped, unless none has any."""
    opened, empty = [], []
    for path in paths:
        try:
            opened.append(open_file(path, options))
        except TableError as error:
            if "and no row" not in error.what or len(paths) == 1:
                raise
            empty.append((path, error))
    if not opened:
        raise empty[0][1]
    if empty:
        detected = f"{', '.join(path.name for path, _ in empty)}: no row, passed over"
        opened[0] = replace(opened[0], detected=f"{opened[0].detected}; {detected}" if opened[0].detected else detected)
    return opened


def _detected(name: str, opened: Sequence[OpenedFile]) -> list[str]:
    by_detected: dict[str, list[str]] = {}
    for part in opened:
        by_detected.setdefault(part.detected, []).append(part.name)
    return [
        f"{name}: {names[0] if len(names) == 1 else f'{len(names)} files, {names[0]} ... {names[-1]}'}: detected {detected}."
        for detected, names in by_detected.items()
        if detected
    ]


def _same_columns(opened: Sequence[OpenedFile]) -> list[str]:
    """Return a note for columns that only later files have; raise if one lacks a column of the first."""
    first, notes = opened[0], []
    for part in opened[1:]:
        lacking = [column for column in first.columns if column not in part.columns]
        if lacking:
            near = nearest(lacking[0], part.columns)
            raise TableError(
                f"column {lacking[0]!r}, which {first.name} has, is missing" + (f"; the nearest is {near!r}." if near else "."),
                where=part.name,
                remedy=f"It has: {names_listed(part.columns)}. Read it as a source of its own if it is another table.",
            )
        more = [column for column in part.columns if column not in first.columns]
        if more:
            notes.append(f"{part.name}: left out {', '.join(more)}, which {first.name} does not have.")
    return notes


def _one_decimal(name: str, opened: Sequence[OpenedFile]) -> str | None:
    seen = {part.decimal: part.name for part in opened if part.decimal is not None}
    if len(seen) > 1:
        raise TableError(
            f"{seen[',']} writes a decimal comma and {seen['.']} a decimal point.",
            where=name,
            remedy="Read them as two sources, with `decimal` given.",
        )
    return next(iter(seen), None)


def _plain(part: OpenedFile, columns: tuple[str, ...]) -> pl.LazyFrame:
    """Return the frame with its technical columns; utc instants keep their zone."""
    fields = pl.col(FIELDS) if FIELDS in part.frame.collect_schema() else pl.lit(None, dtype=pl.Int32).alias(FIELDS)
    return part.frame.select(
        *(exactly(name) for name in columns),
        pl.lit(part.name).alias(SOURCE),
        pl.lit(stem(Path(part.name))).alias(STEM),
        pl.col(ROW).cast(pl.Int64),
        fields,
    )


def _blank(columns: Sequence[str]) -> pl.Expr:
    """Return whether a line has nothing but delimiters, or blanks alone."""
    first, *others = (exactly(name) for name in columns)
    return (first.str.strip_chars().fill_null("") == "") & pl.all_horizontal(
        [pl.lit(value=True), *((other.fill_null("") == "") for other in others)]
    )


def count_rows(frame: pl.LazyFrame) -> int:
    """Return the number of rows, read as a stream."""
    return int(frame.select(pl.len()).collect(engine="streaming").item())


def measure(source: Source, *, count_duplicates: bool = False, further: Mapping[str, pl.Expr] | None = None) -> dict[str, Any]:
    """Return facts of a source from one pass over it: rows, blank, short and long lines, duplicates.

    Reading it in full here finds faults of a file before any result is written.

    Args:
        source: to be read.
        count_duplicates: count rows that repeat an earlier one in every column.
        further: aggregates to find in the same pass, by name.

    Raises:
        TableError: a file cannot be read to its end.
    """
    frame = pl.concat(source.parts.values(), how="vertical_relaxed") if len(source.parts) > 1 else next(iter(source.parts.values()))
    is_row = ~_blank(source.columns) if source.is_text else pl.col(ROW).is_not_null()
    asked = [
        pl.len().alias("lines"),
        is_row.sum().alias("rows"),
        (is_row & (pl.col(FIELDS) < 0)).sum().alias("short_lines"),
        (is_row & (pl.col(FIELDS) > 0)).sum().alias("long_lines"),
    ]
    if count_duplicates:
        hashes = pl.struct(exactly(name) for name in source.columns).hash()
        asked.append((is_row.sum() - hashes.filter(is_row).n_unique()).alias("duplicates"))
    asked += [expr.alias(name) for name, expr in (further or {}).items()]
    try:
        found = frame.select(asked).collect(engine="streaming").row(0, named=True)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(source, error) from error
    if not found["rows"]:
        raise TableError("it has no row.", where=", ".join(source.files), remedy="Ask for it again with its rows.")
    more = {name: found.pop(name) for name in further or {}}
    lines = found.pop("lines")
    return {name: int(value or 0) for name, value in {**found, "blank_lines": lines - found["rows"]}.items()} | more


def _unreadable(source: Source, error: pl.exceptions.PolarsError | OSError) -> TableError:
    """Return the error with the faulty file, found by reading one after the other."""
    for name, frame in source.parts.items():
        try:
            frame.select(pl.all().null_count()).collect(engine="streaming")
        except (pl.exceptions.PolarsError, OSError) as fault:
            return explain_fault(name, fault)
    return explain_fault(" or ".join(source.files), error)
