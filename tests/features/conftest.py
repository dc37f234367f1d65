"""Small companies, written as validated tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from relkit.tables.schemas import TABLES
from relkit.tables.table_set import TableFacts, TableSet, write_facts

if TYPE_CHECKING:
    from pathlib import Path

Company = Callable[..., TableSet]


def typed(table: str, rows: dict[str, list[Any]]) -> pl.DataFrame:
    """Return rows in the types that the table declares; undeclared columns keep the types they have."""
    declared = {c.name: c.dtype for c in TABLES[table].columns if c.name in rows}
    return pl.DataFrame(rows, schema_overrides=declared)


def write_company(folder: Path, frames: dict[str, pl.DataFrame], **facts: Any) -> TableSet:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
    write_facts(folder, TableFacts(rows={n: len(f) for n, f in frames.items()}, fingerprints=dict.fromkeys(frames, ""), **facts))
    return TableSet.open(folder)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Return a function that writes tables given as columns and opens them; facts are named arguments."""

    def build(tables: dict[str, dict[str, list[Any]]], *, folder: str = "tables", **facts: Any) -> TableSet:
        frames = {name: typed(name, rows) for name, rows in tables.items()}
        return write_company(tmp_path / folder, frames, **({"history_starts_on": date(2020, 1, 1)} | facts))

    return build


@pytest.fixture(scope="session")
def cdnow(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> TableSet:
    """Return the CDNOW sample (2,357 customers who first bought in the first quarter of 1997) as tables."""
    raw = pl.read_csv(real_data / "cdnow_sample.txt", has_header=False, new_columns=["line"], separator="\t")
    parts = raw["line"].str.strip_chars().str.replace_all(r"\s+", " ").str.split(" ")
    lines = pl.DataFrame(
        {
            "transaction_line_id": [str(i) for i in range(len(parts))],
            "transaction_id": [str(i) for i in range(len(parts))],
            "customer_id": parts.list.get(1),
            "occurred_at": parts.list.get(2).str.to_datetime("%Y%m%d", time_unit="us", time_zone="UTC"),
            "net_amount": parts.list.get(4).cast(pl.Float64),
            "line_kind": pl.Series(["sale"] * len(parts)),
        }
    )
    return write_company(tmp_path_factory.mktemp("cdnow"), {"transactions": lines}, currency="USD", last_day=date(1998, 6, 30))
