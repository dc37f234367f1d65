"""relkit fit lifetime_value.auto: the comparison, the choice, its record, and the model used for scores afterwards."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING

import modelled_company as company
import numpy as np
import polars as pl
import pytest
from light_mlflow import lighten
from made_once import entered, inside

from relkit.errors import FitError, NotEnoughEventsError, ParameterError
from relkit.jobs.choice import Choice, own_settings, read_choice
from relkit.jobs.choose_model import picked
from relkit.jobs.fit_model import FitModel
from relkit.jobs.manage_models import ListModels
from relkit.jobs.score_customers import ScoreCustomers
from relkit.models import catalogue, storage
from relkit.models.lifetime_value.bg_nbd import BgNbd
from relkit.tables.table_set import TableSet
from relkit.tracking import registry, runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from made_once import MadeOnce

    from relkit.jobs.base import Result

AUTO = "lifetime_value.auto"
SHORT = {"candidates": "lifetime_value.bg_nbd,lifetime_value.nbd", "replicates": "40", "origins": "1"}

pytestmark = pytest.mark.usefixtures("plain_fits")


def fit(model=AUTO, *, figures=False, **more):
    job = FitModel.parse(model=model, figures=figures, **more)
    job.verify()
    return job.run()


def choice_of(**more):
    """Return the choice that `fit` would make, without keeping a model of it."""
    job = FitModel.parse(model=AUTO, **more)
    return picked(job.request(TableSet.open(job.out_dir / "tables")))


@pytest.fixture(scope="module")
def short(made_once: MadeOnce, empty_store: Path) -> Path:
    """Return a working directory after a choice among two models, with its figure; result.pickle is its result."""

    def make(folder: Path) -> None:
        with entered(folder, empty_store) as patch:
            lighten(patch)
            patch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
            company.write_company(folder / "out" / "default", history_starts_on=company.FIRST)
            (folder / "result.pickle").write_bytes(pickle.dumps(fit(settings=SHORT, figures=True)))

    return made_once("short", make)


@pytest.fixture
def result(short: Path) -> Iterator[Result]:
    """Enter that directory and return the result, to be read."""
    with inside(short):
        yield pickle.loads((short / "result.pickle").read_bytes())


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
    days = "2025-04-01, 2025-01-01, 2024-10-03, 2024-07-05"
    assert result.sentences[0] == f"Candidates on 250 customers and the 90 days after 4 origins ({days}; 95 % intervals):"
    assert result.details["alias"] == "champion"
    origins = registry.kept_frame(registry.champion(chosen), "model_origins").filter(pl.col("model") == chosen)
    assert origins["origin"].cast(pl.String).to_list() == days.split(", ")
    assert result.metrics["crps_repeat_purchases"] == pytest.approx(origins["crps"][0])
    assert origins["crps"].mean() == pytest.approx({row["model"]: row["crps"] for row in choice["comparison"]}[chosen])
    kept = storage.load(result.paths["model"]).past_forecasts
    assert kept.came.tolist() == origins["came"].to_list()
    assert (kept.forecast_money > 0).all()
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


def test_the_run_keeps_the_comparison_and_no_customer(short, result):
    (table,) = short.glob("mlruns/artifacts/*/artifacts/model_comparison.csv")
    assert pl.read_csv(table)["model"].to_list() == ["lifetime_value.bg_nbd", "lifetime_value.nbd"]
    assert (table.parent / "plots" / "model_comparison.png").stat().st_size > 10_000
    differences = (table.parent / "model_differences.csv").read_text()
    assert "log_score" in differences
    assert "B0001" not in table.read_text() + differences + json.dumps(result.model_dump(mode="json"))


def test_without_figures_the_comparison_is_kept_as_tables_alone(checked):
    plain = fit(settings=SHORT, figures=False)
    version = registry.champion(plain.details["model"])
    with runs.connected() as client:
        assert client.list_artifacts(plain.details["run_id"], "plots") == []
    assert registry.kept_frame(version, "model_comparison") is not None


def test_the_seed_decides(checked):
    first, again, other = (choice_of(settings=SHORT | {"seed": seed}).comparison.table for seed in (3, 3, 4))
    assert first.equals(again)
    assert not first.equals(other)


def test_a_model_that_was_chosen_scores_until_another_is_and_a_named_one_always(checked):
    fit("lifetime_value.bg_nbd")
    assert registry.chosen_models() == ()
    fit(settings={"candidates": "lifetime_value.nbd", "origins": "1"})
    assert list(ScoreCustomers.parse().run().details["models"]) == ["lifetime_value.nbd"]
    assert list(ScoreCustomers.parse(models=("lifetime_value.bg_nbd",)).run().details["models"]) == ["lifetime_value.bg_nbd"]
    before = ScoreCustomers.parse().state()
    fit(settings={"candidates": "lifetime_value.mbg_nbd", "origins": "1"})
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
        for user in ("holdouts", "model_fitting"):
            monkeypatch.setattr(f"relkit.jobs.{user}.split_of", lambda *_: none)
    result = fit(settings=SHORT, **holdout)
    assert result.details["model"] == "lifetime_value.bg_nbd"
    assert result.details["choice"]["comparison"] == []
    assert message in result.sentences[0]
    assert "lifetime_value.bg_nbd was taken without a comparison: it is the first candidate that could be fitted." in result.sentences[0]


def test_what_was_taken_without_a_comparison_displaces_nothing(checked):
    fit(settings={"candidates": "lifetime_value.nbd", "origins": "1"})
    fit(settings=SHORT, holdout_days=0)
    assert registry.chosen_models() == ("lifetime_value.nbd",)


def test_the_unit_of_time_is_that_of_every_candidate(checked):
    alone = {"candidates": "lifetime_value.nbd", "origins": "1"}
    result, weekly = fit(settings=alone | {"period_days": "1"}), fit(settings=alone)
    assert result.parameters["alpha"] == pytest.approx(7 * weekly.parameters["alpha"], rel=1e-6)


def test_every_candidate_is_a_model():
    assert all(set(catalogue.candidates(choice)) <= set(catalogue.names()) for choice in catalogue.choices())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"candidates": "lifetime_value.bg_nb"}, "unknown candidate 'lifetime_value.bg_nb'; did you mean 'lifetime_value.bg_nbd'"),
        ({"candidate": "x"}, "unknown setting 'candidate'; did you mean 'candidates'"),
        ({"replicates": 3}, "replicates is 3; intervals need at least 20"),
        ({"origins": 0}, "origins is 0; at least 1 is needed"),
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
    company.write_company(workplace / "out" / "default", {"contracts": company.contracts()})
    assert "the data have no transactions table" in fit().skipped


def test_candidates_are_compared_on_customers_drawn_and_the_chosen_is_fitted_to_all(checked):
    result = fit(settings=SHORT | {"judged_customers": "100"})
    assert result.sentences[0].startswith("Candidates on 100 customers, drawn from all, and the 90 days after the calibration")
    assert result.counts["rows"] == 250
    origins = registry.kept_frame(registry.champion(result.details["model"]), "model_origins")
    assert origins["customers"].to_list() == [100, 100]


def test_the_pure_choice_is_that_of_the_command_and_registers_nothing(short, result, checked):
    found = choice_of(settings=SHORT)
    assert registry.chosen_models() == ()
    assert registry.champion(found.name) is None
    assert (found.name, found.reason) == (result.details["model"], result.details["choice"]["reason"])
    assert found.comparison.table.to_dicts() == result.details["choice"]["comparison"]
    saved = storage.load(short / result.paths["model"])
    assert np.array_equal(saved.coordinates, found.fitted.coordinates)
    assert saved.order_calibration is not None
    assert found.fitted.order_calibration is not None
    uncompared = choice_of(settings=SHORT, holdout_days=0)
    assert (uncompared.name, uncompared.comparison) == ("lifetime_value.bg_nbd", None)


def test_a_naive_rule_is_taken_only_if_nothing_else_is_named(checked):
    rules = [name for name in catalogue.candidates(AUTO) if catalogue.settings_class(name).is_bar]
    assert rules == ["lifetime_value.same_again", "lifetime_value.zero_truncated_nbd"]
    named = {"candidates": f"{rules[0]},lifetime_value.nbd", "replicates": "40", "origins": "1"}
    assert fit(settings=named).details["model"] == "lifetime_value.nbd"
    remarks = registry.kept_remarks(registry.champion("lifetime_value.nbd"))
    assert "below_a_naive_rule" in [remark.code for remark in remarks]
    assert fit(settings=named | {"candidates": rules[0]}).details["model"] == rules[0]


def test_the_horizon_is_given_once(checked):
    assert "and the 30 days after 2 origins" in fit(settings=SHORT | {"origins": "2"}, holdout_days=30).sentences[0]
    with pytest.raises(ParameterError, match="holdout_days is 30 and horizon_days 60"):
        fit(settings=SHORT | {"horizon_days": "60"}, holdout_days=30)


def test_every_setting_goes_to_the_candidates_that_have_it_and_to_no_other():
    for choice in catalogue.choices():
        names = catalogue.candidates(choice)
        own = own_settings(choice)
        for key in sorted({key for name in names for key in catalogue.known_settings(name)} - set(own)):
            found = Choice(candidates=names, settings={key: "1"})
            have = {name for name in names if key in catalogue.known_settings(name)}
            assert {name for name in names if found.of(name)} == have
            assert set(found.without()) == set(names) - have


COVARIATES = "lifetime_value.bg_nbd,lifetime_value.bg_bb,lifetime_value.nbd"


@pytest.mark.parametrize("known", ["all", "most"])
def test_covariates_go_to_the_candidates_that_take_them(workplace, known):
    sold = company.transactions()
    ids = sold["customer_id"].unique().sort()
    years = [1950, 1960, 1970 if known == "all" else None, 1980, 1990]
    who = pl.DataFrame({"customer_id": ids, "birth_year": years * (len(ids) // 5)})
    company.write_company(workplace / "out" / "default", {"transactions": sold, "customers": who}, history_starts_on=company.FIRST)
    names = {"candidates": COVARIATES, "replicates": "20", "origins": "1"}
    result = fit(settings=names | {"purchase_covariates": "birth_year"})
    choice = result.details["choice"]
    assert choice["failed"] == {}
    assert result.sentences[0].startswith(f"Candidates on {250 if known == 'all' else 200} customers")
    assert choice["without"] == {"lifetime_value.bg_bb": ["purchase_covariates"]}
    parameters = {row["model"]: row["parameters"] for row in choice["comparison"]}
    plain = dict(choice_of(settings=names).comparison.table.select("model", "parameters").rows())
    assert {name: parameters[name] - plain[name] for name in parameters} == {
        "lifetime_value.bg_nbd": 1,
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
