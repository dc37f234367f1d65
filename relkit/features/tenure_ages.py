"""Ages of customers whose tenure is known in whole weeks, months or years only.

Such a tenure states an interval: the age of a customer of tenure 3 lies between 2 and 3 units if started units are counted, between 3
and 4 if completed ones are, between 2.5 and 3.5 if it was rounded. To place all ends at one age would make the curve fall once a unit,
and 90 days ahead reach two months of three, or no year at all.

Within its interval each end is placed as if the hazard were constant there. With the n customers who reach an interval, of whom c run and d
end in it, the hazard of the interval is h = -log(1 - p), p = d / (n - c / 2) (the actuarial estimate, running customers being
exposed for half of it: Cutler and Ederer 1958). An end at the share q of the ends of its interval is placed at the share
-log(1 - q p) / h of its length, the quantile of the truncated exponential. The shares q are those of the golden ratio's sequence,
in the order of the ids, so that they are even, and depend neither on chance nor on the order of the rows. Customers who run are spread
evenly over the interval to learn from, as if they had come evenly, and each is scored at its middle.

The curve at the ends of units is that of the file; between them log S falls on a straight line, which is an interpolation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.features.known_rows import known_rows
from relkit.features.snapshot_covariates import with_role
from relkit.units import DAYS_PER_MONTH, DAYS_PER_YEAR

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

DAYS = {"days": 1.0, "weeks": 7.0, "months": DAYS_PER_MONTH, "years": DAYS_PER_YEAR}
"""Days in a unit of tenure."""
BELOW = {"started": 1.0, "completed": 0.0, "nearest": 0.5}
"""Units by which an age may be below the tenure; it is above by what is missing to one."""
ROUNDED = 0.7
"""Largest share of the customers of tenures 1 and 2 that have a tenure of 0 if units are rounded: it stands for half a unit only."""
_GOLDEN = (np.sqrt(5.0) - 1) / 2
_ROUNDING, _MOST = 1e-6, 0.999


@dataclass(frozen=True, kw_only=True)
class TenureCount:
    """The units that a tenure counts.

    Attributes:
        unit: weeks, months or years.
        counts: started, completed or nearest.
        is_declared: whether the mapping declares it; if not, the tenures of 0 decided.
    """

    unit: str
    counts: str
    is_declared: bool

    def interval(self, tenure: Floats) -> tuple[Floats, Floats]:
        """Return the ages, in days, between which tenures (days) lie.

        Examples:
            >>> months = TenureCount(unit="months", counts="nearest", is_declared=True)
            >>> [age.tolist() for age in months.interval(np.array([0.0, 30.4375]))]
            [[0.0, 15.21875], [15.21875, 45.65625]]
        """
        days, below = DAYS[self.unit], BELOW[self.counts]
        return np.maximum(tenure - below * days, 0.0), np.maximum(tenure + (1 - below) * days, 0.0)


def tenure_count(tenure: Floats, ended: Flags, *, unit: str, declared: str = "") -> TenureCount | None:
    """Return the units that tenures count; None if they are known to the day, or not in whole units.

    If nothing is declared: nobody leaves at a tenure of 0 if started units are counted; else units are completed, or rounded if
    so few have a tenure of 0 that it must stand for half a unit (`ROUNDED`). Tenures that all end on a half are middles of units.

    Args:
        tenure: shape (n,), in units.
        ended: shape (n,), whether the customer has left.
        unit: of the tenures.
        declared: what the mapping declares; empty for nothing.

    Examples:
        >>> tenure_count(np.array([0.0, 1.0, 1.0, 2.0]), np.array([False, True, False, True]), unit="months").counts
        'started'
        >>> tenure_count(np.array([0.0, 0.0, 1.0, 2.0]), np.array([True, False, False, True]), unit="years").counts
        'completed'
    """
    part = tenure - np.floor(tenure)
    if unit == "days" or not len(tenure) or np.abs(part - part[0]).max() > _ROUNDING:
        return None
    if abs(part[0] - 0.5) <= _ROUNDING:
        return TenureCount(unit=unit, counts="nearest", is_declared=True)
    if min(part[0], 1 - part[0]) > _ROUNDING:
        return None
    return TenureCount(unit=unit, counts=declared or _counted(np.rint(tenure), ended), is_declared=bool(declared))


def _counted(tenure: Floats, ended: Flags) -> str:
    none = tenure == 0
    if not (none & ended).any():
        return "started"
    return "nearest" if none.sum() < ROUNDED * np.isin(tenure, (1.0, 2.0)).sum() / 2 else "completed"


def count_of(tables: TableSet, as_of: AsOf) -> TenureCount | None:
    """Return the units that the tenures of the only snapshot known count; None if there are several snapshots, or tenures are exact.

    With several, days are counted by the dates of the snapshots, which are finer.
    """
    tenure, ended = with_role(tables, "tenure"), with_role(tables, "ended")
    if tenure is None or ended is None:
        return None
    rows = known_rows(tables, "customer_snapshots", as_of, "customer_id", "as_of", tenure, ended).collect(engine="streaming")
    known = rows.filter(pl.col(tenure) >= 0, pl.col(ended).is_not_null())
    if rows["as_of"].n_unique() != 1:
        return None
    declared = tables.facts.attributes[tenure]
    values = known[tenure].cast(pl.Float64).to_numpy()
    return tenure_count(values, known[ended].to_numpy(), unit=declared["unit"], declared=declared.get("counts", ""))


def placed(tenure: Floats, ended: Flags, ids: pl.Series, counts: TenureCount) -> Floats:
    """Return an age for each customer within the interval that the tenure states, shape (n,), in whole days.

    Args:
        tenure: shape (n,), days.
        ended: shape (n,), whether the customer has left.
        ids: of the customers; they decide the order within an interval.
        counts: the units counted.

    Examples:
        >>> years = TenureCount(unit="years", counts="completed", is_declared=True)
        >>> placed(np.zeros(3), np.array([True, True, False]), pl.Series(["a", "b", "c"]), years).tolist()
        [116.0, 23.0, 183.0]
    """
    low, high = counts.interval(tenure)
    order = np.lexsort((ids.rank("ordinal").to_numpy(), ended, low))
    levels, level, reached = np.unique(low, return_inverse=True, return_counts=True)
    ends = np.bincount(level, ended, len(levels))
    reach = np.cumsum(reached[::-1])[::-1]
    share = np.minimum(ends / np.maximum(reach - (reached - ends) / 2, 1.0), _MOST)
    first = np.cumsum(reached) - reached
    number = np.arange(len(order)) - first[level[order]]
    even = np.empty(len(order))
    # In each interval those who run come first.
    even[order] = (0.5 + np.where(ended[order], number - (reached - ends)[level[order]], number) * _GOLDEN) % 1.0
    p = np.maximum(share, _ROUNDING)[level]
    of_ends = np.log1p(-even * p) / np.log1p(-p)
    within = np.where(ended, of_ends, even)
    return np.clip(np.rint(low + within * (high - low)), np.minimum(1.0, high), high)


def middle(tenure: Floats, counts: TenureCount) -> Floats:
    """Return the age in the middle of the interval that each tenure (days) states, shape (n,): that of a customer who is scored."""
    low, high = counts.interval(tenure)
    return np.asarray((low + high) / 2)


def at_middle(spells: pl.DataFrame) -> pl.DataFrame:
    """Return spells of those who run at the middle of the ages that their tenures state; contracts are known to the day, and unchanged.

    Examples:
        >>> at_middle(pl.DataFrame({"duration_days": [40.0], "from_middle_days": [-5.5]})).rows()
        [(45.5, 0.0)]
    """
    if "from_middle_days" not in spells.columns:
        return spells
    return spells.with_columns(pl.col("duration_days") - pl.col("from_middle_days"), from_middle_days=pl.lit(0.0))
