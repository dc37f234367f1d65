"""Conversions: the transactions of customers that journeys may lead to, each with its instant and its value net of returns.

A conversion is a transaction of an identified customer whose sale lines amount to more than nothing and were not returned in full, as
known at the cutoff. It took place at the first instant of its lines. `where` restricts it to the lines that meet an expression: a
transaction without such a line is none, and the value is that of these lines. Sales of unidentified buyers lead to no journey: they are
counted, and left out. Test accounts are left out.

The first order of a customer is the earliest conversion; orders of the same instant are one. A customer who was there before the history
starts has no known first order.

Value. Revenue is the amount of the sale lines less what was returned of them (`relkit.features.transaction_returns`); margin is theirs
(`relkit.features.margins`), in proportion to the amount that was kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.errors import ParameterError
from relkit.features.journey_people import CustomerCodes, are_tests, code_of, customer_names
from relkit.features.known_rows import known_rows
from relkit.features.margins import with_margins
from relkit.features.sale_conditions import meeting
from relkit.features.transaction_returns import returned_amounts
from relkit.features.wanted_journeys import MARGIN
from relkit.tables.kept import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from relkit.features.wanted_journeys import Wanted
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

    Floats = NDArray[np.float64]

LEAST_AMOUNT = 0.005
"""Amount below which nothing was sold, or is left of a sale: half a cent."""
COUNTS = ("unidentified", "without_amount", "returned", "negative_value", "unknown_worth", "first_order_unknown")
"""Names of the counts of transactions and conversions."""
_KEY = ["customer", "transaction"]
_KEY_KNOWN = [*_KEY, "known_at"]
_MARGINS = ("margin", "with_margin", "without_margin")
_AT_ONCE = 2_000_000
"""Rows of the transactions that are read at a time."""


@dataclass(frozen=True, eq=False)
class Conversions:
    """Conversions, in order of customer and instant; those of one customer at one instant are one row.

    Attributes:
        customer: code of the customer; (n,) uint32.
        at: microseconds since 1970; (n,) int64.
        number: conversions of the row; (n,) int64.
        value: of all of them, in the programme's currency; (n,) float64.
        counts: transactions that are no conversions, and conversions of negative or unknown worth.
    """

    customer: NDArray[np.uint32]
    at: NDArray[np.int64]
    number: NDArray[np.int64]
    value: Floats
    counts: dict[str, int]


def conversions(tables: TableSet, as_of: AsOf, wanted: Wanted) -> Conversions:
    """Return the conversions known at `as_of`; none if there is no transactions table.

    Raises:
        ParameterError: the expression is invalid, or the margin is wanted and none is known.
    """
    if not tables.has("transactions"):
        empty = np.zeros(0)
        return Conversions(empty.astype(np.uint32), empty.astype(np.int64), empty.astype(np.int64), empty, dict.fromkeys(COUNTS, 0))
    baskets = _merged(_baskets(tables, as_of, wanted))
    baskets = baskets.filter(~_of(are_tests(tables), baskets["customer"]))
    taken = returned_amounts(tables, as_of, baskets, wanted.condition)
    amount = baskets["amount"].to_numpy()
    net = amount if taken is None else amount - taken
    is_sale, is_kept = amount >= LEAST_AMOUNT, net >= LEAST_AMOUNT
    value, unknown = _worth(baskets, net, wanted)
    found = Conversions(
        customer=baskets["customer"].to_numpy(),
        at=baskets["at"].to_physical().to_numpy(),
        number=np.ones(len(baskets), np.int64),
        value=value,
        counts={
            "unidentified": _unidentified(tables, as_of, wanted.condition),
            "first_order_unknown": 0,
            "without_amount": int((~is_sale).sum()),
            "returned": int((is_sale & ~is_kept).sum()),
            "negative_value": int((value[is_kept & is_sale] < 0).sum()),
            "unknown_worth": int(unknown[is_kept & is_sale].sum()),
        },
    )
    return _wanted_ones(_at_instants(_only(found, is_sale & is_kept)), tables, wanted)


def _unidentified(tables: TableSet, as_of: AsOf, condition: str) -> int:
    """Return the number of transactions with a sale line of buyers who are not identified."""
    rows = meeting(known_rows(tables, "transactions", as_of), condition).filter(pl.col("customer_id").is_null())
    if "line_kind" in tables.columns("transactions"):
        rows = rows.filter(pl.col("line_kind") == "sale")
    return int(rows.select(pl.col("transaction_id").n_unique()).collect(engine="streaming").item())


def sold_baskets(tables: TableSet) -> pl.DataFrame:
    """Return the sale lines of identified customers summed by transaction and time of knowledge, whatever the as-of.

    Returns:
        customer (code of `customer_names`), transaction (hash of its id), at (first instant), known_at, amount; in order of customer and
        first instant, the rows of a transaction together.
    """
    return kept(tables, "sold_baskets", lambda: _summed(tables, _sale_lines, "amount"))


def _baskets(tables: TableSet, as_of: AsOf, wanted: Wanted) -> pl.DataFrame:
    """Return the transactions known, perhaps in several rows; with margin, and numbers of lines with and without one, if it is wanted."""
    if wanted.worth == MARGIN:
        return _with_known_margin(_summed(tables, partial(_priced_lines, tables, as_of, wanted.condition), "amount", *_MARGINS))
    found = _summed(tables, partial(_sale_lines, condition=wanted.condition), "amount") if wanted.condition else sold_baskets(tables)
    return found.filter(_known(as_of))


def _known(as_of: AsOf) -> pl.Expr:
    return pl.col("known_at") < as_of.cutoff


def _sale_lines(rows: pl.LazyFrame, *more: pl.Expr, condition: str = "") -> pl.LazyFrame:
    """Return the sale lines of identified customers: customer and transaction (hashes of ids), at, known_at, amount, and more."""
    given = rows.collect_schema()
    sales = meeting(rows.filter(pl.col("line_kind") == "sale") if "line_kind" in given else rows, condition)
    return sales.filter(pl.col("customer_id").is_not_null()).select(
        pl.col("customer_id").hash().alias("customer"),
        pl.col("transaction_id").hash().alias("transaction"),
        pl.col("occurred_at").alias("at"),
        pl.max_horizontal(name for name in ("occurred_at", "recorded_at") if name in given).alias("known_at"),
        pl.col("net_amount").fill_null(0.0).alias("amount"),
        *more,
    )


def _priced_lines(tables: TableSet, as_of: AsOf, condition: str, rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return the sale lines known with margin (0 if it is not known), with_margin and without_margin (1 or 0)."""
    given, types = rows.collect_schema(), {"product_id": pl.String, "quantity": pl.Float64, "margin_amount": pl.Float64}
    more = [pl.col(name) if name in given else pl.lit(None, dtype).alias(name) for name, dtype in types.items()]
    lines = _sale_lines(rows, *more, as_of.business_day("occurred_at").alias("day"), pl.col("net_amount"), condition=condition)
    priced = with_margins(lines.filter(_known(as_of)), tables, as_of)
    is_known = pl.col("margin").is_not_null().cast(pl.Float64)
    return priced.with_columns(pl.col("margin").fill_null(0.0), with_margin=is_known, without_margin=1 - is_known)


def _with_known_margin(baskets: pl.DataFrame) -> pl.DataFrame:
    """Return the transactions, unless no line of any has a margin."""
    if baskets["without_margin"].sum() and not baskets["with_margin"].sum():
        raise ParameterError(
            "no margin is known, so conversions have none.",
            where="worth",
            remedy="Write --settings.worth revenue, or declare the margin of sales in the mapping.",
        )
    return baskets


def _summed(tables: TableSet, lines: Callable[[pl.LazyFrame], pl.LazyFrame], *sums: str) -> pl.DataFrame:
    """Return lines summed by customer, transaction and time of knowledge, in order of customer and first instant of the transaction.

    The lines of a transaction are usually contiguous: runs are summed first, a part of the table at a time, which takes a fifth of the
    time and memory of a group-by. Sums are rounded to the sixth decimal, so that they do not depend on the order of the lines.
    """
    rows, size = tables.scan("transactions"), tables.facts.rows["transactions"]
    parts = [_runs(lines(rows.slice(start, _AT_ONCE)), sums) for start in range(0, max(size, 1), _AT_ONCE)]
    runs = pl.concat(parts)
    customer = CustomerCodes.of(customer_names(tables)).among(runs["customer"].to_numpy())
    whole = _grouped(runs.with_columns(pl.Series("customer", customer)).sort(_KEY_KNOWN), _KEY_KNOWN, sums)
    first = pl.col("at").min().over(_KEY) if whole.select(_repeats(_KEY).any()).item() else pl.col("at")
    return whole.with_columns(pl.col(*sums).round(6)).sort("customer", first, "transaction", maintain_order=True)


def _grouped(rows: pl.DataFrame, key: list[str], sums: Sequence[str]) -> pl.DataFrame:
    """Return rows in which those of a key follow each other with one row per key; only the repeated ones are grouped."""
    again = rows.select(_repeats(key).fill_null(value=False)).to_series()
    if not again.any():
        return rows
    several = again | again.shift(-1, fill_value=False)
    made = rows.filter(several).group_by(key, maintain_order=True).agg(pl.col("at").min(), pl.col(*sums).sum())
    return pl.concat([rows.filter(~several).select(made.columns), made]).sort(key)


def _runs(lines: pl.LazyFrame, sums: tuple[str, ...]) -> pl.DataFrame:
    """Return the sums of runs of lines with the same key."""
    rows = lines.select(*_KEY_KNOWN, "at", *sums).collect(engine="streaming")
    start = rows.select(~_repeats(_KEY_KNOWN).fill_null(value=False)).to_series().arg_true().to_numpy()
    if len(start) == len(rows):
        return rows
    at = np.minimum.reduceat(rows["at"].to_physical().to_numpy(), start)
    totals = [pl.Series(name, np.add.reduceat(rows[name].to_numpy(), start)) for name in sums]
    return rows.select(_KEY_KNOWN)[start].with_columns(pl.Series("at", at).cast(rows.schema["at"]), *totals)


def _repeats(key: list[str]) -> pl.Expr:
    """Return whether a row has the key of the row before it."""
    return pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in key)


def _merged(baskets: pl.DataFrame) -> pl.DataFrame:
    """Return one row per transaction: its rows differ if its lines became known at different times."""
    return _grouped(baskets, _KEY, [name for name in ("amount", *_MARGINS) if name in baskets.columns])


def _worth(baskets: pl.DataFrame, net: Floats, wanted: Wanted) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the value of each transaction, and whether the margin of one of its lines is not known."""
    if wanted.worth != MARGIN:
        return net, np.zeros(len(net), np.bool_)
    amount = baskets["amount"].to_numpy()
    share = np.divide(net, amount, out=np.ones_like(net), where=amount >= LEAST_AMOUNT)
    return baskets["margin"].to_numpy() * share, baskets["without_margin"].to_numpy() > 0


def _of(flags: NDArray[np.bool_], customer: pl.Series) -> pl.Series:
    return pl.Series(flags[customer.to_numpy()])


def _only(found: Conversions, which: NDArray[np.bool_] | NDArray[np.int64]) -> Conversions:
    return replace(found, customer=found.customer[which], at=found.at[which], number=found.number[which], value=found.value[which])


def _at_instants(found: Conversions) -> Conversions:
    """Return the conversions in order of customer and instant, those of one instant as one row."""
    customer, at = found.customer, found.at
    if ((customer[1:] == customer[:-1]) & (at[1:] < at[:-1])).any():
        found = _only(found, np.lexsort((at, customer)))
        customer, at = found.customer, found.at
    start = np.flatnonzero(np.append(True, (customer[1:] != customer[:-1]) | (at[1:] != at[:-1]))) if len(at) else np.zeros(0, np.int64)
    if len(start) == len(at):
        return found
    number, value = (np.add.reduceat(values, start) for values in (found.number, found.value))
    return replace(found, customer=customer[start], at=at[start], number=number, value=value)


def _wanted_ones(found: Conversions, tables: TableSet, wanted: Wanted) -> Conversions:
    """Return the conversions, or the first order of each customer who was not there before the history starts."""
    if not wanted.first_only or not len(found.at):
        return found
    first = np.concatenate([[True], found.customer[1:] != found.customer[:-1]])
    early = there_before(tables)[found.customer]
    firsts = _only(found, first & ~early)
    return replace(firsts, number=np.ones_like(firsts.number), counts=found.counts | {"first_order_unknown": int((first & early).sum())})


def there_before(tables: TableSet) -> NDArray[np.bool_]:
    """Return for each code of a customer whether the customer was created before the history starts."""
    names, starts = customer_names(tables), tables.facts.history_starts_on
    found = np.zeros(len(names), np.bool_)
    if starts is None or not tables.has("customers") or "created_on" not in tables.columns("customers"):
        return found
    early = tables.scan("customers").filter(pl.col("created_on") < starts).select(code_of(names)).collect()["customer_id"]
    found[early.drop_nulls().to_numpy()] = True
    return found
