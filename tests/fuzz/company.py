"""A tiny company whose every personal value is a canary, as rows of texts; any of its tables, as good as a file can be.

Every value of a column that may be personal contains `CANARY`, so that one search of all that was written
and printed finds each that was given away.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from relkit.tables.schemas import FACT_TABLES, TABLES

if TYPE_CHECKING:
    from random import Random

    from relkit.contracts import Column

CANARY = "qzk"
"""Three letters that no text of relkit contains."""
CUSTOMERS = tuple(f"{CANARY}{number:04d}" for number in range(9))
EXTRA = {"email": "{}@{}.example", "phone": "+336{}{}", "full name": "Zoé {}{}"}
"""Columns that no table of ours has, all personal."""

Rows = list[dict[str, str]]


def rows(table: str, rng: Random, number: int = 10) -> Rows:
    """Return rows of a table that break no rule of a single column."""
    columns = [c for c in TABLES[table].columns if c.required or c.name in TABLES[table].key or rng.random() < 0.5]
    made = [{c.name: _value(c, table, row, rng) for c in columns} for row in range(number)]
    if table in {"customers", "transactions", "contracts"} and rng.random() < 0.4:
        for row, values in enumerate(made):
            values.update({name: form.format(CANARY, row) for name, form in EXTRA.items()})
    return made


def tables(rng: Random) -> dict[str, Rows]:
    """Return one table of facts and perhaps another."""
    names = [rng.choice(FACT_TABLES[:2]) if rng.random() < 0.9 else rng.choice(FACT_TABLES)]
    if rng.random() < 0.4:
        names.append(rng.choice([name for name in TABLES if name not in names]))
    return {name: rows(name, rng, rng.randint(3, 14)) for name in names}


def _value(column: Column, table: str, row: int, rng: Random) -> str:
    if not (column.required or column.name in TABLES[table].key) and rng.random() < 0.15:
        return ""
    if column.allowed:
        return rng.choice(column.allowed)
    dtype = column.dtype
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        at = datetime(2022, 1, 1) + timedelta(minutes=rng.randrange(900 * 1440))  # noqa: DTZ001  as files have it, in no zone
        return str(at.date()) if dtype == pl.Date else at.isoformat(" ", "minutes")
    if dtype == pl.Boolean:
        return rng.choice(["true", "false"])
    if dtype in {pl.Float64, pl.Int64, pl.Int32}:
        return _number(column, rng, whole=dtype != pl.Float64)
    return _text(column, table, row, rng)


def _number(column: Column, rng: Random, *, whole: bool) -> str:
    low = max(x for x in (column.low, column.above, column.likely_low, 0.0) if x is not None)
    high = min(x for x in (column.high, column.likely_high, low + 200.0) if x is not None)
    value = rng.uniform(low + 0.001 * (high - low), high)
    return str(round(value)) if whole else f"{value:.2f}"


def _text(column: Column, table: str, row: int, rng: Random) -> str:
    if column.name == "customer_id":
        return rng.choice(CUSTOMERS) if table != "customers" else f"{CANARY}{row:04d}"
    own = f"{CANARY}{column.name[:2]}{row}" if column.personal_data != "none" else f"{column.name[:3]}{row}"
    return own if column.name in TABLES[table].key else own[:-1] + str(row % 4)
