"""Rows that share a key, found without holding the keys: by sorted 64-bit hashes, then by the keys themselves.

Ten million text keys are 80 MB of hashes, where a streamed group-by of the keys holds them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.staging import INDEX

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from relkit.tables.staging import Staged

REPEATED = "_repeated"
"""Technical column: the rule that a row breaks whose key an earlier row has."""


def repeated_rows(staged: Staged, good: Callable[[pl.LazyFrame], pl.LazyFrame]) -> pl.DataFrame:
    """Return the rows whose key an earlier good row has.

    Args:
        staged: the typed copy.
        good: keeps the rows of a frame that break no other rule, so that a faulty row never displaces a good one.

    Returns:
        `_index` (u32) and `_repeated` (the rule: an exact copy of the earlier row, or the same key with other content).
    """
    key = [name for name in staged.contract.key if name in staged.names]
    suspects = shared_hashes(staged.scan(), key)
    if not key or not len(suspects):
        return pl.DataFrame(schema={INDEX: pl.UInt32, REPEATED: pl.String})
    rows = good(staged.scan().filter(_hash(key).is_in(suspects.implode())))
    content = rows.select(*key, INDEX, _hash(list(staged.names)).alias("_content")).collect(engine="streaming")
    name = ", ".join(key)
    is_copy = pl.col("_content") == pl.col("_content").first().over(key, order_by=INDEX)
    is_later = pl.col(INDEX) > pl.col(INDEX).min().over(key)
    return content.with_columns(_rule(is_copy, name), is_later=is_later).filter("is_later").select(INDEX, REPEATED).sort(INDEX)


def equal_rows(rows: pl.LazyFrame, columns: list[str]) -> pl.Series:
    """Return `_index` of the rows that are equal to an earlier one in all `columns`.

    Args:
        rows: staged rows with `_index`.
        columns: what is compared.
    """
    suspects = shared_hashes(rows, columns)
    if not len(suspects):
        return pl.Series(INDEX, [], dtype=pl.UInt32)
    alike = rows.select(INDEX, _hash(columns).alias("hash")).filter(pl.col("hash").is_in(suspects.implode())).collect(engine="streaming")
    return alike.filter(pl.col(INDEX) > pl.col(INDEX).min().over("hash"))[INDEX].sort()


def distinct(rows: pl.LazyFrame, column: str) -> int:
    """Return the number of distinct values of the column, nulls left out."""
    hashes = _sorted(rows.select(pl.col(column).drop_nulls().hash(seed=0)))
    return int((hashes[1:] != hashes[:-1]).sum()) + min(hashes.size, 1)


def shared_hashes(rows: pl.LazyFrame, columns: list[str]) -> pl.Series:
    """Return the hashes of `columns` that more than one row has; different rows may share one."""
    if not columns:
        return pl.Series("hash", [], dtype=pl.UInt64)
    hashes = _sorted(rows.select(_hash(columns)))
    again = hashes[1:][hashes[1:] == hashes[:-1]]
    is_first = np.append(True, again[1:] != again[:-1])[: again.size]
    return pl.Series("hash", again[is_first], dtype=pl.UInt64)


def _sorted(hashes: pl.LazyFrame) -> NDArray[np.uint64]:
    found = hashes.collect(engine="streaming").to_series().to_numpy(writable=True)
    found.sort()  # in place; numpy's unique takes six times as long
    return found


def _hash(columns: list[str]) -> pl.Expr:
    return pl.struct(columns).hash(seed=0)


def _rule(is_copy: pl.Expr, name: str) -> pl.Expr:
    copy, other = f"{name}: exact copy of an earlier row", f"{name}: key of an earlier row, other content"
    return pl.when(is_copy).then(pl.lit(copy)).otherwise(pl.lit(other)).alias(REPEATED)
