"""Formats of days and instants written as text: those that read every text of a column, and the reason why a format does not.

`03/04/2024` is the third of April or the fourth of March; only other texts of the column can tell. All candidates are therefore
tried on all texts, and where several orders read them all, there is a question and no answer.

Examples:
    >>> orders(pl.Series(["11/13/2000", "02/03/2001"])), orders(pl.Series(["01/02/2024", "03/04/2024"]))
    (('%m/%d/%Y',), ('%d/%m/%Y', '%m/%d/%Y'))
"""

from __future__ import annotations

import calendar
import re
from datetime import date

import polars as pl

EARLIEST, LATEST = date(1800, 1, 1), date(2200, 12, 31)
"""Days outside these are no days of a company's life; a text that gives one was read with another format than it was written in."""

SERIALS = {"excel": date(1899, 12, 30), "excel_1904": date(1904, 1, 1)}
"""Declared formats of days counted by a spreadsheet, with day 0."""
EPOCHS = {"epoch_seconds": 1_000_000, "epoch_milliseconds": 1_000, "epoch_microseconds": 1}
"""Declared formats of instants counted from 1970 in UTC, with the microseconds of a unit."""

_DAYS = ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%Y{0}%m{0}%d", "%d{0}%m{0}%y", "%m{0}%d{0}%y", "%y{0}%m{0}%d", "%d{0}%b{0}%Y", "%d{0}%b{0}%y")
_COMPACT = ("%Y%m%d", "%d%m%Y", "%m%d%Y")
_WORDS = ("%d %B %Y", "%B %d, %Y", "%b %d, %Y", "%b %d %Y")
_PARTS = ("%Y-%m", "%m/%Y", "%Y/%m", "%Y")
_CLOCKS = ("", "{0}%H:%M", "{0}%H:%M:%S", "{0}%H:%M:%S%.f", "{0}%I:%M %p", "{0}%I:%M:%S %p", "{0}%H:%M:%S%z", "{0}%Hh%M")
_FIRST = 200
_NUMBERS = dict.fromkeys("demHI", r"\d{1,2}") | {"Y": r"\d{4}", "y": r"\d{2}", "M": r"\d{2}", "S": r"\d{2}"}


def orders(texts: pl.Series) -> tuple[str, ...]:
    """Return the formats that read every text, day before month first; empty if none does.

    Args:
        texts: distinct texts; nulls and blanks do not count.
    """
    given = texts.cast(pl.String).drop_nulls().str.strip_chars()
    given = given.filter(given != "").sort()  # the answer does not depend on the order of the rows
    if not len(given):
        return ()
    first = given.head(_FIRST)
    return tuple(pattern for pattern in _candidates(str(given[0])) if read_share(first, pattern) == 1 and read_share(given, pattern) == 1)


def best_order(texts: pl.Series) -> tuple[str, float] | None:
    """Return the format that reads the largest share of the texts, and that share; None if none reads any.

    Examples:
        >>> best_order(pl.Series(["11/13/2000", "02/03/2001", "unknown", "05/06/2002"]))
        ('%m/%d/%Y', 0.75)
    """
    given = texts.cast(pl.String).drop_nulls().str.strip_chars().sort()
    tried = dict.fromkeys(pattern for text in (*given.head(2), *given.tail(2)) for pattern in _candidates(str(text)))
    shares = [(read_share(given, pattern), -place, pattern) for place, pattern in enumerate(tried)]
    share, _, pattern = max(shares, default=(0.0, 0, ""))
    return (pattern, share) if share > 0 else None


def _candidates(text: str) -> list[str]:
    """Return the formats that a text may be written in, by its separators."""
    if text.isdigit():
        return [*_COMPACT, "%Y"] if len(text) in {4, 8} else []
    separator = re.search(r"^\w+([^\w\s:])\w+\1", text) or re.search(r"^\w+( )\w+\1", text)
    days = [day.format(separator[1]) for day in _DAYS] if separator else [*_PARTS, *_WORDS]
    days += _WORDS if separator and separator[1] == " " else ()
    days += _COMPACT if re.match(r"^\d{8}\D", text) else ()
    between = "T" if re.search(r"\dT\d", text) else " "
    clocks = _CLOCKS if ":" in text or re.search(r"\d[hT ]\d", text) else ("",)
    return [day + clock.format(between) for day in days for clock in clocks]


def read_share(texts: pl.Series, pattern: str) -> float:
    """Return the share of the texts that a format reads as days of a company's life.

    Examples:
        >>> read_share(pl.Series(["12/06/2024", "13/06/2024"]), "%m/%d/%Y")
        0.5
    """
    frame = texts.alias("text").to_frame()
    return float(frame.select(read(pl.col("text"), pattern).is_between(EARLIEST, LATEST).fill_null(value=False).mean()).item())


def read(stripped: pl.Expr, pattern: str) -> pl.Expr:
    """Return the clock that stripped texts show under a format, without zone; a month or year stands for its first day."""
    if any(mark in pattern for mark in ZONE_MARKS):
        return stripped.str.to_datetime(pattern, time_unit="us", time_zone="UTC", strict=False).dt.replace_time_zone(None)
    if any(mark in pattern for mark in CLOCK_MARKS):
        return stripped.str.to_datetime(pattern, time_unit="us", strict=False)
    has_day = any(mark in pattern for mark in ("%d", "%e", "%j", "%F", "%D", "%x", "%v"))
    has_month = any(mark in pattern for mark in ("%m", "%b", "%B", "%h", "%j", "%F", "%D", "%x", "%v"))
    missing = ("" if has_month else "-%m") + ("" if has_day else "-%d")
    added = missing.replace("%m", "01").replace("%d", "01")
    return (stripped + added).str.to_date(pattern + missing, strict=False).cast(pl.Datetime("us"))


CLOCK_MARKS = ("%H", "%I", "%T", "%R", "%X", "%s", "%c", "%r", "%+")
ZONE_MARKS = ("%z", "%:z", "%#z", "%+")


def why_unread(text: str, pattern: str | None) -> str:
    """Return the reason why a text is no day or instant under a format; None is ISO 8601.

    Examples:
        >>> why_unread("31/02/2024", "%d/%m/%Y"), why_unread("13/45/2024", "%d/%m/%Y")
        ('no day of the calendar: day 31 of month 2', 'no day of the calendar: month 45')
        >>> why_unread("2024-02-30", None), why_unread("11/13/2000", None)
        ('no day of the calendar: day 30 of month 2', 'not written as 2024-01-31 or 2024-01-31 10:12')
    """
    written = text.strip()
    if pattern in SERIALS or pattern in EPOCHS:
        counted = "days, as a spreadsheet counts them," if pattern in SERIALS else f"{str(pattern).removeprefix('epoch_')} since 1970"
        return f"no number of {counted} that lies between {EARLIEST.year} and {LATEST.year}"
    parts = _parts(written, pattern or "%Y-%m-%d") or (None if pattern else _parts(written[:10], "%Y-%m-%d"))
    if parts is None:
        return f"not written as {pattern}" if pattern else "not written as 2024-01-31 or 2024-01-31 10:12"
    return _fault(parts) or (f"not written as {pattern}" if pattern else "its time or offset from UTC does not exist")


def _parts(written: str, pattern: str) -> dict[str, int] | None:
    """Return the numbers that a text has in the places of a format, None if it is not of that form."""
    expression = re.escape(pattern).replace(r"\%", "%").replace(re.escape("%.f"), r"(?:\.\d+)?").replace("%.f", r"(?:\.\d+)?")
    for letter, digits in _NUMBERS.items():
        expression = expression.replace(f"%{letter}", f"(?P<{letter}>{digits})", 1)
    if "%" in expression:
        return None
    found = re.fullmatch(expression, written)
    return {letter: int(number) for letter, number in found.groupdict().items()} if found else None


def _fault(parts: dict[str, int]) -> str:
    """Return the part that is no part of a day, "" if each could be."""
    year = parts.get("Y", 2000 + parts["y"] if "y" in parts else 2000)
    month, day = parts.get("m", 1), parts.get("d", parts.get("e", 1))
    if not 1 <= month <= 12:
        return f"no day of the calendar: month {month}"
    if not EARLIEST.year <= year <= LATEST.year:
        return f"its year {year} is not between {EARLIEST.year} and {LATEST.year}"
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return f"no day of the calendar: day {day} of month {month}"
    clock = [(parts.get("H", 0), 23, "hour"), (parts.get("M", 0), 59, "minute"), (parts.get("S", 0), 59, "second")]
    return next((f"no time of the day: {name} {number}" for number, most, name in clock if number > most), "")
