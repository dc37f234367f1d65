"""Campaigns of public data through `relkit check`: Hillstrom's e-mail test, and the mailings of The Complete Journey.

The figures of Hillstrom's arms were computed from the raw file by another program (pandas 3.1), to ten digits; the file has three arms
of a third each, so that each comparison weighs 1/2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from relkit.features.campaign_units import campaign_units
from relkit.features.compared_units import compared_units
from relkit.tables.reading import read_tables
from relkit.tables.table_set import TableSet

MAPPINGS = Path(__file__).resolve().parents[2] / "pipelines" / "mappings"
ARMS: dict[str, dict[str, tuple[int, float, float, float]]] = {
    "mens_email": {
        "treated": (21_307, 0.1827568405, 0.0125310931, 1.4226165110),
        "control": (21_306, 0.1061672768, 0.0057260865, 0.6527893551),
    },
    "womens_email": {
        "treated": (21_387, 0.1514003834, 0.0088371441, 1.0772015710),
        "control": (21_306, 0.1061672768, 0.0057260865, 0.6527893551),
    },
}
"""Customers, share that visited, share that bought, mean spend."""
EFFECTS = {
    "mens_email": {"visit": (0.0765895637, 0.0033858878), "spend": (0.7698271559, 0.1452465602)},
    "womens_email": {"visit": (0.0452331066, 0.0032344621), "spend": (0.4244122159, 0.1303328585)},
}
"""Difference from control and its standard error (Welch)."""


def tables_of(data: Path, name: str, out: Path) -> TableSet:
    report = read_tables(data, out, mapping=MAPPINGS / f"{name}.yaml")
    assert report.passed, report.refusals
    return TableSet.open(out / "tables")


@pytest.fixture(scope="module")
def hillstrom(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> TableSet:
    return tables_of(real_data, "hillstrom", tmp_path_factory.mktemp("hillstrom"))


@pytest.mark.parametrize("action", ARMS)
def test_hillstrom_has_the_arms_of_the_file(hillstrom: TableSet, action: str) -> None:
    found = campaign_units(hillstrom, hillstrom.as_of(), action_id=action)
    assert found.units["propensity"].unique().to_list() == [0.5]
    for arm, (n, *means) in ARMS[action].items():
        rows = found.units.filter(pl.col("arm") == arm)
        assert len(rows) == n
        np.testing.assert_allclose(rows.select("visit", "conversion", "spend").mean().row(0), means, atol=1e-9, rtol=0)
    assert [(measure.column, measure.kind) for measure in found.measures] == [
        ("visit", "share"),
        ("conversion", "share"),
        ("spend", "money"),
    ]
    assert found.counts["treated_not_contacted"] == found.counts["control_contacted"] == found.counts["not_mature"] == 0


@pytest.mark.parametrize("action", EFFECTS)
def test_hillstrom_has_the_effects_of_the_file(hillstrom: TableSet, action: str) -> None:
    units = campaign_units(hillstrom, hillstrom.as_of(), action_id=action).units
    for column, expected in EFFECTS[action].items():
        treated, control = (units.filter(pl.col("arm") == arm)[column].to_numpy() for arm in ("treated", "control"))
        error = np.sqrt(treated.var(ddof=1) / len(treated) + control.var(ddof=1) / len(control))
        np.testing.assert_allclose((treated.mean() - control.mean(), error), expected, atol=1e-9, rtol=0)


@pytest.mark.slow
def test_mailings_of_complete_journey_are_a_comparison(real_data: Path, tmp_path: Path) -> None:
    """Households mailed in campaign 18 had spent more before it than others: nobody was drawn."""
    tables = tables_of(real_data, "completejourney", tmp_path)
    found = compared_units(tables, tables.as_of(), action_id="campaign-18", response_window_days=28, post_window_days=0)
    mailed = pl.read_parquet(real_data / "completejourney_campaigns.parquet").filter(campaign_id=18)["household_id"].n_unique()
    counts: dict[str, Any] = found.counts
    assert counts["contacted"] + counts["contacted_not_eligible"] == mailed
    assert counts["eligible"] == counts["contacted"] + counts["not_contacted"] > 2_000
    spent = dict(found.units.group_by("is_contacted").agg(pl.col("pre_revenue").mean()).iter_rows())
    assert spent[True] > 1.5 * spent[False]
    assert {"pre_orders", "age_band", "contacts_90d"} <= set(found.covariates)
    assert found.remarks[0].code == "comparison_not_drawn"
