"""Receipts: the products of each basket, for models of what is bought together.

What counts. A basket is a transaction of one customer, or of an unidentified buyer. A product is in it if a sale line of that product has a
quantity above zero or an amount other than zero; a line with neither is no purchase. A basket without any product (fees, gift cards, lines
whose product is unknown) is no basket, and is counted apart. Test accounts are left out.

Returns. A product that was returned in full is taken out of its basket, by a return or cancel known at the cutoff: one in the same
transaction, one that names the sale line, or one of an identified customer that `relkit.features.returned_sales` links to the day. A
product returned in part stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.features.coded_lines import all_known_lines, baskets_of_lines, buyers
from relkit.features.id_codes import enumerated
from relkit.features.key_sort import sorted_keys
from relkit.features.known_rows import known_rows
from relkit.features.returned_sales import returned_sales
from relkit.remarks import Remark, french
from relkit.tables.kept import kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.periods import AsOf, Holdout
    from relkit.tables.table_set import TableSet

_KEY = ["basket", "product_id"]
_CELL = ["customer", "day", "product_id"]
_BACK = ("return", "cancel")
_LEAST_AMOUNT = 0.005
"""Amount below which nothing is left of a sale: half a cent."""


@dataclass(frozen=True)
class ReceiptCounts:
    """Numbers of transactions known at a cutoff, test accounts left out.

    Attributes:
        transactions: with a sale, fee or gift-card line.
        receipts: those with a known product that was not returned.
        without_product: those that never had one: fees, gift cards, unknown products, lines without quantity and amount.
        returned: those whose products were all returned.
    """

    transactions: int
    receipts: int
    without_product: int
    returned: int


def receipts(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return one row per basket known at `as_of`.

    Returns:
        In order of the baskets' codes: customer (u32, position in `buyers`; null if the buyer is not identified), day (business day),
        channel_id (Categorical; that of the first line), products (list of Enum: distinct ids, ascending).

    Raises:
        TableError: there is no transactions table.
    """
    return kept(tables, "receipts", lambda: _receipts(tables, as_of), as_of)


def later_receipts(tables: TableSet, split: Holdout) -> pl.DataFrame:
    """Return the receipts of the days of a holdout, as known at its end; columns as in `receipts`."""
    return receipts(tables, split.end).filter(pl.col("day") > split.calibration.day)


def receipt_counts(tables: TableSet, as_of: AsOf) -> ReceiptCounts:
    """Return the numbers of transactions, receipts, and what is neither."""
    frame = kept(tables, "receipt_counts", lambda: pl.DataFrame([vars(_counts(tables, as_of))]), as_of)
    return ReceiptCounts(**frame.row(0, named=True))


def receipt_remarks(tables: TableSet, as_of: AsOf) -> tuple[Remark, ...]:
    """Return the remark on transactions that are no baskets; none if there are no such transactions."""
    counts = receipt_counts(tables, as_of)
    if not counts.without_product + counts.returned:
        return ()
    return (
        Remark(
            "no_baskets",
            f"Of {counts.transactions:,} transactions, these are not among the baskets: {counts.without_product:,} without a known product "
            f"(fees, gift cards, unknown products, nothing bought), {counts.returned:,} returned in full.",
            f"Sur {french(counts.transactions)} transactions, ne comptent pas parmi les paniers : {french(counts.without_product)} sans "
            f"produit connu (frais, cartes cadeaux, produits inconnus, rien d’acheté), {french(counts.returned)} avec retour complet.",
        ),
    )


def _receipts(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    lines = _bought(tables, as_of)
    out = returned_products(tables, as_of)
    if len(out):
        lines = lines.join(out.lazy(), on=_KEY, how="anti", maintain_order="left")
    rows = lines.collect()
    products = rows["product_id"]
    known = enumerated(products)
    names, codes = known.dtype.categories, known.to_physical().to_numpy()  # type: ignore[attr-defined]  # an enumeration
    first = _first_lines(rows)
    keys = _distinct_keys(rows["basket"].to_numpy(), codes)
    pairs = pl.DataFrame({"basket": (keys >> 32).astype(np.uint32), "products": (keys & 0xFFFFFFFF).astype(np.uint32)})
    lists = (
        pairs.with_columns(pl.col("basket").set_sorted(), pl.col("products").cat.to(pl.Enum(names)) if len(names) else pl.col("products"))
        .group_by("basket", maintain_order=True)
        .agg("products")
    )
    facts: pl.DataFrame = rows.select("customer", "day", "channel_id")[first[lists["basket"].to_numpy()]]
    return facts.with_columns(lists["products"])


def _known_lines(tables: TableSet, as_of: AsOf) -> pl.LazyFrame:
    """Return the lines without those of test accounts."""
    testers = buyers(tables).with_row_index("customer").filter("is_test")["customer"]
    lines = all_known_lines(tables, as_of).with_columns(pl.col("customer").cast(pl.UInt32))
    return lines if testers.is_empty() else lines.filter(~pl.col("customer").is_in(testers.implode()).fill_null(value=False))


def _bought(tables: TableSet, as_of: AsOf) -> pl.LazyFrame:
    """Return the sale lines of a known product with a quantity or an amount."""
    return (
        _known_lines(tables, as_of)
        .filter(pl.col("line_kind") == "sale", is_bought())
        .select("customer", "basket", "day", "product_id", "channel_id")
    )


def is_bought() -> pl.Expr:
    """Return the filter for sale lines that put a known product into a basket."""
    quantity, amount = pl.col("quantity").fill_null(0.0) > 0, pl.col("net_amount").fill_null(0.0) != 0
    return pl.col("product_id").is_not_null() & (quantity | amount)


def _first_lines(rows: pl.DataFrame) -> NDArray[np.int64]:
    """Return the position of the first line of each basket, by its code."""
    baskets = rows["basket"].to_numpy()
    first = np.zeros(int(baskets.max()) + 1 if len(baskets) else 1, np.int64)
    first[baskets[::-1]] = np.arange(len(baskets) - 1, -1, -1)
    return first


def _distinct_keys(baskets: NDArray[np.uint32], codes: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return basket << 32 | product of each basket's products, ascending and each once."""
    keys = (baskets.astype(np.uint64) << np.uint64(32)) | codes.astype(np.uint64)
    keys = sorted_keys(keys, 64)
    return keys[np.concatenate(([True], keys[1:] != keys[:-1]))] if len(keys) else keys


def returned_products(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return basket (code) and product_id (Categorical) of every product that was returned in full, as known at `as_of`."""
    lines = _known_lines(tables, as_of).select("customer", "basket", "day", "product_id", "line_kind", pl.col("net_amount").fill_null(0.0))
    back = lines.filter(pl.col("line_kind").is_in(_BACK)).collect()
    if back.is_empty():
        return back.select(_KEY)
    parts = [_within_baskets(lines, back), _by_named_lines(tables, as_of, lines), _by_days(tables, as_of, lines, back)]
    return pl.concat(parts).unique()


def _within_baskets(lines: pl.LazyFrame, back: pl.DataFrame) -> pl.DataFrame:
    """Return the products of which nothing is left within their own basket."""
    return _gone(lines, back.drop_nulls("product_id").select(*_KEY, taken=-pl.col("net_amount")), _KEY)


def _by_named_lines(tables: TableSet, as_of: AsOf, lines: pl.LazyFrame) -> pl.DataFrame:
    """Return the products of which nothing is left after the returns that name a line of the basket."""
    read = ("line_kind", "return_of", "net_amount")
    named = known_rows(tables, "transactions", as_of, *read).filter(pl.col("line_kind").is_in(_BACK), pl.col("return_of").is_not_null())
    taken = named.select(line_id="return_of", taken=-pl.col("net_amount").fill_null(0.0)).collect()
    found = baskets_of_lines(tables, taken["line_id"]).join(taken, on="line_id")
    return _gone(lines, found.drop_nulls("product_id").select(*_KEY, "taken"), _KEY)


def _by_days(tables: TableSet, as_of: AsOf, lines: pl.LazyFrame, back: pl.DataFrame) -> pl.DataFrame:
    """Return the products of identified customers of which nothing is left after the cancels of the day and the returns linked to it."""
    cancels = back.filter(pl.col("line_kind") == "cancel").drop_nulls(["customer", "product_id"])
    same_day = cancels.select(*_CELL, taken=-pl.col("net_amount"))
    codes = buyers(tables).with_row_index("customer").select("customer", "customer_id")
    later = returned_sales(tables, as_of).drop_nulls(["sale_day", "product_id"]).join(codes, on="customer_id")
    linked = later.select("customer", pl.col("sale_day").alias("day"), pl.col("product_id").cast(pl.Categorical), taken="amount")
    return _gone(lines, pl.concat([same_day, linked]), _CELL)


def _gone(lines: pl.LazyFrame, taken: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return basket and product_id of sales, grouped by some columns, of which nothing is left.

    Args:
        lines: the lines known.
        taken: the columns `by`, and `taken`, the amount returned.
        by: the columns that identify a sale.
    """
    cells = taken.group_by(by).agg(pl.col("taken").sum())
    sales = lines.filter(pl.col("line_kind") == "sale").join(cells.lazy(), on=by, how="inner").collect()
    left = pl.col("net_amount").sum().over(by) - pl.col("taken")
    return sales.filter(left < _LEAST_AMOUNT).select(_KEY)


def _counts(tables: TableSet, as_of: AsOf) -> ReceiptCounts:
    lines = _known_lines(tables, as_of).filter(~pl.col("line_kind").is_in(_BACK))
    with_product = (pl.col("line_kind") == "sale") & is_bought()
    rows = lines.select("basket", is_bought=with_product.fill_null(value=False)).collect()
    transactions, bought = _number_of(rows["basket"]), _number_of(rows.filter("is_bought")["basket"])
    found = len(receipts(tables, as_of))
    return ReceiptCounts(transactions, found, transactions - bought, bought - found)


def _number_of(baskets: pl.Series) -> int:
    """Return the number of different codes, which are small numbers: marking them costs less than sorting or hashing."""
    there = np.zeros(int(baskets.max()) + 1 if len(baskets) else 0, np.bool_)  # type: ignore[arg-type]  # codes are whole numbers
    there[baskets.to_numpy()] = True
    return int(there.sum())
