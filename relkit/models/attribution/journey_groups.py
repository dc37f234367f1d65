"""Groups of journeys that have credit of their own: all of them, each segment, each period, and both at once.

for grouping in groupings_of(paths):
    conversions = grouping.sums(paths.conversions)       one number per group
    table += [(group, ...) for group in grouping.groups]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.models.attribution.credit import GROUP, GROUP_SCHEMA, TOTALS_SCHEMA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.models.attribution.coded_paths import CodedPaths, Floats, Ints

UNKNOWN = "unknown"
"""Segment of journeys of which none is known."""


@dataclass(frozen=True, eq=False)
class Grouping:
    """One way to group rows of paths.

    Attributes:
        groups: segment and period of each group, as far as it is defined by them.
        codes: group of each row; (rows,) int64. Rows without a period are in no group by period, and have the code -1.
    """

    groups: tuple[dict[str, Any], ...]
    codes: Ints

    def sums(self, amounts: Floats) -> Floats:
        """Return the sums of amounts of the rows by group; (groups,) float64."""
        return sums_by(self.codes, amounts, len(self.groups))

    def where(self, rows: NDArray[np.bool_]) -> Grouping:
        """Return the same groups of the rows kept."""
        return Grouping(groups=self.groups, codes=self.codes[rows])


def sums_by(codes: Ints, amounts: Floats, cells: int) -> Floats:
    """Return the sums of amounts by code, those with a negative one left out; (cells,)."""
    kept = codes >= 0
    if cells == 1 and kept.all():
        return np.array([amounts.sum()], np.float64)
    if kept.all():
        return np.bincount(codes, amounts, minlength=cells).astype(np.float64, copy=False)
    return np.bincount(codes[kept], amounts[kept], minlength=cells).astype(np.float64, copy=False)


def groupings_of(paths: CodedPaths) -> tuple[Grouping, ...]:
    """Return the groupings that paths have columns for, that of all rows first.

    Examples:
        >>> from relkit.models.attribution.coded_paths import CodedPaths
        >>> frame = pl.DataFrame({"channels": [["a"], ["b"]], "conversions": [1.0, 2.0], "segment": ["new", None]})
        >>> [(each.groups, each.codes.tolist()) for each in groupings_of(CodedPaths.of(frame))]
        [(({},), [0, 0]), (({'segment': 'new'}, {'segment': 'unknown'}), [0, 1])]
    """
    names = [name for name in GROUP if name in paths.groups.columns and paths.groups[name].null_count() < paths.rows]
    whole = Grouping(groups=({},), codes=np.zeros(paths.rows, np.int64))
    several = [names] if len(names) > 1 else []
    return (whole, *(_grouping(paths.groups, chosen) for chosen in [*([name] for name in names), *several]))


def totals_of(paths: CodedPaths) -> pl.DataFrame:
    """Return segment, period and the columns of `TOTALS_SCHEMA`: one row per group, that of all journeys first.

    The value of rows without a conversion is reported as null_value, and neither in the value nor credited.

    Examples:
        >>> from relkit.models.attribution.coded_paths import CodedPaths
        >>> frame = pl.DataFrame({"channels": [["a"], [], ["a"]], "conversions": [1, 2, 0], "nulls": [0, 0, 9], "value": [5.0, 8.0, 3.0]})
        >>> totals_of(CodedPaths.of(frame)).drop("segment", "period").row(0)
        (12.0, 3.0, 13.0, 2.0, 8.0, 9.0, 3.0)
    """
    schema = GROUP_SCHEMA | TOTALS_SCHEMA
    tables = [pl.DataFrame(_totals(paths, grouping), schema=schema) for grouping in groupings_of(paths)]
    return pl.concat(tables).sort(*GROUP)


def credited_value(paths: CodedPaths) -> Floats:
    """Return the value of each row that is there to be credited: none on rows without a conversion; (rows,)."""
    value: Floats = np.where(paths.conversions > 0, paths.value, 0.0)
    return value


def _grouping(columns: pl.DataFrame, names: list[str]) -> Grouping:
    """Return the groups of rows with equal segment and period, ascending."""
    filled = columns.select(pl.col(name).fill_null(UNKNOWN) if name == "segment" else pl.col(name) for name in names)
    groups = filled.unique().drop_nulls().sort(names).with_row_index("code")
    codes = filled.join(groups, on=names, how="left", maintain_order="left")["code"].cast(pl.Int64).fill_null(-1)
    return Grouping(groups=tuple(groups.drop("code").iter_rows(named=True)), codes=codes.to_numpy())


def _totals(paths: CodedPaths, grouping: Grouping) -> dict[str, Any]:
    """Return the columns of totals of one grouping."""
    untouched = paths.lengths == 0
    value = credited_value(paths)
    amounts = {
        "journeys": paths.conversions + paths.nulls,
        "conversions": paths.conversions,
        "value": value,
        "unattributed": paths.conversions * untouched,
        "unattributed_value": value * untouched,
        "nulls": paths.nulls,
        "null_value": paths.value - value,
    }
    own = {name: [group.get(name) for group in grouping.groups] for name in GROUP}
    return own | {name: grouping.sums(amount) for name, amount in amounts.items()}
