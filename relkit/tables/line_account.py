"""Fields of every line of a delimited text, counted from its bytes: lines too short, lines too long, a last line that breaks off.

polars fills a short line with nulls, and drops what follows the first surplus field of a long one; neither may pass in
silence. A pass over the bytes costs a thirtieth of a check. A line is a record: line ends between quotes belong to it. Its number is that
of the row in polars, 1 for the first row of data, blank lines counted.
"""

from __future__ import annotations

import csv
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.errors import TableError
from relkit.limits import beyond, limit
from relkit.tables.encodings import chunks
from relkit.tables.opened_file import FIELDS
from relkit.tables.schemas import ROW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_CHUNK = 1 << 20
_ENDING = 3
"""Rows at the end of a file among which a row of totals is looked for."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Form of the lines of a text.

    Attributes:
        delimiter: one ASCII character.
        quote: one ASCII character, None if quotes have no meaning.
        width: number of columns.
        header: whether the first line names the columns.
        skip_lines: lines before it.
    """

    delimiter: str
    quote: str | None
    width: int
    header: bool
    skip_lines: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class LineAccount:
    """Lines that do not have as many fields as there are columns.

    Attributes:
        rows: their row numbers, ascending.
        fields: the number of fields of each.
        breaks_off: whether the last line is too short and has no line end.
        ending: number and cells of the last rows that are not blank.
        is_open: whether a quote stays open for so long that the text cannot be counted so.
    """

    rows: NDArray[np.int64]
    fields: NDArray[np.int32]
    breaks_off: bool = False
    ending: tuple[tuple[int, tuple[str, ...]], ...] = ()
    is_open: bool = False

    def filled(self, width: int) -> LineAccount:
        """Return the account without the short lines, which are to be filled."""
        is_long = self.fields > width
        return replace(self, rows=self.rows[is_long], fields=self.fields[is_long])

    def marked(self, frame: pl.LazyFrame, width: int) -> pl.LazyFrame:
        """Return the frame with `_fields`: the fields of these rows in excess of the columns, null for all others."""
        if not self.rows.size:
            return frame.with_columns(pl.lit(None, dtype=pl.Int32).alias(FIELDS))
        number = pl.col(ROW).cast(pl.Int64).replace_strict(self.rows, self.fields - width, default=None, return_dtype=pl.Int32)
        return frame.with_columns(number.alias(FIELDS))


@dataclass(frozen=True, eq=False)
class _Piece:
    """Whole records: their bytes, the places of their ends and of the delimiters between fields."""

    text: bytes
    ends: NDArray[np.intp]
    marks: NDArray[np.intp]
    is_ended: bool = True


def account_for_lines(path: Path, shape: Shape, *, name: str, has_end: bool = True) -> LineAccount:
    """Return the account of the text at `path`.

    Args:
        path: UTF-8, perhaps gzipped.
        shape: of its lines.
        name: of the original, for messages.
        has_end: whether the last line of the original has an end.

    Raises:
        TableError: a field is larger than the limit, or the file cannot be read to its end.
    """
    rows: list[NDArray[np.int64]] = []
    fields: list[NDArray[np.int32]] = []
    ending: deque[tuple[int, tuple[str, ...]]] = deque(maxlen=_ENDING)
    number, is_ended, is_open = 0 if shape.header else 1, True, False
    try:
        for piece in _pieces(path, shape, name):
            places, counts = _misfits(piece, shape)
            rows.append(places + number)
            fields.append(counts)
            _keep_ending(ending, piece, shape, number)
            number, is_ended = number + piece.ends.size, piece.is_ended
    except _OpenQuoteError:
        is_open = True
    found_rows, found_fields = np.concatenate([*rows, np.empty(0, np.int64)]), np.concatenate([*fields, np.empty(0, np.int32)])
    is_row = found_rows > 0  # the header is none
    found_rows, found_fields = found_rows[is_row], found_fields[is_row]
    breaks_off = not (is_ended and has_end) and bool(found_rows.size) and found_rows[-1] == number - 1 and found_fields[-1] < shape.width
    return LineAccount(rows=found_rows, fields=found_fields, breaks_off=bool(breaks_off), ending=tuple(ending), is_open=is_open)


def last_line(path: Path, *, name: str) -> str:
    """Return the last line of a text whose quotes have no meaning, with its end if it has one.

    Raises:
        TableError: a line is larger than the limit of a field, or the file cannot be read to its end.
    """
    last = b""
    for chunk in chunks(path, _CHUNK):
        buffer = last + chunk
        places = np.flatnonzero(np.frombuffer(buffer, np.uint8) == 10)
        if np.diff(places, prepend=-1, append=len(buffer)).max(initial=0) > limit("field_bytes"):
            raise beyond("field_bytes", where=name, error=TableError)
        whole = buffer.rstrip(b"\r\n")
        last = buffer[whole.rfind(b"\n") + 1 :]
    return last.decode("utf-8", errors="replace")


class _OpenQuoteError(Exception):
    """A quote that is not closed within the limit of a field."""


def _pieces(path: Path, shape: Shape, name: str) -> Iterator[_Piece]:
    """Yield the text in pieces of whole records; a record that has not ended waits for the next piece."""
    left, skip = b"", shape.skip_lines
    for chunk in chunks(path, _CHUNK):
        buffer = left + chunk
        while skip and (end := buffer.find(b"\n")) >= 0:
            buffer, skip = buffer[end + 1 :], skip - 1
        if skip:
            left = b""  # still in the middle of a line to be skipped
            continue
        ends, marks = _boundaries(buffer, shape)
        cut = int(ends[-1]) + 1 if ends.size else 0
        left = buffer[cut:]
        _verify_sizes(ends, marks, len(buffer), left, shape, name)
        if cut:
            yield _Piece(buffer[:cut], ends, marks[: np.searchsorted(marks, cut)])
    if left and not skip:
        text = left + b"\n"
        ends, marks = _boundaries(text, shape)
        if not ends.size:
            raise _OpenQuoteError
        yield _Piece(text, ends, marks, is_ended=False)


def _boundaries(text: bytes, shape: Shape) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the places of line ends and of delimiters that are outside quotes; the text begins outside."""
    values = np.frombuffer(text, np.uint8)
    is_end, is_mark = values == 10, values == ord(shape.delimiter)
    if shape.quote is not None and shape.quote.encode() in text:
        outside = np.bitwise_xor.accumulate((values == ord(shape.quote)).view(np.uint8)) == 0
        is_end, is_mark = is_end & outside, is_mark & outside
    return np.flatnonzero(is_end), np.flatnonzero(is_mark)


def _verify_sizes(ends: NDArray[np.intp], marks: NDArray[np.intp], size: int, left: bytes, shape: Shape, name: str) -> None:
    """Raise if a field or a line is larger than the limit; lines are looked into only if one is larger than a field may be."""
    most = limit("field_bytes")
    longest = int(np.diff(ends, prepend=-1).max(initial=0)) if ends.size else 0
    if max(longest, len(left)) <= most:
        return
    if max(longest, len(left)) > limit("line_bytes"):
        raise beyond("line_bytes", where=name, error=TableError)
    gaps = np.diff(np.sort(np.concatenate([ends, marks]), kind="stable"), prepend=-1, append=size)
    if gaps[:-1].max(initial=0) > most:
        raise beyond("field_bytes", where=name, error=TableError)
    if gaps[-1] <= most:
        return
    recent = left[-most:]
    if shape.quote is None or b"\n" not in recent:
        raise beyond("field_bytes", where=name, error=TableError)
    raise _OpenQuoteError


def _misfits(piece: _Piece, shape: Shape) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the places and numbers of fields of the records that are not blank and do not have one field a column."""
    ends, marks, inner = piece.ends, piece.marks, shape.width - 1
    if inner and marks.size == inner * ends.size:
        by_line = marks.reshape(-1, inner)
        if bool((by_line[:, -1] < ends).all() and (by_line[1:, 0] > ends[:-1]).all()):
            return np.empty(0, np.int64), np.empty(0, np.int32)
    counts = np.diff(np.searchsorted(marks, ends), prepend=0) + 1
    starts = np.concatenate([[0], ends[:-1] + 1])
    values = np.frombuffer(piece.text, np.uint8)
    last = ends - 1 - (values[np.maximum(ends - 1, 0)] == 13)
    size = last - starts + 1  # without the carriage return
    is_empty = size + 1 == counts  # nothing, or nothing but delimiters
    is_trailing = (counts == shape.width + 1) & (values[np.maximum(last, 0)] == ord(shape.delimiter))
    found = []
    for place in np.flatnonzero((counts != shape.width) & ~is_trailing & ~is_empty):
        cells = _cells(piece.text[starts[place] : ends[place]], shape)
        if not is_blank(cells) and (len(cells) < shape.width or any(cell.strip() for cell in cells[shape.width :])):
            found.append((int(place), len(cells)))
    return np.array([place for place, _ in found], np.int64), np.array([count for _, count in found], np.int32)


def is_blank(cells: Sequence[str]) -> bool:
    """Return whether a line has nothing but delimiters, or blanks alone.

    Examples:
        >>> is_blank(["  "]), is_blank(["", ""]), is_blank(["", "x"])
        (True, True, False)
    """
    return not cells[0].strip() and not any(cells[1:])


def _cells(line: bytes, shape: Shape) -> list[str]:
    text = line.rstrip(b"\r").decode("utf-8", errors="replace")
    if shape.quote is None or shape.quote not in text:
        return text.split(shape.delimiter)
    try:
        return next(csv.reader([text], delimiter=shape.delimiter, quotechar=shape.quote), [""])
    except csv.Error:  # a bare carriage return, or a field longer than the module accepts
        return text.split(shape.delimiter)


def _keep_ending(ending: deque[tuple[int, tuple[str, ...]]], piece: _Piece, shape: Shape, number: int) -> None:
    starts = np.concatenate([[0], piece.ends[:-1] + 1])
    first = max(piece.ends.size - 4 * _ENDING, 0)
    for place in range(first, piece.ends.size):
        cells = _cells(piece.text[starts[place] : piece.ends[place]], shape)
        if not is_blank(cells) and place + number > 0:
            ending.append((place + number, tuple(cells)))
