"""A sample of customers drawn by a hash of their ids: the same for any order of the rows, on any machine."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


def drawn_customers(customers: pl.Series, most: int, *, seed: int = 0) -> pl.Series | None:
    """Return the ids of `most` customers as text, sorted; None if there are no more than that.

    The ids with the smallest hashes are taken, so that a smaller sample is part of a larger one with the same seed.

    Args:
        customers: ids of any type; rows of one customer may repeat.
        most: size of the sample.
        seed: of the hash.

    Examples:
        >>> ids = pl.Series(["d", "a", "c", "b", "a"])
        >>> drawn_customers(ids, 2).equals(drawn_customers(ids.reverse(), 2))
        True
        >>> len(drawn_customers(ids, 2)), drawn_customers(ids, 4)
        (2, None)
    """
    ids = customers.drop_nulls().unique().cast(pl.String).sort()
    if len(ids) <= most:
        return None
    first = np.argsort(_hashes(ids.to_list(), seed), kind="stable")[:most]
    return ids.gather(first).sort()


def _hashes(ids: Iterable[str], seed: int) -> NDArray[np.uint64]:
    """Return 64 bits of a keyed hash of each id; those of polars may change with its version."""
    keyed = blake2b(digest_size=8, key=seed.to_bytes(8, "little", signed=True))
    found = bytearray()
    for each in ids:
        own = keyed.copy()
        own.update(each.encode())
        found += own.digest()
    return np.frombuffer(bytes(found), dtype="<u8")
