"""Contracts as a simulated company's data show them: with price rises, retention actions and contracts from before the data."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from relkit.features.spells import contract_spells
from relkit.tables.simulation.company import simulate_company
from relkit.tables.simulation.contracts import survival_given
from relkit.tables.simulation.parameters import ContractParameters
from relkit.tables.simulation.settings import SimulationSettings
from relkit.tables.table_set import TableFacts, TableSet

if TYPE_CHECKING:
    import polars as pl

TRUTH = {name: getattr(ContractParameters(), name) for name in ("monthly_amount", "term_months", "pays_by_direct_debit")}


def company_contracts(n: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return the spells of the contracts of a company of `n` customers, about 28 in a hundred of whom hold one."""
    settings = SimulationSettings(customers=n, seed=int(rng.integers(2**31)))
    with tempfile.TemporaryDirectory() as folder:
        company = simulate_company(settings, Path(folder))
        facts = TableFacts(business_zone="Europe/Paris", history_starts_on=settings.starts_on, rows={"contracts": 0}, fingerprints={})
        tables = TableSet(folder=company.data, facts=facts)
        return contract_spells(tables, tables.as_of(settings.ends_on))


def ends_within(days: float, *, age: float, **covariates: float) -> float:
    """Return the true probability that a contract of this age ends within so many days."""
    log_hazard = np.array([sum(TRUTH[name] * value for name, value in covariates.items())])
    return 1 - float(survival_given(np.array([age]), days, log_hazard, ContractParameters())[0])
