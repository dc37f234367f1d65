"""Contactability, from the raw lines of a simulated company to its scores, its file and its reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from light_mlflow import lighten
from made_once import entered

from relkit.features.contactability import REASONS
from relkit.jobs.build_features import BuildFeatures
from relkit.jobs.check_tables import CheckTables
from relkit.jobs.fit_model import FitModel
from relkit.jobs.report_material import ReportMaterial
from relkit.jobs.score_customers import ScoreCustomers
from relkit.reports.contactability import Contactability
from relkit.tables.simulation import SimulationSettings, simulate_company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OFFER = {"contact_cost": 1, "offer_cost": 5, "stayers_take_share": 0.1}
CUSTOMERS = 1500


@pytest.fixture(scope="module")
def scored(
    tmp_path_factory: pytest.TempPathFactory, empty_store: Path
) -> Iterator[tuple[Path, ReportMaterial, pl.DataFrame, tuple[str, ...]]]:
    """Yield the raw data, what a report reads, the score table and the sentences of the job."""
    folder = tmp_path_factory.mktemp("contact")
    company = simulate_company(SimulationSettings(customers=CUSTOMERS, contract_share=0.4), folder / "company")
    with entered(folder, empty_store) as patch:
        lighten(patch)
        patch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
        for job in (CheckTables.parse(data=company.data), BuildFeatures.parse(), FitModel.parse(model="survival.cox")):
            assert job.run().skipped is None, job
        result = ScoreCustomers.parse(offer=OFFER, intervals=False).run()
        material = ReportMaterial.read()
        yield company.data, material, pl.read_parquet(result.paths["scores"]), result.sentences


def suppressed(data: Path) -> pl.DataFrame:
    return pl.read_parquet(data / "suppressions.parquet").select("customer_id").unique()


def test_none_of_the_suppressed_may_be_contacted_or_is_ranked(scored):
    data, material, scores, _ = scored
    people = material.people.join(suppressed(data), on="customer_id", how="semi")
    assert len(people) == len(suppressed(data)) > 0
    assert people["is_protected"].all()
    assert set(people["not_contactable_because"]) == {"protected"}
    may = [name for name in people.columns if name.startswith("may_contact_")]
    assert len(may) == 4
    assert not people.select(pl.any_horizontal("is_contactable", *may).any()).item()
    ranks = scores.filter(score="retention_call_rank")
    assert len(ranks) > 10
    assert ranks.join(people, on="customer_id", how="semi").is_empty()
    assert people["retention_call_rank"].null_count() == len(people)


def test_ranks_are_those_of_customers_who_agreed_to_calls(scored):
    _, material, *_ = scored
    ranked = material.people.drop_nulls("retention_call_rank").sort("retention_call_rank")
    assert ranked["may_contact_phone"].all()
    assert set(ranked["consent_phone"]) == {"granted"}
    assert ranked["retention_call_rank"].to_list() == [*range(1, len(ranked) + 1)]
    left = material.people.filter(pl.col("retention_offer_profit_eur") > 0, pl.col("retention_call_rank").is_null())
    assert len(left) > 0
    assert not left["may_contact_phone"].any()


def test_counts_by_reason_add_up_to_everybody_and_show_every_case(scored):
    _, material, *_ = scored
    contact = Contactability.of(material.people, language="en")
    assert sum(contact.reasons.values()) == contact.people == CUSTOMERS == len(material.people)
    assert {"contactable", "protected", "unreachable", "consent_expired", "consent_refused"} <= set(contact.reasons)
    assert set(contact.reasons) <= {"contactable", *REASONS}
    named = material.people.filter(~pl.col("is_contactable"))["not_contactable_because"]
    assert named.null_count() == 0


def test_no_score_of_those_who_refuse_profiling_is_kept(scored):
    data, material, scores, sentences = scored
    refusing = pl.read_parquet(data / "consents.parquet").filter(purpose="profiling", status="refused").select("customer_id").unique()
    holders = pl.read_parquet(material.folder / "features" / str(material.as_of) / "customers.parquet").filter(
        pl.col("active_contracts") > 0
    )
    assert len(refusing.join(holders, on="customer_id", how="semi")) > 10
    assert scores.join(refusing, on="customer_id", how="semi").is_empty()
    reasons = pl.read_parquet(material.folder / "scores" / str(material.as_of) / "reasons.parquet")
    assert reasons.join(refusing, on="customer_id", how="semi").is_empty()
    assert any(sentence.endswith(" customers left without scores: profiling refused.") for sentence in sentences)


def test_the_report_calls_the_ranked_in_their_order(scored):
    from relkit.scores.retention_offer import under_budget

    _, material, *_ = scored
    calls = material.retention_calls()
    ranked = material.people.drop_nulls("retention_call_rank").sort("retention_call_rank")["customer_id"]
    assert under_budget(calls.offers)["customer_id"].to_list() == ranked.to_list()
    assert len(calls.barred) > len(calls.offers) > 0
    assert any(sentence.startswith("Left out, as they may not be phoned: ") for sentence in calls.headlines().sentences)
