"""The best candidates of each customer: excluded ones are left out, then the rest is ranked, then the list is cut.

Fewer candidates than wanted make a shorter list; nothing fills it. Ties are broken by the order of the products.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import TableError
from relkit.models.compiling import compiled
from relkit.scalars import check_scalar

if TYPE_CHECKING:
    from relkit.models.affinity.histories import Integers, Offsets

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

WHERE = "top_n"


def best_of_each(
    offsets: Offsets, items: Integers, values: Floats, allowed: Flags, *, top: int, groups: Integers | None = None, most_of_group: int = 0
) -> NDArray[np.int64]:
    """Return the positions of each customer's best candidates, shape (n, top), the best first; -1 where there are fewer.

    Args:
        offsets: shape (n + 1,), the candidates of each customer.
        items: shape (c,), positions of products in alphabetical order, by which ties are broken.
        values: shape (c,), the higher the better; NaN is no value.
        allowed: shape (c,), false for candidates that are excluded.
        top: longest list.
        groups: shape (items,), the category of each product; -1 for one that no limit concerns.
        most_of_group: most products of a category in a list; 0 for no limit.

    Examples:
        >>> found = best_of_each(
        ...     np.array([0, 3]), np.array([2, 0, 1], np.int32), np.array([0.5, 0.5, 0.9]), np.array([True, True, False]), top=3
        ... )
        >>> found.tolist()
        [[1, 0, -1]]
    """
    found = np.full((len(offsets) - 1, top), -1, np.int64)
    limited = groups is not None and most_of_group > 0
    own = np.zeros(1, np.int32) if groups is None else groups
    select = compiled(_select, _is_behind, _group_in)
    select(offsets, items, values, allowed, own, most_of_group if limited else 0, found)
    return found


def _is_behind(value: float, item: int, other_value: float, other_item: int) -> bool:
    """Return whether a candidate comes after another one."""
    return value < other_value or (value == other_value and item > other_item)


def _group_in(listed: NDArray[np.int64], items: Integers, groups: Integers, group: int) -> tuple[int, int]:
    """Return the number of listed products of a category and the place of the last one."""
    same, worst = 0, -1
    for at in range(len(listed)):
        if groups[items[listed[at]]] == group:
            same += 1
            worst = at
    return same, worst


def _select(
    offsets: Offsets,
    items: Integers,
    values: Floats,
    allowed: Flags,
    groups: Integers,
    most_of_group: int,
    found: NDArray[np.int64],
) -> None:
    """Fill the lists by insertion: a candidate of a full category may only take the place of the last of that category."""
    top = found.shape[1]
    for u in range(len(offsets) - 1):
        listed, kept = found[u], 0
        for c in range(offsets[u], offsets[u + 1]):
            if not allowed[c] or np.isnan(values[c]):
                continue
            given_up, is_full = (kept, False) if kept < top else (top - 1, True)
            if most_of_group > 0 and groups[items[c]] >= 0:
                same, worst = _group_in(listed[:kept], items, groups, groups[items[c]])
                if same >= most_of_group:
                    given_up, is_full = worst, True
            if is_full and _is_behind(values[c], items[c], values[listed[given_up]], items[listed[given_up]]):
                continue
            at = given_up
            while at > 0 and not _is_behind(values[c], items[c], values[listed[at - 1]], items[listed[at - 1]]):
                listed[at] = listed[at - 1]
                at -= 1
            listed[at] = c
            kept += not is_full


def top_n(
    scores: pl.DataFrame, n: int, *, owned: pl.DataFrame | None = None, out_of_stock: pl.Series | list[str] | tuple[str, ...] = ()
) -> pl.DataFrame:
    """Return each customer's n best products after those that he owns and those out of stock are left out.

    Args:
        scores: customer_id, product_id, score; a null score is none.
        n: longest list.
        owned: customer_id, product_id of products not to be offered to a customer; None for no such products.
        out_of_stock: product_id of products offered to nobody.

    Returns:
        customer_id, rank (from 1), product_id, score; customers in the order of their first row, ties by product_id ascending. A
        customer with fewer products has fewer rows.

    Raises:
        TableError: a column is missing, or a customer has a product twice.
        ParameterError: n is below 1.

    Examples:
        >>> scores = pl.DataFrame({"customer_id": ["a", "a", "a"], "product_id": ["x", "y", "z"], "score": [0.9, 0.8, 0.1]})
        >>> top_n(scores, 1, owned=scores.head(1), out_of_stock=["y"]).rows()
        [('a', 1, 'z', 0.1)]
    """
    check_scalar(n, "n", ge=1, where=WHERE)
    _have(scores, ("customer_id", "product_id", "score"))
    if scores.select("customer_id", "product_id").is_duplicated().any():
        raise TableError("a customer has a product twice.", where=WHERE, remedy="Give one score per customer and product.")
    rows = scores.with_columns(allowed=~pl.col("product_id").is_in(pl.Series(out_of_stock, dtype=scores.schema["product_id"]).implode()))
    if owned is not None:
        _have(owned, ("customer_id", "product_id"))
        theirs = owned.select("customer_id", "product_id").unique().with_columns(is_owned=pl.lit(value=True))
        rows = rows.join(theirs, on=["customer_id", "product_id"], how="left", maintain_order="left")
        rows = rows.with_columns(pl.col("allowed") & pl.col("is_owned").is_null())
    return _cut(rows, n)


def _cut(rows: pl.DataFrame, n: int) -> pl.DataFrame:
    """Return the best rows of each customer."""
    people = rows["customer_id"].unique(maintain_order=True)
    rows = rows.join(people.to_frame().with_row_index("place"), on="customer_id", how="left", maintain_order="left")
    rows = rows.sort("place", maintain_order=True)
    items = rows["product_id"].rank("dense").cast(pl.Int32).to_numpy() - 1
    lengths = np.bincount(rows["place"].to_numpy(), minlength=len(people))
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    values = rows["score"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    found = best_of_each(offsets, items.astype(np.int32), values, rows["allowed"].to_numpy(), top=n)
    there = found >= 0
    ranks = np.broadcast_to(np.arange(1, n + 1), found.shape)[there]
    chosen = rows[found[there]]
    return chosen.select("customer_id", pl.Series("rank", ranks, pl.Int32), "product_id", "score")


def _have(frame: pl.DataFrame, names: tuple[str, ...]) -> None:
    for name in names:
        if name not in frame.columns:
            raise TableError.unknown("column", name, frame.columns, where=WHERE)
