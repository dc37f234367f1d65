"""Delimited text whose quotes do not follow the rules: `5" screen` inside a field, `"Le "Petit" Bar"`.

Strict readers refuse such a file or, worse, run lines together. It is rewritten, once, with every field quoted
properly, the way spreadsheets read it: a quote counts only at the beginning of a field. A quote that is opened and not closed
cannot be guessed and is refused, with its line; so is one that is closed rows later, having swallowed them.
"""

from __future__ import annotations

import csv
import gzip
import re
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import TableError
from relkit.tables.file_columns import exactly
from relkit.tables.opened_file import scratch_file
from relkit.tables.schemas import ROW

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_FEWEST_COLUMNS = 4
"""Fewest columns for the check: with fewer, a line of a comment may well look like a row."""
_MOST_LINES = 100
"""Most lines of a plausible field."""


def requoted(path: Path, *, delimiter: str, quote: str, name: str) -> tuple[Path, bool]:
    """Return a copy of the text at `path` with its fields properly quoted, and whether the last line of the text has an end.

    Args:
        path: UTF-8, perhaps gzipped.
        delimiter: between fields.
        quote: the quote character.
        name: of the original, for messages.

    Raises:
        TableError: a quote is opened and not closed.
    """
    copy = scratch_file(".csv")
    with _opened(path) as text, copy.open("w", encoding="utf-8", newline="") as file:
        lines = _Ended(text)
        line, row = 1, [""]
        rows = csv.reader(lines, delimiter=delimiter, quotechar=quote)
        writer = csv.writer(file, delimiter=delimiter, quotechar=quote, lineterminator="\n")
        for line, row in _numbered(rows, name):
            if rows.line_num - line >= _MOST_LINES:
                raise _not_closed(name, line, row)
            if row:
                writer.writerow(row)
            elif lines.has_end:
                file.write("\n")
        if row and row[-1].endswith("\n"):  # still open at the end of the text
            raise _not_closed(name, line, row)
    return copy, lines.has_end


def verify_fields(frame: pl.LazyFrame, columns: Sequence[str], *, delimiter: str, name: str) -> bool:
    """Return whether all of the text can be parsed; a stray quote shows in polars as rows that do not add up.

    Raises:
        TableError: a field contains whole rows.
    """
    swallowed = pl.any_horizontal(exactly(c).str.contains(_whole_row(delimiter, len(columns))) for c in columns)
    suspect = pl.col(ROW).filter(swallowed).min() if len(columns) >= _FEWEST_COLUMNS else pl.lit(None)
    counts = [pl.len().alias("rows"), suspect.alias("suspect"), *(exactly(c).count().alias(f"c{i}") for i, c in enumerate(columns))]
    try:
        found = frame.select(counts).collect(engine="streaming").row(0, named=True)
    except pl.exceptions.ComputeError:
        return False
    except OSError as error:  # a gzip stream followed by something else
        raise TableError(f"it cannot be read: {error}.", where=name, remedy="The copy is damaged: fetch it again.") from error
    if found["suspect"] is not None:
        raise TableError(
            f"row {found['suspect']:,} has a field that holds whole rows: a quote is opened and closed only rows later.",
            where=name,
            remedy="Write quote: none in the mapping if the file does not quote its fields, or have it exported again.",
        )
    return bool(found["rows"])


def _whole_row(delimiter: str, width: int) -> str:
    """Return the pattern of a line inside a field that has as many delimiters as a row."""
    cell = f"[^{re.escape(delimiter)}\n]*"
    return f"\n{cell}({re.escape(delimiter)}{cell}){{{width - 1}}}(\n|$)"


def _numbered(rows: Any, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line on which it begins."""
    line = 1
    try:
        for row in rows:
            yield line, row
            line = rows.line_num + 1
    except csv.Error as error:  # a field longer than the module accepts
        raise _not_closed(name, line, []) from error


def _opened(path: Path) -> io.TextIOBase:
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    if is_gzip:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


class _Ended:
    """The lines of a text, the last one ended too, so that a field still open at the end contains a line end."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text, self.has_end = text, True

    def __iter__(self) -> Iterator[str]:
        line = "\n"
        for line in self._text:
            yield line
        if not line.endswith("\n"):
            self.has_end = False
            yield "\n"


def _not_closed(name: str, line: int, row: list[str]) -> TableError:
    opened = next((at for at, field in enumerate(row, start=1) if "\n" in field), 0)
    return TableError(
        f"line {line} opens a quote that is not closed{f', in column {opened}' if opened else ''}.",
        where=name,
        remedy="Write quote: none in the mapping if the file does not quote its fields, or have it exported again.",
    )
