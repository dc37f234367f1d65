"""The cases of the conventions of journeys, through the product's own path: the check of raw files, the journeys, the fit.

Each case has its situation, convention and source in case.md, the values by hand in expected.json.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.families.bindings import inputs_of
from relkit.features.journeys import Wanted, journeys
from relkit.jobs.check_tables import CheckTables
from relkit.jobs.fit_model import FitModel
from relkit.models import catalogue
from relkit.tables.table_set import TableSet
from relkit.tracking import registry

CASES = Path(__file__).resolve().parents[1] / "golden" / "attribution"
MAPPING = """
sources:
  touches: {files: touchpoints.csv}
  orders: {files: conversions.csv}
tables:
  touchpoints:
    from: touches
    columns: {touchpoint_id: touchpoint_id, customer_id: customer_id, channel_id: channel_id, occurred_at: occurred_at}
  transactions:
    from: orders
    columns:
      transaction_line_id: conversion_id
      transaction_id: conversion_id
      customer_id: customer_id
      occurred_at: occurred_at
      net_amount: {constant: 10}
"""
GROUPED = """
sources:
  groups: {files: input.csv}
tables:
  paths:
    from: groups
    columns:
      path: path
      conversions: case when converted then occurrences else 0 end
      nulls: case when converted then 0 else occurrences end
      value: revenue_of_the_group
"""
MODELS = {"first": "attribution.first_touch", "last": "attribution.last_touch", "linear": "attribution.linear"}


def expected(case: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((CASES / case / "expected.json").read_text(encoding="utf-8"))
    return values


def checked(case: str, mapping: str = MAPPING, touches: str = "touchpoints.csv") -> TableSet:
    """Check a copy of the case's files in the working directory and open the tables."""
    folder = Path("raw")
    folder.mkdir()
    for file in (CASES / case).glob("*.csv"):
        shutil.copy(file, folder / file.name)
    if touches != "touchpoints.csv":
        (folder / touches).replace(folder / "touchpoints.csv")
    (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
    assert CheckTables.parse(data=str(folder)).run().passed
    return TableSet.open(Path("out/default/tables"))


def fitted(tables: TableSet, model: str, **settings: Any) -> Any:
    edge = tables.as_of()
    inputs = inputs_of(model, tables, settings)
    return catalogue.make(model, settings).fit(inputs.features(tables, edge), as_of=edge.day)


def credit(found: Any, column: str = "conversions") -> dict[str, float]:
    return {channel: value for channel, value in found.credit().select("channel", column).iter_rows() if value}


def unattributed(found: Any) -> float:
    return float(found.totals["unattributed"][0])


def test_grouped_journeys_with_total_revenue(workplace: Path) -> None:
    """Through the whole command, with the day as there are no dates; revenue of the group that did not convert is reported."""
    case = "01_grouped_journeys_with_total_revenue"
    checked(case, GROUPED)
    result = FitModel.parse(model=MODELS["linear"], as_of="2026-06-30", figures=False).run()
    found: Any = registry.load_champion(MODELS["linear"])
    values = expected(case)["values"]
    assert credit(found) == pytest.approx(values["linear"]["conversions"], abs=1e-9)
    assert credit(found, "value") == pytest.approx(values["linear"]["value"], abs=1e-9)
    totals = found.totals.row(0, named=True)
    assert totals["conversions"] == values["total_conversions"]
    assert totals["value"] == pytest.approx(values["total_value"], abs=1e-9)
    assert totals["null_value"] == values["value_on_journeys_that_did_not_convert"]
    assert any("No table has a date" in warning for warning in result.warnings)


def test_time_decay_half_life_at_zero_and_far_away(workplace: Path) -> None:
    case = "03_time_decay_half_life_at_zero_and_far_away"
    given = json.loads((CASES / case / "settings.json").read_text(encoding="utf-8"))
    settings = {"lookback_days": given["lookback_days"], "half_life_days": given["half_life_hours"] / 24}
    found = fitted(checked(case), "attribution.time_decay", **settings)
    assert credit(found) == pytest.approx(expected(case)["values"], abs=1e-9)


def test_lookback_edges_and_touches_after_the_conversion(workplace: Path) -> None:
    case = "04_lookback_edges_and_touches_after_the_conversion"
    tables, values = checked(case), expected(case)["values"]
    for name, model in MODELS.items():
        found = fitted(tables, model, lookback_days=30)
        assert credit(found) == pytest.approx(values[name], abs=1e-12)
        assert unattributed(found) == values["unattributed_conversions"]
        assert found.totals["conversions"][0] == values["conversions"]
    counts = journeys(tables, tables.as_of()).counts
    assert (counts["too_old"], counts["in_null_paths"], counts["untouched"]) == (2, 2, 2)


def test_one_customer_converts_three_times(workplace: Path) -> None:
    """Cut at each conversion by default, through the whole command; the first alternative is a setting, the second none."""
    case = "06_one_customer_converts_three_times"
    tables, known = checked(case), expected(case)
    FitModel.parse(model=MODELS["linear"], settings={"lookback_days": "30"}, figures=False).run()
    found = registry.load_champion(MODELS["linear"])
    assert credit(found) | {"unattributed": unattributed(found)} == pytest.approx(known["values"], abs=1e-12)
    reused = fitted(tables, MODELS["linear"], reuse_touches=True)
    assert credit(reused) == pytest.approx(known["alternatives"]["touches in the lookback serve every later conversion"], abs=1e-12)
    assert unattributed(reused) == 0


@pytest.mark.parametrize("file", ["touchpoints.csv", "touchpoints_shuffled.csv"])
def test_same_second_touches_and_conversions(workplace: Path, file: str) -> None:
    case = "07_same_second_touches_and_conversions"
    tables, values = checked(case, touches=file), expected(case)["values"]
    for name, model in MODELS.items():
        found = fitted(tables, model)
        assert credit(found) == pytest.approx(values[name], abs=1e-12)
        assert found.totals["conversions"][0] == values["conversions"]
    assert journeys(tables, tables.as_of(), Wanted()).counts["ties"] == 2


def test_an_expression_on_sales_is_checked_when_journeys_are_read(workplace: Path) -> None:
    tables = checked("07_same_second_touches_and_conversions")
    found = fitted(tables, MODELS["linear"], conversion="where transaction_id in ('k1', 'k3')")
    assert found.totals.select(pl.col("conversions").sum()).item() == 2
    with pytest.raises(ParameterError, match="'net_amount' is a number, not a condition"):
        fitted(tables, MODELS["linear"], conversion="where net_amount")
