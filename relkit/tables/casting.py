"""Conversion from the values of a file to the types of a table, without losing a row.

Unreadable values become null, and `misread` marks them. Text is stripped and
empty text is null. If a number, a day or a yes/no is wanted, the usual marks of absence (NA, NULL,
NaN, None) are null too; if text is wanted they stay, since NA may be a name or a country.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from relkit.errors import ParameterError

Kind = Literal["text", "integer", "decimal", "bool", "date", "instant", "utc", "null"]
"""Kind of value of an expression. `instant` is the clock of the source, without a zone; `utc` has a zone."""

ABSENT = ("NA", "N/A", "#N/A", "NULL", "null", "NaN", "nan", "None", "none", "-")
_YES = ("true", "t", "yes", "y", "oui", "o", "vrai", "1", "1.0")
_NO = ("false", "f", "no", "n", "non", "faux", "0", "0.0")
_ISO = r"^(\d{4}-\d{2}-\d{2})"
_ISO_CLOCK = r"^(\d{4}-\d{2}-\d{2} \d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?(?:Z|[+-]\d{2}:?\d{2})?$"
_ISO_OFFSET = r":\d{2}(?:\.\d+)? ?(Z|[+-]\d{2}:?\d{2})$"
_UTC = pl.Datetime("us", "UTC")
_LARGEST_WHOLE = 9e15
_CLOCK_MARKS = ("%H", "%I", "%T", "%R", "%X", "%s", "%c", "%r", "%+")
_ZONE_MARKS = ("%z", "%:z", "%#z", "%+")


@dataclass(frozen=True, kw_only=True)
class Style:
    """Conventions in which a source writes its values.

    Attributes:
        decimal: the decimal mark, "." or ",".
        thousands: the mark between thousands, "" for none; blanks are always allowed with a decimal comma.
        format: strptime pattern of days and instants; None is ISO 8601.
        zone: IANA zone of the source's clock.
        day_zone: zone in which a bare day begins if an instant is wanted: that of the business day.
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
        plain = plain.str.replace_all(style.thousands, "", literal=True)
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
    stripped = _as_text(value, kind).str.strip_chars()
    if style.format is not None:
        return _parsed(stripped, style.format)
    whole = _spaced(stripped).str.extract(_ISO_CLOCK, 1)
    with_seconds = whole.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False, exact=True)
    without = whole.str.to_datetime("%Y-%m-%d %H:%M", time_unit="us", strict=False, exact=True)
    bare = stripped.str.to_date("%Y-%m-%d", strict=False, exact=True).cast(pl.Datetime("us"))
    return pl.coalesce(with_seconds, without, bare)


def _spaced(stripped: pl.Expr) -> pl.Expr:
    """Return ISO texts with a blank for the T and a point before fractions."""
    return stripped.str.replace("T", " ", literal=True).str.replace(",", ".", literal=True)


def _as_text(value: pl.Expr, kind: Kind) -> pl.Expr:
    return value if kind == "text" else text(value, kind)


def _parsed(stripped: pl.Expr, pattern: str) -> pl.Expr:
    """Return instants without zone read with `pattern`; a month or year stands for its first day."""
    if any(mark in pattern for mark in _ZONE_MARKS):
        aware = stripped.str.to_datetime(pattern, time_unit="us", time_zone="UTC", strict=False)
        return aware.dt.replace_time_zone(None)
    if any(mark in pattern for mark in _CLOCK_MARKS):
        return stripped.str.to_datetime(pattern, time_unit="us", strict=False)
    has_day = any(mark in pattern for mark in ("%d", "%e", "%j", "%F", "%D", "%x", "%v"))
    has_month = any(mark in pattern for mark in ("%m", "%b", "%B", "%h", "%j", "%F", "%D", "%x", "%v"))
    missing = ("" if has_month else "-%m") + ("" if has_day else "-%d")
    added = missing.replace("%m", "01").replace("%d", "01")
    return (stripped + added).str.to_date(pattern + missing, strict=False).cast(pl.Datetime("us"))


def day(value: pl.Expr, kind: Kind, style: Style) -> pl.Expr:
    """Return the day, cut to the first of its month or year if no more is known.

    Examples:
        >>> months = pl.DataFrame({"m": ["2024-05"]})
        >>> months.select(day(pl.col("m"), "text", Style(format="%Y-%m", precision="month"))).item().isoformat()
        '2024-05-01'
    """
    if kind == "text" and style.format is None:
        read = value.str.strip_chars().str.extract(_ISO + r"([T ]\d{2}:\d{2}.*)?$", 1).str.to_date("%Y-%m-%d", strict=False)
    elif kind == "utc":
        read = value.dt.convert_time_zone(style.day_zone).dt.date()
    elif kind == "date":
        read = value
    else:
        read = clock(value, kind, style).dt.date()
    return read.dt.truncate({"month": "1mo", "year": "1y"}[style.precision]) if style.precision in {"month", "year"} else read


def instant(value: pl.Expr, kind: Kind, style: Style) -> pl.Expr:
    """Return the instant in UTC; a bare day begins at midnight of the business day.

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
    if kind in {"date", "instant"}:
        return _in_zone(clock(value, kind, style), style.day_zone if kind == "date" else style.zone)
    if style.format is not None:
        read = clock(value, kind, style)
        if any(mark in style.format for mark in _ZONE_MARKS):
            return read.dt.replace_time_zone("UTC")
        return _in_zone(read, style.zone if any(mark in style.format for mark in _CLOCK_MARKS) else style.day_zone)
    # as one expression the parsing would run seven times
    return _as_text(value, kind).map_batches(lambda texts: _iso_instants(texts, style), return_dtype=_UTC, is_elementwise=True)


def _iso_instants(texts: pl.Series, style: Style) -> pl.Series:
    """Return UTC for ISO texts; the form of the first one is tried on all, any other only on the rows that need it."""
    stripped = texts.str.strip_chars().alias("text")
    read = stripped.to_frame().select(_in_usual_form(stripped, style))["text"]
    unusual = read.is_null() & stripped.is_not_null()
    if not unusual.any():
        return read
    others = stripped.filter(unusual).to_frame().select(_iso_instant(pl.col("text"), style))["text"]
    return read.scatter(unusual.arg_true(), others)


def _in_usual_form(stripped: pl.Series, style: Style) -> pl.Expr:
    """Return the instants of the texts written like the first one: a day, or a day and a clock time."""
    first = next(iter(stripped.drop_nulls().head(1)), "")
    if len(first) == len("2025-06-30"):
        return _in_zone(pl.col("text").str.to_date("%Y-%m-%d", strict=False, exact=True).cast(pl.Datetime("us")), style.day_zone)
    pattern = "%Y-%m-%dT%H:%M:%S" if "T" in first else "%Y-%m-%d %H:%M:%S"
    return _in_zone(pl.col("text").str.to_datetime(pattern, time_unit="us", strict=False, exact=True), style.zone)


def _iso_instant(stripped: pl.Expr, style: Style) -> pl.Expr:
    """Return UTC for ISO texts, each of which may be a bare day, a clock time, or have its own offset."""
    read = clock(stripped, "text", style)
    offset = _spaced(stripped).str.extract(_ISO_OFFSET, 1)
    hours = offset.str.slice(0, 3).cast(pl.Int32, strict=False)
    minutes = pl.concat_str(offset.str.slice(0, 1), offset.str.slice(-2)).cast(pl.Int32, strict=False)
    behind = pl.duration(minutes=hours * 60 + minutes).fill_null(pl.duration(minutes=0))
    is_day = stripped.str.len_chars() == len("2025-06-30")
    local = pl.when(is_day).then(_in_zone(read, style.day_zone)).otherwise(_in_zone(read, style.zone))
    return pl.when(offset.is_not_null()).then((read - behind).dt.replace_time_zone("UTC")).otherwise(local)


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
    if wanted == "integer":
        return integer(value, kind, style).cast(dtype, strict=False)
    if wanted == "decimal":
        return number(value, kind, style).cast(dtype)
    if wanted == "bool":
        return yes_no(value, kind)
    if kind in {"bool", "decimal"} or (kind == "integer" and style.format is None):
        raise ParameterError(f"{spoken(kind)} cannot be read as {spoken(wanted)}.", remedy="Give the `format` of the date, e.g. '%Y%m%d'.")
    return day(value, kind, style) if wanted == "date" else instant(value, kind, style)


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
