"""Measured campaigns as experiments on a channel: what `relkit measure` found, in the form of the table lift_tests.

A draw for an action that was carried out through one channel is an experiment on that channel if the channel did next to nothing else in
these days. Where it did, the draw measured a part of the channel, and is named but not compared with the credit of all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import polars as pl

    from relkit.measurement.measured_campaign import MeasuredCampaign
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

LEAST_PART = 0.95
"""Smallest part of the contacts of its channel that an action must have for its draw to be an experiment on the channel."""
WINDOW = "post"
SOURCE = "relkit measure"


@dataclass(frozen=True, eq=False)
class MeasuredLifts:
    """Experiments found among measured campaigns.

    Attributes:
        tests: lift_test_id, channel_id, starts_on, ends_on, incremental_conversions, low, high, level, method, source.
        partial: actions whose draw concerns a part of their channel, or several channels.
    """

    tests: pl.DataFrame
    partial: tuple[str, ...]


def measured_lifts(out_dir: Path, tables: TableSet, as_of: AsOf) -> MeasuredLifts:
    """Return the measured draws that are experiments on a channel, as known at a cutoff.

    Args:
        out_dir: the output root, with the folder of measurements.
        tables: the company.
        as_of: cutoff; what was measured with later days is left out.
    """
    import polars as pl

    found, partial = [], []
    for measured in _measurements(out_dir, as_of):
        channel = _channel(measured, tables, as_of)
        if channel:
            found.append(_row(measured, channel))
        else:
            partial.append(measured.facts.name)
    schema = dict.fromkeys(("lift_test_id", "channel_id", "method", "source"), pl.String)
    columns = ("lift_test_id", "channel_id", "starts_on", "ends_on", "incremental_conversions", "low", "high", "level", "method", "source")
    types = {name: schema.get(name, pl.Date if name.endswith("_on") else pl.Float64) for name in columns}
    return MeasuredLifts(pl.DataFrame(found, schema=types), tuple(sorted(partial)))


def _measurements(out_dir: Path, as_of: AsOf) -> Iterator[MeasuredCampaign]:
    """Yield the kept measurements of draws with an estimate of orders added; of an action measured as a whole, not its single waves."""
    from relkit.errors import StorageError
    from relkit.jobs.written_measurement import FOLDER
    from relkit.measurement.measured_campaign import ALL_WAVES, FACTS, MeasuredCampaign

    for action in sorted(path for path in (out_dir / FOLDER).glob("*") if path.is_dir()):
        whole = action / ALL_WAVES
        for folder in [whole] if (whole / FACTS).is_file() else sorted(action.iterdir()):
            try:
                measured = MeasuredCampaign.read(folder)
            except StorageError:
                continue
            facts, orders = measured.facts, measured.money("incremental_orders", WINDOW)
            is_known = all(orders[name] is not None for name in ("value", "low", "high"))
            if facts.kind == "draw" and not facts.mismatch and facts.as_of <= as_of.day and is_known:
                yield measured


def _channel(measured: MeasuredCampaign, tables: TableSet, as_of: AsOf) -> str:
    """Return the channel on which the draw is an experiment; empty if it used several, or is a part of one."""
    from relkit.features.action_channels import action_channels

    facts = measured.facts
    used = action_channels(tables, as_of, facts.action_id, starts_on=facts.first_draw, ends_on=_last_day(measured))
    if len(used) != 1 or used["of_action"][0] < LEAST_PART * used["contacts"][0]:
        return ""
    return str(used["channel"][0])


def _last_day(measured: MeasuredCampaign) -> Any:
    from datetime import timedelta

    return measured.facts.last_draw + timedelta(days=measured.facts.days[WINDOW])


def _row(measured: MeasuredCampaign, channel: str) -> dict[str, Any]:
    facts, orders = measured.facts, measured.money("incremental_orders", WINDOW)
    return {
        "lift_test_id": facts.name,
        "channel_id": channel,
        "starts_on": facts.first_draw,
        "ends_on": _last_day(measured),
        "incremental_conversions": orders["value"],
        "low": orders["low"],
        "high": orders["high"],
        "level": facts.level,
        "method": facts.method,
        "source": SOURCE,
    }
