"""Transaction lines with codes for ids, in order of customer and day.

Text ids account for most of the cost of features: each query would sort or hash them again. They are coded once, whatever the as-of;
the lines are then read in order, and each customer's purchases are contiguous. A basket is a transaction of one customer: a receipt
number that several customers share stands for several baskets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.business_days import business_days
from relkit.features.id_codes import codes_among
from relkit.features.known_rows import marked_as_test
from relkit.tables.kept import kept, kept_scan
from relkit.tables.schemas import TABLES

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

_AMOUNTS = ("quantity", "net_amount", "margin_amount")


def known_lines(tables: TableSet, as_of: AsOf) -> pl.LazyFrame:
    """Return the lines of identified customers known at `as_of`, lazily, in order of customer and day.

    Returns:
        customer (u32, position in `buyers`), basket (u32, equal in the lines of a basket), day (business day), occurred_at,
        product_id, channel_id and line_kind (categorical), quantity, net_amount, margin_amount (null if no source gives it).

    Raises:
        TableError: there is no transactions table.
    """
    return all_known_lines(tables, as_of).filter(pl.col("customer").is_not_null())


def all_known_lines(tables: TableSet, as_of: AsOf) -> pl.LazyFrame:
    """Return the same with the lines of unidentified buyers, whose customer is null."""
    lines = kept_scan(tables, "coded_lines", lambda: _coded(tables))
    return lines.filter(pl.col("known_at").is_null() | (pl.col("known_at") < as_of.cutoff)).drop("known_at")


def buyers(tables: TableSet) -> pl.DataFrame:
    """Return customer_id of every customer with a transaction line, in order, and is_test."""
    return kept(tables, "buyers", lambda: _buyers(tables))


def named(frame: pl.DataFrame, tables: TableSet) -> pl.DataFrame:
    """Return a frame whose first column is customer, a code, with customer_id in its place."""
    return frame.select(buyers(tables)["customer_id"].gather(frame["customer"]), pl.exclude("customer"))


def buyers_as_customers(tables: TableSet) -> pl.DataFrame:
    """Return the rows of the customers table that belong to `buyers`, in their order; null if a buyer has none."""
    return kept(tables, "buyers_as_customers", lambda: _as_customers(tables))


def baskets_of_lines(tables: TableSet, line_ids: pl.Series) -> pl.DataFrame:
    """Return line_id, basket (the code used in `all_known_lines`) and product_id (Categorical) of some lines.

    Args:
        tables: the company.
        line_ids: values of transaction_line_id; those that no line has are left out.
    """
    if line_ids.is_empty():
        return pl.DataFrame(schema={"line_id": pl.String, "basket": pl.UInt32, "product_id": pl.Categorical})
    rows = tables.scan("transactions")
    schema = rows.collect_schema()
    product = _as_given("product_id", schema).cast(pl.Categorical)
    wanted = pl.when(pl.col("transaction_line_id").is_in(line_ids.unique().implode())).then("transaction_line_id").alias("line_id")
    lines = rows.select(*_key(tables, schema), wanted, product).collect(engine="streaming")
    return _with_baskets(lines).drop_nulls("line_id").select("line_id", "basket", "product_id")


def _buyers(tables: TableSet) -> pl.DataFrame:
    named = tables.scan("transactions").select(pl.col("customer_id").drop_nulls().unique()).collect(engine="streaming")
    return named.sort("customer_id").with_columns(is_test=pl.col("customer_id").is_in(marked_as_test(tables).implode()))


def _as_customers(tables: TableSet) -> pl.DataFrame:
    rows = tables.scan("customers").collect(engine="streaming")
    return buyers(tables).select("customer_id").join(rows, on="customer_id", how="left", maintain_order="left")


def _coded(tables: TableSet) -> pl.DataFrame:
    """Return all lines, coded and in order of customer and day, those of unidentified buyers last."""
    rows = tables.scan("transactions")
    schema = rows.collect_schema()
    given = [name for name in ("occurred_at", "recorded_at") if name in schema]
    lines = rows.select(
        *_key(tables, schema),
        pl.max_horizontal(given).alias("known_at"),
        "occurred_at",
        *[_as_given(name, schema).cast(pl.Categorical) for name in ("product_id", "channel_id", "line_kind")],
        *[_as_given(name, schema) for name in _AMOUNTS],
    )
    coded = _with_days(_with_baskets(lines.collect(engine="streaming")), tables.facts.business_zone)
    return coded if _in_order(coded) else coded.sort("customer", "day", maintain_order=True, nulls_last=True)


def _key(tables: TableSet, schema: pl.Schema) -> list[pl.Expr]:
    """Return the code of the customer and the hash of the transaction, which together are a basket."""
    names = buyers(tables)["customer_id"]
    customer = pl.col("customer_id").map_batches(lambda ids: codes_among(names, ids), return_dtype=pl.UInt32).alias("customer")
    return [customer, _as_given("transaction_id", schema).hash().alias("transaction")]


def _with_days(lines: pl.DataFrame, zone: str) -> pl.DataFrame:
    return lines.insert_column(2, business_days(lines["occurred_at"], zone).alias("day"))


def _with_baskets(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines with the code of their basket in place of the hash of their transaction, which is 64 bits wide.

    The lines of a basket are usually contiguous, so that a run is a basket; where they are not, baskets are found by sorting.
    """
    key = ["customer", "transaction"]
    starts = lines.select(pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in key)).to_series()
    heads = lines.select(pl.struct(key).hash(seed=0)).to_series().filter(starts)
    runs = starts.cum_sum().cast(pl.UInt32)
    if heads.n_unique() < len(heads):
        runs = lines.select(pl.struct(key).rank("dense").cast(pl.UInt32)).to_series()
    return lines.drop("transaction").insert_column(1, runs.alias("basket"))


def _as_given(name: str, schema: pl.Schema) -> pl.Expr:
    return pl.col(name) if name in schema else pl.lit(None, TABLES["transactions"][name].dtype).alias(name)


def _in_order(lines: pl.DataFrame) -> bool:
    """Return whether lines are already in order of customer and day, as in sources sorted by customer; unidentified buyers come last."""
    customer = pl.col("customer").fill_null(pl.UInt32.max())
    before = customer.shift(1)
    later = (customer > before) | ((customer == before) & (pl.col("day") >= pl.col("day").shift(1)))
    return bool(lines.lazy().select(later.all()).collect(engine="streaming").item())
