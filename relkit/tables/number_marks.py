"""Decimal and thousands marks of numbers written as text, judged on all texts of a column.

`12,5` shows a decimal comma and `12.50` a decimal point; `1.234,50` and `1,234.50` show both marks. `1.299` shows nothing: it is
one and 299 thousandths, or one thousand two hundred and ninety-nine. Such texts are ambiguous, and a column in which every number
with a mark is of that form has two readings.

Examples:
    >>> marks_of(pl.Series(["12,5", "1.299"])).decimal
    ','
    >>> marks_of(pl.Series(["1.299", "950", "12.500"])).readings
    ('.', ',')
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import polars as pl

Mark = Literal[".", ","]
OTHER: dict[str, Mark] = {".": ",", ",": "."}
"""The other mark."""
_BLANKS = r"[ \u{a0}\u{202f}]"


@dataclass(frozen=True, kw_only=True)
class NumberMarks:
    """Marks that the texts of one column show.

    Attributes:
        points, commas: number of texts that can only have a decimal point, or comma.
        pointed, comma_grouped: number of texts that are ambiguous: with points, or commas, before groups of three digits.
    """

    points: int = 0
    commas: int = 0
    pointed: int = 0
    comma_grouped: int = 0

    @property
    def decimal(self) -> Mark | None:
        """The decimal mark, None if no text shows it or both marks are shown."""
        if bool(self.points) == bool(self.commas):
            return None
        return "." if self.points else ","

    @property
    def contradict(self) -> bool:
        """True if some texts can only have a decimal point and others only a comma."""
        return bool(self.points and self.commas)

    @property
    def readings(self) -> tuple[Mark, ...]:
        """The decimal marks with which all texts are numbers: none, one or two, the mark as it stands first."""
        if self.decimal is not None:
            return (self.decimal,)
        if self.contradict or (self.pointed and self.comma_grouped):
            return ()
        return (".", ",") if self.pointed else (",", ".") if self.comma_grouped else (".", ",")


def marks_of(texts: pl.Series) -> NumberMarks:
    """Return the marks that texts show; those that are no numbers count nowhere."""
    frame = texts.cast(pl.String).alias("text").to_frame()
    return NumberMarks(**frame.select(**counts_of_marks(pl.col("text"))).row(0, named=True))


def counts_of_marks(value: pl.Expr) -> dict[str, pl.Expr]:
    """Return the counts of `NumberMarks` as aggregates of a column of texts; only texts with a mark are matched."""
    texts = value.filter(value.str.contains(".", literal=True) | value.str.contains(",", literal=True)).str.strip_chars()
    return {
        "points": only(texts, ".").sum(),
        "commas": only(texts, ",").sum(),
        "pointed": grouped(texts, ".").sum(),
        "comma_grouped": grouped(texts, ",").sum(),
    }


def only(value: pl.Expr, mark: str) -> pl.Expr:
    """Return whether a stripped text can only be a number whose decimal mark is `mark`.

    Examples:
        >>> texts = pl.DataFrame({"x": ["12,5", "1.299,00", "1 299,999", "0,123", "1,299", "1,299,000", "a,5"]})
        >>> texts.select(only(pl.col("x"), ","))["x"].to_list()
        [True, True, True, True, False, False, False]
    """
    own, other = re.escape(mark), re.escape(OTHER[mark])
    fraction = rf"^[+-]?\d*(?:{own}\d*)$"
    blanks = rf"^[+-]?\d{{1,3}}(?:{_BLANKS}\d{{3}})+{own}\d+$"
    both = rf"^[+-]?\d{{1,3}}(?:{other}\d{{3}})+{own}\d*$"
    spoken = value.str.contains(f"{fraction}|{blanks}|{both}") & value.str.contains(r"\d")
    return (spoken & ~grouped(value, mark)).fill_null(value=False)


def grouped(value: pl.Expr, mark: str) -> pl.Expr:
    """Return whether a stripped text has `mark` before groups of three digits and nowhere else, as 1.299 has.

    A number that begins with 0 has no thousands.
    """
    return value.str.contains(rf"^[+-]?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+$").fill_null(value=False)


def ungrouped(value: pl.Expr, *, thousands: str, decimal: str) -> pl.Expr:
    """Return stripped texts without their marks between thousands, null if these do not stand before groups of digits.

    `12.5` with points between thousands is no number: taken for 125 it would silently be ten times as much.

    Args:
        value: stripped texts.
        thousands: the mark between thousands; a blank is any kind of blank.
        decimal: the decimal mark.

    Examples:
        >>> texts = pl.DataFrame({"x": ["1.299", "-1.299,5", "12,50", "12.5", "950"]})
        >>> texts.select(ungrouped(pl.col("x"), thousands=".", decimal=","))["x"].to_list()
        ['1299', '-1299,5', '12,50', None, '950']
    """
    mark = _BLANKS if thousands in " \u00a0\u202f" else re.escape(thousands)
    sure = value.str.contains(rf"^[+-]?[1-9]\d{{0,2}}(?:{mark}\d{{2,3}})*{mark}\d{{3}}(?:{re.escape(decimal)}\d*)?$")
    free = ~value.str.contains(mark)
    return pl.when(sure).then(value.str.replace_all(mark, "")).when(free).then(value)
