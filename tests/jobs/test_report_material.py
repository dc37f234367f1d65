from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl
import pytest

from relkit.errors import ParameterError, TableError
from relkit.jobs.report_material import ReportMaterial

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def material(reported: Path, monkeypatch: pytest.MonkeyPatch) -> ReportMaterial:
    monkeypatch.chdir(reported)
    return ReportMaterial.read()


def test_it_reads_what_the_scored_file_would_hold(material: ReportMaterial, reported: Path) -> None:
    customers = pl.read_parquet(reported / "out" / "default" / "features" / "2025-06-30" / "customers.parquet")
    assert material.people["customer_id"].to_list() == customers["customer_id"].to_list()
    assert {"p_alive", "churn_probability_90d", "value_decile"} <= set(material.people.columns)
    assert (str(material.as_of), material.currency) == ("2025-06-30", "EUR")


def test_main_contracts_come_first_among_the_contracts(material: ReportMaterial) -> None:
    from relkit.features.spells import main_contracts

    spells = material.spells()
    main = set(main_contracts(spells)["contract_id"])
    assert set(spells.head(len(main))["contract_id"]) == main
    assert len(spells) == pl.read_parquet(material.folder / "features" / "2025-06-30" / "spells.parquet").height


def test_churn_comes_with_its_horizon(material: ReportMaterial) -> None:
    scores, days = material.churn()
    assert days == 90
    assert scores["probability"].is_between(0, 1).all()
    nearer = {"churn_probability_30d": material.models["churn_probability_90d"] | {"horizon": 30}}
    people = material.people.with_columns(churn_probability_30d=pl.col("churn_probability_90d") / 3)
    assert replace(material, people=people, models=nearer | material.models).churn()[1] == 30
    assert replace(material, models=nearer | material.models).churn()[1] == 90


def test_the_model_shown_is_the_version_that_made_the_scores(material: ReportMaterial) -> None:
    assert material.fitted("survival.cox").name == "survival.cox"
    assert material.scorer("survival") == "survival.cox"
    assert material.has_model("lifetime_value.gamma_gamma")
    assert not material.has_model("survival.kaplan_meier")
    assert material.fitted("survival.kaplan_meier").name == "survival.kaplan_meier"


def test_hazard_ratios_are_there_when_a_regression_made_the_scores(material: ReportMaterial) -> None:
    assert "pays_by_direct_debit" in material.hazard_ratios("survival.cox").terms
    assert replace(material, models={}).hazard_ratios("survival.cox") is None


def test_looking_back_draws_what_then_happened(material: ReportMaterial) -> None:
    assert {"decile_calibration", "purchases_over_time"} <= set(material.look_back("lifetime_value.bg_nbd"))
    assert "calibration" in material.look_back("survival.cox")


def test_a_trial_knows_nothing_of_the_days_it_is_judged_on(material: ReportMaterial) -> None:
    trial = material.trial("survival.cox")
    assert trial is not None
    assert trial.fitted.info.as_of == trial.split.calibration.day
    assert trial.split.days == 182
    assert material.trial("survival.cox") is trial
    assert trial.judged["event"].sum() == 0 < trial.learnt["event"].sum()
    assert set(trial.outcomes["customer_id"]) >= set(trial.judged["customer_id"])
    assert material.figures(None) == {}


def test_a_regression_comes_with_what_it_was_fitted_to(material: ReportMaterial) -> None:
    fitted, learnt = material.regression("survival.cox")
    assert learnt is not None
    assert len(learnt) == fitted.info.rows
    assert replace(material, models={}).regression("survival.cox") == (None, None)


def test_what_a_version_was_fitted_to_is_made_again_as_of_its_instant(material: ReportMaterial, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = material.fitted("lifetime_value.bg_nbd")
    assert fitted.info.cutoff == material.tables.as_of(fitted.info.as_of).cutoff
    earlier = material.tables.as_of("2024-06-30").cutoff
    aged = replace(fitted, info=replace(fitted.info, cutoff=earlier))
    monkeypatch.setattr(ReportMaterial, "fitted", lambda *_: aged)
    assert 0 < len(material.trained_on("lifetime_value.bg_nbd")) < fitted.info.rows


def test_customers_and_declared_names_are_those_of_the_day(material: ReportMaterial) -> None:
    assert set(material.customers()["customer_id"]) == set(material.people["customer_id"])
    assert material.declared_names()["household_size"] == "Household size"
    facts = replace(material.tables.facts, attributes={"plan": {"label_en": "Plan", "label_fr": "Formule"}, "bare": {}})
    french = replace(material, tables=replace(material.tables, facts=facts), language="fr")
    assert french.declared_names() == {"plan": "Formule"}


def test_looking_back_needs_a_holdout_and_enough_before_it(material: ReportMaterial) -> None:
    models = json.loads(json.dumps(material.models))
    score = models["churn_probability_90d"]["metrics"]["survival.cox"]
    score["holdout"] = "2022-07-05 to 2025-06-30"
    assert replace(material, models=models).look_back("survival.cox") == {}
    score["holdout"] = ""
    assert replace(material, models=models).look_back("survival.cox") == {}
    assert replace(material, models={}).look_back("survival.cox") == {}


def test_a_version_that_is_gone_is_reported(material: ReportMaterial) -> None:
    models = json.loads(json.dumps(material.models))
    for entry in models.values():
        entry["version"] = "+".join("99" for _ in entry["version"].split("+"))
    with pytest.raises(ParameterError, match=r"survival.cox has no version to show. Run relkit fit survival.cox first"):
        replace(material, models=models).fitted("survival.cox")
    with pytest.raises(ParameterError, match="no model of the family attribution made a score"):
        material.scorer("attribution")


def test_a_day_without_features_or_scores_is_reported(material: ReportMaterial, reported: Path, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"there are no features of that day. Run relkit features --as-of 2024-01-01 first"):
        ReportMaterial.read(as_of="2024-01-01")
    for part in ("tables", "features"):
        shutil.copytree(reported / "out" / "default" / part, tmp_path / part)
    bare = ReportMaterial.read(out=tmp_path)
    assert bare.models == {}
    with pytest.raises(TableError, match="there is no score of churn"):
        bare.churn()


def test_calls_are_valued_for_all_customers_with_a_score_and_reasons_given(material: ReportMaterial) -> None:
    from relkit.scores.retention_offer import RetentionOffer

    risk, _ = material.churn()
    calls = material.retention_calls(RetentionOffer())
    assert calls.offers is not None
    assert calls.barred is not None
    assert calls.why is not None
    both = pl.concat([calls.offers, calls.barred]).join(risk, on="customer_id")
    assert len(both) == len(calls.offers) + len(calls.barred) == len(risk)
    phone = material.people.select("customer_id", "may_contact_phone")
    assert calls.offers.join(phone, on="customer_id")["may_contact_phone"].all()
    assert not calls.barred.join(phone, on="customer_id")["may_contact_phone"].any()
    assert both["churn_probability"].to_list() == pytest.approx(both["probability"].to_list(), abs=1e-4)
    assert set(calls.why["customer_id"]) <= set(risk["customer_id"])
    assert str(material._ahead()) == "Ahead(months=24, annual_discount_rate=0.1)"
