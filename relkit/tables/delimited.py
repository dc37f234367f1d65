"""Text with a delimiter, with blanks between columns, or with columns at fixed places.

Every column is read as text, so that ids keep their leading zeros; the mapping casts. A line that has more fields than
there are columns keeps them in `_surplus` and is quarantined later; a line that has fewer is filled with nulls.
"""

from __future__ import annotations

import contextlib
import csv
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from relkit.errors import TableError
from relkit.tables.encodings import TextFile, open_text
from relkit.tables.number_marks import marks_of
from relkit.tables.opened_file import SURPLUS, OpenedFile
from relkit.tables.schemas import ROW
from relkit.tables.stray_quotes import requoted, verify_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from relkit.tables.opened_file import ReadOptions

BLANKS = " "
"""Stands for a run of blanks between columns."""

_DELIMITERS = ("\t", ";", "|", ",")
_SPOKEN = {"\t": "tab-separated", ";": "semicolon-separated", "|": "bar-separated", ",": "comma-separated", BLANKS: "blank-separated"}
_VALUE = re.compile(r"^\s*[-+]?(\d+([.,]\d+)?|\d{4}-\d{2}-\d{2}.*|\d{1,2}/\d{1,2}/\d{2,4}.*)\s*$")
_LINES = 500


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Layout of the columns of a text, each property given or detected."""

    delimiter: str
    columns: tuple[str, ...]
    header: bool
    decimal: str | None


def open_delimited(path: Path, options: ReadOptions) -> OpenedFile:
    """Return the text file at `path`, its columns as text.

    Raises:
        TableError: it is missing, empty, undecodable, or its columns do not match the options.
    """
    text = open_text(path, options.encoding)
    if options.format == "fixed":
        return _open_fixed(path, text, options)
    rows_of, layout = _layout(path, text, options)
    _verify_has_rows(path, rows_of, layout, text)
    detected = _detected_text(text, layout, options)
    if layout.delimiter == BLANKS:
        frame = _scan_blanks(text.path, layout, options)
    else:
        frame = _scan(text.path, layout, options)
        if options.quote is not None and not verify_fields(frame, layout.columns, delimiter=layout.delimiter, name=path.name):
            copy = requoted(text.path, delimiter=layout.delimiter, quote=options.quote, name=path.name)
            frame = _scan(copy, layout, options)
            detected = f"{detected}, quotes inside fields taken as they stand" if detected else "quotes inside fields taken as they stand"
    return OpenedFile(
        name=path.name,
        frame=frame,
        columns=layout.columns,
        detected=detected,
        decimal=options.decimal or layout.decimal,
        is_text=True,
    )


def _detected_text(text: TextFile, layout: Layout, options: ReadOptions) -> str:
    """Return the detected properties, without those given."""
    found = []
    if options.delimiter is None and options.format != "text":
        found.append(_SPOKEN.get(layout.delimiter, f"separated by {layout.delimiter!r}"))
    if options.encoding is None:
        found.append({"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}.get(text.encoding, text.encoding))
    if options.header is None:
        found.append("with a header" if layout.header else "without header")
    if options.decimal is None and layout.decimal is not None:
        found.append({",": "decimal comma", ".": "decimal point"}[layout.decimal])
    return ", ".join(found)


def _layout(path: Path, text: TextFile, options: ReadOptions) -> tuple[list[list[str]], Layout]:
    lines = text.sample.splitlines(keepends=True)[options.skip_lines :]
    if not any(line.strip() for line in lines):
        raise TableError("the file holds only blank lines.", where=str(path), remedy="Ask for it again, or take it out of the folder.")
    given = BLANKS if options.format == "text" else options.delimiter
    delimiter = given or detect_delimiter(lines, options.quote)
    rows = _rows(lines, delimiter, options.quote)
    if given is not None and len(rows[0]) == 1:
        _verify_delimiter(path, lines, given, options)
    header = options.header if options.header is not None else _has_header(rows, options.columns)
    columns = _columns(path, rows, header=header, given=options.columns)
    body = rows[1:] if header else rows
    return rows, Layout(delimiter=delimiter, columns=columns, header=header, decimal=_decimal(body))


def detect_delimiter(lines: Sequence[str], quote: str | None = '"') -> str:
    r"""Return the delimiter of the lines: the one that splits most of them into as many fields as the first.

    Examples:
        >>> detect_delimiter(["id;amount\n", "1;2,50\n", "2;3,75\n"])
        ';'
        >>> detect_delimiter([" 00001 19970101  1   11.77\n", " 00002 19970112  1   12.00\n"]) == BLANKS
        True
    """
    best, best_share = "", 0.0
    for candidate in _DELIMITERS:
        share = _agreement(_rows(lines, candidate, quote))
        if share > best_share:
            best, best_share = candidate, share
    if best_share >= 0.5:
        return best
    return BLANKS if _agreement(_rows(lines, BLANKS, quote)) >= 0.9 else ","


def _agreement(rows: list[list[str]]) -> float:
    """Return the share of rows with as many fields as the first; 0 if that is a single field."""
    width = len(rows[0])
    return 0.0 if width < 2 else sum(len(row) == width for row in rows) / len(rows)


def _rows(lines: Sequence[str], delimiter: str, quote: str | None) -> list[list[str]]:
    found = []
    with contextlib.suppress(csv.Error):  # an open quote makes one field of the rest; the first rows are enough to go by
        for row in _cut(lines, delimiter, quote):
            if any(cell.strip() for cell in row):
                found.append(row)
            if len(found) == _LINES:
                break
    return found or [[""]]


def _cut(lines: Sequence[str], delimiter: str, quote: str | None) -> Iterable[list[str]]:
    if delimiter == BLANKS:
        return (line.split() for line in lines)
    if quote is None:
        return (line.rstrip("\r\n").split(delimiter) for line in lines)
    return csv.reader(lines, delimiter=delimiter, quotechar=quote)


def _verify_delimiter(path: Path, lines: Sequence[str], mark: str, options: ReadOptions) -> None:
    seen = detect_delimiter(lines, options.quote)
    rows = _rows(lines, seen, options.quote)
    if seen == mark or len(rows[0]) < 2:
        return
    raise TableError(
        f"cut at {mark!r} its first line is one column, {lines[0].strip()[:60]!r}; the lines look {_SPOKEN[seen]}, {len(rows[0])} columns.",
        where=str(path),
        remedy=f"Write delimiter: {seen!r}, or leave it out to have it found.",
    )


def _has_header(rows: list[list[str]], given: tuple[str, ...]) -> bool:
    """Return whether the first row names columns: no cell is a number or a date, and none is empty but trailing ones."""
    first = list(rows[0])
    while len(first) > 1 and not first[-1].strip():  # spreadsheets end their lines with delimiters
        first.pop()
    if given and {c.strip().lower() for c in first} == {c.lower() for c in given}:
        return True
    looks = not any(_VALUE.match(cell) for cell in first) and all(cell.strip() for cell in first)
    if not given:
        return looks
    return looks and any(_VALUE.match(cell) for row in rows[1:20] for cell in row)


def _columns(path: Path, rows: list[list[str]], *, header: bool, given: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in rows[0]) if header else given
    if not header and not given:
        raise TableError(
            f"its first line, {' | '.join(rows[0])[:80]!r}, holds values and names no column.",
            where=str(path),
            remedy="Give the names of its columns in the mapping (columns: [a, b, ...]), or write header: true.",
        )
    if given and len(given) != len(rows[0]):
        raise TableError(
            f"it has {len(rows[0])} columns and the mapping names {len(given)}; first line: {' | '.join(rows[0])[:80]!r}.",
            where=str(path),
            remedy="Name every column, or check the delimiter.",
        )
    names = given or tuple(name or f"column_{i}" for i, name in enumerate(names, start=1))
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise TableError(
            f"the header names {twice[0]!r} more than once.",
            where=str(path),
            remedy="Rename one in the file, or give `columns` and skip_lines: 1 in the mapping.",
        )
    return names


def _decimal(rows: list[list[str]]) -> str | None:
    """Return the decimal mark that cells show, None if none does, or both marks are shown: then columns are judged one by one."""
    return marks_of(pl.Series([cell for row in rows for cell in row if "." in cell or "," in cell], dtype=pl.String)).decimal


def _verify_has_rows(path: Path, rows: list[list[str]], layout: Layout, text: TextFile) -> None:
    if layout.header and text.is_whole and len(rows) == 1:
        raise TableError(
            f"it has a header ({', '.join(layout.columns)[:120]}) and no row.", where=str(path), remedy="Ask for it again with its rows."
        )


def _scan(path: Path, layout: Layout, options: ReadOptions) -> pl.LazyFrame:
    frame = pl.scan_csv(
        path,
        has_header=False,
        skip_lines=options.skip_lines,
        separator=layout.delimiter,
        quote_char=options.quote,
        schema=dict.fromkeys((*layout.columns, SURPLUS), pl.String),
        truncate_ragged_lines=True,
        missing_columns="insert",
        glob=False,
    )
    return _numbered(frame, header=layout.header)


def _numbered(frame: pl.LazyFrame, *, header: bool) -> pl.LazyFrame:
    """Return the rows of data with their numbers; polars counts the header, if any, as row 0."""
    if not header:
        return frame.with_row_index(ROW, offset=1)
    return frame.slice(1).with_row_index(ROW, offset=1)


def _lines(path: Path, options: ReadOptions) -> pl.LazyFrame:
    return pl.scan_lines(path, name="_line", glob=False).slice(options.skip_lines)


def _scan_blanks(path: Path, layout: Layout, options: ReadOptions) -> pl.LazyFrame:
    names = (*layout.columns, SURPLUS)
    fields = pl.col("_line").str.strip_chars().str.replace_all(r"[ \t]+", "\t").str.split_exact("\t", len(layout.columns))
    frame = _numbered(_lines(path, options), header=layout.header)
    split = frame.select(ROW, fields.struct.rename_fields(names).alias("_fields")).unnest("_fields")
    return split.with_columns(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in layout.columns)


def _open_fixed(path: Path, text: TextFile, options: ReadOptions) -> OpenedFile:
    columns = tuple(options.places)
    longest = max(len(line) for line in text.sample.splitlines()[:_LINES])
    beyond = [name for name, (first, _) in options.places.items() if first > longest]
    if beyond:
        raise TableError(
            f"its lines are {longest} characters long and column {beyond[0]!r} starts at {options.places[beyond[0]][0]}.",
            where=str(path),
            remedy="Count the places from 1.",
        )
    frame = _numbered(_lines(text.path, options), header=bool(options.header))
    cut = [
        pl.col("_line").str.slice(first - 1, last - first + 1).str.strip_chars().replace("", None).alias(name)
        for name, (first, last) in options.places.items()
    ]
    shown = [line[first - 1 : last] for line in text.sample.splitlines()[:_LINES] for first, last in options.places.values()]
    detected = "" if options.encoding else text.encoding.upper().replace("WINDOWS", "windows")
    return OpenedFile(
        name=path.name,
        frame=frame.select(ROW, *cut, pl.lit(None, dtype=pl.String).alias(SURPLUS)),
        columns=columns,
        detected=detected,
        decimal=options.decimal or _decimal([shown]),
        is_text=True,
    )


def explain_fault(opened: str, error: pl.exceptions.PolarsError | OSError) -> TableError:
    """Return the error for a file that polars could not read, in our words."""
    message = str(error).splitlines()[0].rstrip(".")
    return TableError(f"it cannot be read: {message}.", where=opened, remedy="Check the file's format.")
