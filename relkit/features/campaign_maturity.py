"""The day up to which outcomes of campaigns are known: units whose windows end later are not mature, and wait.

Outcomes are known up to the as-of, but no later than the transactions go. Where they show a rhythm (`FEWEST_DAYS` days with sales), a
source that has been silent for longer than ever before has ended, and is known up to its last day plus its longest silence.

Returns settle. The sales of a window are known net of returns once nearly all of what comes back is back: `SETTLED_SHARE` of it by the
distribution of the lags of past returns (`relkit.features.return_lags`). With fewer than `FEWEST` known returns there is no such
distribution, and nothing is waited for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.features.coded_lines import all_known_lines
from relkit.features.return_lags import return_lags
from relkit.features.returned_sales import returned_sales
from relkit.tables.kept import kept

if TYPE_CHECKING:
    from datetime import date

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

FEWEST_DAYS = 60
"""Fewest days with sales from which the end of a source is recognised."""
SETTLED_SHARE = 0.95
"""Share of what comes back that must be back."""


@dataclass(frozen=True)
class Maturity:
    """The time at which outcomes are known.

    Attributes:
        known_until: last day whose sales are known.
        settle_days: days after a window until its returns are settled; 0 if too few are known to tell.
    """

    known_until: date
    settle_days: int

    def is_mature(self, length_days: int) -> pl.Expr:
        """Return whether windows of this length, counted from `drawn_on`, are known and settled."""
        ends = pl.col("drawn_on").dt.offset_by(f"{length_days + self.settle_days}d")
        return ends <= pl.lit(self.known_until)


def maturity_of(tables: TableSet, as_of: AsOf) -> Maturity:
    """Return the time at which outcomes are known, for these tables as of a cutoff."""
    if not tables.has("transactions"):
        return Maturity(as_of.day, 0)
    return Maturity(min(as_of.day, _end_of_sales(tables, as_of)), settle_days(tables, as_of))


def _end_of_sales(tables: TableSet, as_of: AsOf) -> date:
    """Return the last day up to which transactions are known to be complete."""
    days = kept(tables, "days_sold", lambda: _days_sold(tables, as_of), as_of)["day"]
    if len(days) < FEWEST_DAYS:
        return as_of.day
    longest = int(np.diff(days.to_physical().to_numpy()).max())
    last: date = days[-1]
    return last + timedelta(days=longest)


def _days_sold(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    return all_known_lines(tables, as_of).select(pl.col("day").unique()).collect(engine="streaming").drop_nulls().sort("day")


def settle_days(tables: TableSet, as_of: AsOf) -> int:
    """Return the days after which `SETTLED_SHARE` of what comes back is back; 0 if too few returns are known."""
    linked = returned_sales(tables, as_of).drop_nulls("sale_day")
    lag = (linked["day"] - linked["sale_day"]).dt.total_days().to_numpy().astype(np.int64)
    age = (pl.Series([as_of.day]) - linked["sale_day"]).dt.total_days().to_numpy().astype(np.int64)
    lags = return_lags(lag, age, linked["amount"].to_numpy()) if len(linked) else None
    return 0 if lags is None or not lags.returns else lags.days_until(SETTLED_SHARE)
