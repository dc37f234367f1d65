"""Input of the purchase models: one row per customer, as of a day.

In the notation of the literature x is `repeat_purchases`, t_x `last_purchase_age_days` and T `observed_days`, all
three counted from the first purchase. A fit needs only the number of customers with each triple, so
`PurchaseCounts` is the summary that a fit reads: it can be computed shard by shard and added up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column, Contract, Rule, check
from relkit.errors import TableError

if TYPE_CHECKING:
    from datetime import date

Floats = NDArray[np.float64]

# Beyond any real history: larger values are faulty cells (seconds for days), with which sums would overflow or never end.
_MOST_PURCHASES = 1_000_000_000
_MOST_DAYS = 100_000

CUSTOMER_ID = Column(name="customer_id", dtype=pl.String, required=True, nullable=False, meaning="The customer; any type of id is kept.")
REPEAT_PURCHASES = Column(
    name="repeat_purchases",
    dtype=pl.Int64,
    required=True,
    nullable=False,
    low=0,
    high=_MOST_PURCHASES,
    meaning="Distinct purchase days after the first (x).",
)

PURCHASES = Contract(
    name="purchase summary",
    key=("customer_id",),
    meaning="Repeat purchases of each customer, as of a day.",
    columns=(
        CUSTOMER_ID,
        REPEAT_PURCHASES,
        Column(
            name="last_purchase_age_days",
            dtype=pl.Float64,
            required=True,
            nullable=False,
            low=0,
            high=_MOST_DAYS,
            unit="days",
            meaning="From the first to the last purchase (t_x).",
        ),
        Column(
            name="observed_days",
            dtype=pl.Float64,
            required=True,
            nullable=False,
            low=0,
            high=_MOST_DAYS,
            unit="days",
            meaning="From the first purchase to the as-of day (T).",
        ),
    ),
    rules=(
        Rule(
            name="last_purchase_age_days: over observed_days",
            columns=("last_purchase_age_days", "observed_days"),
            broken=pl.col("last_purchase_age_days") > pl.col("observed_days"),
        ),
        Rule(
            name="repeat_purchases: 0 though the last purchase is not the first",
            columns=("repeat_purchases", "last_purchase_age_days"),
            broken=(pl.col("repeat_purchases") == 0) & (pl.col("last_purchase_age_days") > 0),
        ),
    ),
)


# Not in the contract: a model can score such rows, as on the surface that a plot draws; but it must not learn from them.
_AT_ONCE = Rule(
    name="last_purchase_age_days: 0 though there are repeat_purchases",
    columns=("last_purchase_age_days", "repeat_purchases"),
    broken=(pl.col("last_purchase_age_days") == 0) & (pl.col("repeat_purchases") > 0),
)

_AGES = pl.col("repeat_ages_days").list

PURCHASE_HISTORIES = replace(
    PURCHASES,
    name="purchase histories",
    meaning="Repeat purchases of each customer one by one, as of a day.",
    columns=(
        *PURCHASES.columns,
        Column(
            name="first_order_on",
            dtype=pl.Date,
            required=True,
            nullable=False,
            meaning="Day of the first purchase, from which ages are counted.",
        ),
        Column(
            name="repeat_ages_days",
            dtype=pl.List(pl.Float64),
            required=True,
            nullable=False,
            unit="days",
            meaning="From the first purchase to each repeat purchase, ascending; empty without one.",
        ),
    ),
    rules=(
        *PURCHASES.rules,
        Rule(
            name="repeat_ages_days: not as many as repeat_purchases",
            columns=("repeat_ages_days", "repeat_purchases"),
            broken=_AGES.len() != pl.col("repeat_purchases"),
        ),
        Rule(
            name="repeat_ages_days: the last is not last_purchase_age_days",
            columns=("repeat_ages_days", "last_purchase_age_days"),
            broken=(_AGES.last() - pl.col("last_purchase_age_days")).abs() > 1e-6,
        ),
        Rule(
            name="repeat_ages_days: has an empty or infinite age",
            columns=("repeat_ages_days",),
            broken=~pl.col("repeat_ages_days").list.eval(pl.element().is_finite().fill_null(value=False)).list.all(),
        ),
        Rule(
            name="repeat_ages_days: not ascending from above 0",
            columns=("repeat_ages_days",),
            broken=(_AGES.diff().list.min() <= 0) | (_AGES.min() <= 0),
        ),
    ),
)
"""Input of models for which the summary is not sufficient: the purchase days one by one."""


@dataclass(frozen=True, eq=False)
class PurchaseCounts:
    """Number of customers with each (x, t_x, T); rows may repeat a triple.

    Attributes:
        x: repeat purchases, shape (n,).
        t_x: age at the last purchase, days, shape (n,).
        T: age at the as-of day, days, shape (n,).
        customers: number of customers that each row stands for, shape (n,).

    Examples:
        >>> once = PurchaseCounts(np.array([0, 2]), np.array([0.0, 9.0]), np.array([30.0, 30.0]), np.array([1.0, 1.0]))
        >>> once.merged(once).customers.tolist()
        [2.0, 2.0]
    """

    x: NDArray[np.int64]
    t_x: Floats
    T: Floats
    customers: Floats

    @classmethod
    def of(cls, features: pl.DataFrame, weights: Floats | None = None) -> PurchaseCounts:
        """Return a row for each row of a frame from `read_purchases`, which stands for `weights` customers or for one.

        They are not compressed: on daily data sorting a million customers costs as much as two passes of a fit and
        saves a third of each pass.
        """
        x: NDArray[np.int64] = features["repeat_purchases"].to_numpy()
        t_x: Floats = features["last_purchase_age_days"].to_numpy()
        T: Floats = features["observed_days"].to_numpy()
        return cls(x=x, t_x=t_x, T=T, customers=np.ones(len(x)) if weights is None else weights)

    def sorted(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the order that sorts the rows by x, t_x and T, and the start of each distinct triple in it."""
        order = np.lexsort((self.T, self.t_x, self.x))
        starts = np.ones(len(order), dtype=bool)
        x, t_x, T = self.x[order], self.t_x[order], self.T[order]
        starts[1:] = (x[1:] != x[:-1]) | (t_x[1:] != t_x[:-1]) | (T[1:] != T[:-1])
        return order, np.flatnonzero(starts)

    def compressed(self) -> PurchaseCounts:
        """Return the same counts with each triple once, in ascending order."""
        order, first = self.sorted()
        one = order[first]
        customers = np.add.reduceat(self.customers[order], first) if len(first) else self.customers
        return PurchaseCounts(x=self.x[one], t_x=self.t_x[one], T=self.T[one], customers=customers)

    def merged(self, other: PurchaseCounts) -> PurchaseCounts:
        """Return the counts of two groups of customers together."""
        return PurchaseCounts(
            x=np.concatenate((self.x, other.x)),
            t_x=np.concatenate((self.t_x, other.t_x)),
            T=np.concatenate((self.T, other.T)),
            customers=np.concatenate((self.customers, other.customers)),
        ).compressed()

    def levels(self) -> tuple[Floats, NDArray[np.intp]]:
        """Return the values of x, and the position of each row's among them; a plain range unless some x is huge."""
        top = int(self.x.max())
        if top < 4096:
            return np.arange(top + 1, dtype=float), self.x.astype(np.intp, copy=False)
        values, code = np.unique(self.x, return_inverse=True)
        return values.astype(float), code

    def every(self, step: int) -> PurchaseCounts:
        """Return every `step`-th row, a sample from which a fit can start."""
        return PurchaseCounts(x=self.x[::step], t_x=self.t_x[::step], T=self.T[::step], customers=self.customers[::step])

    def those(self, who: NDArray[np.bool_]) -> PurchaseCounts:
        """Return some of the rows, by a mask of shape (n,)."""
        return PurchaseCounts(x=self.x[who], t_x=self.t_x[who], T=self.T[who], customers=self.customers[who])


def compressed(counts: PurchaseCounts, Z: Floats) -> tuple[PurchaseCounts, Floats]:
    """Return counts with each (x, t_x, T, z) once, in ascending order, and their covariates.

    Args:
        counts: of n rows.
        Z: covariates of each row, shape (n, columns).
    """
    names = [str(j) for j in range(Z.shape[1])]
    keys = {"x": counts.x, "t_x": counts.t_x, "T": counts.T} | {name: Z[:, int(name)] for name in names}
    rows = pl.DataFrame(keys | {"n": counts.customers}).group_by(*keys).agg(pl.col("n").sum()).sort(*keys)
    x, t_x, T, n = (rows[name].to_numpy() for name in ("x", "t_x", "T", "n"))
    return PurchaseCounts(x=x, t_x=t_x, T=T, customers=n), rows.select(names).to_numpy()


def distinct(frame: pl.DataFrame) -> tuple[pl.DataFrame, NDArray[np.intp]]:
    """Return each row once, and the position of each row of `frame` among them, shape (n,)."""
    rows = frame.unique(maintain_order=True)
    placed = rows.with_row_index("_place")
    which = frame.join(placed, on=frame.columns, how="left", maintain_order="left", nulls_equal=True)["_place"]
    return rows, which.to_numpy().astype(np.intp)


def read_columns(features: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Return the columns of `contract`, checked, with customer_id of its original type.

    Raises:
        TableError: a column is missing, a value is impossible, or a customer has two rows.
    """
    ids = features.schema.get("customer_id", pl.String())
    # The id keeps its type: as text, a million integers take four times as long to check for duplicates.
    own = tuple(replace(column, dtype=ids) if column.name == "customer_id" else column for column in contract.columns)
    return check(features, replace(contract, columns=own))


def read_purchases(features: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of `PURCHASES`, checked as `read_columns` does."""
    return read_columns(features, PURCHASES)


def learnable(contract: Contract) -> Contract:
    """Return a contract of purchases that refuses purchases at the very start."""
    return replace(contract, rules=(*contract.rules, _AT_ONCE))


def check_dates(frame: pl.DataFrame, as_of: date) -> None:
    """Refuse customers whose days do not end at `as_of`: their purchases would be read on the wrong days."""
    days = (pl.lit(as_of, pl.Date) - pl.col("first_order_on")).dt.total_days()
    wrong = frame.select(((days - pl.col("observed_days")).abs() > 1).alias("wrong"))["wrong"]
    if wrong.any():
        first = int(wrong.arg_true()[0])
        day, observed = frame["first_order_on"][first], frame["observed_days"][first]
        raise TableError(
            f"first_order_on: {int(wrong.sum()):,} of {len(frame):,} rows do not lie observed_days before {as_of} "
            f"(first: row {first}, {day} with {observed:g} days).",
            where=PURCHASE_HISTORIES.name,
            remedy="Give the as-of day up to which the features were made.",
        )


def meet_outcomes(features: pl.DataFrame, outcomes: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """Return the rows of `features` whose customers have an outcome, with the outcome's columns.

    Raises:
        TableError: a column of the outcomes is missing, or no customer is in both.
    """
    for name in ("customer_id", *columns):
        if name not in outcomes.columns:
            raise TableError.unknown("column", name, outcomes.columns, where="outcomes of the holdout")
    key = pl.col("customer_id").cast(pl.String)
    own = features.drop(columns, strict=False).with_columns(key)
    ids = own["customer_id"]
    if len(ids) and ids.equals(outcomes["customer_id"].cast(pl.String)) and bool((ids[1:] > ids[:-1]).all()):
        return own.with_columns(outcomes.select(columns))  # as the outcomes of a holdout come: no lookup of customers is needed
    both = own.join(outcomes.select(key, *columns), on="customer_id", how="inner", maintain_order="left")
    if both.is_empty():
        raise TableError(
            "no customer of the features has an outcome.", where="outcomes of the holdout", remedy="Use the same customer_id in both."
        )
    return both
