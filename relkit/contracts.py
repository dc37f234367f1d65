"""Contracts of frames: columns with types, ranges, units and labels, declared once as data.

The same `Column` serves the tables of a company (`relkit.tables.schemas`), the frames a model reads
(`Model.needs`), the score table and the data dictionary of a delivery. `check` verifies a small frame
in memory at once and raises a single `TableError` that lists everything wrong with it; reading a
company's files with quarantine is done by `relkit.tables`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from relkit.errors import TableError, nearest
from relkit.shapes import outline, shape
from relkit.texts import EMPTY, Text

INSTANT = pl.Datetime("us", "UTC")
"""The type of every instant: microseconds, UTC."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its type, its possible range (quarantined or refused outside) and its likely one (warned)."""

    name: str
    dtype: pl.DataType | type[pl.DataType]
    meaning: str = ""
    """In English, for the documentation of tables and models; the texts of delivered files are in `relkit.file_column.FileColumn`."""
    label: Text = EMPTY
    unit: str = ""
    required: bool = False
    """The column must exist."""
    nullable: bool = True
    low: float | None = None
    high: float | None = None
    """Bounds (inclusive) of the possible range."""
    above: float | None = None
    """Exclusive lower bound of the possible range."""
    likely_low: float | None = None
    likely_high: float | None = None
    """Bounds (inclusive) of the likely range."""
    allowed: tuple[str, ...] = ()
    default: Any = None
    """Value in place of a null, or of a missing column that is not nullable."""
    always: bool = False
    """A missing column is added, all null, so that readers need not check for it."""
    null_means: str = ""
    personal_data: str = "none"
    """none, pseudonym, personal or sensitive."""
    since: str = "0.1.0"


@dataclass(frozen=True, kw_only=True, eq=False)
class Rule:
    """A condition between columns of one row; it is checked if all its columns are given.

    Attributes:
        name: label of rows that break it, e.g. "ended_on: before started_on".
        columns: the columns it reads.
        broken: true if a row breaks it; null counts as kept.
        impossible: True sends the row to quarantine, False only warns.
        remedy: advice on such rows, one sentence.
    """

    name: str
    columns: tuple[str, ...]
    broken: pl.Expr
    impossible: bool = True
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Disagreement:
    """Rows on one fact that state different things: all are kept and counted, and the more restrictive one holds.

    Attributes:
        columns: of the key, by which such rows differ; the rest of the key names the fact.
        rule: label of the later of such rows, e.g. "status: another answer at the same instant".
        remedy: which one holds, one sentence.
        meaning: the same for readers of reports, following the number of rows.
        ascending: order of the rows on one fact by restrictiveness, the one that holds last; empty if readers take all of
            them into account. A row recorded later is a correction, and comes before this order.
    """

    columns: tuple[str, ...]
    rule: str
    remedy: str
    meaning: Text
    ascending: tuple[pl.Expr, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Contract:
    """A named set of columns with its key.

    Attributes:
        key: columns that identify a row; optional ones count only if given.
        rules: conditions between columns.
        one_of: groups of columns of which each row has at least one.
        references: pairs (column, table): the column contains keys of that table.
        notes: paragraphs of the documentation, in English.
        disagreement: how rows on one fact may disagree, if they may.
        open_ended: columns beyond the declared ones are kept (attributes that a company declares).

    Examples:
        >>> spend = Contract(
        ...     name="spend",
        ...     key=("customer_id",),
        ...     columns=(
        ...         Column(name="customer_id", dtype=pl.String, required=True, nullable=False),
        ...         Column(name="value", dtype=pl.Float64, required=True, nullable=False, low=0.0),
        ...     ),
        ... )
        >>> check(pl.DataFrame({"customer_id": ["a"], "value": [3]}), spend)["value"].dtype
        Float64
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    meaning: str = ""
    label: Text = EMPTY
    notes: str = ""
    tags: tuple[str, ...] = field(default=())
    rules: tuple[Rule, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    disagreement: Disagreement | None = None
    open_ended: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(c.name for c in self.columns)

    def __getitem__(self, name: str) -> Column:
        """Return the column called `name`."""
        for column in self.columns:
            if column.name == name:
                return column
        raise TableError.unknown("column", name, self.names, where=self.name)


def check(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Return the contract's columns of `frame`, cast to the declared types, or raise one TableError.

    Columns that the contract does not name are dropped (unless it is open-ended), and missing optional ones stay missing.
    Every problem is collected before raising. The given frame is not changed. Rows are counted from 0, as in polars.

    Raises:
        TableError: columns are missing or of another type, or rows break a rule.

    Examples:
        >>> ids = Contract(name="ids", key=("id",), columns=(Column(name="id", dtype=pl.String, required=True, nullable=False),))
        >>> check(pl.DataFrame({"id": ["a", "b", "a"]}), ids)
        Traceback (most recent call last):
        ...
        relkit.errors.TableError: ids: 2 rows share a key (id); first: row 0.
    """
    problems: list[str] = []
    kept: list[pl.Series] = []
    for column in contract.columns:
        if column.name not in frame.columns:
            problems += [_missing(column.name, frame.columns)] if column.required else []
            made = column.always or (column.default is not None and not column.nullable)
            kept += [_filled(column, len(frame))] if made else []
            continue
        series, problem = _cast(frame[column.name], column)
        problems += [problem] if problem else _broken(series, column)
        kept.append(series)
    if contract.open_ended:
        kept += [frame[name] for name in frame.columns if name not in contract.names]
    whole = pl.DataFrame(kept)
    if not problems:
        problems = _broken_between(whole, contract) + _repeated(whole, contract.key)
    if problems:
        raise TableError("; ".join(problems) + ".", where=contract.name)
    return whole


def _filled(column: Column, rows: int) -> pl.Series:
    return pl.Series(column.name, [column.default], dtype=column.dtype).new_from_index(0, rows)


def _cast(series: pl.Series, column: Column) -> tuple[pl.Series, str]:
    """Return the series in the declared type with its default filled in, and the problem with it, or ""."""
    if series.dtype == column.dtype and not (series.dtype.is_temporal() or series.dtype.is_nested()):
        return (series if column.default is None else series.fill_null(column.default)), ""
    wrong = f"{column.name} is {series.dtype}, expected {column.dtype}"
    if column.dtype in (pl.Date, pl.Datetime) and not series.dtype.is_temporal() and series.dtype != pl.Null:
        return series, wrong  # a number would be read as days since 1970
    try:
        cast = series.cast(column.dtype, strict=False)
    except pl.exceptions.PolarsError:
        return series, wrong
    lost = cast.is_null() & series.is_not_null()
    if series.dtype.is_float() and cast.dtype.is_integer():
        lost = lost & series.is_not_nan() | (cast.cast(pl.Float64) != series).fill_null(value=False)
    if lost.any():
        first = int(lost.arg_true()[0])
        return (
            series,
            f"{wrong} ({int(lost.sum()):,} of {len(series):,} rows cannot be; first: row {first}, {_cell(series[first], column)})",
        )
    return (cast if column.default is None else cast.fill_null(column.default)), ""


def _broken_between(frame: pl.DataFrame, contract: Contract) -> list[str]:
    """Return a sentence for each rule between columns that some row breaks."""
    rules = [rule for rule in contract.rules if rule.impossible and set(rule.columns) <= set(frame.columns)]
    tried = {f"{rule.name} ({', '.join(rule.columns)})": rule.broken for rule in rules}
    for group in contract.one_of:
        empty = [pl.col(name).is_null() for name in group if name in frame.columns] or [pl.lit(value=True)]
        tried[f"{' or '.join(group)}: empty"] = pl.all_horizontal(empty)
    sentences = []
    for rule, expression in tried.items():
        bad = frame.with_columns(expression.fill_null(value=False).alias("bad"))["bad"]
        if bad.any():
            sentences.append(f"{rule}: {int(bad.sum()):,} of {len(frame):,} rows (first: row {int(bad.arg_true()[0])})")
    return sentences


def _missing(name: str, present: list[str]) -> str:
    near = nearest(name, present)
    hint = f"did you mean {near!r}" if near else "the frame has " + (", ".join(present) or "no columns")
    return f"column {name!r} is missing ({hint})"


def _broken(series: pl.Series, column: Column) -> list[str]:
    """Return a sentence for each rule that some row of the column breaks, with its first row."""
    # A finite sum implies that every value is finite, at a tenth of the cost of checking each.
    may_be_odd = series.dtype.is_float() and not math.isfinite(series.sum())
    rules = {
        "null": series.is_null() if series.null_count() and not column.nullable else None,
        "not a number": series.is_nan() if may_be_odd else None,
        "infinite": series.is_infinite() if may_be_odd else None,
        **_beyond(series, column),
        f"none of {', '.join(column.allowed)}": ~series.is_in(list(column.allowed)) if column.allowed else None,
    }
    sentences = []
    for rule, bad in rules.items():
        if bad is None or not (found := int(bad.sum() or 0)):
            continue
        first = int(bad.fill_null(value=False).arg_true()[0])
        sentences.append(
            f"{column.name}: {found:,} of {len(series):,} rows are {rule} (first: row {first}, {_cell(series[first], column)})"
        )
    return sentences


def _beyond(series: pl.Series, column: Column) -> dict[str, pl.Series]:
    """Return the rows beyond each bound that some row exceeds; the extremes show this at a tenth of the cost."""
    if {column.low, column.above, column.high} == {None}:
        return {}
    least, most = series.min(), series.max()
    if least is None or most is None:
        return {}
    found = {}
    if column.low is not None and least < column.low:  # type: ignore[operator]
        found[f"below {column.low:g}"] = series < column.low
    if column.above is not None and least <= column.above:  # type: ignore[operator]
        found[f"not above {column.above:g}"] = series <= column.above
    if column.high is not None and most > column.high:  # type: ignore[operator]
        found[f"over {column.high:g}"] = series > column.high
    # NaN and infinite values are reported as such, and not also as too large.
    return {rule: rows & series.is_finite() for rule, rows in found.items()} if series.dtype.is_float() else found


def _repeated(frame: pl.DataFrame, key: tuple[str, ...]) -> list[str]:
    there = [name for name in key if name in frame.columns]
    if not there or not len(frame):
        return []
    if len(there) == 1 and _rising(frame[there[0]]):
        return []
    # Counting distinct keys costs a third of marking the repeated ones, and most frames have none.
    distinct = frame[there[0]].n_unique() if len(there) == 1 else frame.select(there).n_unique()
    if distinct == len(frame):
        return []
    again = frame.select(there).is_duplicated()
    return [f"{int(again.sum()):,} rows share a key ({', '.join(there)}); first: row {int(again.arg_true()[0])}"]


def _cell(value: Any, column: Column) -> str:
    """Return the part of a value that a message may show."""
    return outline(value, column.allowed) if column.personal_data == "none" else shape(value)


def _rising(keys: pl.Series) -> bool:
    """Return whether each key is above the one before it, as in frames sorted by id: then no key is repeated."""
    return not keys.null_count() and bool((keys[1:] > keys[:-1]).all())
