"""Ids of people among some words, so that a message or a kept page can leave them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

IDS = frozenset(
    {
        "customer_id",
        "visitor_id",
        "unit_id",
        "contract_id",
        "transaction_id",
        "transaction_line_id",
        "household_id",
        "person_id",
        "source_id",
    }
)
"""Columns whose values stand for a person, or for something of one."""


def ids_among(tables: Path, words: Collection[str]) -> set[str]:
    """Return those of some words that are the id of a person in any validated table; an unreadable table has none.

    Args:
        tables: the folder of validated tables.
        words: the words.
    """
    wanted = pl.Series("word", sorted(words), dtype=pl.String)
    found: set[str] = set()
    for path in sorted(tables.glob("*.parquet")):
        try:
            scan = pl.scan_parquet(path)
            named = [name for name in scan.collect_schema().names() if name in IDS]
            for name in named:
                own = scan.select(pl.col(name).cast(pl.String).alias("id")).filter(pl.col("id").is_in(wanted.implode())).unique()
                found |= set(own.collect(engine="streaming")["id"])
        except (OSError, pl.exceptions.PolarsError):
            continue
    return found
