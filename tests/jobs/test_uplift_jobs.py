"""Effects of actions from the assignments to the delivered file, of a company whose mailing makes the young order once more."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import drawn_company
import modelled_company as company
import polars as pl
import pytest
from drawn_company import noon
from light_mlflow import lighten
from made_once import entered

from relkit.errors import FitError, ParameterError, TableError
from relkit.jobs.build_features import BuildFeatures
from relkit.jobs.deliver_files import DeliverFiles
from relkit.jobs.fit_model import FitModel
from relkit.jobs.score_customers import ScoreCustomers
from relkit.periods import UnitHoldout, read_holdout
from relkit.scores.kept_scores import KeptScores
from relkit.tracking import registry

MODEL = "uplift.s_learner"
QUICK = {"trees": "15", "folds": "2"}
REFUSING, PROTECTED, TESTER = "c00001", "c00002", "c00003"
ADDED = drawn_company.EXTRA * drawn_company.ORDER * 0.4
"""Margin that the mailing adds to a customer under 40."""

pytestmark = pytest.mark.usefixtures("plain_fits")


def frames() -> dict[str, pl.DataFrame]:
    """Return the tables of the company, with one customer who refuses profiling, one who is protected and a test account."""
    made = drawn_company.drawn_company()
    consents = {"customer_id": [REFUSING], "purpose": ["profiling"], "status": ["refused"], "changed_at": [noon(company.FIRST)]}
    suppressions = {"customer_id": [PROTECTED], "reason": ["deceased"], "starts_at": [noon(company.FIRST)]}
    return made | {
        "customers": made["customers"].with_columns(is_test=pl.col("customer_id") == TESTER),
        "consents": pl.DataFrame(consents).with_columns(channel_id=pl.lit(None, pl.String)),
        "suppressions": pl.DataFrame(suppressions).with_columns(ends_at=pl.lit(None, pl.Datetime("us", "UTC"))),
    }


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Path:
    """Return a working directory in which the effects have been learnt, scored and delivered once; do not write to it."""
    folder = tmp_path_factory.mktemp("uplift")
    with entered(folder, empty_store) as patch:
        lighten(patch)
        patch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
        company.write_company(folder / "out" / "default", frames())
        jobs = (
            FitModel.parse(model=MODEL, settings=QUICK),
            BuildFeatures.parse(),
            ScoreCustomers.parse(),
            DeliverFiles.parse(workbook=False),
        )
        results = {type(job).__name__: job.run() for job in jobs}
        kept = {name: result.model_dump(mode="json") for name, result in results.items()}
        (folder / "results.json").write_text(json.dumps(kept, default=str))
    return folder


def result(folder: Path, job: type) -> dict:
    return json.loads((folder / "results.json").read_text())[job.__name__]


def by_action(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / result(folder, ScoreCustomers)["paths"]["scores_by_action"])


def aged(rows: pl.DataFrame) -> pl.DataFrame:
    people = frames()["customers"].select("customer_id", age=2025 - pl.col("birth_year"))
    return rows.join(people, on="customer_id")


def test_it_is_judged_on_later_waves(learnt):
    fitted = result(learnt, FitModel)
    split = read_holdout(fitted["details"]["holdout"])
    assert isinstance(split, UnitHoldout)
    assert split.drawn_from == date(2025, 2, 1)
    assert split.days == 84
    assert fitted["metrics"]["dr_loss"] > 0
    assert fitted["metrics"]["mean_effect_mail"] == pytest.approx(ADDED / 3, abs=2.5)
    assert any("On the units drawn from 2025-02-01 on" in sentence for sentence in fitted["sentences"])
    assert fitted["details"]["alias"] == "champion"


def test_the_reader_is_told_what_the_rows_are(learnt):
    told = " ".join(result(learnt, FitModel)["sentences"])
    assert "999 units drawn lately were not learnt from" in told  # the test account was not drawn
    assert "Fewer than 1,000 units in the smaller arm of call (" in told
    assert "call: learnt from a single wave" in told
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(learnt)
        version = registry.champion(registry.registered_name(MODEL, "default"))
        assert version is not None
        assert {"windows_not_passed", "one_wave"} <= {remark.code for remark in registry.kept_remarks(version)}


def test_the_planted_effect_is_found(learnt):
    rows = aged(by_action(learnt)).filter(pl.col("action_id") == "mail")
    young, old = (rows.filter(part)["uplift"].mean() for part in (pl.col("age") < 40, pl.col("age") >= 40))
    assert young == pytest.approx(ADDED, abs=4)
    assert old == pytest.approx(0, abs=3)
    assert rows.filter(pl.col("low") > pl.col("uplift")).is_empty()
    assert rows.filter(pl.col("high") < pl.col("uplift")).is_empty()


def test_value_and_cost_stand_next_to_the_effect(learnt):
    rows = by_action(learnt)
    assert rows.columns == ["customer_id", "action_id", "channel_id", "uplift", "low", "high", "value_eur", "cost_eur"]
    assert rows["value_eur"].to_list() == pytest.approx(rows["uplift"].to_list(), abs=1e-4)  # the outcome is a margin
    terms = {action: (channel, cost) for action, channel, cost in rows.select("action_id", "channel_id", "cost_eur").unique().iter_rows()}
    assert terms == {"mail": ("email", 0.25), "call": ("phone", 3.5)}


def test_an_action_is_scored_for_customers_like_those_drawn(learnt):
    bought = set(frames()["transactions"]["customer_id"])
    rows = by_action(learnt)
    assert set(rows.filter(pl.col("action_id") == "call")["customer_id"]) <= bought
    assert set(rows.filter(pl.col("action_id") == "mail")["customer_id"]) - bought
    assert any("customers are like those drawn for it" in sentence for sentence in result(learnt, ScoreCustomers)["sentences"])


def test_nobody_who_must_not_be_scored_is(learnt):
    kept = pl.read_parquet(learnt / result(learnt, ScoreCustomers)["paths"]["scores"])
    assert not {REFUSING, TESTER} & set(kept["customer_id"])
    delivered = pl.read_parquet(learnt / result(learnt, DeliverFiles)["paths"]["scores_by_action"])
    for rows in (by_action(learnt), delivered):
        assert not {REFUSING, PROTECTED, TESTER} & set(rows["customer_id"])
    file = pl.read_parquet(learnt / result(learnt, DeliverFiles)["paths"]["customers_scored"])
    assert file.filter(pl.col("customer_id").is_in([REFUSING, PROTECTED]))["uplift_mail_84d"].null_count() == 2


def test_scores_and_delivery_agree(learnt):
    records = KeptScores.read(learnt / Path(result(learnt, ScoreCustomers)["paths"]["scores"]).parent)
    assert records is not None
    assert set(records.records) == {"uplift_call_84d", "uplift_mail_84d"}
    paths = result(learnt, DeliverFiles)["paths"]
    file, rows = (pl.read_parquet(learnt / paths[name]) for name in ("customers_scored", "scores_by_action"))
    both = file.select("customer_id", "uplift_mail_84d", "uplift_mail_84d_low").drop_nulls("uplift_mail_84d")
    mail = rows.filter(pl.col("action_id") == "mail")
    joined = both.join(mail, on="customer_id", how="full")
    assert joined["customer_id"].null_count() == joined["customer_id_right"].null_count() == 0
    assert joined["uplift_mail_84d"].to_list() == pytest.approx(joined["uplift"].to_list(), abs=1e-4)
    assert "uplift_mail_84d" not in pl.read_csv(learnt / paths["customers_marketer_csv"]).columns


def test_dictionary_and_manifest_name_the_model(learnt):
    paths = result(learnt, DeliverFiles)["paths"]
    words = pl.read_csv(learnt / paths["data_dictionary_csv"])
    own = words.filter(pl.col("view") == "scores_by_action")
    assert own["column"].to_list() == by_action(learnt).columns
    models = dict(own.select("column", "model").iter_rows())
    assert (models["uplift"], models["value_eur"], models["cost_eur"]) == (MODEL, MODEL, "")
    assert words.filter(pl.col("column") == "uplift_mail_84d")["label_fr"].to_list() == ["Effet de mail en 84 jours"]
    manifest = json.loads((learnt / paths["manifest_json"]).read_text())
    assert manifest["scores_by_action"]["model"] == MODEL
    assert manifest["scores_by_action"]["rows"] == sum(manifest["scores_by_action"]["by_action"].values())
    assert "scores_by_action.parquet" in {entry["name"] for entry in manifest["files"]}
    assert any(entry["name"].endswith("/scores_by_action") for entry in manifest["inputs"])


def test_on_a_day_before_any_outcome_all_are_scored_and_no_cost_is_known(learnt, tmp_path, monkeypatch):
    shutil.copytree(learnt, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    found = ScoreCustomers.parse(as_of="2024-01-15").run()
    rows = pl.read_parquet(found.paths["scores_by_action"])
    assert any("No unit drawn has a known outcome as of 2024-01-15" in warning for warning in found.warnings)
    assert rows["cost_eur"].null_count() == rows["channel_id"].null_count() == len(rows)
    assert rows["customer_id"].n_unique() * 2 == len(rows)


def fit(workplace: Path, tables: dict[str, pl.DataFrame], **given: object):
    company.write_company(workplace / "out" / "default", tables)
    settings = QUICK | given.pop("settings", {})
    return FitModel.parse(model=MODEL, settings=settings, **given).run()


def test_orders_are_worth_their_margin(workplace):
    fit(workplace, drawn_company.drawn_company(400), settings={"outcome": "orders", "actions": "mail", "folds": "0"}, holdout_days=0)
    rows = pl.read_parquet(ScoreCustomers.parse(intervals=False).run().paths["scores_by_action"])
    worth = rows.filter(pl.col("uplift").abs() > 0.01).select(pl.col("value_eur") / pl.col("uplift")).to_series()
    assert worth.min() == pytest.approx(drawn_company.ORDER * 0.4, abs=0.01)
    assert worth.median() == pytest.approx(drawn_company.ORDER * 0.4, abs=0.01)  # more only for those who once ordered twice a day
    assert rows["low"].null_count() == len(rows)


def test_a_model_of_another_outcome_does_not_displace_the_champion(workplace):
    tables, quick = drawn_company.drawn_company(400), {"folds": "0", "actions": "mail"}
    fit(workplace, tables, settings=quick)
    other = fit(workplace, tables, settings=quick | {"outcome": "orders"})
    assert other.details["alias"] == "challenger"
    assert any("forecasts margin over 84 days, this one orders over 84 days: they cannot be compared." in line for line in other.sentences)
    again = fit(workplace, tables, settings=quick | {"seed": "1"})
    assert "its settings were fitted anew without them and judged on it" in " ".join(again.sentences)


def test_without_assignments_it_is_skipped(workplace):
    tables = drawn_company.drawn_company(50)
    skipped = fit(workplace, {name: frame for name, frame in tables.items() if name != "assignments"}).skipped
    assert skipped == "uplift.s_learner: the data have no assignments table, from which it learns."
    none = fit(workplace, tables | {"assignments": tables["assignments"].clear()}).skipped
    assert none == "uplift.s_learner: nobody was drawn for an action, from which it learns."


def test_what_is_named_must_exist(workplace):
    tables = drawn_company.drawn_company(100)
    with pytest.raises(ParameterError, match="unknown action 'mali'; did you mean 'mail'"):
        fit(workplace, tables, settings={"actions": "mali"})
    with pytest.raises(ParameterError, match="unknown outcome 'marge'; did you mean 'margin'"):
        fit(workplace, tables, settings={"outcome": "marge"})


def test_without_a_margin_another_outcome_is_named(workplace):
    company.write_company(workplace / "out" / "default", drawn_company.drawn_company(100), assumed_margin_rate=None)
    with pytest.raises(ParameterError, match=r"no margin is known.*--settings.outcome: orders, returns, revenue"):
        FitModel.parse(model=MODEL).run()


def test_an_action_without_controls_is_left_out_or_refused(workplace):
    tables = drawn_company.drawn_company(400)
    only_treated = tables["assignments"].filter((pl.col("action_id") == "mail") | (pl.col("arm") == "treated"))
    found = fit(workplace, tables | {"assignments": only_treated}, settings={"folds": "0"}, holdout_days=0)
    assert {name.partition(":")[0] for name in found.parameters} == {"mail"}
    assert any("call: no effect can be learnt without both treated units and controls." in line for line in found.sentences)
    with pytest.raises(FitError, match="call has no controls with a known outcome"):
        fit(workplace, tables | {"assignments": only_treated}, settings={"actions": "call"}, holdout_days=0)
    treated = tables["assignments"].filter(pl.col("arm") == "treated")
    with pytest.raises(TableError, match="no action has both treated units and controls: call, mail"):
        fit(workplace, tables | {"assignments": treated})


def test_windows_that_have_not_passed(workplace):
    with pytest.raises(TableError, match="no unit drawn has a known outcome as of 2024-02-10: 84 days must have passed"):
        fit(workplace, drawn_company.drawn_company(100), as_of="2024-02-10")
    with pytest.raises(TableError, match="nobody was drawn for an action by 2023-12-31"):
        fit(workplace, drawn_company.drawn_company(100), as_of="2023-12-31")


def test_few_units_are_not_learnt_from(workplace):
    with pytest.raises(FitError, match="Give actions with at least 50 treated units and as many controls"):
        fit(workplace, drawn_company.drawn_company(20))


def test_a_single_wave_is_judged_on_units_drawn_at_random(workplace):
    found = fit(workplace, drawn_company.drawn_company(600), settings={"actions": "call", "folds": "0"})
    assert found.details["holdout"].startswith("units drawn at random, as of 2025-06-30, 30% of all")
    assert any("There are too few waves" in line for line in found.sentences)


def test_the_choice_is_made_among_models_of_the_outcome_wanted(workplace):
    company.write_company(workplace / "out" / "default", drawn_company.drawn_company(400))
    given = {"candidates": "uplift.s_learner,uplift.t_learner", "outcome": "orders", "actions": "mail", "trees": "5", "folds": "2"}
    with pytest.raises(ParameterError, match=r"unknown candidate 'uplift.t_learner'"):  # the textbook's, which does not compete
        FitModel.parse(model="uplift.auto", settings=given).run()
    found = FitModel.parse(model="uplift.auto", settings=given | {"candidates": "uplift.s_learner,uplift.x_learner"}).run()
    assert [row["model"] for row in found.details["choice"]["comparison"]] == ["uplift.s_learner", "uplift.x_learner"]
    assert found.sentences[0].startswith("Candidates on 400 customers on the units drawn from 2025-02-01 on")
    assert {"qini", "qini_low", "qini_high", "autoc", "autoc_low", "autoc_high", "dr_loss"} <= set(found.metrics)
    assert abs(found.metrics["mean_effect"]) < 1  # orders, not money
    version = registry.champion(registry.registered_name(found.details["model"], "default"))
    assert version is not None
    assert registry.load(version).settings.outcome == "orders"
