"""Effects of a simulated company measured from its tables, against the truth: every action, both windows, 4 standard errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from relkit.features.campaign_draws import actions_drawn
from relkit.features.campaign_units import campaign_units
from relkit.tables.reading import read_tables
from relkit.tables.simulation import SimulationSettings, simulate_company
from relkit.tables.table_set import TableSet

if TYPE_CHECKING:
    from relkit.tables.simulation import CompanyTruth

PAIRS = [(f"{name}{end}", f"effect_{name}{end}") for name in ("orders", "margin") for end in ("", "_after")]
PARTS = [(name, f"effect_{name}") for name in ("margin_promoted", "margin_category")]


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> tuple[TableSet, CompanyTruth]:
    """Return the tables and the truth of a company of the hard world that sells for a year and a half."""
    folder = tmp_path_factory.mktemp("hard")
    company = simulate_company(SimulationSettings(customers=6_000, world="hard", seed=3, days=700), folder)
    assert read_tables(company.data, folder / "out").passed
    return TableSet.open(folder / "out" / "tables"), company


def error(rows: pl.DataFrame, outcome: str, truth: str) -> tuple[float, float]:
    """Return the difference weighted by inverse propensity less the truth, and its standard error."""
    treated = pl.col("arm") == "treated"
    weight = pl.when(treated).then(1 / pl.col("propensity")).otherwise(-1 / (1 - pl.col("propensity")))
    scores = rows.select(weight * (pl.col(outcome) - pl.col(outcome).mean()) - pl.col(truth)).to_series().to_numpy()
    return float(scores.mean()), float(scores.std() / np.sqrt(len(scores)))


def test_the_tables_show_the_true_effects(hard: tuple[TableSet, CompanyTruth]) -> None:
    tables, company = hard
    as_of = tables.as_of()
    truth = pl.read_parquet(company.folder / "assignments.parquet")
    actions = actions_drawn(tables, as_of)
    assert len(actions) == 8
    for action in actions:
        rows = campaign_units(tables, as_of, action_id=action).units.join(truth, on=["unit_id", "wave_id"])
        pairs = [*PAIRS, *(PARTS if action == "wine_offer" else ())]
        for outcome, effect in pairs:
            off, one = error(rows, outcome, effect)
            assert abs(off) < 4 * one, (action, outcome)


def test_a_pull_forward_is_gone_after_the_post_window(hard: tuple[TableSet, CompanyTruth]) -> None:
    tables, _ = hard
    rows = campaign_units(tables, tables.as_of(), action_id="early_bird").units.with_columns(none=0.0)
    early, of_early = error(rows, "orders", "none")
    late, of_late = error(rows, "orders_after", "none")
    assert early > 3 * of_early
    assert abs(late) < 3 * of_late


def test_a_cannibalisation_is_seen(hard: tuple[TableSet, CompanyTruth]) -> None:
    tables, _ = hard
    rows = campaign_units(tables, tables.as_of(), action_id="wine_offer").units.with_columns(none=0.0)
    gained, of_gained = error(rows, "margin_promoted", "none")
    lost, of_lost = error(rows, "margin_category", "none")
    assert gained > 2.5 * of_gained
    assert lost < -2.5 * of_lost
