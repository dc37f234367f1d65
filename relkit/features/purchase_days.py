"""Purchase days of customers and their value: the basis of all measures of purchasing.

What counts. A purchase is a business day on which an identified customer has a sale line that was known
at the cutoff; all lines of a day are one purchase, whatever their number or amount (a free article is a
purchase too). Fees and gift cards are neither purchase nor revenue. A return lowers revenue and margin
but does not undo the purchase: the customer did come.

Cancelled the same day. A cancel line takes its amount off the sales of the same customer, business day
and product (product only if lines have one), and never below zero. A day of which nothing is left
was no purchase. A cancel on a later day is treated as a return.

Value. The value of a purchase is the amount of its sale lines less what was cancelled that day, before
returns. Revenue net of returns is in `relkit.features.revenue`.

Sums are rounded to the sixth decimal: lines are added in no fixed order, and this way the same lines always
give the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.features.coded_lines import buyers, known_lines
from relkit.tables.kept import kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

_CELL = ("customer", "day")
_DAY_BITS = 32


def purchase_days(tables: TableSet, as_of: AsOf, *, since: AsOf | None = None) -> pl.DataFrame:
    """Return one row per purchase, in order of customer and day, test accounts left out.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        since: purchases after this cutoff only; None for all.

    Returns:
        customer_id (an Enum of the customers present, in order), day (business day), value.

    Raises:
        TableError: there is no transactions table.
    """
    return _named(coded_days(tables, as_of, since=since), tables)


def coded_days(tables: TableSet, as_of: AsOf, *, since: AsOf | None = None) -> pl.DataFrame:
    """Return the same rows with customer (u32), the position in `relkit.features.coded_lines.buyers`, in place of customer_id.

    Arguments and errors are those of `purchase_days`.
    """
    edges = (as_of,) if since is None else (as_of, since)
    return kept(tables, "purchase_days", lambda: _coded_days(tables, as_of, since), *edges)


def _named(days: pl.DataFrame, tables: TableSet) -> pl.DataFrame:
    """Return coded purchase days with the names of the customers present, renumbered."""
    codes = days["customer"].to_numpy()
    is_new = np.diff(codes, prepend=codes[:1]) != 0
    names = buyers(tables)["customer_id"].gather(codes[_starts(is_new)]) if len(codes) else pl.Series("customer_id", [], pl.String)
    numbers = pl.Series("customer_id", np.cumsum(is_new), pl.UInt32)
    return days.select(numbers.cat.to(pl.Enum(names)) if len(codes) else names.cast(pl.Enum([])), "day", "value")


def _coded_days(tables: TableSet, as_of: AsOf, since: AsOf | None) -> pl.DataFrame:
    """Return customer (code), day and value of each purchase."""
    lines = _sold_and_cancelled(tables, as_of, since)
    if lines.is_empty():
        return lines.select(*_CELL, value="net_amount")
    cells = _cells(lines)
    kept_days = cells.filter("whole").select(*_CELL, "value")
    if len(kept_days) < cells["sold"].sum():
        mixed = cells.filter(pl.col("sold") & ~pl.col("whole")).select(_CELL)
        kept_days = pl.concat([kept_days, _settled(lines, mixed)]).sort(_CELL)
    testers = buyers(tables).with_row_index("customer").filter("is_test")
    return kept_days.join(testers, on="customer", how="anti", maintain_order="left") if len(testers) else kept_days


def _sold_and_cancelled(tables: TableSet, as_of: AsOf, since: AsOf | None) -> pl.DataFrame:
    lines = known_lines(tables, as_of).filter(pl.col("line_kind").is_in(["sale", "cancel"]))
    if since is not None:
        lines = lines.filter(pl.col("occurred_at") >= since.cutoff)
    is_sale = (pl.col("line_kind") == "sale").alias("is_sale")
    return lines.select(*_CELL, "product_id", pl.col("net_amount").fill_null(0.0), is_sale).collect()


def _cells(lines: pl.DataFrame) -> pl.DataFrame:
    """Return each customer's days: the sum of the sales, whether any line is a sale, and whether all are; lines are in order."""
    starts = _day_starts(lines)
    sold = lines["is_sale"].to_numpy()
    amounts = np.where(sold, lines["net_amount"].to_numpy(), 0.0)
    return lines.select(_CELL)[starts].with_columns(
        value=pl.Series(np.add.reduceat(amounts, starts)).round(6),
        sold=pl.Series(np.logical_or.reduceat(sold, starts)),
        whole=pl.Series(np.logical_and.reduceat(sold, starts)),
    )


def _day_starts(lines: pl.DataFrame) -> NDArray[np.int64]:
    """Return the position of the first line of each customer's day, lines being in order."""
    keys = lines["customer"].to_numpy().astype(np.int64) << _DAY_BITS
    keys += lines["day"].to_physical().to_numpy()
    return _starts(np.diff(keys, prepend=keys[:1]) != 0)


def _starts(is_new: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the first positions of groups, given whether an element differs from the one before it."""
    return np.concatenate(([0], np.flatnonzero(is_new)))


def _settled(lines: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Return the rest of days with both sales and cancels, product by product."""
    left = pl.col("net_amount")
    return (
        lines.lazy()
        .join(days.lazy(), on=_CELL, how="semi")
        .group_by(*_CELL, "product_id")
        .agg(left.sum().round(6), sold=pl.col("is_sale").any(), whole=pl.col("is_sale").all())
        .filter(pl.col("sold") & (pl.col("whole") | (left > 0)))
        .group_by(_CELL)
        .agg(left.sum().round(6).alias("value"))
        .collect(engine="streaming")
    )


def names_of(days: pl.DataFrame) -> pl.Series:
    """Return the customers of purchase days in order: the position of a name is its code in the Enum."""
    dtype = days.schema["customer_id"]
    assert isinstance(dtype, pl.Enum)
    return dtype.categories
