"""A small simulated company after the whole pipeline but its reports: tables, features, fitted models, scores, delivery."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from relkit.delivery.customer_files import CustomerFile, customer_file
from relkit.jobs.build_features import BuildFeatures
from relkit.jobs.check_tables import CheckTables
from relkit.jobs.deliver_files import DeliverFiles
from relkit.jobs.fit_model import FitModel
from relkit.jobs.score_customers import ScoreCustomers
from relkit.scores.kept_scores import KeptScores
from relkit.tables.simulation import SimulationSettings, simulate_company

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMERS = 1500
MODELS = (
    *("lifetime_value.bg_nbd", "lifetime_value.gamma_gamma", "survival.kaplan_meier", "survival.cox"),
    *("affinity.rules", "affinity.next_product"),
)


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


def scored_file(folder: Path) -> CustomerFile:
    """Return the file of the company after `run_pipeline`; some customers are protected, and every contact code occurs."""
    day = max((folder / "out" / "default" / "features").iterdir()).name
    features, scores = (folder / "out" / "default" / room / day for room in ("features", "scores"))
    people = pl.read_parquet(features / "customers.parquet")
    reasons = ["protected", "unreachable", "consent_expired", "consent_refused", "consent_unknown", "consents_absent", None]
    at = pl.when(pl.col("is_protected").fill_null(value=False)).then(0).otherwise(pl.int_range(pl.len()))
    code = people.select(at % len(reasons)).to_series()
    people = people.with_columns(
        is_protected=at % 7 == 0,
        is_contactable=at % 7 == 6,
        may_contact_email=at % 7 == 6,
        not_contactable_because=pl.Series([reasons[i] for i in code]),
    )
    return customer_file(
        people,
        KeptScores.read(scores),
        as_of=date.fromisoformat(day),
        currency="EUR",
        dictionary=pl.read_parquet(features / "dictionary.parquet"),
        reasons=pl.read_parquet(scores / "reasons.parquet"),
    )
