"""Text with a delimiter, with blanks between columns, or with columns at fixed places.

Every column is read as text, so that ids keep their leading zeros; the mapping casts. A line that has more or fewer fields than
there are columns has their number in `_fields`, and is quarantined later; `short_lines: fill` fills those that have fewer with nulls.
"""

from __future__ import annotations

import contextlib
import csv
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from relkit.errors import TableError
from relkit.shapes import shape
from relkit.tables.encodings import TextFile, open_text, start_of
from relkit.tables.file_columns import exactly, renamed_note, spared
from relkit.tables.line_account import LineAccount, Shape, account_for_lines, last_line
from relkit.tables.number_marks import marks_of
from relkit.tables.opened_file import FIELDS, OpenedFile
from relkit.tables.schemas import ROW
from relkit.tables.source_remarks import breaks_off, ends_in_totals
from relkit.tables.stray_quotes import requoted, verify_fields
from relkit.tables.title_rows import is_total, rows_above_header
from relkit.traces import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from relkit.remarks import Remark
    from relkit.tables.opened_file import ReadOptions

BLANKS = " "
"""Stands for a run of blanks between columns."""

_DELIMITERS = ("\t", ";", "|", ",")
_SPOKEN = {"\t": "tab-separated", ";": "semicolon-separated", "|": "bar-separated", ",": "comma-separated", BLANKS: "blank-separated"}
_VALUE = re.compile(r"^\s*[-+]?(\d+([.,]\d+)?|\d{4}-\d{2}-\d{2}.*|\d{1,2}/\d{1,2}/\d{2,4}.*)\s*$")
_EXCEL_MARK = re.compile(r'"?sep=([^\w\r\n])"?\r?\n', re.IGNORECASE)
"""First line that names the delimiter to Excel; it is no row."""
_ADDRESS = re.compile(r"\S@\S+\.\S|^\s*\+?\d[\d .()-]{7,}\s*$")
_NUMBERED = re.compile(r"\d+")
_LINES = 500
_SHOWN_CELLS = 4
_LOOKED_AT = 30


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
    options, noted = _begun(text, options)
    rows_of, layout = _layout(path, text, options)
    _verify_has_rows(path, rows_of, layout, text)
    noted = [_detected_text(text, layout, options), *noted, renamed_note(layout.columns)]
    layout = replace(layout, columns=spared(layout.columns))
    if layout.delimiter == BLANKS:
        frame, remarks = _scan_blanks(text.path, layout, options), _blanks_remarks(path, text, layout, options)
    else:
        frame, account, is_requoted = _counted(path, text, layout, options)
        remarks = _remarks(path, layout, account)
        noted += ["quotes inside fields taken as they stand"] * is_requoted
    return OpenedFile(
        name=path.name,
        frame=frame,
        columns=layout.columns,
        detected=", ".join(filter(None, noted)),
        decimal=options.decimal or layout.decimal,
        is_text=True,
        lines_before=options.skip_lines + layout.header,
        remarks=tuple(remarks),
    )


def columns_of(path: Path, options: ReadOptions) -> tuple[str, ...]:
    """Return the columns of a delimited text from its start; errors as for `open_delimited`."""
    text = start_of(path, options.encoding)
    options, _ = _begun(text, options)
    return spared(_layout(path, text, options)[1].columns)


def _begun(text: TextFile, options: ReadOptions) -> tuple[ReadOptions, list[str]]:
    """Return the options with the delimiter that a first line `sep=;` gives, and with leading blank lines skipped."""
    mark = _EXCEL_MARK.match(text.sample) if not options.skip_lines else None
    noted = []
    if mark is not None:
        options = replace(options, skip_lines=1, delimiter=options.delimiter or mark[1])
        noted.append(f"its first line, {mark[0].strip()}, taken for Excel's mark of the delimiter")
    blank = 0
    for line in text.sample.split("\n")[options.skip_lines :]:
        if line.strip():
            break
        blank += 1
    return replace(options, skip_lines=options.skip_lines + blank), noted


def _counted(path: Path, text: TextFile, layout: Layout, options: ReadOptions) -> tuple[pl.LazyFrame, LineAccount, bool]:
    """Return the frame with `_fields`, the account of its lines, and whether its quotes had to be made regular."""
    shape = Shape(
        delimiter=layout.delimiter,
        quote=options.quote,
        width=len(layout.columns),
        header=layout.header,
        skip_lines=options.skip_lines,
    )
    account = account_for_lines(text.path, shape, name=path.name)
    frame = _scan(text.path, layout, options)
    is_regular = not account.is_open and (
        options.quote is None or verify_fields(frame, layout.columns, delimiter=layout.delimiter, name=path.name)
    )
    if not is_regular:
        copy, has_end = requoted(text.path, delimiter=layout.delimiter, quote=options.quote or '"', name=path.name)
        account = account_for_lines(copy, shape, name=path.name, has_end=has_end)
        frame = _scan(copy, layout, options)
    counted = account.filled(shape.width) if options.fill_short else account
    return counted.marked(frame, shape.width), account, not is_regular


def _remarks(path: Path, layout: Layout, account: LineAccount) -> list[Remark]:
    totals = [row for row, cells in account.ending if is_total(cells)]
    found = [ends_in_totals(path.name, totals[0])] if totals else []
    return [breaks_off(path.name), *found] if account.breaks_off and len(layout.columns) > 1 else found


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
    lines = re.split(r"(?<=\n)", text.sample)[options.skip_lines :]  # not splitlines(), which cuts at form feeds, too
    if not any(line.strip() for line in lines):
        raise TableError("the file holds only blank lines.", where=str(path), remedy="Ask for it again, or take it out of the folder.")
    given = BLANKS if options.format == "text" else options.delimiter
    delimiter = given or detect_delimiter(lines, options.quote)
    rows = _rows(lines, delimiter, options.quote)
    if given is not None and len(rows[0]) == 1:
        _verify_delimiter(path, lines, given, options)
    _verify_title(path, lines, delimiter, options)
    header = options.header if options.header is not None else _has_header(rows, options.columns)
    columns = _columns(path, rows, header=header, given=options.columns)
    body = rows[1:] if header else rows
    return rows, Layout(delimiter=delimiter, columns=columns, header=header, decimal=_decimal(body))


def _verify_title(path: Path, lines: Sequence[str], delimiter: str, options: ReadOptions) -> None:
    """Refuse a text whose header is not in its first line, with the number of lines to skip."""
    if options.header is not None or options.columns or options.format == "text":
        return
    marks: tuple[str, ...] = (delimiter,)
    if options.delimiter is None and _agreement(_rows(lines, delimiter, options.quote)) < 0.5:
        marks = (delimiter, *_DELIMITERS)
    found = [above for mark in marks if mark != BLANKS and (above := _lines_above(lines, mark, options.quote))]
    if found:  # a decimal comma may cut lines below the header, too: the first is it
        skip, title = options.skip_lines + min(found), options.skip_lines + 1
        raise TableError(
            f"line {skip + 1} looks like its header, and line {title} like a title.",
            where=str(path),
            remedy=f"Write skip_lines: {skip} for this source in the mapping, or header: true if line {title} is the header.",
        )


def _lines_above(lines: Sequence[str], mark: str, quote: str | None) -> int:
    first: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        first.extend(islice(_cut(lines, mark, quote), _LOOKED_AT))
    return rows_above_header(first)


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
    return BLANKS if _agreement(_rows(lines, BLANKS, quote)) >= 0.9 else best or ","


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
        f"cut at {mark!r} its first line is one column; the lines look {_SPOKEN[seen]}, {len(rows[0])} columns.",
        where=str(path),
        remedy=f"Write delimiter: {seen!r}, or leave it out to have it found.",
    )


def _has_header(rows: list[list[str]], given: tuple[str, ...]) -> bool:
    """Return whether the first row names columns: no cell is a number or a date, and few are empty but trailing ones.

    Programs that write the number of the row leave its column without a name. With given names, an empty cell is one of a row.
    """
    first = list(rows[0])
    while len(first) > 1 and not first[-1].strip():  # spreadsheets end their lines with delimiters
        first.pop()
    if given and {c.strip().lower() for c in first} == {c.lower() for c in given}:
        return True
    filled = sum(bool(cell.strip()) for cell in first)
    looked = len(first) - (len(first) > 1 and not first[0].strip())
    is_value = [_is_value(cell, [row[at] for row in rows[1:20] if at < len(row)]) for at, cell in enumerate(first)]
    names = not any(is_value) and 0 < 4 * looked <= 5 * filled
    if not given:
        return names
    return names and filled == len(first) and any(_VALUE.match(cell) for row in rows[1:20] for cell in row)


def _is_value(cell: str, below: Sequence[str]) -> bool:
    """Return whether a cell of the first row is a value: a number, a date, an address, or an id numbered like those below it."""
    if _VALUE.match(cell) or _ADDRESS.search(cell):
        return True
    form = _NUMBERED.sub("#", cell)
    return form != cell and len(below) > 1 and sum(_NUMBERED.sub("#", other) == form for other in below) >= 0.8 * len(below)


def _columns(path: Path, rows: list[list[str]], *, header: bool, given: tuple[str, ...]) -> tuple[str, ...]:
    if header and any(_ADDRESS.search(cell) for cell in rows[0]):
        raise TableError(
            f"its first line is declared to be a header and holds values ({_outlined(rows[0])}).",
            where=str(path),
            remedy="Leave header: true out, and give the names of its columns in the mapping (columns: [a, b, ...]).",
        )
    names = tuple(name.strip() for name in rows[0]) if header else given
    if not header and not given:
        raise TableError(
            f"its first line holds values ({_outlined(rows[0])}) and names no column.",
            where=str(path),
            remedy="Give the names of its columns in the mapping (columns: [a, b, ...]), or write header: true.",
        )
    if given and len(given) != len(rows[0]):
        raise TableError(
            f"it has {len(rows[0])} columns and the mapping names {len(given)}; first line: {_outlined(rows[0])}.",
            where=str(path),
            remedy="Name every column, or check the delimiter.",
        )
    names = given or tuple(name or f"column_{i}" for i, name in enumerate(names, start=1))
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise TableError(
            f"the header has one name more than once, in columns {_places(names, twice[0])}.",
            where=str(path),
            remedy="Rename one in the file, or give `columns` and skip_lines: 1 in the mapping.",
        )
    return names


def _outlined(cells: Sequence[str]) -> str:
    """Return the shapes of the first cells of a line, which may describe a person."""
    shown = ", ".join(shape(cell) for cell in cells[:_SHOWN_CELLS])
    return shown + (", ..." if len(cells) > _SHOWN_CELLS else "")


def _places(names: Sequence[str], name: str) -> str:
    """Return the numbers of the columns of a name, counted from 1."""
    return " and ".join(str(at) for at, other in enumerate(names, start=1) if other == name)


def _decimal(rows: list[list[str]]) -> str | None:
    """Return the decimal mark that cells show, None if none does, or both marks are shown: then columns are judged one by one."""
    return marks_of(pl.Series([cell for row in rows for cell in row if "." in cell or "," in cell], dtype=pl.String)).decimal


def _verify_has_rows(path: Path, rows: list[list[str]], layout: Layout, text: TextFile) -> None:
    if layout.header and text.is_whole and len(rows) == 1:
        raise TableError(
            f"it has a header of {len(layout.columns)} columns and no row.", where=str(path), remedy="Ask for it again with its rows."
        )


def _scan(path: Path, layout: Layout, options: ReadOptions) -> pl.LazyFrame:
    frame = pl.scan_csv(
        path,
        has_header=False,
        skip_lines=options.skip_lines,
        separator=layout.delimiter,
        quote_char=options.quote,
        schema=dict.fromkeys(layout.columns, pl.String),
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
    width, rest = len(layout.columns), "_rest"
    pieces = pl.col("_line").str.strip_chars().str.replace_all(r"[ \t]+", "\t").str.split_exact("\t", width)
    frame = _numbered(_lines(path, options), header=layout.header)
    count = pl.col("_line").str.count_matches(r"[^ \t\r]+").cast(pl.Int32)
    is_misfit = (count > width) | ((count < width) & (count > 0) & (not options.fill_short))
    fields = pl.when(is_misfit).then(count - width).alias(FIELDS)
    split = frame.select(ROW, fields, pieces.struct.rename_fields((*layout.columns, rest)).alias("_pieces")).unnest("_pieces").drop(rest)
    return split.with_columns(pl.when(exactly(name) != "").then(exactly(name)).alias(name) for name in layout.columns)


def _blanks_remarks(path: Path, text: TextFile, layout: Layout, options: ReadOptions) -> list[Remark]:
    line = last_line(text.path, name=path.name)
    is_short = 0 < len(line.split()) < len(layout.columns)
    return [breaks_off(path.name)] if is_short and not line.endswith("\n") and not options.fill_short else []


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
    line = last_line(text.path, name=path.name)
    frame = _numbered(_lines(text.path, options), header=bool(options.header))
    least = _least_length(text.sample, options)
    length = pl.col("_line").str.strip_chars_end("\r").str.len_chars().cast(pl.Int32)
    is_short = (length < least) & (pl.col("_line").str.strip_chars() != "") & (not options.fill_short)
    begun = pl.sum_horizontal((length >= first).cast(pl.Int32) for first, _ in options.places.values())
    cut = [
        pl.col("_line").str.slice(first - 1, last - first + 1).str.strip_chars().replace("", None).alias(name)
        for name, (first, last) in options.places.items()
    ]
    shown = [line[first - 1 : last] for line in text.sample.splitlines()[:_LINES] for first, last in options.places.values()]
    detected = "" if options.encoding else text.encoding.upper().replace("WINDOWS", "windows")
    return OpenedFile(
        name=path.name,
        frame=frame.select(ROW, *cut, pl.when(is_short).then(pl.min_horizontal(begun - len(columns), -1)).cast(pl.Int32).alias(FIELDS)),
        columns=columns,
        detected=detected,
        decimal=options.decimal or _decimal([shown]),
        is_text=True,
        lines_before=options.skip_lines + bool(options.header),
        remarks=(breaks_off(path.name),) if line.strip() and len(line) < least and not line.endswith("\n") else (),
    )


def _least_length(sample: str, options: ReadOptions) -> int:
    """Return the length of a line that is whole: that of all lines if they are alike, else up to where the last column begins.

    Programs that strip the blanks at the end of their lines leave lines of all lengths.
    """
    lines = sample.splitlines()[options.skip_lines + bool(options.header) : _LINES]
    lengths = {len(line) for line in lines[:-1] if line.strip()}
    last = max(last for _, last in options.places.values())
    return last if len(lengths) == 1 and len(lines) > 2 and min(lengths) >= last else max(first for first, _ in options.places.values())


def explain_fault(opened: str, error: pl.exceptions.PolarsError | OSError) -> TableError:
    """Return the error for a file that polars could not read, in our words."""
    message = words_of(error).rstrip(".")
    return TableError(f"it cannot be read: {message}.", where=opened, remedy="Check the file's format.")
