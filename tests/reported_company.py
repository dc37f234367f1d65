"""A small simulated company after the whole pipeline but its reports: tables, features, fitted models, scores, delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.jobs.build_features import BuildFeatures
from relkit.jobs.check_tables import CheckTables
from relkit.jobs.deliver_files import DeliverFiles
from relkit.jobs.fit_model import FitModel
from relkit.jobs.score_customers import ScoreCustomers
from relkit.tables.simulation import SimulationSettings, simulate_company

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMERS = 1500
MODELS = ("lifetime_value.bg_nbd", "lifetime_value.gamma_gamma", "survival.kaplan_meier", "survival.cox")


def run_pipeline(folder: Path) -> None:
    """Simulate the company in `folder`, the working directory, and run every job before the reports."""
    company = simulate_company(SimulationSettings(customers=CUSTOMERS, contract_share=0.4), folder / "company")
    jobs = [
        CheckTables.parse(data=company.data),
        BuildFeatures.parse(),
        *[FitModel.parse(model=name) for name in MODELS],
        ScoreCustomers.parse(),
        DeliverFiles.parse(workbook=False),
    ]
    for job in jobs:
        assert job.run().skipped is None, job
