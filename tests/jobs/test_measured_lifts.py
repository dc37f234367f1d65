from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest
from campaign_shop import write_shop

from relkit.jobs.check_tables import CheckTables
from relkit.jobs.measure_campaign import MeasureCampaign
from relkit.jobs.measured_lifts import measured_lifts
from relkit.tables.table_set import TableSet

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output of a shop whose voucher was measured."""
    folder = tmp_path_factory.mktemp("lifts")
    out = folder / "out" / "default"
    assert CheckTables.parse(data=write_shop(folder / "data", customers=400), out=out).run().passed
    action = str(pl.read_parquet(out / "tables" / "assignments.parquet")["action_id"][0])
    MeasureCampaign.parse(action=action, out=out).run()
    return out


def test_a_draw_for_an_action_of_one_channel_is_an_experiment_on_it(measured: Path) -> None:
    tables = TableSet.open(measured / "tables")
    found = measured_lifts(measured, tables, tables.as_of())
    assert found.partial == ()
    row = found.tests.row(0, named=True)
    (folder,) = (measured / "measurements").glob("*/all")
    facts, money = json.loads((folder / "measurement.json").read_text()), pl.read_parquet(folder / "money.parquet")
    orders = money.filter(pl.col("figure") == "incremental_orders", pl.col("window") == "post").row(0, named=True)
    assert (row["channel_id"], row["starts_on"]) == ("post", date.fromisoformat(facts["first_draw"]))
    assert [row[name] for name in ("incremental_conversions", "low", "high")] == [orders[name] for name in ("value", "low", "high")]
    assert (row["ends_on"] - date.fromisoformat(facts["last_draw"])).days == 84
    assert row["level"] == facts["level"]


def test_what_was_measured_later_is_not_known(measured: Path) -> None:
    tables = TableSet.open(measured / "tables")
    assert measured_lifts(measured, tables, tables.as_of("2024-02-01")).tests.is_empty()


def test_a_draw_that_concerns_a_part_of_its_channel_is_named_only(measured: Path, tmp_path: Path) -> None:
    tables = TableSet.open(measured / "tables")
    other = pl.read_parquet(measured / "tables" / "contacts.parquet").with_columns(action_id=pl.lit("newsletter"))
    both = pl.concat([pl.read_parquet(measured / "tables" / "contacts.parquet"), other])
    both.write_parquet(tmp_path / "contacts.parquet")
    found = measured_lifts(measured, TableSet(tmp_path, tables.facts), tables.as_of())
    assert found.tests.is_empty()
    assert len(found.partial) == 1


def test_without_measurements_there_are_none(tmp_path: Path, measured: Path) -> None:
    tables = TableSet.open(measured / "tables")
    assert measured_lifts(tmp_path, tables, tables.as_of()).tests.is_empty()
