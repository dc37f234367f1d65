"""relkit fit lifetime_value.auto: the comparison, the choice, its record, and the model used for scores afterwards."""

from __future__ import annotations

import json

import polars as pl
import pytest

from relkit.errors import FitError, NotEnoughEventsError, ParameterError
from relkit.jobs.choice import read_choice
from relkit.jobs.fit_model import FitModel
from relkit.jobs.manage_models import ListModels
from relkit.jobs.score_customers import ScoreCustomers
from relkit.models import catalogue
from relkit.models.lifetime_value.bg_nbd import BgNbd
from relkit.tracking import registry, runs

AUTO = "lifetime_value.auto"
SHORT = {"candidates": "lifetime_value.bg_nbd,lifetime_value.nbd", "replicates": "40"}

pytestmark = pytest.mark.usefixtures("plain_fits")


def fit(model=AUTO, **more):
    job = FitModel.parse(model=model, **more)
    job.verify()
    return job.run()


def failing(self, features, *, as_of):
    raise NotEnoughEventsError("nobody came back.", where="lifetime_value.bg_nbd")


def test_the_best_of_the_family_is_chosen_registered_and_scores(checked):
    result = fit()
    chosen = result.details["model"]
    choice = result.details["choice"]
    assert chosen in catalogue.candidates(AUTO)
    assert choice["chosen"] == chosen != "lifetime_value.nbd"
    assert choice["candidates"] == list(catalogue.candidates(AUTO)) == [row["model"] for row in choice["comparison"]]
    assert choice["failed"] == {}
    assert choice["reason"] in result.sentences
    assert choice["reason"].startswith(f"{chosen} was chosen: ")
    assert result.sentences[0] == "Candidates on 250 customers and the 182 days after the calibration (95 % intervals):"
    assert result.details["alias"] == "champion"
    assert result.metrics["mae_repeat_purchases"] == pytest.approx({row["model"]: row["mae"] for row in choice["comparison"]}[chosen])
    json.dumps(result.model_dump(mode="json"), allow_nan=False)
    assert registry.chosen_models() == (chosen,)
    assert registry.champion(chosen).version == "1"
    listed = ListModels.parse().run()
    assert [line for line in listed.sentences if "chosen by" in line] == [
        line for line in listed.sentences if line.startswith(f"{chosen} ")
    ]
    assert listed.sentences[0].startswith(f"{chosen} version 1 (champion, chosen by lifetime_value.auto): as of ")
    assert [version["name"] for version in listed.details["versions"] if version["is_chosen"]] == [chosen]
    assert list(ScoreCustomers.parse().run().details["models"]) == [chosen]


def test_the_run_keeps_the_comparison_and_no_customer(checked):
    result = fit(settings=SHORT)
    (table,) = checked.glob("mlruns/artifacts/*/artifacts/model_comparison.csv")
    assert pl.read_csv(table)["model"].to_list() == ["lifetime_value.bg_nbd", "lifetime_value.nbd"]
    assert (table.parent / "plots" / "model_comparison.png").stat().st_size > 10_000
    differences = (table.parent / "model_differences.csv").read_text()
    assert "log_score" in differences
    assert "B0001" not in table.read_text() + differences + json.dumps(result.model_dump(mode="json"))


def test_without_figures_the_comparison_is_kept_as_tables_alone(checked):
    drawn, plain = (fit(settings=SHORT, figures=figures) for figures in (True, False))
    version = registry.champion(plain.details["model"])
    with runs.connected() as client:
        kept = [{found.path for found in client.list_artifacts(made.details["run_id"], "plots")} for made in (drawn, plain)]
    assert kept == [{"plots/model_comparison.png"}, set()]
    assert registry.kept_frame(version, "model_comparison") is not None


def test_the_seed_decides(checked):
    first, again = (fit(settings=SHORT | {"seed": 3}).details["choice"]["comparison"] for _ in range(2))
    other = fit(settings=SHORT | {"seed": 4}).details["choice"]["comparison"]
    assert first == again
    assert first != other


def test_a_model_that_was_chosen_scores_until_another_is_and_a_named_one_always(checked):
    fit("lifetime_value.bg_nbd")
    assert registry.chosen_models() == ()
    fit(settings={"candidates": "lifetime_value.nbd"})
    assert list(ScoreCustomers.parse().run().details["models"]) == ["lifetime_value.nbd"]
    assert list(ScoreCustomers.parse(models=("lifetime_value.bg_nbd",)).run().details["models"]) == ["lifetime_value.bg_nbd"]
    before = ScoreCustomers.parse().state()
    fit(settings={"candidates": "lifetime_value.mbg_nbd"})
    assert registry.chosen_models() == ("lifetime_value.mbg_nbd",)
    assert ScoreCustomers.parse().state() != before
    assert registry.chosen_models("another") == ()


def test_a_candidate_that_fails_is_reported_and_is_not_fatal(checked, monkeypatch):
    monkeypatch.setattr(BgNbd, "fit", failing)
    result = fit(settings=SHORT)
    assert result.details["model"] == "lifetime_value.nbd"
    assert result.details["choice"]["failed"] == {"lifetime_value.bg_nbd": "lifetime_value.bg_nbd: nobody came back."}
    assert "lifetime_value.bg_nbd could not be judged: lifetime_value.bg_nbd: nobody came back." in result.sentences


def test_where_all_fail_it_fails_with_every_reason(checked, monkeypatch):
    monkeypatch.setattr(BgNbd, "fit", failing)
    with pytest.raises(FitError, match=r"none of the candidates could be fitted\. lifetime_value\.bg_nbd: .* nobody came back"):
        fit(settings={"candidates": "lifetime_value.bg_nbd"})


@pytest.mark.parametrize(("holdout", "message"), [({"holdout_days": 0}, "No holdout was wanted."), ({}, "is too short for a holdout")])
def test_without_a_holdout_the_first_candidate_is_taken_and_reported(checked, holdout, message, monkeypatch):
    if not holdout:
        none = (None, "The history of 2 days is too short for a holdout, so the model was not judged.")
        for user in ("choose_model", "model_fitting"):
            monkeypatch.setattr(f"relkit.jobs.{user}.split_of", lambda *_: none)
    result = fit(settings=SHORT, **holdout)
    assert result.details["model"] == "lifetime_value.bg_nbd"
    assert result.details["choice"]["comparison"] == []
    assert message in result.sentences[0]
    assert "lifetime_value.bg_nbd was taken without a comparison: it is the first candidate that could be fitted." in result.sentences[0]


def test_what_was_taken_without_a_comparison_displaces_nothing(checked):
    fit(settings={"candidates": "lifetime_value.nbd"})
    fit(settings=SHORT, holdout_days=0)
    assert registry.chosen_models() == ("lifetime_value.nbd",)


def test_the_unit_of_time_is_that_of_every_candidate(checked):
    result = fit(settings={"candidates": "lifetime_value.nbd", "period_days": "1"})
    weekly = fit(settings={"candidates": "lifetime_value.nbd"})
    assert result.parameters["alpha"] == pytest.approx(7 * weekly.parameters["alpha"], rel=1e-6)


def test_every_candidate_is_a_model():
    assert all(set(catalogue.candidates(choice)) <= set(catalogue.names()) for choice in catalogue.choices())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"candidates": "lifetime_value.bg_nb"}, "unknown candidate 'lifetime_value.bg_nb'; did you mean 'lifetime_value.bg_nbd'"),
        ({"candidate": "x"}, "unknown setting 'candidate'; did you mean 'candidates'"),
        ({"replicates": 3}, "replicates is 3; intervals need at least 20"),
        ({"period_days": 0}, "period_days is 0"),
    ],
)
def test_invalid_settings_are_refused_before_anything_runs(settings, message):
    with pytest.raises(ParameterError, match=message):
        read_choice(AUTO, settings)
    with pytest.raises(ParameterError, match=message):
        FitModel.parse(model=AUTO, settings=settings).verify()


def test_a_misspelt_name_is_answered_with_auto():
    with pytest.raises(ParameterError, match=r"did you mean 'lifetime_value.auto'"):
        FitModel.parse(model="lifetime_value.aut").verify()


def test_data_without_purchases_are_skipped(workplace):
    import modelled_company as company

    company.write_company(workplace / "out" / "default", {"contracts": company.contracts()})
    assert "the data have no transactions table" in fit().skipped


COVARIATES = "lifetime_value.bg_nbd,lifetime_value.mbg_cnbd_k,lifetime_value.bg_bb,lifetime_value.nbd"


@pytest.mark.parametrize("known", ["all", "most"])
def test_covariates_go_to_the_candidates_that_take_them(workplace, known):
    import modelled_company as company

    sold = company.transactions()
    ids = sold["customer_id"].unique().sort()
    years = [1950, 1960, 1970 if known == "all" else None, 1980, 1990]
    who = pl.DataFrame({"customer_id": ids, "birth_year": years * (len(ids) // 5)})
    company.write_company(workplace / "out" / "default", {"transactions": sold, "customers": who}, history_starts_on=company.FIRST)
    names = {"candidates": COVARIATES, "replicates": "20", "purchase_covariates": "birth_year"}
    result = fit(settings=names)
    choice = result.details["choice"]
    assert choice["failed"] == {}
    assert result.sentences[0].startswith(f"Candidates on {250 if known == 'all' else 200} customers")
    assert choice["without"] == {name: ["purchase_covariates"] for name in ("lifetime_value.mbg_cnbd_k", "lifetime_value.bg_bb")}
    parameters = {row["model"]: row["parameters"] for row in choice["comparison"]}
    plain = {
        row["model"]: row["parameters"]
        for row in fit(settings={"candidates": COVARIATES, "replicates": "20"}).details["choice"]["comparison"]
    }
    assert {name: parameters[name] - plain[name] for name in parameters} == {
        "lifetime_value.bg_nbd": 1,
        "lifetime_value.mbg_cnbd_k": 0,
        "lifetime_value.bg_bb": 0,
        "lifetime_value.nbd": 1,
    }
    assert "lifetime_value.bg_bb does not have purchase_covariates: it was tried without." in result.sentences


def test_a_setting_that_no_candidate_takes_is_refused():
    with pytest.raises(ParameterError, match="unknown setting 'purchase_covariates'"):
        read_choice(AUTO, {"candidates": "lifetime_value.mbg_cnbd_k", "purchase_covariates": "birth_year"})
    with pytest.raises(ParameterError, match="unknown setting 'lifetime_covariates'"):
        read_choice(AUTO, {"candidates": "lifetime_value.nbd", "lifetime_covariates": "birth_year"})
    both = {"candidates": "lifetime_value.bg_nbd,lifetime_value.nbd", "lifetime_covariates": "birth_year"}
    assert read_choice(AUTO, both).of("lifetime_value.nbd") == {}
