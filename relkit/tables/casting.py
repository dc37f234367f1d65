"""Conversion from the values of a file to the types of a table, without losing a row.

Unreadable values become null, and `misread` marks them. Text is stripped and
empty text is null. If a number, a day or a yes/no is wanted, the usual marks of absence (NA, NULL,
NaN, None) are null too; if text is wanted they stay, since NA may be a name or a country.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Literal

import polars as pl

from relkit.errors import ParameterError
from relkit.tables.date_orders import EARLIEST, EPOCHS, LATEST, SERIALS, ZONE_MARKS
from relkit.tables.date_orders import read as read_clock
from relkit.tables.number_marks import ungrouped

Kind = Literal["text", "integer", "decimal", "bool", "date", "instant", "utc", "null"]
"""Kind of value of an expression. `instant` is the clock of the source, without a zone; `utc` has a zone."""

ABSENT = ("NA", "N/A", "#N/A", "NULL", "null", "NaN", "nan", "None", "none", "-")
_YES = ("true", "t", "yes", "y", "oui", "o", "vrai", "1", "1.0")
_NO = ("false", "f", "no", "n", "non", "faux", "0", "0.0")
_OFFSET = r"Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?"
_ISO_CLOCK = rf"^(\d{{4}}-\d{{2}}-\d{{2}} \d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,9}})?)?) ?(?:{_OFFSET})?$"
_ISO_OFFSET = rf":\d{{2}}(?:\.\d+)? ?({_OFFSET})$"
_UTC_ENDINGS = (" UTC", "Z", " GMT", "+00:00", "+00", " +0000", " +00:00")
"""Endings that warehouses put behind instants in UTC."""
_LARGEST_OFFSET_MINUTES = 14 * 60
_UTC = pl.Datetime("us", "UTC")
_LARGEST_WHOLE = 9e15
_SERIAL_OF_LEAP_DAY = 60
"""Spreadsheets count 29 February 1900, which did not exist."""
_FIRST_YEAR = 1900
_LARGEST_SERIAL = 3_000_000
_LARGEST_MICROSECONDS = 2.5e17
_US_A_MS = 1_000
_MS_A_DAY = 86_400_000


@dataclass(frozen=True, kw_only=True)
class Style:
    """Conventions in which a source writes its values.

    Attributes:
        decimal: the decimal mark, "." or ",".
        thousands: the mark between thousands, "" for none; blanks are always allowed with a decimal comma.
        format: strptime pattern of days and instants, or how they are counted (excel, excel_1904, epoch_seconds ...); None is ISO 8601.
        zone: IANA zone of the source: of a clock time without zone, and of a day without time if an instant is wanted.
        day_zone: zone of the business day, to which an instant with a zone belongs if a day is wanted.
        precision: of a date: day, month or year.
    """

    decimal: str = "."
    thousands: str = ""
    format: str | None = None
    zone: str = "UTC"
    day_zone: str = "UTC"
    precision: Literal["day", "month", "year"] | None = None


def kind_of(dtype: pl.DataType) -> Kind:
    """Return the kind of a column of that type.

    Examples:
        >>> kind_of(pl.Int64()), kind_of(pl.String())
        ('integer', 'text')
    """
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "decimal"
    if isinstance(dtype, pl.Datetime):
        return "utc" if dtype.time_zone else "instant"
    return {pl.Boolean: "bool", pl.Date: "date", pl.Null: "null"}.get(type(dtype), "text")  # type: ignore[return-value]


def is_absent(value: pl.Expr) -> pl.Expr:
    """Return whether a text means that there is no value."""
    stripped = value.str.strip_chars()
    return stripped.is_null() | (stripped == "") | stripped.is_in(list(ABSENT))


def text(value: pl.Expr, kind: Kind) -> pl.Expr:
    """Return text: stripped, null if empty; whole numbers without a decimal point, as ids are written.

    Examples:
        >>> pl.DataFrame({"id": [17850.0, 2.5]}).select(text(pl.col("id"), "decimal"))["id"].to_list()
        ['17850', '2.5']
    """
    if kind == "text":
        stripped = value.cast(pl.String).str.strip_chars()
        return pl.when(stripped != "").then(stripped)
    if kind == "decimal":
        whole = value.is_finite() & (value == value.round(0)) & (value.abs() < _LARGEST_WHOLE)
        return pl.when(whole).then(value.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(value.cast(pl.String))
    return value.cast(pl.String)


def number(value: pl.Expr, kind: Kind, style: Style) -> pl.Expr:
    """Return Float64; text is read with the style's marks, and anything but a finite number becomes null.

    Examples:
        >>> pl.DataFrame({"x": ["1 234,50", "abc"]}).select(number(pl.col("x"), "text", Style(decimal=",")))["x"].to_list()
        [1234.5, None]
    """
    if kind != "text":
        read = value.cast(pl.Float64, strict=False)
        return pl.when(read.is_finite()).then(read)
    plain = value.str.strip_chars()
    if style.thousands:
        plain = ungrouped(plain, thousands=style.thousands, decimal=style.decimal)
    if style.decimal == ",":
        grouped = plain.str.contains(r"^[+-]?\d{1,3}([ \u{a0}\u{202f}]\d{3})+(,\d*)?$")
        plain = pl.when(grouped).then(plain.str.replace_all(r"[ \u{a0}\u{202f}]", "")).otherwise(plain)
        # in a file of decimal commas a point is not read as a decimal point: 1.234 would silently be a thousandth of what was meant
        plain = pl.when(~plain.str.contains(".", literal=True)).then(plain.str.replace(",", ".", literal=True))
    read = plain.cast(pl.Float64, strict=False)
    return pl.when(read.is_finite()).then(read)


def integer(value: pl.Expr, kind: Kind, style: Style) -> pl.Expr:
    """Return Int64; a number with a fraction becomes null ("17850.0" is whole)."""
    if kind == "integer":
        return value.cast(pl.Int64, strict=False)
    read = number(value, kind, style)
    rounded = pl.when((read == read.round(0)) & (read.abs() < _LARGEST_WHOLE)).then(read).cast(pl.Int64, strict=False)
    if kind == "text":  # long digits lose their last places as floats
        return pl.coalesce(value.str.strip_chars().cast(pl.Int64, strict=False), rounded)
    return rounded


def yes_no(value: pl.Expr, kind: Kind) -> pl.Expr:
    """Return Boolean from true/false, yes/no, oui/non, 1/0."""
    if kind == "bool":
        return value
    lowered = (value.str.strip_chars() if kind == "text" else value.cast(pl.String)).str.to_lowercase()
    return pl.when(lowered.is_in(list(_YES))).then(statement=True).when(lowered.is_in(list(_NO))).then(statement=False)


def clock(value: pl.Expr, kind: Kind, style: Style) -> pl.Expr:
    """Return the source's clock as a Datetime without zone (from text, a date or a Datetime)."""
    if kind in {"instant", "date"}:
        return value.cast(pl.Datetime("us"))
    if kind == "utc":
        return value.dt.convert_time_zone(style.zone).dt.replace_time_zone(None).cast(pl.Datetime("us"))
    if style.format in SERIALS:
        return _of_serial(number(value, kind, style), SERIALS[style.format])
    if is_aware(style.format):
        return instant(value, kind, style).dt.convert_time_zone(style.zone).dt.replace_time_zone(None)
    stripped = _as_text(value, kind).str.strip_chars()
    if style.format is not None:
        return read_clock(stripped, style.format)
    whole = _spaced(stripped).str.extract(_ISO_CLOCK, 1)
    with_seconds = whole.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False, exact=True)
    without = whole.str.to_datetime("%Y-%m-%d %H:%M", time_unit="us", strict=False, exact=True)
    bare = stripped.str.to_date("%Y-%m-%d", strict=False, exact=True).cast(pl.Datetime("us"))
    return pl.coalesce(with_seconds, without, bare)


def _spaced(stripped: pl.Expr) -> pl.Expr:
    """Return ISO texts with a blank for the T and a point before fractions."""
    return stripped.str.replace(r"^(\d{4}-\d{2}-\d{2})T", "$1 ").str.replace(",", ".", literal=True)


def _as_text(value: pl.Expr, kind: Kind) -> pl.Expr:
    return value if kind == "text" else text(value, kind)


def is_aware(pattern: str | None) -> bool:
    """Return whether a format gives instants with their zone."""
    return pattern in EPOCHS or any(mark in (pattern or "") for mark in ZONE_MARKS)


def _of_serial(days: pl.Expr, first: date) -> pl.Expr:
    """Return the clock for days counted by a spreadsheet, to the millisecond, which is what its fractions are good for.

    In the system of 1900, days before March 1900 are counted one too low, and day 60 did not exist.
    """
    held: pl.Expr = pl.when(days.is_between(0, _LARGEST_SERIAL)).then(days)
    if first.year < _FIRST_YEAR:
        leap = _SERIAL_OF_LEAP_DAY
        held = pl.when(held >= leap + 1).then(held).when(held < leap).then(held + (held >= 1).cast(pl.Float64))
    since = (held * _MS_A_DAY).round(0).cast(pl.Int64) * _US_A_MS
    return since.cast(pl.Duration("us")) + pl.lit(first).cast(pl.Datetime("us"))


def _aware(value: pl.Expr, kind: Kind, style: Style) -> pl.Expr:
    """Return UTC for a format with a zone, or for numbers counted from 1970; a number far beyond the calendar has no instant."""
    unit = EPOCHS.get(style.format or "")
    if unit is None:
        return read_clock(_as_text(value, kind).str.strip_chars(), style.format or "").dt.replace_time_zone("UTC")
    counted = number(value, kind, style)
    held = pl.when(counted.abs() < _LARGEST_MICROSECONDS / unit).then(counted)
    return (held * unit).round(0).cast(pl.Int64).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def day(value: pl.Expr, kind: Kind, style: Style) -> pl.Expr:
    """Return the day, cut to the first of its month or year if no more is known.

    An instant with a zone belongs to its business day; one without is of the day that is written.

    Examples:
        >>> months = pl.DataFrame({"m": ["2024-05"]})
        >>> months.select(day(pl.col("m"), "text", Style(format="%Y-%m", precision="month"))).item().isoformat()
        '2024-05-01'
    """
    if kind == "text" and style.format is None:
        read = value.map_batches(lambda texts: _iso_days(texts, style), return_dtype=pl.Date, is_elementwise=True)
    elif kind == "utc" or (kind != "date" and is_aware(style.format)):
        read = instant(value, kind, replace(style, precision=None)).dt.convert_time_zone(style.day_zone).dt.date()
    elif kind == "date":
        read = value
    else:
        read = clock(value, kind, style).dt.date()
    return read.dt.truncate({"month": "1mo", "year": "1y"}[style.precision]) if style.precision in {"month", "year"} else read


def instant(value: pl.Expr, kind: Kind, style: Style) -> pl.Expr:
    """Return the instant in UTC; a clock time or a day without a zone is of the source's zone.

    A clock time skipped by a change to summer time is read an hour later; one that occurs twice is the first.

    Examples:
        >>> winter = pl.DataFrame({"t": ["2010-12-01 08:26:00"]})
        >>> winter.select(instant(pl.col("t"), "text", Style(zone="Europe/Paris"))).item().isoformat()
        '2010-12-01T07:26:00+00:00'
    """
    if style.precision is not None:
        return _in_zone(day(value, kind, style).cast(pl.Datetime("us")), style.day_zone)
    if kind == "utc":
        return value.dt.convert_time_zone("UTC").cast(_UTC)
    if kind not in {"date", "instant"} and is_aware(style.format):
        return _aware(value, kind, style)
    if kind in {"date", "instant"} or style.format is not None:
        return _in_zone(clock(value, kind, style), style.zone)
    # as one expression the parsing would run seven times
    return _as_text(value, kind).map_batches(lambda texts: _iso_instants(texts, style), return_dtype=_UTC, is_elementwise=True)


def _iso_instants(texts: pl.Series, style: Style) -> pl.Series:
    """Return UTC for ISO texts; the form of the first one is tried on all, any other only on the rows that need it."""
    stripped = texts.str.strip_chars().alias("text")
    read = stripped.to_frame().select(_in_usual_form(stripped, style))["text"]
    return _filled(read, stripped, _iso_instant(pl.col("text"), style))


def _iso_days(texts: pl.Series, style: Style) -> pl.Series:
    """Return the days of ISO texts: bare days at once, those of instants only for the rows that need it."""
    stripped = texts.str.strip_chars().alias("text")
    read = stripped.str.to_date("%Y-%m-%d", strict=False, exact=True)
    zoned = _spaced(pl.col("text")).str.contains(_ISO_OFFSET)
    at = _iso_instant(pl.col("text"), style).dt.convert_time_zone(style.day_zone).dt.date()
    return _filled(read, stripped, pl.when(zoned).then(at).otherwise(clock(pl.col("text"), "text", style).dt.date()))


def _filled(read: pl.Series, stripped: pl.Series, other: pl.Expr) -> pl.Series:
    """Return the values read, with `other` for the texts that were not."""
    unusual = read.is_null() & stripped.is_not_null()
    if not unusual.any():
        return read
    return read.scatter(unusual.arg_true(), stripped.filter(unusual).to_frame().select(other.alias("text"))["text"])


def _in_usual_form(stripped: pl.Series, style: Style) -> pl.Expr:
    """Return the instants of the texts written like the first one: a day, or a day and a clock time, in UTC if it ends so."""
    first, text = str(next(iter(stripped.drop_nulls().head(1)), "")), pl.col("text")
    if len(first) == len("2025-06-30"):
        return _in_zone(text.str.to_date("%Y-%m-%d", strict=False, exact=True).cast(pl.Datetime("us")), style.zone)
    ending = next((mark for mark in sorted(_UTC_ENDINGS, key=len, reverse=True) if first.endswith(mark)), "")
    if ending:
        text = pl.when(text.str.ends_with(ending)).then(text.str.head(-len(ending)))
    pattern = f"%Y-%m-%d{'T' if 'T' in first[:11] else ' '}%H:%M:%S{'%.f' if '.' in first else ''}"
    return _in_zone(text.str.to_datetime(pattern, time_unit="us", strict=False, exact=True), "UTC" if ending else style.zone)


def _iso_instant(stripped: pl.Expr, style: Style) -> pl.Expr:
    """Return UTC for ISO texts, each of which may be a bare day, a clock time, or have its own offset."""
    read = clock(stripped, "text", replace(style, format=None))
    offset = _spaced(stripped).str.extract(_ISO_OFFSET, 1)
    numeric = offset.str.replace(":", "", literal=True)
    hours = numeric.str.slice(0, 3).cast(pl.Int32, strict=False).fill_null(0)
    minutes = pl.concat_str(numeric.str.slice(0, 1), numeric.str.slice(3)).cast(pl.Int32, strict=False).fill_null(0)
    ahead = hours * 60 + minutes
    exists = (ahead.abs() <= _LARGEST_OFFSET_MINUTES) & (minutes.abs() < 60)
    zoned = pl.when(exists).then((read - pl.duration(minutes=ahead)).dt.replace_time_zone("UTC"))
    return pl.when(offset.is_not_null()).then(zoned).otherwise(_in_zone(read, style.zone))


def _in_zone(naive: pl.Expr, zone: str) -> pl.Expr:
    if zone == "UTC":
        return naive.dt.replace_time_zone("UTC")
    local = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    later = naive.dt.offset_by("1h").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(local, later).dt.convert_time_zone("UTC")


def convert(value: pl.Expr, kind: Kind, dtype: pl.DataType | type[pl.DataType], style: Style) -> pl.Expr:
    """Return `value` as `dtype`, null if it cannot be read.

    Args:
        value: an expression of the given kind.
        kind: of its values.
        dtype: a type of the table contracts.
        style: in which the source writes.

    Raises:
        ParameterError: no conversion leads to that type.
    """
    wanted = kind_of(dtype() if isinstance(dtype, type) else dtype)
    if kind == "null":
        return pl.lit(None, dtype=dtype)
    if wanted == "text":
        return text(value, kind)
    if wanted in {"integer", "decimal"} and kind in {"date", "instant", "utc"}:
        raise ParameterError(f"{spoken(kind)} cannot be read as {spoken(wanted)}.", remedy="Take another column.")
    if wanted == "integer":
        return integer(value, kind, style).cast(dtype, strict=False)
    if wanted == "decimal":
        return number(value, kind, style).cast(dtype)
    if wanted == "bool":
        return yes_no(value, kind)
    counted = style.format in SERIALS or style.format in EPOCHS
    if kind == "bool" or (kind == "decimal" and not counted) or (kind == "integer" and style.format is None):
        remedy = "Give its `format`: '%Y%m%d', excel (45300 is 2024-01-09), epoch_seconds ..."
        raise ParameterError(f"{spoken(kind)} cannot be read as {spoken(wanted)}.", remedy=remedy)
    return day(value, kind, style) if wanted == "date" else instant(value, kind, style)


def within_life(read: pl.Expr, wanted: Kind) -> pl.Expr:
    """Return whether days, or else UTC instants, lie in the time of a company's life."""
    if wanted == "date":
        return read.is_between(EARLIEST, LATEST)
    return read.is_between(datetime.combine(EARLIEST, time(), UTC), datetime.combine(LATEST, time(), UTC))


def misread(value: pl.Expr, kind: Kind, read: pl.Expr) -> pl.Expr:
    """Return a mask of the rows in which `value` is present and `read` is null."""
    held = ~is_absent(value) if kind == "text" else (value.is_not_null() & value.is_not_nan() if kind == "decimal" else value.is_not_null())
    return held & read.is_null()


def spoken(kind: Kind) -> str:
    """Return the kind in words, with its article."""
    return _SPOKEN[kind]


_SPOKEN: dict[Kind, str] = {
    "text": "a text",
    "integer": "a whole number",
    "decimal": "a number",
    "bool": "a yes/no",
    "date": "a day",
    "instant": "an instant",
    "utc": "an instant",
    "null": "nothing",
}
