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
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.errors import ParameterError
from relkit.features.business_days import business_days
from relkit.features.journey_people import code_of, customer_names, test_accounts
from relkit.features.known_rows import known_rows
from relkit.features.margins import with_margins
from relkit.features.sale_conditions import meeting
from relkit.features.transaction_returns import returned_amounts
from relkit.features.wanted_journeys import MARGIN
from relkit.tables.kept import kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.features.wanted_journeys import Wanted
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

    Floats = NDArray[np.float64]

LEAST_AMOUNT = 0.005
"""Amount below which nothing was sold, or is left of a sale: half a cent."""
COUNTS = ("unidentified", "without_amount", "returned", "negative_value", "unknown_worth", "first_order_unknown")
"""Names of the counts of transactions and conversions."""
_KEY = ("customer", "transaction")


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
    baskets = baskets.filter(~_of(test_accounts(tables), baskets["customer"]))
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
        customer (code of `customer_names`), transaction (hash of its id), at (first instant), known_at, amount; in order of customer,
        transaction.
    """
    return kept(tables, "sold_baskets", lambda: _summed(_sale_lines(tables), "amount"))


def _baskets(tables: TableSet, as_of: AsOf, wanted: Wanted) -> pl.DataFrame:
    """Return the transactions known, perhaps in several rows, with margin if it is wanted."""
    known = pl.col("known_at") < as_of.cutoff
    if wanted.worth != MARGIN and not wanted.condition:
        return sold_baskets(tables).filter(known)
    lines = _sale_lines(tables, wanted.condition, margins=wanted.worth == MARGIN).filter(known)
    if wanted.worth != MARGIN:
        return _summed(lines, "amount")
    dated = lines.collect(engine="streaming")
    dated = dated.with_columns(business_days(dated["at"], as_of.zone).alias("day"))
    priced = with_margins(dated.lazy().with_columns(net_amount="amount"), tables, as_of)
    found = _summed(
        priced.with_columns(margin=pl.col("margin"), unknown=pl.col("margin").is_null().cast(pl.Float64)), "amount", "margin", "unknown"
    )
    if len(dated) and priced.select(pl.col("margin").is_null().all()).collect().item():
        raise ParameterError(
            "no margin is known, so conversions have none.",
            where="worth",
            remedy="Write --settings.worth revenue, or declare the margin of sales in the mapping.",
        )
    return found


def _sale_lines(tables: TableSet, condition: str = "", *, margins: bool = False) -> pl.LazyFrame:
    """Return the sale lines of identified customers: customer, transaction, at, known_at, amount, and what margins are made of."""
    rows = tables.scan("transactions")
    given = rows.collect_schema()
    if "line_kind" in given:
        rows = rows.filter(pl.col("line_kind") == "sale")
    rows = meeting(rows, condition)
    seen = [name for name in ("occurred_at", "recorded_at") if name in given]
    nothing = {"product_id": pl.String, "quantity": pl.Float64, "margin_amount": pl.Float64}
    more = [pl.col(name) if name in given else pl.lit(None, dtype).alias(name) for name, dtype in nothing.items()]
    return rows.filter(pl.col("customer_id").is_not_null()).select(
        code_of(customer_names(tables)).alias("customer"),
        pl.col("transaction_id").hash().alias("transaction"),
        pl.col("occurred_at").alias("at"),
        pl.max_horizontal(seen).alias("known_at"),
        pl.col("net_amount").fill_null(0.0).alias("amount"),
        *(more if margins else []),
    )


def _summed(lines: pl.LazyFrame, *sums: str) -> pl.DataFrame:
    """Return the lines summed by customer, transaction and time of knowledge, in order of the first two.

    The lines of a transaction are usually contiguous, so that runs are summed first, which costs a tenth of a group-by.
    """
    rows = lines.select(*_KEY, "at", "known_at", *sums).collect(engine="streaming")
    key = [*_KEY, "known_at"]
    head = rows.select(pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in key)).to_series()
    if len(rows):
        head[0] = True
    start = head.arg_true().to_numpy()
    runs = rows.select(*key)[start] if len(start) < len(rows) else rows.select(*key)
    runs = runs.with_columns(
        _reduced(np.minimum, rows["at"].to_physical().to_numpy(), start).cast(rows.schema["at"]).alias("at"),
        *(_reduced(np.add, rows[name].to_numpy(), start).alias(name) for name in sums),
    )
    whole = runs.sort(*key)
    again = whole.select(pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in key).any()).item()
    if again:
        whole = whole.group_by(key, maintain_order=True).agg(pl.col("at").min(), *(pl.col(name).sum() for name in sums))
    return whole


def _reduced(of: np.ufunc, values: NDArray[np.generic], start: NDArray[np.uint32]) -> pl.Series:
    return pl.Series(of.reduceat(values, start) if len(values) else values)


def _merged(baskets: pl.DataFrame) -> pl.DataFrame:
    """Return one row per transaction: its rows differ if its lines became known at different times."""
    repeated = baskets.select(pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in _KEY).any()).item()
    if not repeated:
        return baskets
    sums = [name for name in ("amount", "margin", "unknown") if name in baskets.columns]
    return baskets.group_by(_KEY, maintain_order=True).agg(pl.col("at").min(), *(pl.col(name).sum() for name in sums))


def _worth(baskets: pl.DataFrame, net: Floats, wanted: Wanted) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the value of each transaction, and whether the margin of one of its lines is not known."""
    if wanted.worth != MARGIN:
        return net, np.zeros(len(net), np.bool_)
    amount = baskets["amount"].to_numpy()
    share = np.divide(net, amount, out=np.ones_like(net), where=amount >= LEAST_AMOUNT)
    return baskets["margin"].fill_null(0.0).to_numpy() * share, baskets["unknown"].to_numpy() > 0


def _of(flags: NDArray[np.bool_], customer: pl.Series) -> pl.Series:
    return pl.Series(flags[customer.to_numpy()])


def _only(found: Conversions, which: NDArray[np.bool_]) -> Conversions:
    return replace(found, customer=found.customer[which], at=found.at[which], number=found.number[which], value=found.value[which])


def _at_instants(found: Conversions) -> Conversions:
    """Return the conversions in order of customer and instant, those of one instant as one row."""
    order = np.lexsort((found.at, found.customer))
    customer, at = found.customer[order], found.at[order]
    if not len(order):
        return found
    start = np.flatnonzero(np.concatenate([[True], (customer[1:] != customer[:-1]) | (at[1:] != at[:-1])]))
    number, value = (np.add.reduceat(values[order], start) for values in (found.number, found.value))
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
