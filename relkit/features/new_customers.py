"""Customers won in the last twelve months, month by month.

Months are twelfths of a year, counted back from the as-of day. Customers who may have bought before the data start are not new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.features.purchase_days import coded_days
from relkit.features.purchases import purchase_summary, summary_codes
from relkit.units import DAYS_PER_MONTH, DAYS_PER_YEAR, LEFT_WINDOW_DAYS

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

MONTHS = 12


@dataclass(frozen=True, eq=False, kw_only=True)
class CustomersWon:
    """Acquisition of the last twelve months.

    Attributes:
        counts: customers won in each month, the earliest first; empty if the history is shorter.
        year_before: customers won in the twelve months before; None if the data do not reach back so far.
        mean_order_value: mean value of the purchase days of the customers won; None without any.
        customers: their ids.
    """

    counts: tuple[int, ...]
    year_before: int | None
    mean_order_value: float | None
    customers: pl.Series


def customers_won(tables: TableSet, as_of: AsOf) -> CustomersWon:
    """Return the customers won in the twelve months up to a day.

    Raises:
        TableError: there is no transactions table.
    """
    seen = purchase_summary(tables, as_of).with_columns(summary_codes(tables, as_of))
    age = (pl.lit(as_of.day) - pl.col("first_order_on")).dt.total_days()
    dated = seen.filter(~pl.col("is_left_censored")).with_columns(month=(age / DAYS_PER_MONTH).floor().cast(pl.Int64))
    last, before = dated.filter(pl.col("month") < MONTHS), dated.filter(pl.col("month").is_between(MONTHS, 2 * MONTHS - 1))
    found = dict(last.group_by("month").len().iter_rows())
    bought = coded_days(tables, as_of).join(last.select("customer"), on="customer", how="semi")
    starts: Any = tables.facts.history_starts_on or seen["first_order_on"].min()
    known = (as_of.day - starts).days - LEFT_WINDOW_DAYS if starts is not None else 0
    return CustomersWon(
        counts=tuple(found.get(month, 0) for month in reversed(range(MONTHS))) if known >= DAYS_PER_YEAR else (),
        year_before=len(before) if known >= 2 * DAYS_PER_YEAR else None,
        mean_order_value=bought["value"].mean(),  # type: ignore[arg-type]
        customers=last["customer_id"],
    )
