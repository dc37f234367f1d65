"""Declared costs of channels and actions, from the table of costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from relkit.tables.table_set import TableSet

SCHEMA = {"scope": pl.String, "scope_id": pl.String, "per": pl.String, "amount": pl.Float64, "valid_from": pl.Date, "valid_to": pl.Date}


def declared_costs(tables: TableSet) -> pl.DataFrame:
    """Return scope, scope_id, per, amount, valid_from and valid_to of the costs; none without the table."""
    if not tables.has("costs"):
        return pl.DataFrame(schema=SCHEMA)
    given = tables.columns("costs")
    columns = [pl.col(name) if name in given else pl.lit(None, kind).alias(name) for name, kind in SCHEMA.items()]
    return tables.scan("costs").select(columns).collect()
