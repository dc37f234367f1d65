"""Files that hold rows of texts: CSV, gzip, Parquet of many types, XLSX of many cells."""

from __future__ import annotations

import csv
import gzip
import io
from contextlib import suppress
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import xlsxwriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from fuzz.company import Rows


def csv_bytes(rows: Rows) -> bytes:
    """Return a CSV file with its header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


def write_csv(path: Path, data: bytes, rng: Random) -> None:
    """Write a text file, one in ten compressed, some of those damaged."""
    if rng.random() < 0.9:
        path.with_suffix(".csv").write_bytes(data)
        return
    packed = gzip.compress(data, mtime=0)
    if rng.random() < 0.3:
        packed = packed[: rng.randrange(len(packed))]
    path.with_suffix(".csv.gz").write_bytes(packed)


def _cast(dtype: Any) -> Callable[[pl.Series], pl.Series]:
    return lambda x: x.cast(dtype, strict=False)


TYPES: tuple[Callable[[pl.Series], pl.Series], ...] = (
    _cast(pl.Categorical),
    _cast(pl.Binary),
    _cast(pl.Float32),
    _cast(pl.Float64),
    _cast(pl.Int8),
    _cast(pl.Int64),
    _cast(pl.UInt64),
    _cast(pl.Int128),
    _cast(pl.Decimal(20, 4)),
    _cast(pl.Decimal(38, 0)),
    _cast(pl.Boolean),
    lambda x: x.str.to_date(strict=False),
    lambda x: x.str.to_datetime(strict=False, time_unit="ns"),
    lambda x: x.str.to_datetime(strict=False, time_unit="ms").dt.replace_time_zone("Asia/Tokyo"),
    lambda x: x.str.to_datetime(strict=False, time_unit="us").dt.replace_time_zone("UTC"),
    lambda x: x.str.to_time(strict=False),
    lambda x: pl.Series(x.name, [timedelta(days=i) for i in range(len(x))]),
    lambda x: pl.Series(x.name, [[v] for v in x]),
    lambda x: pl.Series(x.name, [{"a": v, "b": 1} for v in x]),
    lambda x: pl.Series(x.name, [None] * len(x), dtype=pl.Null),
    lambda x: pl.Series(x.name, [float("nan")] * len(x)),
    lambda x: pl.Series(x.name, [float("inf")] * len(x)),
    lambda x: pl.Series(x.name, [1e308] * len(x)),
    lambda x: pl.Series(x.name, [2**62] * len(x)),
    lambda x: pl.Series(x.name, [date.min] * len(x)),
    lambda x: pl.Series(x.name, [date.max] * len(x)),
    lambda x: pl.Series(x.name, [datetime(9999, 12, 31, 23, 59, tzinfo=timezone.utc)] * len(x)),  # noqa: UP017
    lambda x: pl.Series(x.name, [2**62] * len(x)).cast(pl.Datetime("us"), strict=False),
    lambda x: pl.Series(x.name, [-(2**31)] * len(x)).cast(pl.Int32).cast(pl.Date, strict=False),
    lambda x: pl.Series(x.name, [Decimal("12345678901234567890.1234")] * len(x)),
)
"""Types that a column of a Parquet file may have."""


def write_parquet(path: Path, rows: Rows, rng: Random, *, strange: bool = True) -> None:
    """Write a Parquet file, with as many columns of a strange type as chance has it."""
    frame = pl.DataFrame({name: [row.get(name) for row in rows] for name in rows[0]}, schema=dict.fromkeys(rows[0], pl.String))
    frame = frame.with_columns(pl.when(pl.all() != "").then(pl.all()))
    for name in frame.columns:
        if strange and rng.random() < 0.25:
            with suppress(pl.exceptions.PolarsError):
                frame = frame.with_columns(rng.choice(TYPES)(frame[name]).alias(name))
    frame.write_parquet(path.with_suffix(".parquet"), compression="uncompressed")


def write_workbook(path: Path, rows: Rows, rng: Random) -> None:
    """Write an XLSX workbook of texts, numbers, days, truth values, errors, formulas and merged cells."""
    book = xlsxwriter.Workbook(path.with_suffix(".xlsx"), {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    if rng.random() < 0.15:
        book.add_worksheet("Notes").write(0, 0, "to be read first")
    sheet = book.add_worksheet(rng.choice(["Sheet1", path.stem, "Données"]))
    first = rng.choice([0, 0, 0, 1, 3])
    if first:
        sheet.write(0, 0, "Export of 2024-01-31")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    as_typed = {name for name in rows[0] if rng.random() < 0.4}
    for column, name in enumerate(rows[0]):
        sheet.write_string(first, column, name)
        for place, row in enumerate(rows, first + 1):
            _write_cell(sheet, place, column, row.get(name, ""), day if name in as_typed else None, rng)
    if rng.random() < 0.1:
        sheet.merge_range(first + 1, 0, first + 2, 1, "merged")
    book.close()


def _write_cell(sheet: Any, row: int, column: int, value: str, day: Any, rng: Random) -> None:
    if rng.random() < 0.01:
        rng.choice([sheet.write_boolean, sheet.write_number])(row, column, rng.choice([True, 0, 45300, 1e308]))
    elif rng.random() < 0.01:
        sheet.write_formula(row, column, "=1/0", value="#DIV/0!")
    elif value and not (day is not None and _write_typed(sheet, row, column, value, day)):
        sheet.write_string(row, column, value[:32_000].encode("utf-8", "replace").decode())


def _write_typed(sheet: Any, row: int, column: int, value: str, day: Any) -> bool:
    """Write a value as a number or a day if it is one; return whether it is."""
    with suppress(ValueError, TypeError):
        if len(value) < 15 and value.isascii():
            return bool(sheet.write_number(row, column, float(value)) == 0)
    with suppress(ValueError, TypeError):  # no date, or one with a zone, which no cell can hold
        return bool(sheet.write_datetime(row, column, datetime.fromisoformat(value), day) == 0)
    return False
