"""Frames of receipts as models read them: one row per basket with the list of its products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.contracts import Column, Contract, check
from relkit.errors import TableError
from relkit.models.affinity.baskets import Baskets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PRODUCT = "product"
"""Level of the products themselves."""


def list_column(level: str) -> str:
    """Return the column with the items of a level.

    Examples:
        >>> list_column("product"), list_column("category_1")
        ('products', 'category_1')
    """
    return "products" if level == PRODUCT else level


def receipts_contract(levels: Sequence[str], by: str = "") -> Contract:
    """Return the columns that a model of receipts reads.

    Examples:
        >>> receipts_contract(("product",), "channel_id").names
        ('products', 'day', 'channel_id')
    """
    lists = [
        Column(
            name=list_column(level),
            dtype=pl.List(pl.String),
            required=True,
            nullable=False,
            meaning=f"The {level} of each line of the basket; in the order of the products if there are several levels.",
        )
        for level in levels
    ]
    day = Column(name="day", dtype=pl.Date, meaning="Business day of the basket; without it no periods are compared.")
    group = [Column(name=by, dtype=pl.String, required=True, meaning="Group of baskets that has rules of its own.")] if by else []
    return Contract(name="receipts", key=(), meaning="Baskets with their products, one row each.", columns=(*lists, day, *group))


@dataclass(frozen=True, eq=False)
class ReadReceipts:
    """Receipts as read for a model.

    Attributes:
        baskets: those with an item.
        days: day of each basket; None if there are none.
        groups: the group of each basket; None if there are none.
        parents: pairs (item, item of a higher level it belongs to), as codes; (m, 2).
        columns: the columns read, for the fingerprint.
    """

    baskets: Baskets
    days: pl.Series | None
    groups: pl.Series | None
    parents: NDArray[np.int64]
    columns: pl.DataFrame


def read_receipts(frame: pl.DataFrame, levels: Sequence[str], by: str = "") -> ReadReceipts:
    """Read a frame of receipts.

    Args:
        frame: one row per basket.
        levels: of the items; several put the items of all of them into the same baskets.
        by: column with a group of each basket; empty if there is none.

    Raises:
        TableError: a column is missing or of another type, a list is null, or lists of different levels do not go together.

    Examples:
        >>> read = read_receipts(pl.DataFrame({"products": [["b", "a"], []]}), ("product",))
        >>> read.baskets.names.to_list(), read.baskets.empty
        (['a', 'b'], 1)
    """
    lists = [list_column(level) for level in levels]
    _check(frame, lists, by)
    baskets, parents = (Baskets.of(frame[lists[0]]), _NO_PARENTS) if len(lists) == 1 else _of_levels(frame, lists)
    full = frame.select(pl.concat_list(pl.col(name).list.len() for name in lists).list.max() > 0).to_series()
    if baskets.nameless:
        full = frame.select(pl.any_horizontal(pl.col(name).list.drop_nulls().list.len() > 0 for name in lists)).to_series()
    others = [name for name in ("day", by) if name in frame.columns]
    kept = frame.select(others).filter(full) if others and not full.all() else frame.select(others)
    return ReadReceipts(
        baskets,
        kept["day"] if "day" in others else None,
        kept[by].cast(pl.String) if by else None,
        parents,
        frame.select(*lists, *others),
    )


def _check(frame: pl.DataFrame, lists: list[str], by: str) -> None:
    """Check names and nulls as other frames are checked, the lists by their lengths."""
    nested = [name for name in lists if name in frame.columns and isinstance(frame[name].dtype, pl.List)]
    for name in lists:
        if name in frame.columns and name not in nested:
            raise TableError(
                f"{name} is {frame[name].dtype}, expected List(String): the items of each basket.",
                where="receipts",
                remedy="Give one row per basket; group lines by basket first.",
            )
    numbers = [Column(name=name, dtype=pl.UInt32, required=True, nullable=False) for name in lists]
    day = Column(name="day", dtype=pl.Date)
    group = [Column(name=by, dtype=pl.String, required=True)] if by else []
    names = [name for name in (*lists, "day", *([by] if by else [])) if name in frame.columns]
    shape = frame.select(pl.col(name).list.len().cast(pl.UInt32) if name in nested else pl.col(name) for name in names)
    check(shape, Contract(name="receipts", key=(), columns=(*numbers, day, *group)))


_NO_PARENTS: NDArray[np.int64] = np.empty((0, 2), np.int64)


def _of_levels(frame: pl.DataFrame, lists: list[str]) -> tuple[Baskets, NDArray[np.int64]]:
    """Return baskets with the items of several levels, and the pairs of an item and what it belongs to."""
    lengths = frame.select((pl.col(name).list.len() != pl.col(lists[0]).list.len()).any() for name in lists)
    if uneven := [name for name in lists if lengths[name][0]]:
        raise TableError(
            f"{', '.join(uneven)} differ from {lists[0]} in length: the item of each line has to be in the same place.",
            where="receipts",
            remedy="Build the lists of all levels from the same lines, with null if a product has none.",
        )
    named = [_named_by_level(name) for name in lists]
    baskets = Baskets.of(frame.select(items=pl.concat_list(named))["items"])
    flat = frame.select(named).explode(lists, empty_as_null=False, keep_nulls=False).unique().drop_nulls()
    codes = pl.DataFrame({"name": baskets.names}).with_row_index("code")
    pairs = [flat.select(low=lists[i], high=lists[j]).unique() for i in range(len(lists)) for j in range(i + 1, len(lists))]
    both = pl.concat(pairs).unique().join(codes, left_on="low", right_on="name").join(codes, left_on="high", right_on="name")
    return baskets, np.sort(both.select("code", "code_right").to_numpy().astype(np.int64), axis=1)


def _named_by_level(name: str) -> pl.Expr:
    """Return the items of a level as text; those of a category are marked with its column, so that no id is taken for one."""
    text = pl.col(name).cast(pl.List(pl.String))
    return text if name == list_column(PRODUCT) else text.list.eval(pl.format(f"{name}={{}}", pl.element()))
