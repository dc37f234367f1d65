"""Segments of contracts: a column of the spells in a handful of groups, none so small that it identifies a person.

    segments = Segments.of(spells, "monthly_amount")
    segments.places(spells)             the place of each contract's segment, from 0; null if it is in none

Each text or truth value is a segment, and so is each number if there are up to six; other numbers are cut into quarters, dates
grouped by year. Values with fewer than ten contracts, and all past the five most frequent, form one segment of others. If
even these are fewer than ten they are in no segment. The cuts are kept, so that other rows, such as those of an earlier day,
fall into the same segments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

Kind = Literal["text", "flag", "number", "quarters"]

SMALLEST = 10
"""Fewest contracts of a segment."""
MOST = 6
"""Most segments, the others included."""
NO_SEGMENTS = frozenset(
    {
        *("customer_id", "contract_id", "status", "started_on", "ended_on", "end_reason", "is_active"),
        *("duration_days", "event", "entry_days", "as_of", "recorded_at", "snapshot_age_days"),
    }
)
"""Columns of the spells that identify the customer, the time and the outcome."""
_DAY = r"^(\d{4})-\d{2}-\d{2}( .*)?$"
"""A day or an instant, as text: its year is taken."""


@dataclass(frozen=True, kw_only=True)
class Segments:
    """Rule that divides a column into segments.

    Attributes:
        column: of the spells.
        kind: what its values are.
        values: of the segments, in order, as text; None stands for empty. Of a flag "0" and "1", of quarters "0" to "3".
        edges: inner edges of the quarters, ascending; empty if values are taken as they are.
        is_whole: whether the column holds integers, so that a quarter above 1 begins at 2.
        has_others: whether a last segment contains all other values.
        left_out: contracts in no segment.
    """

    column: str
    kind: Kind
    values: tuple[str | None, ...]
    edges: tuple[float, ...] = ()
    is_whole: bool = False
    has_others: bool = False
    left_out: int = 0

    @classmethod
    def of(cls, spells: pl.DataFrame, column: str) -> Segments:
        """Return the segments of a column.

        Examples:
            >>> frame = pl.DataFrame({"product": ["a"] * 20 + ["b"] * 12 + ["c"] * 3})
            >>> segments = Segments.of(frame, "product")
            >>> segments.values, segments.has_others, segments.left_out
            (('a', 'b'), False, 3)
        """
        edges, kind = _edges(spells[column]), _kind(spells[column])
        counts = spells.select(_value(column, kind, edges)).group_by(column).agg(n=pl.len()).sort(["n", column], descending=[True, False])
        enough = counts.filter(pl.col("n") >= SMALLEST)
        kept = enough if len(enough) == len(counts) <= MOST else enough.head(MOST - 1)
        rest = len(spells) - int(kept["n"].sum())
        has_others = rest >= SMALLEST
        values = tuple(sorted(kept[column].to_list(), key=_order))
        whole, left_out = spells[column].dtype.is_integer(), 0 if has_others else rest
        return cls(column=column, kind=kind, values=values, edges=edges, is_whole=whole, has_others=has_others, left_out=left_out)

    def __len__(self) -> int:
        """Return the number of segments."""
        return len(self.values) + self.has_others

    def places(self, frame: pl.DataFrame) -> pl.Series:
        """Return the place of each row's segment, from 0; null if it is in none."""
        value, other = _value(self.column, self.kind, self.edges), pl.lit(len(self.values) if self.has_others else None, pl.Int32)
        place = other
        for k, mine in enumerate(self.values):
            place = pl.when(value.eq_missing(pl.lit(mine, pl.String))).then(pl.lit(k, pl.Int32)).otherwise(place)
        return frame.with_columns(segment=place)["segment"]


def candidates(spells: pl.DataFrame) -> tuple[str, ...]:
    """Return the columns by which contracts may be segmented, in their order.

    A margin is left out if the amount that it is a share of is present, and so is what looks like a name: a text with more
    values than one in ten contracts.

    Examples:
        >>> rows = {"customer_id": ["1", "2"], "event": [True, False], "term_months": [0.0, 12.0], "note": ["x", "y"]}
        >>> candidates(pl.DataFrame(rows))
        ('term_months',)
    """
    redundant = {"monthly_margin"} if "monthly_amount" in spells.columns else set()
    return tuple(name for name in spells.columns if name not in NO_SEGMENTS | redundant and _tells(spells[name]))


def _tells(column: pl.Series) -> bool:
    distinct = column.n_unique()
    if column.dtype == pl.String:
        return 1 < distinct <= len(column) / 10
    return distinct > 1 and (column.dtype.is_numeric() or column.dtype == pl.Boolean)


def _kind(column: pl.Series) -> Kind:
    if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        return "text"
    known = column.drop_nulls().cast(pl.Float64).drop_nans()
    if known.is_in([0.0, 1.0]).all():
        return "flag"
    return "quarters" if known.n_unique() > MOST else "number"


def _edges(column: pl.Series) -> tuple[float, ...]:
    """Return the inner quartiles of a number with many values; empty for another column."""
    if _kind(column) != "quarters":
        return ()
    known = column.cast(pl.Float64).drop_nulls().drop_nans()
    below = known.filter(known < known.max())  # if most values are the largest, the next smaller one is the only edge
    inner = {float(known.quantile(share, "nearest") or 0.0) for share in (0.25, 0.5, 0.75)}
    return tuple(sorted(edge for edge in inner if edge <= float(below.max()))) or (float(below.max()),)  # type: ignore[arg-type]


def _value(column: str, kind: Kind, edges: tuple[float, ...]) -> pl.Expr:
    """Return the value that defines a segment, as text: a quarter is 0 if the number lies at or below the first edge."""
    if kind == "text":
        return pl.col(column).cast(pl.String).str.replace(_DAY, "$1")
    given = pl.col(column).cast(pl.Float64).fill_nan(None)
    if kind != "quarters":
        return given.cast(pl.String).str.strip_suffix(".0")
    above = pl.sum_horizontal(pl.lit(0), *((given > edge).cast(pl.Int32) for edge in edges))
    return pl.when(given.is_not_null()).then(above).cast(pl.String).alias(column)


def _order(value: str | None) -> tuple[bool, float, str]:
    """Return the sort key of a value: numbers by size, texts by letter, empty last."""
    try:
        return value is None, float(value or 0), ""
    except ValueError:
        return False, float("inf"), str(value)
