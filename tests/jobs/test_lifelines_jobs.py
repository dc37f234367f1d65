"""lifelines from the contracts table to scores: a model by name, and a check of relkit's own."""

from __future__ import annotations

import modelled_company as company
import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.jobs.fit_model import FitModel
from relkit.jobs.score_customers import ScoreCustomers
from relkit.models import catalogue

pytestmark = pytest.mark.usefixtures("plain_fits")


@pytest.fixture
def contracts(workplace):
    """Return an entered working directory with a company of 400 contracts."""
    company.write_company(workplace / "out" / "default", {"contracts": company.contracts(400)}, history_starts_on=company.FIRST)
    return workplace


def test_a_regression_of_lifelines_is_fitted_judged_and_scored(contracts):
    settings = {"fitter": "ParametricSplinePHFitter", "covariates": "monthly_amount"}
    result = FitModel.parse(model="survival.lifelines", settings=settings).run()
    assert "beta_: monthly_amount" in result.parameters
    assert 0 < result.metrics["brier_score"] < 0.25
    scores = pl.read_parquet(ScoreCustomers.parse(models=("survival.lifelines",)).run().paths["scores"])
    churn = scores.filter(score="churn_probability_90d")
    assert churn["value"].is_between(0, 1).all()
    assert (churn["lower"] <= churn["value"]).all()
    assert (churn["value"] <= churn["upper"]).all()


def test_cox_is_checked_against_lifelines(contracts):
    result = FitModel.parse(model="survival.cox", settings={"covariates": "monthly_amount"}, cross_check=True).run()
    assert any("finds the log-likelihood" in sentence for sentence in result.sentences)
    found = result.details["cross_check"]
    assert f"relkit finds {result.log_likelihood:.6f}" in found
    assert found in result.sentences


def test_a_model_that_lifelines_has_not_is_refused_before_anything_runs():
    with pytest.raises(ParameterError, match=r"cross_check: survival\.kaplan_meier cannot be checked against lifelines"):
        FitModel.parse(model="survival.kaplan_meier", cross_check=True).verify()


def test_it_takes_no_part_in_a_choice():
    assert "survival.lifelines" in catalogue.names()
    assert not catalogue.settings_class("survival.lifelines").competes
