from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.simulation.voices import CASE_BELOW, HOT_SHARE, STEPS, draw_scores

if TYPE_CHECKING:
    from relkit.tables.simulation import CompanyTruth


def test_scores_follow_satisfaction():
    rng = np.random.default_rng(1)
    low, high = draw_scores(rng, np.full(20_000, -1.0)), draw_scores(rng, np.full(20_000, 0.0))
    assert set(np.unique(np.concatenate([low, high]))) <= set(range(11))
    assert abs(high.mean() - low.mean() - 1.6) < 0.1  # the upper end of the scale cuts a little off


def test_answers_follow_their_invitations_within_the_data(company: CompanyTruth):
    surveys = pl.read_parquet(company.data / "surveys.parquet")
    assert (surveys["answered_at"] > surveys["invited_at"]).all()
    assert set(surveys["mode"]) == {"hot", "cold"}
    orders = pl.read_parquet(company.data / "transactions.parquet").filter(pl.col("line_kind") == "sale")["transaction_id"].n_unique()
    hot = surveys.filter(pl.col("mode") == "hot").height
    assert abs(hot / orders - HOT_SHARE) < 0.01
    comments = surveys.filter(pl.col("comment").is_not_null())
    assert comments["score"].max() < CASE_BELOW
    correlation = surveys.join(company.customers.select("customer_id", "satisfaction").collect(), on="customer_id")
    assert correlation.select(pl.corr("score", "satisfaction")).item() > 0.6


def test_cases_go_from_step_to_step_until_the_end_of_the_data(company: CompanyTruth):
    cases = pl.read_parquet(company.data / "cases.parquet")
    names = ["opened_at", *(name for name, _ in STEPS)]
    for early, late in itertools.pairwise(names):
        assert cases.filter(pl.col(late) <= pl.col(early)).height == 0
        assert cases.filter(pl.col(early).is_null() & pl.col(late).is_not_null()).height == 0
    assert cases.filter(pl.col("repaired_at").is_null() != pl.col("repair_cost").is_null()).height == 0
    assert len(cases) > 100
    assert cases["customer_id"].is_in(pl.read_parquet(company.data / "surveys.parquet")["customer_id"].implode()).all()
