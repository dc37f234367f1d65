"""Public data read through their mapping files, from the check to registered credit: counts as published, credit as another program's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from relkit.features.grouped_paths import grouped_paths
from relkit.features.journeys import Wanted, journeys, paths
from relkit.jobs.check_tables import CheckTables
from relkit.jobs.fit_model import FitModel
from relkit.tables.table_set import TableSet
from relkit.tracking import registry

MAPPINGS = Path(__file__).resolve().parents[2] / "pipelines" / "mappings"
LINEAR = {
    "alpha": 7574.7186, "iota": 3857.0962, "eta": 3539.9512, "beta": 2083.5001, "theta": 1022.8014, "lambda": 1035.2576,
    "gamma": 121.0416, "epsilon": 272.1704, "kappa": 137.9641, "zeta": 136.5515, "mi": 2.2222, "delta": 1.7250,
}  # fmt: skip
"""Linear credit of the demo data of ChannelAttribution, as its version 2.2.5 returns it."""


def checked(real_data: Path, file: str, mapping: str) -> tuple[TableSet, dict[str, Any]]:
    Path("raw").mkdir()
    shutil.copy(real_data / file, "raw")
    result = CheckTables.parse(data="raw", mapping=str(MAPPINGS / mapping)).run()
    assert result.passed
    return TableSet.open(Path("out/default/tables")), {name: table["rows_kept"] for name, table in result.counts["tables"].items()}


def test_touchpoints_of_july_2018(workplace: Path, real_data: Path) -> None:
    """Counts as published with the file; 228 of its converters convert before their first impression.

    A conversion row is a touch of its own sale, so that impression, not the touch of the conversion, is the first one that counts here.
    """
    tables, rows = checked(real_data, "journeys_touchpoints_2018_07.csv.gz", "journeys_2018_07.yaml")
    assert rows == {"touchpoints": 62_483, "transactions": 1_838}
    found = journeys(tables, tables.as_of(), Wanted(lookback_days=31))
    assert found.people.height == found.people["customer_id"].n_unique() == 7_896
    assert (found.counts["conversions"], found.counts["converters"], found.counts["early_converters"]) == (1_838, 1_642, 228)
    assert found.journeys["value"].sum() == pytest.approx(11_423.5, abs=1e-9)
    assert found.untouched.is_empty()
    assert found.touches.height == 62_483
    last = found.touches.join(found.journeys.filter(pl.col("nulls") == 0).select("journey"), on="journey").group_by("journey").last()
    assert (last["seconds_before"] == 0).all()
    _lookbacks_lose_touches_and_no_conversion(tables)


def _lookbacks_lose_touches_and_no_conversion(tables: TableSet) -> None:
    touches = []
    for wanted in (Wanted(lookback_days=31), Wanted(lookback_days=7), Wanted(lookback_days=7, lookback_by_kind=("impression=1",))):
        found = paths(tables, tables.as_of(), wanted)
        assert found.select(pl.col("conversions", "value").sum()).row(0) == pytest.approx((1_838, 11_423.5))
        touches.append(found.filter(pl.col("conversions") > 0)["channels"].list.len().sum())
    assert touches[0] > touches[1] > touches[2] > 1_838


def test_a_model_of_july_2018_is_judged_on_its_last_days(workplace: Path, real_data: Path) -> None:
    checked(real_data, "journeys_touchpoints_2018_07.csv.gz", "journeys_2018_07.yaml")
    result = FitModel.parse(model="attribution.linear", figures=False).run()
    assert result.sentences[0] == "attribution.linear was fitted to 9,506 journeys as of 2018-07-31."
    assert any("228 of 1,642 people who converted did so before their first touch" in sentence for sentence in result.sentences)
    assert result.details["holdout"] == "2018-07-22 to 2018-07-31"
    linear: Any = registry.load_champion("attribution.linear")
    assert linear.totals["conversions"][0] == 1_838


def test_grouped_paths_of_another_program(workplace: Path, real_data: Path) -> None:
    tables, rows = checked(real_data, "channelattribution_paths.csv.gz", "channelattribution_paths.yaml")
    assert rows == {"paths": 10_000}
    sums = grouped_paths(tables, tables.as_of("2025-12-31")).select(pl.col("conversions", "nulls", "value").sum()).row(0)
    assert sums == pytest.approx((19_785, 68_602, 74_802.971587), abs=1e-6)
    FitModel.parse(model="attribution.linear", as_of="2025-12-31", figures=False).run()
    linear: Any = registry.load_champion("attribution.linear")
    credit = linear.credit()
    assert dict(credit.select("channel", "conversions").iter_rows()) == pytest.approx(LINEAR, abs=1e-4)
