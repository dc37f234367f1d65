"""The line of a text or a sheet that names its columns, below titles and blank lines."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_DELIMITERS = ("\t", ";", "|", ",")
_VALUE = re.compile(
    r"^\s*[-+]?(\d[\d ]*([.,]\d+)?|\d{4}-\d{2}-\d{2}.*|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}.*)\s*(€|EUR)?\s*$"
    r"|^\s*\S+@\S+\.\w+\s*$"
)
"""A number, a day or an address of e-mail: no name of a column."""
_LINES = 200
_TITLES = 15
_FILLED = 0.6
_ALIKE = 0.5


@dataclass(frozen=True, kw_only=True)
class Head:
    """The head of a table.

    Attributes:
        delimiter: of its text; a blank for runs of blanks.
        skip: lines before the one that names the columns, or before the first row of data.
        has_names: whether there is such a line.
        has_gaps: whether it leaves columns without a name.
        width: number of columns.
    """

    delimiter: str
    skip: int
    has_names: bool
    width: int
    has_gaps: bool = False


def head_of_text(lines: Sequence[str]) -> Head | None:
    """Return the head of a text, None if its lines are no table.

    Examples:
        >>> head_of_text(["Export des ventes", "", "date;montant", "31/12/2024;12,50", "31/12/2024;9,90"])
        Head(delimiter=';', skip=2, has_names=True, width=2, has_gaps=False)
    """
    best: tuple[float, int, str] = (0.0, 0, ",")
    for mark in _DELIMITERS:
        share, width = _agreement(_rows(lines, mark))
        best = max(best, (share if width > 1 else 0.0, width, mark), key=lambda found: found[0])
    if best[0] < _ALIKE:
        share, width = _agreement(_rows(lines, " "))
        best = (share, width, " ") if width > 1 and share >= _FILLED else (1.0, 1, ",")
    return head_of_rows(_rows(lines, best[2]), best[2])


def head_of_rows(rows: Sequence[tuple[int, Sequence[str]]], delimiter: str = "") -> Head | None:
    """Return the head of numbered rows of cells."""
    width = _agreement(rows)[1]
    usual = Counter(sum(bool(cell.strip()) for cell in row) for _, row in rows).most_common(1)[0][0] if rows else 0
    for number, row in rows[:_TITLES]:
        filled = sum(bool(cell.strip()) for cell in row)
        if len(row) >= width and filled >= max(min(2, width), _FILLED * usual):
            named = _names(row)
            return Head(delimiter=delimiter, skip=number, has_names=named, width=width, has_gaps=named and not all(c.strip() for c in row))
    return None


def _rows(lines: Sequence[str], mark: str) -> list[tuple[int, list[str]]]:
    """Return the rows that are not blank, each with the number of the lines before it."""
    if mark == " ":
        return [(i, line.split()) for i, line in enumerate(lines[:_LINES]) if line.strip()]
    found, before = [], 0
    reader = csv.reader(lines[:_LINES], delimiter=mark)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                found.append((before, row))
            before = reader.line_num
    except csv.Error:
        pass  # an open quote makes one field of the rest; the rows before it are enough to go by
    return found


def _agreement(rows: Sequence[tuple[int, Sequence[str]]]) -> tuple[float, int]:
    """Return the share of the most frequent number of fields, and that number."""
    if not rows:
        return 0.0, 0
    width, times = Counter(len(row) for _, row in rows).most_common(1)[0]
    return times / len(rows), width


def _names(row: Sequence[str]) -> bool:
    cells = [cell.strip() for cell in row]
    while len(cells) > 1 and not cells[-1]:
        cells.pop()
    named = [cell for cell in cells if cell]
    return not any(_VALUE.match(cell) for cell in named) and len(set(named)) == len(named) and len(named) >= _FILLED * len(cells)
