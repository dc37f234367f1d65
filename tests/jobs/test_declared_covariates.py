"""Covariates declared on the command line, and levels of a category that first occur after the fit."""

import json

import modelled_company as company
import polars as pl
import pytest

from relkit import cli
from relkit.errors import ParameterError
from relkit.jobs.fit_model import FitModel
from relkit.jobs.given_settings import read_settings
from relkit.jobs.score_customers import ScoreCustomers
from relkit.models import storage
from relkit.remarks import read_remarks
from relkit.tracking import registry

pytestmark = pytest.mark.usefixtures("plain_fits")

AFT, RENEWALS = "survival.weibull_aft", "lifetime_value.shifted_beta_geometric"
FLAGS = ["--settings.covariates", "monthly_amount,product_id", "--settings.splines", "monthly_amount=3"]


def contracts() -> pl.DataFrame:
    """Return contracts on three products; the amount of every ninth is unknown."""
    product = pl.Series("product_id", ["basic", "basic", "full", "basic", "full"] * 50)
    amount = pl.when(pl.int_range(pl.len()) % 9 > 0).then("monthly_amount")
    return company.contracts().with_columns(product, monthly_amount=amount)


def test_a_declaration_on_the_command_line_is_kept_with_the_model(checked, capsys):
    company.write_company(checked / "out" / "default", {"contracts": contracts()})
    assert cli.run(["fit", AFT, *FLAGS, "--settings.missing", "indicator", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["counts"]["rows"] == 250
    empty = "28 of 250 customers have no monthly_amount; the effect of its absence is among the terms, as 'monthly_amount is empty'."
    assert empty in printed["sentences"]
    fitted = storage.load(registry.saved_folder(registry.champion(AFT)))
    assert (fitted.settings.splines, fitted.settings.missing) == ({"monthly_amount": 3}, "indicator")
    result = ScoreCustomers.parse(models=(AFT,)).run()
    assert result.counts["scores"]["churn_probability_90d"] == contracts()["ended_on"].null_count(), "nobody is set aside"
    assert not any("must know, and have no score" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ["--settings.splines", "monthly_amount"],
            "splines has 'monthly_amount', which names no column with a number. Write --settings.splines",
        ),
        (["--settings.splines", "monthly_amount="], "splines has 'monthly_amount=', which names no column"),
        (["--settings.splines", "=4"], "splines has '=4', which names no column"),
        (["--settings.splines", "monthly_amount=few"], "splines.monthly_amount is 'few': input should be a valid integer"),
        (["--settings.splines", "amount=4", "--settings.covariates", "monthly_amount"], "unknown covariate 'amount'; did you mean"),
        (["--settings.missing", "mean"], "missing is 'mean'"),
    ],
)
def test_a_declaration_that_cannot_be_read_says_how_to_write_it(checked, capsys, given, message):
    assert cli.run(["fit", AFT, *given]) == 2
    assert message in capsys.readouterr().err


def test_what_bends_may_be_chosen_from_the_features(checked):
    """No covariates are named: those of the contracts are taken, including the one with a spline."""
    FitModel.parse(model=AFT, settings={"splines": "monthly_amount=2"}).verify()
    result = FitModel.parse(model=AFT, settings={"splines": "monthly_amount=2"}).run()
    assert {"monthly_amount", "monthly_amount (bend 1)", "pays_by_direct_debit"} <= set(result.parameters)


def test_numbers_by_column_may_come_as_text_or_as_they_are():
    asked = {"a": "4", "b": "3"}
    for given in ("a=4,b=3", " a = 4 , b = 3 ", ["a=4", "b=3"], asked):
        assert read_settings(AFT, {"splines": given}) == {"splines": asked}
    with pytest.raises(ParameterError, match="splines has 'b'"):
        read_settings(AFT, {"splines": "a=4,b"})


def test_levels_unknown_to_the_fit_are_reported_with_the_scores(checked):
    """For survival and customer value alike; remarks.json has it too, with the scores of the model."""
    company.write_company(checked / "out" / "default", {"contracts": contracts()})
    for model in (AFT, RENEWALS):
        FitModel.parse(model=model, settings={"covariates": ["product_id"]}).run()
    running = contracts().filter(pl.col("ended_on").is_null())["contract_id"]
    new = pl.DataFrame({"contract_id": running.head(4), "new": ["trial", "trial", "trial", "gift"]})
    later = contracts().join(new, on="contract_id", how="left").with_columns(product_id=pl.coalesce("new", "product_id")).drop("new")
    company.write_company(checked / "out" / "default", {"contracts": later})
    result = ScoreCustomers.parse(models=(AFT, RENEWALS)).run()
    text = (
        f"4 of {len(running)} contracts have a product_id that the model has not seen (trial: 3, gift: 1); "
        "they count as basic, the reference."
    )
    assert [warning for warning in result.warnings if "not seen" in warning] == [f"{AFT}: {text}", f"{RENEWALS}: {text}"]
    models = json.loads(result.paths["models"].read_text())
    (remark,) = (remark for remark in read_remarks(result.paths["remarks"]) if remark.code == "unseen_category")
    assert remark.en == text
    assert set(remark.about) == set(models)
