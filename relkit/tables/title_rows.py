"""Rows above the header: titles, dates of export, blank rows; and rows of totals below the last row of data."""

from __future__ import annotations

import re
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOOKED_AT = 30
_TOTAL = re.compile(r"\W*(grand[ -]?total|sous[ -]?total|sub[ -]?total|total|totaux|totals|somme|sum)\b.{0,20}", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"^\s*[-+]?[\d., \u00a0\u202f]*\d[\d., \u00a0\u202f]*\D{0,4}\s*$")


def rows_above_header(rows: Sequence[Sequence[str | None]]) -> int:
    """Return the number of rows above the one that names the columns.

    There are some if the first row has one filled cell or none, and a row below it begins a table: it has two filled cells at least, and
    about as many as most of those that follow it.

    Args:
        rows: cells of the first rows, blank rows included.

    Examples:
        >>> rows_above_header([["Sales of May", None], [None, None], ["id", "amount"], ["1", "2.50"]])
        2
        >>> rows_above_header([["id", "amount"], ["1", None]])
        0
    """
    filled = [sum(bool(cell and str(cell).strip()) for cell in row) for row in rows[:_LOOKED_AT]]
    if not filled or filled[0] > 1:
        return 0
    for place, count in enumerate(filled):
        below = [other for other in filled[place + 1 :] if other]
        if count > 1 and below and max(count / 2, 2) <= median(below) <= count / 0.6:
            return place
    return 0


def is_total(cells: Sequence[str | None]) -> bool:
    """Return whether a row looks like one of totals: a cell says so, and another is a number.

    Examples:
        >>> is_total(["Total", None, "1 234,50"]), is_total(["TOTAL GÉNÉRAL :", "12"]), is_total(["Totally", "12"])
        (True, True, False)
    """
    words = [cell for cell in cells if cell and _TOTAL.fullmatch(cell.strip())]
    return bool(words) and any(cell and _NUMBER.match(cell) for cell in cells if cell not in words)
