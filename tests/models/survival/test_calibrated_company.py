"""Conditional survival in the simulated company: of a hundred contracts given a probability, as many end in the next quarter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from relkit.features.spells import contract_spells, spell_outcomes
from relkit.models import catalogue
from relkit.periods import Holdout
from relkit.tables.simulation.company import simulate_company
from relkit.tables.simulation.settings import SimulationSettings
from relkit.tables.table_set import TableFacts, TableSet

if TYPE_CHECKING:
    import polars as pl

COVARIATES = ("monthly_amount", "term_months", "pays_by_direct_debit")
DAYS = 91


@pytest.fixture(scope="module")
def held_out(tmp_path_factory: pytest.TempPathFactory) -> tuple[Holdout, pl.DataFrame, pl.DataFrame]:
    """Return the split, about 11,000 contracts at its calibration, and their outcomes."""
    settings = SimulationSettings(customers=12_000, seed=5, contract_share=0.9, both_share=0.0)
    company = simulate_company(settings, tmp_path_factory.mktemp("company"))
    facts = TableFacts(business_zone="Europe/Paris", history_starts_on=settings.starts_on, rows={"contracts": 0}, fingerprints={})
    tables = TableSet(folder=company.data, facts=facts)
    split = Holdout.before(tables.as_of(settings.ends_on), days=DAYS)
    return split, contract_spells(tables, split.calibration), spell_outcomes(tables, split)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("survival.cox", {}),
        ("survival.discrete_hazard", {}),
        ("survival.discrete_hazard", {"link": "cloghlog"}),
        ("survival.weibull_aft", {}),
        ("survival.piecewise_exponential", {}),
        pytest.param("survival.boosted_hazard", {}, marks=pytest.mark.slow),
    ],
)
def test_the_days_ahead_are_calibrated(held_out: Any, name: str, settings: dict[str, Any]) -> None:
    """The mean gap between forecast and a smooth curve of the outcomes (ICI, Austin et al. 2020) is under 0.02."""
    split, spells, outcomes = held_out
    model = catalogue.make(name, {"covariates": COVARIATES, **settings})
    judged = model.judge(model.fit(spells, as_of=split.calibration.day), spells, outcomes)
    figures = {key: round(judged[key], 4) for key in ("ici", "calibration_error", "expected_ends", "observed_ends", "rows", "uno_c")}
    print(name, settings, figures)  # noqa: T201 the figures, for whoever runs it with -s
    assert judged["rows"] > 4_000
    assert judged["ici"] < 0.02
    assert judged["expected_ends"] == pytest.approx(judged["observed_ends"], rel=0.1)
