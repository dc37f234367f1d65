"""Contracts split into pieces by version, for models whose covariates change with age.

The pieces of a contract are its spell (`relkit.features.spells.contract_spells`) cut at each version known at the cutoff:
each has the amount, the margin, the term and the way of payment of its own version. What was in force before the
first known version is taken to be that version. A version that begins on the day of the end explains nothing of the end
and is left out; one that begins at the cutoff of a running contract is kept, with no day at risk yet, since scores use
it from then on. Other covariates are as of the start, and the same in every piece.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.known_rows import known_rows
from relkit.features.spells import contract_spells

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

_OF_A_VERSION = ("monthly_amount", "monthly_margin", "term_months", "pays_by_direct_debit")


def contract_versions(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return one row per piece of a contract that had begun by `as_of` and was observed for some time.

    Returns:
        The columns of `contract_spells`, in order of contract_id and age: entry_days and duration_days are those of the piece,
        event is true on the last piece of a contract that ended, is_active on the last of one that runs.

    Raises:
        TableError: there is no contracts table.
    """
    spells = contract_spells(tables, as_of)
    own = [name for name in _OF_A_VERSION if name in spells.columns]
    begun = spells.drop(own).join(_versions(tables, as_of), on="contract_id", how="left", maintain_order="left")
    begins = (pl.col("valid_from") - pl.col("started_on")).dt.total_days().cast(pl.Float64).fill_null(0.0).clip(lower_bound=0.0)
    cut = begun.with_columns(begins=begins).filter(
        (pl.col("begins") < pl.col("duration_days")) | pl.col("is_active") | (pl.col("begins") == 0)
    )
    cut = cut.filter(pl.col("begins") <= pl.col("duration_days")).unique(["contract_id", "begins"], keep="last", maintain_order=True)
    first = pl.int_range(pl.len()).over("contract_id") == 0
    until = pl.col("begins").shift(-1).over("contract_id")
    pieces = cut.with_columns(begins=pl.when(first).then(0.0).otherwise("begins")).with_columns(
        entry_days=pl.max_horizontal("begins", "entry_days"),
        duration_days=until.fill_null(pl.col("duration_days")),
        is_last=until.is_null(),
    )
    pieces = pieces.filter((pl.col("entry_days") < pl.col("duration_days")) | pl.col("is_last"))
    marked = pieces.with_columns(event=pl.col("event") & pl.col("is_last"), is_active=pl.col("is_active") & pl.col("is_last"))
    return marked.select(spells.columns)


def _versions(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return each version as last recorded, in order of contract_id and valid_from, with its covariates."""
    read = ("contract_id", "valid_from", "recorded_at", "monthly_amount", "monthly_margin", "term_months", "payment_method")
    rows = known_rows(tables, "contracts", as_of, *read).collect(engine="streaming").sort("contract_id", "valid_from", "recorded_at")
    rows = rows.unique(["contract_id", "valid_from"], keep="last", maintain_order=True)
    debit = (pl.col("payment_method") == "direct_debit").cast(pl.Float64)
    numbers = [pl.col(name).cast(pl.Float64) for name in ("monthly_amount", "monthly_margin", "term_months")]
    return rows.select("contract_id", "valid_from", *numbers, pays_by_direct_debit=debit)
