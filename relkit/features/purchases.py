"""Purchases of identified customers: the repeat-purchase summary, and the purchases of the holdout.

The definition of a purchase and of its value is in `relkit.features.purchase_days`;
`first_value` is that of the first, and `mean_repeat_value` the mean over the purchases after it: the gamma-gamma model reads both.

Left-censored. A source that starts on a day does not show who was a customer before. Nobody was if the mapping
declares `history_starts_with_company`. Otherwise, if
`customers.created_on` is known it decides: created before `history_starts_on` is left-censored. Otherwise a
customer whose first purchase falls within the first `LEFT_WINDOW_DAYS` days of the history is flagged:
most of those who bought before and are still alive come back within the window, and so look new. The
rows stay, with the flag; models of purchases give these customers a rate of their own
(`relkit.models.lifetime_value.older_customers`).

Time. `last_purchase_age_days` is t_x, the age of the customer at the last purchase, and
`observed_days` is T, both counted in whole days from the first purchase (Fader, Hardie and Lee 2005).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.errors import TableError
from relkit.features.coded_lines import buyers, buyers_as_customers
from relkit.features.key_sort import sorted_keys
from relkit.features.known_rows import is_known
from relkit.features.purchase_days import coded_days
from relkit.features.snapshots import last_snapshots, outcome_attributes
from relkit.tables.kept import kept
from relkit.units import LEFT_WINDOW_DAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.periods import AsOf, Holdout
    from relkit.tables.table_set import TableSet

ATTRIBUTES = ("country", "language", "type", "birth_year")
"""Columns of the customers table that may explain how customers buy."""

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, eq=False)
class PurchaseArrays:
    """The repeat-purchase summary, one element per customer with a purchase, in order of their codes.

    Attributes:
        customers: codes, int64.
        repeat_purchases: x, distinct purchase days after the first.
        first_day, last_day: day numbers, in the unit that was given.
        last_purchase_age_days: t_x.
        observed_days: T.
        mean_repeat_value: value a repeat purchase; NaN when x = 0.
        first_value: value of the first purchase.
    """

    customers: NDArray[np.int64]
    repeat_purchases: NDArray[np.int32]
    first_day: NDArray[np.int32]
    last_day: NDArray[np.int32]
    last_purchase_age_days: NDArray[np.float64]
    observed_days: NDArray[np.float64]
    mean_repeat_value: NDArray[np.float64]
    first_value: NDArray[np.float64]


def summarise_purchases(customers: NDArray[Any], days: NDArray[Any], values: NDArray[np.float64], end_day: int) -> PurchaseArrays:
    """Return x, t_x, T and the mean value of repeat purchases, from lines in any order.

    Customer and day are packed into one integer, only these keys are sorted, and the boundaries of their
    groups give every count; no value is moved.

    Args:
        customers: codes from 0, preferably dense: memory grows with the largest one; (n,) integers.
        days: day numbers; (n,) integers, none after `end_day`.
        values: amount of each line; (n,).
        end_day: last day observed, from which T is counted.

    Examples:
        >>> seen = summarise_purchases(np.array([1, 0, 1, 1]), np.array([3, 5, 3, 9]), np.array([1.0, 2.0, 4.0, 8.0]), 10)
        >>> seen.repeat_purchases, seen.last_purchase_age_days, seen.observed_days, seen.mean_repeat_value
        (array([0, 1], dtype=int32), array([0., 6.]), array([5., 7.]), array([nan,  8.]))
    """
    if not len(customers):
        nobody = np.empty(0, np.int64)
        return _arrays(nobody, nobody, nobody, nobody, (np.empty(0), np.empty(0)), end_day)
    origin = int(days.min())
    bits = int(days.max() - origin).bit_length()
    keys, width = _packed_keys(customers, days, origin, bits)
    keys = sorted_keys(keys, width)
    starts, ends = _group_edges(keys, bits)
    found = (keys[starts] >> bits).astype(np.int64)
    first, last = _day(keys[starts], bits) + origin, _day(keys[ends], bits) + origin
    repeats = _distinct_days(keys, starts) - 1
    return _arrays(found, repeats, first, last, _totals(customers, days, values, found, first), end_day)


def _packed_keys(customers: NDArray[Any], days: NDArray[Any], origin: int, bits: int) -> tuple[NDArray[Any], int]:
    """Return customer << bits | day in the narrowest unsigned type that fits it, and the number of bits used."""
    width = int(customers.max()).bit_length() + bits
    if width > 64:
        raise TableError(
            f"customer codes need {width - bits} bits and days {bits}: over 64.", where="customers", remedy="Number customers from 0."
        )
    dtype = np.dtype(np.uint32 if width <= 32 else np.uint64)
    keys: NDArray[Any] = np.left_shift(customers, bits, dtype=dtype, casting="unsafe")
    np.add(keys, days, out=keys, dtype=dtype, casting="unsafe")  # wraps around, and the next line wraps back
    np.subtract(keys, dtype.type(origin % (1 << 8 * dtype.itemsize)), out=keys)
    return keys, width


def _group_edges(keys: NDArray[Any], bits: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last position of every customer among sorted keys."""
    codes = keys >> bits
    breaks = np.flatnonzero(codes[1:] != codes[:-1])
    return np.concatenate(([0], breaks + 1)), np.concatenate((breaks, [len(keys) - 1]))


def _day(keys: NDArray[Any], bits: int) -> NDArray[np.int64]:
    days: NDArray[np.int64] = np.bitwise_and(keys, keys.dtype.type((1 << bits) - 1)).astype(np.int64)
    return days


def _distinct_days(keys: NDArray[Any], starts: NDArray[np.int64]) -> NDArray[Any]:
    is_new = np.empty(len(keys), np.bool_)
    is_new[0] = True
    np.not_equal(keys[1:], keys[:-1], out=is_new[1:])
    return np.add.reduceat(is_new, starts, dtype=np.int32)


def _totals(
    customers: NDArray[Any], days: NDArray[Any], values: NDArray[np.float64], found: NDArray[np.int64], first: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the total value of each customer's first day, and after it, each summed directly: a difference would lose digits."""
    first_days = np.zeros(int(found[-1]) + 1, days.dtype)
    first_days[found] = first
    is_first = first_days[customers] == days
    begun = np.flatnonzero(is_first)  # as a rule a small part of the lines
    on_first = np.bincount(customers[begun], values[begun], minlength=len(first_days))
    after_first = np.bincount(customers, np.multiply(values, ~is_first), minlength=len(first_days))
    return np.asarray(on_first[found], np.float64), np.asarray(after_first[found], np.float64)


def _arrays(
    found: NDArray[np.int64],
    repeats: NDArray[Any],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    totals: tuple[NDArray[np.float64], NDArray[np.float64]],
    end_day: int,
) -> PurchaseArrays:
    return PurchaseArrays(
        customers=found,
        repeat_purchases=repeats.astype(np.int32),
        first_day=first.astype(np.int32),
        last_day=last.astype(np.int32),
        last_purchase_age_days=(last - first).astype(np.float64),
        observed_days=(end_day - first).astype(np.float64),
        mean_repeat_value=np.where(repeats > 0, totals[1] / np.maximum(repeats, 1), np.nan),
        first_value=totals[0],
    )


def purchase_summary_of(
    frame: pl.DataFrame, as_of_day: date, *, customer: str = "customer_id", day: str = "day", value: str = "value"
) -> pl.DataFrame:
    """Return the repeat-purchase summary of purchase lines in memory.

    Args:
        frame: one row per line; ids of any type, `day` a Date, `value` a number. Rows after `as_of_day`
            or without a customer are left out.
        as_of_day: last day observed.
        customer: name of the column of ids.
        day: name of the column of days.
        value: name of the column of amounts.

    Returns:
        One row per customer, in order of their ids: the customer column, repeat_purchases (x, i32),
        last_purchase_age_days (t_x), observed_days (T), mean_repeat_value (null when x = 0), first_value,
        first_order_on, last_order_on.

    Examples:
        >>> lines = pl.DataFrame(
        ...     {"customer_id": [7, 7, 8], "day": [date(2025, 1, 1), date(2025, 1, 8), date(2025, 1, 2)], "value": [5.0, 9.0, 1.0]}
        ... )
        >>> summary = purchase_summary_of(lines, date(2025, 1, 31))
        >>> summary.select("customer_id", "repeat_purchases", "last_purchase_age_days", "observed_days", "mean_repeat_value").rows()
        [(7, 1, 7.0, 30.0, 9.0), (8, 0, 0.0, 29.0, None)]
    """
    if frame[customer].null_count() or (len(frame) and frame[day].max() > as_of_day):  # type: ignore[operator]
        frame = frame.filter(pl.col(customer).is_not_null(), pl.col(day) <= as_of_day)
    ids, codes = _coded(frame[customer])
    days = frame[day].to_physical().to_numpy()
    arrays = summarise_purchases(codes, days, frame[value].cast(pl.Float64).to_numpy(), (as_of_day - _EPOCH).days)
    return _summary_frame(arrays, ids(arrays.customers).alias(customer))


def _coded(ids: pl.Series) -> tuple[Any, NDArray[Any]]:
    """Return a function from codes to ids, and the codes of `ids` from 0 in the order of the ids."""
    if ids.dtype.is_integer() and len(ids):
        low, high = int(ids.min()), int(ids.max())  # type: ignore[arg-type]
        if high - min(low, 0) < max(4 * len(ids), 1 << 16):
            offset = min(low, 0)
            numbers = ids.to_numpy()
            codes = numbers - offset if offset else numbers
            return lambda found: pl.Series(found + offset).cast(ids.dtype), codes
    distinct = ids.unique().sort()
    numbered = pl.DataFrame({"id": distinct}).with_row_index("code")
    joined = ids.alias("id").to_frame().join(numbered, on="id", how="left", maintain_order="left")
    return distinct.gather, joined["code"].cast(pl.Int64).to_numpy()


def _summary_frame(arrays: PurchaseArrays, ids: pl.Series) -> pl.DataFrame:
    return pl.DataFrame(
        [
            ids,
            pl.Series("repeat_purchases", arrays.repeat_purchases),
            pl.Series("last_purchase_age_days", arrays.last_purchase_age_days),
            pl.Series("observed_days", arrays.observed_days),
            pl.Series("mean_repeat_value", arrays.mean_repeat_value).fill_nan(None),
            pl.Series("first_value", arrays.first_value),
            pl.Series("first_order_on", arrays.first_day).cast(pl.Date),
            pl.Series("last_order_on", arrays.last_day).cast(pl.Date),
        ]
    )


def purchase_summary(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the repeat-purchase summary of every identified customer who had bought by `as_of`.

    A purchase and its value are defined in `relkit.features.purchase_days`, the rule for
    left-censored customers at the top of this module. Test accounts are left out.

    Returns:
        One row per customer, in order of customer_id (text): the columns of `purchase_summary_of`, and
        is_left_censored.

    Raises:
        TableError: there is no transactions table.
    """
    return kept(tables, "purchase_summary", lambda: _summary(tables, as_of), as_of)


def _summary(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    days = coded_days(tables, as_of)
    arrays = summarise_purchases(
        days["customer"].to_numpy(), days["day"].to_physical().to_numpy(), days["value"].to_numpy(), (as_of.day - _EPOCH).days
    )
    ids = buyers(tables)["customer_id"].gather(arrays.customers)
    created = _created(tables)
    starts_on = tables.facts.history_starts_on or _first_purchase_on(tables, as_of)
    return _marked(_summary_frame(arrays, ids), None if created is None else created.gather(arrays.customers), tables, starts_on)


def _first_purchase_on(tables: TableSet, as_of: AsOf) -> date | None:
    """Return the day of the first purchase of all customers, also if the rows of some are read; None if nobody bought."""
    first: date | None = coded_days(tables.whole, as_of)["day"].min()  # type: ignore[assignment]
    return first


def _created(tables: TableSet) -> pl.Series | None:
    """Return the day on which each buyer was created, by code; None if no table gives it."""
    if not tables.has("customers") or "created_on" not in tables.columns("customers"):
        return None
    return buyers_as_customers(tables)["created_on"]


def _marked(summary: pl.DataFrame, created_on: pl.Series | None, tables: TableSet, starts_on: date | None) -> pl.DataFrame:
    """Return a summary with is_left_censored, by the day on which a customer was created if it is known."""
    if tables.facts.history_starts_with_company:
        return summary.with_columns(is_left_censored=pl.lit(value=False))
    by_purchase = pl.col("first_order_on") < pl.lit(starts_on, pl.Date) + timedelta(days=LEFT_WINDOW_DAYS)
    by_creation = pl.lit(None, pl.Boolean) if created_on is None else pl.lit(created_on) < pl.lit(starts_on, pl.Date)
    return summary.with_columns(pl.coalesce(by_creation, by_purchase).alias("is_left_censored"))


def purchase_features(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return `purchase_summary` with the known attributes of each customer, which a model may take as covariates.

    Returns:
        The columns of `purchase_summary`, those of `ATTRIBUTES` that the customers table has (type is a person if the table gives
        none), and the attributes of the last snapshot, unless the name is taken.
    """
    return kept(tables, "purchase_features", lambda: _features(tables, as_of), as_of)


def _features(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    summary = _with_own_attributes(purchase_summary(tables, as_of), tables, as_of)
    if tables.has("customer_snapshots"):
        known = last_snapshots(tables, as_of).drop("snapshot_age_days", *outcome_attributes(tables))
        free = [name for name in known.columns if name == "customer_id" or name not in summary.columns]
        summary = summary.join(known.select(free), on="customer_id", how="left", maintain_order="left")
    return summary.with_columns(pl.col(name).fill_null("person") for name in summary.columns if name == "type")


def _with_own_attributes(summary: pl.DataFrame, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Add the customers table's attributes, as known at the cutoff, to a summary."""
    if not tables.has("customers"):
        return summary
    there = [name for name in ATTRIBUTES if name in tables.columns("customers")]
    rows = buyers_as_customers(tables)[summary_codes(tables, as_of)]
    is_row = is_known("customers", rows.schema, as_of)
    return summary.with_columns(rows.select(pl.when(is_row).then(name).alias(name) for name in there))


def summary_codes(tables: TableSet, as_of: AsOf) -> pl.Series:
    """Return customer, the code of `relkit.features.coded_lines.buyers`, of each row of `purchase_summary`, in its order."""
    return coded_days(tables, as_of)["customer"].unique(maintain_order=True)


def holdout_purchases(tables: TableSet, split: Holdout) -> pl.DataFrame:
    """Return the purchases of the customers of the calibration period in the days that follow it.

    Returns:
        One row for each row of `purchase_summary(tables, split.calibration)`, in its order:
        customer_id, holdout_purchases (purchase days after the calibration, known at its end; i32),
        holdout_mean_value (value a purchase; null without one), holdout_days.
    """
    return kept(tables, "holdout_purchases", lambda: _holdout(tables, split), split.calibration, split.end)


def _holdout(tables: TableSet, split: Holdout) -> pl.DataFrame:
    customers = purchase_summary(tables, split.calibration).select("customer_id")
    days = coded_days(tables, split.end, since=split.calibration)
    bought = days.group_by("customer").agg(
        pl.len().cast(pl.Int32).alias("holdout_purchases"), pl.col("value").sum().round(6).alias("total")
    )
    return (
        customers.with_columns(summary_codes(tables, split.calibration))
        .join(bought, on="customer", how="left", maintain_order="left")
        .select(
            "customer_id",
            pl.col("holdout_purchases").fill_null(0),
            (pl.col("total") / pl.col("holdout_purchases")).alias("holdout_mean_value"),
            pl.lit(float(split.days)).alias("holdout_days"),
        )
    )
