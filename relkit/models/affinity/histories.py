"""Product histories: one row per customer with what was bought, when and in which basket, and the same as arrays.

The lists of polars are offsets and values, which is the compressed form of sparse rows: kernels read them as arrays, and no customer
is visited in Python.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column, Contract, check
from relkit.errors import TableError
from relkit.models.base import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

Integers = NDArray[np.int32]
Offsets = NDArray[np.int64]

_EPOCH_ORDINAL = 719_163
"""Ordinal of 1970-01-01, from which polars counts days."""

PRODUCTS = Column(
    name="products",
    dtype=pl.List(pl.String),
    required=True,
    nullable=False,
    meaning="Products bought, in order of time; empty for a customer who has bought none.",
)
DAYS = Column(name="days", dtype=pl.List(pl.Date), required=True, nullable=False, meaning="Day of each purchase.")
BASKETS = Column(
    name="baskets", dtype=pl.List(pl.UInt32), required=True, nullable=False, meaning="Basket of each purchase: equal numbers were together."
)

PRODUCT_HISTORIES = Contract(
    name="product histories",
    key=("customer_id",),
    meaning="Products bought by each customer one by one, as of a day.",
    columns=(
        Column(name="customer_id", dtype=pl.String, required=True, nullable=False, meaning="The customer; any type of id is kept."),
        PRODUCTS,
        DAYS,
        BASKETS,
    ),
)


@dataclass(frozen=True, eq=False)
class Histories:
    """Histories of n customers as arrays; those of customer u are at `offsets[u]:offsets[u + 1]`.

    Attributes:
        offsets: shape (n + 1,).
        items: shape (m,), positions in a catalogue of products; -1 for a product it lacks.
        days: shape (m,), days since 1970-01-01.
        orders: shape (m,), number of the basket within its customer, from 0, in order of time.
        baskets: shape (n,), baskets of each customer.
        last_days: shape (n,), day of the last basket; -1 without one.
    """

    offsets: Offsets
    items: Integers
    days: Integers
    orders: Integers
    baskets: Integers
    last_days: Integers

    @property
    def customers(self) -> int:
        """The number of customers."""
        return len(self.offsets) - 1

    @classmethod
    def of(cls, offsets: Offsets, items: Integers, days: Integers, codes: Integers) -> Histories:
        """Return histories from values in order of customer and time; `codes` number the baskets, each one contiguous."""
        m, lengths = len(items), np.diff(offsets)
        is_new = np.zeros(m, np.bool_)
        is_new[1:] = codes[1:] != codes[:-1]
        starts = offsets[:-1][lengths > 0]
        is_new[starts] = True
        running = np.cumsum(is_new, dtype=np.int32)
        base = np.zeros(len(lengths), np.int32)
        base[lengths > 0] = running[starts]
        last = offsets[1:][lengths > 0] - 1
        baskets, last_days = np.zeros(len(lengths), np.int32), np.full(len(lengths), -1, np.int32)
        baskets[lengths > 0] = running[last] - running[starts] + 1
        last_days[lengths > 0] = days[last]
        return cls(offsets, items, days, running - np.repeat(base, lengths), baskets, last_days)

    def rows(self, start: int, stop: int) -> Histories:
        """Return the histories of customers `start` to `stop`, without a copy."""
        part = slice(self.offsets[start], self.offsets[stop])
        offsets = self.offsets[start : stop + 1] - self.offsets[start]
        own = slice(start, stop)
        return Histories(offsets, self.items[part], self.days[part], self.orders[part], self.baskets[own], self.last_days[own])

    def picked(self, customers: NDArray[np.int64]) -> Histories:
        """Return the histories of some customers, in the order given."""
        lengths = np.diff(self.offsets)[customers]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        at = np.repeat(self.offsets[customers] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Histories(offsets, self.items[at], self.days[at], self.orders[at], self.baskets[customers], self.last_days[customers])

    def until(self, day: int) -> Histories:
        """Return the part of the histories up to a day, that day included."""
        return self.where(self.days <= day)

    def where(self, keep: NDArray[np.bool_]) -> Histories:
        """Return the part of the histories that is kept, shape (m,); whole baskets at a time."""
        before = np.concatenate([[0], np.cumsum(keep)])
        return Histories.of(before[self.offsets].astype(np.int64), self.items[keep], self.days[keep], self.orders[keep])


@dataclass(frozen=True, eq=False)
class Read:
    """A frame of histories that was checked, with its arrays.

    Attributes:
        ids: the customers, in the frame's order.
        names: products by code, shape (p,): the distinct ones in alphabetical order, or those of a given catalogue.
        histories: with the positions of products in `names`.
        unknown: number of purchases of products that are not in `names`.
        fingerprint: sha256 of the columns read.
    """

    ids: pl.Series
    names: pl.Series
    histories: Histories
    unknown: int = 0
    fingerprint: str = ""


def read_histories(features: pl.DataFrame, *, catalogue: pl.Series | None = None, ordered: bool = False) -> Read:
    """Return the histories of a frame as arrays.

    Args:
        features: the columns of `PRODUCT_HISTORIES`; others are ignored.
        catalogue: known products, in alphabetical order; None to make one of the products of the frame.
        ordered: put customers in order of customer_id, so that the order of rows does not matter to what follows.

    Raises:
        TableError: a column is missing or null, lists of a row differ in length, or a customer has two rows.
    """
    frame = _checked(features)
    if ordered and not frame["customer_id"].is_sorted():
        frame = frame.sort("customer_id")
    lengths = frame["products"].list.len().to_numpy().astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    filled = (
        frame.lazy().filter(pl.col("products").list.len() > 0).select("products", "days", "baskets").explode("products", "days", "baskets")
    )
    values = filled.collect()
    _all_known(values)
    names = _names(values["products"]) if catalogue is None else catalogue
    items = _coded(values["products"], names)
    days = values["days"].to_physical().to_numpy()
    codes = values["baskets"].to_numpy().astype(np.int32)
    offsets, items, days, codes = _in_order(offsets, items, days, codes)
    made = Histories.of(offsets, items, days, codes)
    digest = "" if catalogue is not None else _fingerprint(frame["customer_id"], names, made)
    return Read(frame["customer_id"], names, made, int((items < 0).sum()), digest)


def day_number(day: date) -> int:
    """Return a day as days since 1970-01-01.

    Examples:
        >>> from datetime import date
        >>> day_number(date(1970, 1, 2))
        1
    """
    return day.toordinal() - _EPOCH_ORDINAL


def _checked(features: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of the contract, checked; products keep their type, which may be an Enum of coded ids."""
    own = []
    for column in PRODUCT_HISTORIES.columns:
        dtype: Any = features.schema.get(column.name, column.dtype)
        keeps = column.name == "customer_id" or (column.name == "products" and _is_products(dtype))
        own.append(replace(column, dtype=dtype) if keeps else column)
    frame = check(features, replace(PRODUCT_HISTORIES, columns=tuple(own)))
    apart = frame.select(
        pl.any_horizontal(pl.col("products").list.len() != pl.col(other).list.len() for other in ("days", "baskets"))
    ).to_series()
    if apart.any():
        first = int(apart.arg_true()[0])
        raise TableError(
            f"the lists of {int(apart.sum()):,} of {len(frame):,} rows differ in length (first: row {first}).",
            where=PRODUCT_HISTORIES.name,
            remedy="Give each purchase its product, its day and its basket.",
        )
    return frame


def _is_products(dtype: Any) -> bool:
    return isinstance(dtype, pl.List) and dtype.inner in (pl.String, pl.Categorical, pl.Enum)


def _all_known(values: pl.DataFrame) -> None:
    for name in values.columns:
        if nulls := values[name].null_count():
            raise TableError(
                f"{nulls:,} of {len(values):,} purchases have no {name.removesuffix('s')}.",
                where=f"{PRODUCT_HISTORIES.name}.{name}",
                remedy="Leave such purchases out of all lists of the row.",
            )


def _names(products: pl.Series) -> pl.Series:
    """Return the distinct products in alphabetical order."""
    return products.unique().cast(pl.String).sort().alias("product_id")


def _coded(products: pl.Series, names: pl.Series) -> Integers:
    """Return positions in `names`, -1 for a product that is not there."""
    if products.is_empty():
        return np.zeros(0, np.int32)
    own = products if products.dtype in (pl.Categorical, pl.Enum) else products.cast(pl.Categorical)
    physical = own.to_physical().to_numpy()
    distinct = own.unique()
    table = np.full(int(physical.max()) + 1, -1, np.int32)
    listed = pl.DataFrame({"product_id": distinct.cast(pl.String), "own": distinct.to_physical()})
    places = listed.join(names.alias("product_id").to_frame().with_row_index("place"), on="product_id")
    table[places["own"].to_numpy()] = places["place"].to_numpy()
    return np.asarray(table[physical])


def _in_order(offsets: Offsets, items: Integers, days: Integers, codes: Integers) -> tuple[Offsets, Integers, Integers, Integers]:
    """Return the values with each customer's purchases in order of day and basket; unchanged if they are."""
    later = (days[1:] > days[:-1]) | ((days[1:] == days[:-1]) & (codes[1:] >= codes[:-1]))
    starts = offsets[1:-1]
    later[starts[(starts > 0) & (starts < len(items))] - 1] = True
    if later.all():
        return offsets, items, days, codes
    customer = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    order = np.lexsort((codes, days, customer))
    return offsets, items[order], days[order], codes[order]


def _fingerprint(ids: pl.Series, names: pl.Series, made: Histories) -> str:
    values = {"items": made.items, "days": made.days, "orders": made.orders}
    whole = [names.to_frame(), pl.DataFrame({"offsets": made.offsets}), pl.DataFrame(values)]
    del ids  # a fit does not depend on what customers are called
    return fingerprint(pl.DataFrame({"part": [fingerprint(part) for part in whole]}))


def positions(names: pl.Series, wanted: Sequence[str]) -> Integers:
    """Return the positions of products in a catalogue, without those that it lacks.

    Examples:
        >>> positions(pl.Series(["a", "b", "c"]), ["c", "x", "a"]).tolist()
        [2, 0]
    """
    found = _coded(pl.Series(wanted, dtype=pl.String), names)
    return np.asarray(found[found >= 0])
