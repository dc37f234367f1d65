"""Rows of takers: customers as of a day with what they held and took, as arrays, and the rows that each product learns from.

Rows are put in order of customer_id, so that a fit does not depend on the order in which they come; without customer_id they stay in
the order of the file, which then counts as an order of time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column, Contract, check
from relkit.errors import NotEnoughEventsError, TableError
from relkit.models.weights import columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]

CUSTOMER = Column(name="customer_id", dtype=pl.String, nullable=False, personal_data="pseudonym")
HELD = Column(name="held", dtype=pl.List(pl.String), meaning="Products that the customer has already.", null_means="none")
TAKEN = Column(
    name="taken", dtype=pl.List(pl.String), required=True, meaning="Products taken within the horizon.", null_means="not known yet"
)
SEQUENCE = Column(name="sequence", dtype=pl.Int64, nullable=False, meaning="Rank of the moment of the row, if rows have an order of time.")
OWN = (CUSTOMER.name, HELD.name, TAKEN.name, SEQUENCE.name)
"""Columns of the rows that are no features."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TakerRows:
    """Rows whose outcome is known.

    Attributes:
        own: their columns that are no features.
        features: their features, in order of name.
        weight: how many customers each stands for, shape (n,).
        sequence: rank of the moment of each, shape (n,); None if they have no order.
    """

    own: pl.DataFrame
    features: pl.DataFrame
    weight: Floats
    sequence: NDArray[np.int64] | None

    @classmethod
    def read(cls, frame: pl.DataFrame, *, features: Sequence[str], left_out: Sequence[str], weight_column: str, where: str) -> Self:
        """Return the rows of a frame.

        Args:
            frame: one row per customer (and moment).
            features: columns to learn from; empty for all.
            left_out: columns never to learn from.
            weight_column: column of weights; empty if each row is one customer.
            where: the caller, for messages.

        Raises:
            TableError: a column is missing or invalid, or there is no feature.
            NotEnoughEventsError: the outcome of no row is known.
        """
        never = {*OWN, weight_column, *left_out}
        names = sorted(features or (name for name in frame.columns if name not in never))
        if not names:
            raise TableError("there is no feature to learn from.", where=where, remedy="Give columns besides customer_id, held and taken.")
        contract = needs_of(names, weight_column, where=where)
        rows = check(plain(frame, names), _typed(contract, frame, names)).filter(pl.col("taken").is_not_null())
        if rows.is_empty():
            raise NotEnoughEventsError("no row says what was taken.", where=where, remedy="Give rows whose horizon has passed.")
        has_id = CUSTOMER.name in rows.columns
        rows = rows.sort([name for name in (CUSTOMER.name, SEQUENCE.name) if name in rows.columns]) if has_id else rows
        return cls(
            own=rows.select(name for name in OWN if name in rows.columns),
            features=rows.select(names),
            weight=rows[weight_column].to_numpy() if weight_column else np.ones(len(rows)),
            sequence=rows["sequence"].to_numpy() if SEQUENCE.name in rows.columns else None if has_id else np.arange(len(rows)),
        )

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.own)

    def counted(self) -> dict[str, int]:
        """Return the number of takers of each product, the most often taken first, then by name."""
        taken = self.own["taken"].explode(empty_as_null=False).drop_nulls()
        found = taken.value_counts().sort(["count", "taken"], descending=[True, False])
        return dict(found.iter_rows())

    def took(self, product: str) -> Flags:
        """Return a mask of those who took a product, shape (n,)."""
        return contains(self.own["taken"], product)

    def holds(self, product: str) -> Flags:
        """Return a mask of those who had a product already, shape (n,)."""
        return contains(self.own["held"], product) if "held" in self.own.columns else np.zeros(len(self), dtype=np.bool_)

    def only(self, which: Rows) -> TakerRows:
        """Return some of the rows."""
        return replace(
            self,
            own=self.own[which],
            features=self.features[which],
            weight=self.weight[which],
            sequence=None if self.sequence is None else self.sequence[which],
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Drawn:
    """The rows of a product that it learns from.

    Attributes:
        which: rows, shape (m,).
        took: shape (m,).
        takers: all who took, before the draw.
        open_rows: all rows that did not hold the product.
        base_rate: share of takers among those, by weight.
        share: to which those who did not take were thinned, over that of the takers.
    """

    which: Rows
    took: Flags
    takers: int
    open_rows: int
    base_rate: float
    share: float


def draw(rows: TakerRows, products: Sequence[str], *, most_rows: int, seed: int) -> dict[str, Drawn]:
    """Return the rows that each product learns from: its takers, and of the others those in one draw for all products.

    The draw does not depend on what was taken, so that each product's others are a fair sample, and the same columns serve all.

    Args:
        rows: all rows.
        products: the products.
        most_rows: size of the draw of all rows, and the most takers of a product.
        seed: of the draw.
    """
    rng = np.random.default_rng(seed)
    in_draw = rng.random(len(rows)) < most_rows / max(len(rows), 1) if len(rows) > most_rows else np.ones(len(rows), dtype=np.bool_)
    return {product: _drawn(rows, product, in_draw, most_rows, rng) for product in products}


def _drawn(rows: TakerRows, product: str, in_draw: Flags, most: int, rng: np.random.Generator) -> Drawn:
    is_open = ~rows.holds(product)
    took = rows.took(product) & is_open
    others = np.flatnonzero(is_open & ~took)
    kept, takers = others[in_draw[others]], np.flatnonzero(took)
    some = takers if len(takers) <= most else np.sort(rng.choice(takers, most, replace=False))
    which = np.sort(np.concatenate([some, kept]))
    weight = rows.weight
    taken, left = float(weight[takers].sum()), float(weight[others].sum())
    thinned = (weight[kept].sum() / left if left else 1.0) / (weight[some].sum() / taken if taken else 1.0)
    return Drawn(
        which=which,
        took=took[which],
        takers=len(takers),
        open_rows=int(is_open.sum()),
        base_rate=taken / (taken + left) if taken + left else 0.0,
        share=float(thinned),
    )


def contains(lists: pl.Series, product: str) -> Flags:
    """Return which lists contain a product, shape (n,); an empty or missing one does not.

    Examples:
        >>> contains(pl.Series([["a", "b"], [], None], dtype=pl.List(pl.String)), "b").tolist()
        [True, False, False]
    """
    found: Flags = lists.list.contains(product).fill_null(value=False).to_numpy()
    return found


def plain(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Return a frame whose numbers among some columns are empty instead of not a number."""
    floats = [name for name in names if name in frame.columns and frame.schema[name].is_float()]
    return frame.with_columns(pl.col(floats).fill_nan(None)) if floats else frame


def needs_of(features: Sequence[str], weight_column: str, *, where: str) -> Contract:
    """Return the columns that a fit reads."""
    named = (Column(name=name, dtype=pl.Unknown, required=True, meaning="A feature: a number, a truth value or text.") for name in features)
    return Contract(
        name=where, key=(CUSTOMER.name, SEQUENCE.name), columns=(CUSTOMER, HELD, TAKEN, SEQUENCE, *columns_of(weight_column), *named)
    )


def _typed(contract: Contract, frame: pl.DataFrame, names: Sequence[str]) -> Contract:
    """Return a contract whose features have the types that they have in a frame."""
    typed = (replace(c, dtype=frame.schema.get(c.name, pl.Float64)) if c.name in names else c for c in contract.columns)
    return replace(contract, columns=tuple(typed))
