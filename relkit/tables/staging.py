"""The first pass over a source: one streamed copy with the types of the contract, each row numbered.

The source's text of a value that could not be read is kept in `_bad`, as 'column: text'. The copy is
what the later passes read (keys, rules, warnings), so that a text file is decoded once.

Most of the cost of a table is its encoding. If the technical columns can be read alone at little cost, they have a file of their
own, and the values are written as the table is to be: without a faulty row, their file becomes the table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from relkit.errors import ParameterError, TableError, nearest
from relkit.tables.casting import Style, convert, kind_of, misread, text
from relkit.tables.schemas import BAD, ROW, SOURCE
from relkit.traces import words_of

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.contracts import Column, Contract

INDEX = "_index"
"""Technical column of a staged table: the number of the row over all its files, from 0."""

TECHNICAL = (SOURCE, ROW, BAD)
ROW_GROUP = 262_144
"""Rows of a group of the Parquet files; fixed, so that the same rows give the same bytes."""
LEVEL = 1
"""Level of compression: the usual one takes 40 % more time to write 10 million sales, and 30 % more to read them, for 8 % less space."""
_UNUSABLE = (pl.Binary, pl.Object, pl.Duration, pl.Time)
_LONGEST = 80  # characters of a text that could not be read: enough to see what it is


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A table on its way: typed, not yet judged.

    Attributes:
        path: the Parquet file.
        contract: what it is to become.
        names: columns of the table that are there, in the contract's order.
        ignored: columns that no contract knows.
        technical: the file of the technical columns, if `path` has only the values, in the form of a table.
    """

    path: Path
    contract: Contract
    names: tuple[str, ...]
    ignored: tuple[str, ...] = field(default=())
    technical: Path | None = None

    def scan(self) -> pl.LazyFrame:
        """Return the rows with their technical columns."""
        if self.technical is None:
            return pl.scan_parquet(self.path)
        return pl.concat([pl.scan_parquet(self.technical), pl.scan_parquet(self.path)], how="horizontal").with_row_index(INDEX)

    def remove(self) -> None:
        """Remove the files, unless one has become the table."""
        for path in (self.path, self.technical):
            if path is not None:
                path.unlink(missing_ok=True)


def missing_columns(raw: pl.LazyFrame, contract: Contract) -> list[str]:
    """Return a sentence for each column that the frame lacks and the contract wants."""
    present = [name for name in raw.collect_schema().names() if name not in TECHNICAL]
    missing = [_missing(column.name, present) for column in contract.columns if _is_wanted(column) and column.name not in present]
    groups = [group for group in contract.one_of if not set(group) & set(present)]
    return missing + [f"none of the columns {', '.join(group)} is there, at least one is expected" for group in groups]


def stage(raw: pl.LazyFrame, contract: Contract, path: Path, *, zone: str, columnar: bool = False) -> Staged:
    """Write the typed copy of `raw` and return it.

    Args:
        raw: columns of the contract in any type, with `_source` and `_row` where the source has them.
        contract: the table.
        path: of the Parquet file to write.
        zone: IANA zone of bare instants and days.
        columnar: the source is in columns, in a fixed order, so that reading some of them again costs little; the
            technical columns then go to a file next to `path`.

    Raises:
        TableError: the type of a column can hold no such value, or the source breaks off while it is read.
    """
    raw = _plain(raw, contract)
    given = raw.collect_schema()
    values = {c.name: value for c in contract.columns if (value := _value(c, given, zone, contract.name)) is not None}
    others = [name for name in given.names() if name not in TECHNICAL and name not in contract.names]
    if contract.open_ended:
        values |= {name: pl.col(name).fill_nan(None) if given[name].is_float() else pl.col(name) for name in others}
        others = []
    technical = [*_where_from(given, contract), _bad(given, contract, values)]
    columns = [value.alias(name) for name, value in values.items()]
    apart = path.with_name(f"{path.name}.technical") if columnar else None
    try:
        if apart is None:
            raw.select(*columns, *technical).with_row_index(INDEX).sink_parquet(path, compression="lz4", statistics=False)
        else:
            write_table(raw.select(*columns), path)
            raw.select(*technical).sink_parquet(apart, compression="lz4", statistics=False)
    except pl.exceptions.PolarsError as error:
        message = words_of(error, given.names()).rstrip(".")
        raise TableError(
            f"the rows cannot be read: {message}.", where=contract.name, remedy="Check the file with the program that wrote it."
        ) from error
    return Staged(path=path, contract=contract, names=tuple(values), ignored=tuple(others), technical=apart)


def write_table(rows: pl.LazyFrame, path: Path) -> None:
    """Stream rows to a Parquet file in the form of a table; the same rows give the same bytes."""
    rows.sink_parquet(path, compression="zstd", compression_level=LEVEL, row_group_size=ROW_GROUP)


def _is_wanted(column: Column) -> bool:
    return column.required and column.default is None


def _missing(name: str, present: list[str]) -> str:
    near = nearest(name, present)
    hint = f"did you mean {near!r}?" if near else f"there are {', '.join(present) or 'no columns'}"
    return f"column {name!r} is missing ({hint})"


def _plain(raw: pl.LazyFrame, contract: Contract) -> pl.LazyFrame:
    """Return the frame with categories as text; what no column of a table can be made of is refused."""
    given = raw.collect_schema()
    for name, dtype in given.items():
        if name in contract.names and (dtype.is_nested() or dtype in _UNUSABLE):
            raise TableError(
                f"the source holds {dtype}, of which no column can be made.",
                where=f"{contract.name}.{name}",
                remedy="Choose another column in the mapping, or an expression that takes a value out of it.",
            )
    words = [name for name, dtype in given.items() if isinstance(dtype, pl.Categorical | pl.Enum)]
    return raw.with_columns(pl.col(words).cast(pl.String)) if words else raw


def _where_from(given: pl.Schema, contract: Contract) -> list[pl.Expr]:
    source = pl.col(SOURCE) if SOURCE in given else pl.lit(contract.name).alias(SOURCE)
    row = pl.col(ROW).cast(pl.Int64) if ROW in given else pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(ROW)
    return [source.cast(pl.String), row]


def _bad(given: pl.Schema, contract: Contract, values: dict[str, pl.Expr]) -> pl.Expr:
    """Return the values that could not be read, by the source's reader or here."""
    entries = [pl.col(BAD)] if BAD in given else []
    for column in contract.columns:
        if column.name in given and _is_converted(column, given[column.name]):
            raw = pl.col(column.name)
            unread = misread(raw, kind_of(given[column.name]), values[column.name])
            quoted = pl.concat_str(pl.lit(f"{column.name}: "), raw.cast(pl.String).str.slice(0, _LONGEST))
            entries.append(pl.concat_list(pl.when(unread).then(quoted)).list.drop_nulls())
    if not entries:
        return pl.lit(None, dtype=pl.List(pl.String)).alias(BAD)
    if len(entries) == 1 and BAD in given:
        return entries[0]
    filled = [entry.fill_null([]) for entry in entries]
    together = pl.concat_list(filled)
    return pl.when(together.list.len() > 0).then(together).alias(BAD)


def _is_converted(column: Column, given: pl.DataType) -> bool:
    return given not in (column.dtype, pl.Null) and column.dtype != pl.String


def _value(column: Column, given: pl.Schema, zone: str, table: str) -> pl.Expr | None:
    """Return the column as the contract wants it, or None when it is not there and is not to be made."""
    if column.name not in given:
        made = column.always or (column.default is not None and not column.nullable)
        return pl.lit(column.default, dtype=column.dtype) if made else None
    raw, type_given = pl.col(column.name), given[column.name]
    if type_given == pl.Null:
        value = raw.cast(column.dtype)
    elif column.dtype == pl.String:
        value = text(raw, kind_of(type_given))
    elif type_given == column.dtype:
        value = raw.fill_nan(None) if type_given.is_float() else raw
    else:
        value = _converted(column, type_given, zone, table)
    return value if column.default is None else value.fill_null(column.default)


def _converted(column: Column, given: pl.DataType, zone: str, table: str) -> pl.Expr:
    try:
        return convert(pl.col(column.name), kind_of(given), column.dtype, Style(zone=zone, day_zone=zone))
    except ParameterError as error:
        raise TableError(error.what, where=f"{table}.{column.name}", remedy=error.remedy) from error
