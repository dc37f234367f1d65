"""Reasons for the ends of contracts, from the contracts table to the customer file: fitted, judged, scored and delivered."""

from __future__ import annotations

import modelled_company as company
import polars as pl
import pytest

from relkit.jobs.build_features import BuildFeatures
from relkit.jobs.deliver_files import DeliverFiles
from relkit.jobs.fit_model import FitModel
from relkit.jobs.score_customers import ScoreCustomers

MODELS = ("survival.cause_specific_cox", "survival.discrete_competing_risks")

pytestmark = pytest.mark.usefixtures("plain_fits")


@pytest.fixture
def two_reasons(workplace):
    """Return an entered working directory whose contracts end by wish, and one in three by a move."""
    contracts = company.contracts(600)
    moved = pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("move")).otherwise("end_reason")
    with_reasons = contracts.with_columns(end_reason=pl.when(pl.col("end_reason").is_not_null()).then(moved))
    company.write_company(workplace / "out" / "default", {"contracts": with_reasons}, history_starts_on=company.FIRST)
    return workplace


@pytest.mark.parametrize("model", MODELS)
def test_reasons_reach_the_score_table(two_reasons, model):
    job = FitModel.parse(model=model)
    job.verify()
    result = job.run()
    assert {"voluntary: monthly_amount", "move: pays_by_direct_debit"} <= set(result.parameters)
    assert 0 < result.metrics["brier_score"] < 0.25
    ends = [sum(result.metrics[f"{kind}_ends{end}"] for end in ("_voluntary", "_move")) for kind in ("observed", "expected")]
    assert ends == pytest.approx([result.metrics["observed_ends"], result.metrics["expected_ends"]])
    assert 0 < result.metrics["brier_score_voluntary"] < result.metrics["brier_score"] + 0.05
    scores = pl.read_parquet(ScoreCustomers.parse(models=(model,)).run().paths["scores"])
    parts = [scores.filter(score=f"churn_probability_90d{end}").sort("customer_id") for end in ("", "_voluntary", "_move")]
    assert len({len(part) for part in parts}) == 1
    assert (parts[1]["value"] + parts[2]["value"]).to_numpy() == pytest.approx(parts[0]["value"].to_numpy(), abs=1e-12)
    for part in parts:
        assert ((part["lower"] <= part["value"]) & (part["value"] <= part["upper"])).all()
        assert (part["lower"] < part["upper"]).mean() > 0.9
        assert part["horizon_days"].unique().to_list() == [90]


def test_reasons_reach_the_customer_file(two_reasons):
    FitModel.parse(model=MODELS[0]).run()
    BuildFeatures.parse().run()
    ScoreCustomers.parse().run()
    file = pl.read_parquet(DeliverFiles.parse().run().paths["customers_scored"])
    names = [name for name in file.columns if name.startswith("churn_probability")]
    assert names == ["churn_probability_90d", "churn_probability_90d_voluntary", "churn_probability_90d_move"]


def test_fine_and_gray_scores_one_reason_and_all(two_reasons):
    result = FitModel.parse(model="survival.fine_gray", settings={"cause": "move"}).run()
    assert set(result.parameters) == {"monthly_amount", "pays_by_direct_debit"}
    assert 0 < result.metrics["brier_score_move"] < result.metrics["brier_score"] < 0.25
    table = pl.read_parquet(ScoreCustomers.parse(models=("survival.fine_gray",)).run().paths["scores"])
    move, whole = (table.filter(score=f"churn_probability_90d{end}").sort("customer_id") for end in ("_move", ""))
    assert (move["value"] <= whole["value"] + 1e-12).all()
    assert ((move["lower"] <= move["value"]) & (move["value"] <= move["upper"])).all()
    assert {"expected_remaining_months_24m", "churn_probability_90d_move"} <= set(table["score"])
