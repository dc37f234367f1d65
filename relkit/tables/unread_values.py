"""Values that could not be read: what is shown of one, why it fails, and what reads every value of its column.

A value is shown only if its column is declared to hold nothing personal and it looks like a day or a number; a line whose fields have
shifted may hold anything anywhere, so that all else is described by its shape.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from relkit.contracts import INSTANT, Column
from relkit.shapes import outline, shape
from relkit.tables import date_orders
from relkit.tables.file_columns import exactly
from relkit.tables.number_marks import marks_of

if TYPE_CHECKING:
    from relkit.tables.column_readings import ColumnReading

_DAY = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?[+-]\d{2}:?\d{2}| UTC|Z)?)?")
_NUMBER = re.compile(r"[+-]?(\d{1,3}([.,' \u00a0\u202f]\d{3}){0,2}|\d{1,7})([.,]\d{1,4})?")
_NUMBER_WITH_SIGNS = re.compile(r"^[^\w]*[\d.,'\s\u00a0\u202f]*\d[^\w]*([A-Za-z]{3})?$")
_MOST_CANDIDATES = 4
_WORTH_NAMING = 0.5


@dataclass(frozen=True, kw_only=True)
class Unread:
    """Parts of a message on the unreadable values of a column.

    Attributes:
        shown: the first value, or its shape.
        why: it could not be read, "" if there is nothing to add to the rule.
        remedy: one or two sentences.
    """

    shown: str
    why: str
    remedy: str


def explained(column: Column | None, texts: pl.Series, first: str, reading: ColumnReading | None) -> Unread:
    """Return the parts of the message.

    Args:
        column: of ours; None is an attribute or a line.
        texts: distinct texts that could not be read.
        first: of them.
        reading: how the column is read; None is not known.
    """
    is_open = reading.is_open if reading is not None else column is not None and column.personal_data == "none"
    shown = shown_text(first, is_open=is_open)
    if column is None or reading is None:
        return Unread(shown=shown, why="", remedy=_REMEDY)
    if column.dtype in (INSTANT, pl.Date):
        return Unread(shown=shown, why=_why_no_day(first, reading), remedy=_remedy_of_days(texts, reading))
    if column.dtype == pl.Boolean:
        return Unread(shown=shown, why="", remedy="Write an expression that is true or false, such as x = 'oui'.")
    if column.dtype == pl.String:
        return Unread(shown=shown, why="its exponent has lost digits", remedy="Export the ids as text: the last digits are gone.")
    return Unread(shown=shown, why="", remedy=_remedy_of_numbers(texts, first, reading))


_REMEDY = "Correct them where the file is made, or declare in the mapping how they are written."


def shown_text(text: str, *, is_open: bool) -> str:
    """Return a text as a message may show it: itself if it is a day or a short number of an open column, else its form or shape.

    Examples:
        >>> shown_text("31/02/2024", is_open=True), shown_text("31/02/2024", is_open=False), shown_text("+33612345678", is_open=True)
        ("'31/02/2024'", 'a 10-character text', 'a text like +99999999999')
    """
    plain = text.strip()
    if not is_open:
        return shape(text)
    return repr(text) if _DAY.fullmatch(plain) or _NUMBER.fullmatch(plain) else outline(text)


def _why_no_day(first: str, reading: ColumnReading) -> str:
    why = date_orders.why_unread(first, reading.format)
    return why if reading.is_open else re.sub(r"(no day of the calendar|no time of the day): .*", r"\1", why)


def _remedy_of_days(texts: pl.Series, reading: ColumnReading) -> str:
    """Return the formats that read every value of the column, or how much the best of them reads."""
    found = [pattern for pattern in date_orders.orders(texts) if pattern != reading.format][:_MOST_CANDIDATES]
    sure = [pattern for pattern in found if _unread_by(pattern, reading) == 0]
    if len(sure) == 1:
        return f'format: "{sure[0]}" reads every value of the column: declare it in the mapping.'
    if sure:
        listed = " and ".join(f'"{pattern}"' for pattern in sure)
        return f"{listed} read every value of the column, so the values do not tell which is meant: ask, and declare it as format."
    best = None if reading.format else date_orders.best_order(texts)
    if best is not None and best[1] >= _WORTH_NAMING:
        return f'format: "{best[0]}" reads {best[1]:.0%} of these values, and no usual one reads all: they may be of several forms.'
    if reading.format is None and _are_serials(texts):
        return "They look like the days of a spreadsheet: declare format: excel (or excel_1904) if they are."
    return "Correct them where the file is made; no usual format reads every value of the column."


def _unread_by(pattern: str, reading: ColumnReading) -> int:
    """Return the number of values of the whole column that a format does not read; nothing is known without its texts."""
    if reading.texts is None:
        return 0
    value = exactly(reading.columns[0]).str.strip_chars()
    lost = (value.is_not_null() & (value != "") & date_orders.read(value, pattern).is_null()).sum()
    return int(reading.texts.select(lost).collect(engine="streaming").item() or 0)


def _are_serials(texts: pl.Series) -> bool:
    """Return whether all texts are days that a spreadsheet counts, from 1950 to 2100."""
    numbers = texts.str.strip_chars().cast(pl.Float64, strict=False)
    return bool(len(numbers)) and numbers.null_count() == 0 and bool(numbers.is_between(18_264, 73_051).all())


def _remedy_of_numbers(texts: pl.Series, first: str, reading: ColumnReading) -> str:
    """Return advice on marks for numbers with other marks, and none for words."""
    if not _NUMBER_WITH_SIGNS.match(first.strip()):
        return "Correct them where the file is made; if they stand for no value, add them to `nulls` of the source."
    marks = marks_of(texts)
    if marks.decimal is not None and marks.decimal != reading.decimal:
        return f'They have the decimal mark "{marks.decimal}": declare decimal: "{marks.decimal}" for the column, or ask for one form.'
    mark = "." if marks.pointed else "," if marks.comma_grouped else ""
    if mark:
        return f'Declare thousands: "{mark}" for the column if "{mark}" stands between thousands, decimal: "{mark}" if before decimals.'
    return "They have marks or signs beside the number: declare thousands, or take signs out with replace(x, '%', '') in an expression."
