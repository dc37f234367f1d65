"""Types of columns of Parquet files and databases: those that can be read, and as which of ours.

Words of a closed list are texts, exact decimals are numbers (texts if they have more digits than a number holds), a time of the day is
text. Days before year 1 or after 9999, infinity among them, are brought to the nearest of these, which stand for no day. Lists,
structures, intervals and bytes give no column; they hurt only where a mapping asks for them.
"""

from __future__ import annotations

import os
from typing import Any

import polars as pl

from relkit.tables.file_columns import exactly

_LARGEST_EXACT = 18
"""Digits that a whole number of 64 bits holds in any case."""
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""Year 1 and 9999 in days since 1970."""
_SECONDS_A_DAY = 86_400
_A_SECOND = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_SAMPLE = 500
_AS_TEXT = ("INTERVAL", "TIME", "HUGEINT", "UHUGEINT", "UUID", "BIT", "JSON", "ENUM", "BLOB", "MAP", "UNION", "STRUCT", "VARINT", "BIGNUM")
"""Types of DuckDB that Parquet has not, or not exactly."""

os.environ.setdefault("POLARS_IMPORT_INTERVAL_AS_STRUCT", "1")  # otherwise a column of intervals, even an unused one, is a panic


def readable(frame: pl.LazyFrame) -> tuple[pl.LazyFrame, dict[str, str]]:
    """Return the frame with the types that a table can be made of, and by name the types of the columns that give none.

    Examples:
        >>> frame, unusable = readable(pl.LazyFrame({"kind": pl.Series(["a"], dtype=pl.Categorical), "tags": [["x", "y"]]}))
        >>> frame.collect_schema()["kind"], unusable
        (String, {'tags': 'List(String)'})
    """
    schema = frame.collect_schema()
    changed = {name: expr for name, dtype in schema.items() if (expr := _as_ours(name, dtype)) is not None}
    for name in (name for name, dtype in schema.items() if dtype == pl.Binary):
        if _is_text(frame, name):
            changed[name] = exactly(name).cast(pl.String)
    unusable = {name: str(dtype) for name, dtype in schema.items() if name not in changed and _gives_none(dtype)}
    return frame.with_columns(expr.alias(name) for name, expr in changed.items()), unusable


def _as_ours(name: str, dtype: pl.DataType) -> pl.Expr | None:
    """Return the column in a type of ours, None if it is left as it is."""
    value = exactly(name)
    if isinstance(dtype, pl.Categorical | pl.Enum) or dtype in (pl.Time, pl.Int128, pl.UInt128):
        return value.cast(pl.String)
    if isinstance(dtype, pl.Decimal):
        exact = dtype.precision is not None and dtype.precision <= _LARGEST_EXACT
        return value.cast(pl.Float64 if dtype.scale else pl.Int64 if exact else pl.String)
    if dtype == pl.Date:
        return value.to_physical().clip(_FIRST_DAY, _LAST_DAY).cast(pl.Date)
    if isinstance(dtype, pl.Datetime) and dtype.time_unit != "ns":
        second = _A_SECOND[dtype.time_unit]
        first, last = _FIRST_DAY * _SECONDS_A_DAY * second, (_LAST_DAY + 1) * _SECONDS_A_DAY * second - 1
        return value.to_physical().clip(first, last).cast(dtype)
    return None


def _gives_none(dtype: pl.DataType) -> bool:
    return dtype.is_nested() or dtype in (pl.Binary, pl.Duration, pl.Object)


def _is_text(frame: pl.LazyFrame, name: str) -> bool:
    """Return whether the first bytes are texts, as older programs wrote them; a later one that is none is an error of the file."""
    first = frame.select(exactly(name).drop_nulls().head(_SAMPLE)).collect()[name]
    try:
        return len(first) > 0 and not first.cast(pl.String).null_count()
    except pl.exceptions.PolarsError:
        return False


def readable_relation(relation: Any) -> Any:
    """Return a relation of DuckDB with the types that Parquet has not, or not exactly, as text."""
    columns = list(zip(relation.columns, relation.types, strict=True))
    if not any(_is_foreign(str(dtype)) for _, dtype in columns):
        return relation
    return relation.project(", ".join(_selected(name, str(dtype)) for name, dtype in columns))


def _is_foreign(dtype: str) -> bool:
    return (dtype.upper().startswith(_AS_TEXT) and not dtype.upper().startswith("TIMESTAMP")) or dtype.endswith("]")


def _selected(name: str, dtype: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    return f"CAST({quoted} AS VARCHAR) AS {quoted}" if _is_foreign(dtype) else quoted
