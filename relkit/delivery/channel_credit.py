"""Credit of channels in a delivery: its rows and totals, their columns, and its part of the manifest."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.commands import command
from relkit.json_file import read_json
from relkit.scores.channel_credit import CHANNEL_CREDIT, TOTAL_COLUMNS, credit_columns, in_currency

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from relkit.file_column import FileColumn

VIEW = CHANNEL_CREDIT
"""Name of the view in the data dictionary, and of the files without their endings."""
_KEPT = ("model", "version", "trained_as_of", "metric", "level", "reads_with")


@dataclass(frozen=True, eq=False, kw_only=True)
class ChannelCredit:
    """The credit of channels of a day.

    Attributes:
        frame: one row per model, channel, segment and period (`relkit.scores.channel_credit`).
        record: the models behind it, with their versions and totals, and the margin rate.
        currency: ISO code.
    """

    frame: pl.DataFrame
    record: Mapping[str, Any] = field(default_factory=dict)
    currency: str = "EUR"

    @classmethod
    def read(cls, folder: Path, currency: str) -> ChannelCredit | None:
        """Return the credit in the folder of a day's scores; None if there is none."""
        table, record = folder / f"{CHANNEL_CREDIT}.parquet", folder / f"{CHANNEL_CREDIT}.json"
        if not (table.is_file() and record.is_file()):
            return None
        return cls(frame=pl.read_parquet(table), record=read_json(record, remedy=f"Run {command('score')} again."), currency=currency)

    @cached_property
    def columns(self) -> tuple[FileColumn, ...]:
        """The declarations of the columns of `frame`."""
        return credit_columns(self.currency)

    @cached_property
    def total_columns(self) -> tuple[FileColumn, ...]:
        """The declarations of the columns of `totals`."""
        own = {column.name: column for column in self.columns}
        added = tuple(in_currency(column, self.currency) for column in TOTAL_COLUMNS)
        return (own["model"], own["segment"], own["period"], *added)

    @cached_property
    def totals(self) -> pl.DataFrame:
        """The conversions to be credited and their value: one row per model, segment and period."""
        rows = [{"model": model, **row} for model, entry in self.record["models"].items() for row in entry["totals"]]
        source = {"total_conversions": "conversions", "total_value": "value"}
        named = [{column.name: row.get(source.get(column.name, column.name)) for column in self.total_columns} for row in rows]
        schema = {column.name: pl.String if column.dtype == pl.Date else column.dtype for column in self.total_columns}
        return pl.DataFrame(named, schema=schema).with_columns(pl.col("period").str.to_date())

    def manifest(self) -> dict[str, Any]:
        """Return its part of the manifest: rows, the version and the settings of each model, and the totals of all journeys."""
        models = []
        for name, entry in self.record["models"].items():
            whole = next(({k: v for k, v in row.items() if k not in ("segment", "period")} for row in entry["totals"]), {})
            models.append({key: {"model": name, **entry}.get(key) for key in _KEPT} | {"totals": whole})
        return {"rows": len(self.frame), "margin_rate": self.record.get("margin_rate"), "models": models}

    def runs(self) -> dict[str, Any]:
        """Return the MLflow run behind each model."""
        return {name: entry.get("run_id") for name, entry in self.record["models"].items()}
