"""Credit of channels from the tables to the delivered files: fitted side by side, scored, delivered, and a budget scenario."""

from __future__ import annotations

import json
import shutil
from datetime import date
from typing import TYPE_CHECKING

import credited_company
import modelled_company as company
import polars as pl
import pytest
from light_mlflow import lighten
from made_once import entered

from relkit.errors import FitError, ParameterError, TableError
from relkit.jobs.build_features import BuildFeatures
from relkit.jobs.deliver_files import DeliverFiles
from relkit.jobs.fit_model import FitModel
from relkit.jobs.plan_budget import PlanBudget
from relkit.jobs.score_customers import ScoreCustomers
from relkit.models import catalogue

if TYPE_CHECKING:
    from pathlib import Path

ALL = "attribution.all"
LINEAR, FIRST, LAST = "attribution.linear", "attribution.first_touch", "attribution.last_touch"
MODELS = (LINEAR, FIRST, LAST)
DAY = str(credited_company.LAST)
SETTINGS = {"models": "linear,first_touch,last_touch", "lookback_days": "14", "per_run": "true"}

pytestmark = pytest.mark.usefixtures("plain_fits")


@pytest.fixture(scope="module")
def credited(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Path:
    """Return a working directory in which credit was fitted, scored and delivered once; do not write to it."""
    folder = tmp_path_factory.mktemp("credited")
    with entered(folder, empty_store) as patch:
        lighten(patch)
        patch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
        facts = {"first_day": credited_company.FIRST, "last_day": credited_company.LAST, "assumed_margin_rate": 0.4}
        company.write_company(folder / "out" / "default", credited_company.credited_company(), **facts)
        jobs = (
            FitModel.parse(model=ALL, settings=SETTINGS),
            BuildFeatures.parse(),
            ScoreCustomers.parse(),
            DeliverFiles.parse(language="fr"),
            PlanBudget.parse(model="linear"),
        )
        results = {type(job).__name__: job.run().model_dump(mode="json") for job in jobs}
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    return folder


def result(folder: Path, job: type) -> dict:
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))[job.__name__]


def credit(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / result(folder, ScoreCustomers)["paths"]["channel_credit"])


def record(folder: Path) -> dict:
    return json.loads((folder / result(folder, ScoreCustomers)["paths"]["channel_credit_record"]).read_text(encoding="utf-8"))


def delivery(folder: Path) -> Path:
    return folder / result(folder, DeliverFiles)["paths"]["delivery"]


def test_all_models_are_fitted_and_each_is_champion(credited: Path) -> None:
    fit = result(credited, FitModel)
    assert set(fit["details"]["fits"]) == set(MODELS)
    assert {each["alias"] for each in fit["details"]["fits"].values()} == {"champion"}
    assert fit["details"]["failed"] == {}
    assert set(fit["paths"]) == set(MODELS)
    assert f"{LINEAR}.share_moved" in fit["metrics"]


def test_the_shares_stand_side_by_side_and_what_all_say_is_said_once(credited: Path) -> None:
    sentences = result(credited, FitModel)["sentences"]
    title, head, *rows = sentences[:5]
    assert title == "Share of the credit by channel:"
    assert sorted(head.split()[1:]) == sorted(credited_company.CHANNELS)
    assert [row.split()[0] for row in rows] == list(MODELS)
    for row in rows:
        assert sum(float(cell.rstrip("%")) for cell in row.split()[1:]) == pytest.approx(100, abs=0.3)
    assert len(sentences) == len(set(sentences))
    assert any(each.startswith(f"per_run is a setting of {LINEAR} only") for each in sentences)


def test_the_table_has_every_model_and_adds_up_with_what_no_channel_is_credited_with(credited: Path) -> None:
    table, kept = credit(credited), record(credited)
    assert table["model"].unique(maintain_order=True).to_list() == list(MODELS)
    for model, entry in kept["models"].items():
        whole = entry["totals"][0]
        given = table.filter(pl.col("model") == model)
        assert given["conversions"].sum() + whole["unattributed"] == pytest.approx(whole["conversions"], abs=0.01)
        assert given["value"].sum() + whole["unattributed_value"] == pytest.approx(whole["value"], abs=0.1)
        assert given["share"].sum() == pytest.approx(1, abs=1e-5)
        assert (entry["version"], entry["trained_as_of"], entry["reads_with"]["lookback_days"]) == ("1", DAY, 14.0)
    assert kept["margin_rate"] == 0.4


def test_money_is_that_of_the_tables(credited: Path) -> None:
    made = credited_company.credited_company()["touchpoints"]
    spent = {
        name: (made["channel_id"] == name).sum() * (credited_company.PRICES | {"leaflet": 0.8})[name] for name in credited_company.CHANNELS
    }
    for row in credit(credited).iter_rows(named=True):
        assert row["cost"] == pytest.approx(spent[row["channel"]], abs=0.01)
        assert row["cost_known_share"] == 1.0
        assert row["cost_per_conversion"] == pytest.approx(spent[row["channel"]] / row["conversions"], abs=0.01)
        assert row["margin"] == pytest.approx(0.4 * row["value"], abs=0.01)
        if row["channel"] == "direct":
            assert row["return_on_spend"] is None
        else:
            assert row["return_on_spend"] == pytest.approx(row["value"] / spent[row["channel"]], rel=1e-3)


def test_credit_needs_no_customer_scores(credited: Path) -> None:
    scored = result(credited, ScoreCustomers)
    assert set(scored["paths"]) == {"channel_credit", "channel_credit_record", "remarks"}
    assert scored["details"]["models"] == dict.fromkeys(MODELS, "1")
    assert "Credit of 5 channels by 3 models." in scored["sentences"]
    assert any("credited to no channel" in each for each in scored["sentences"])
    assert any("A cost is declared for tv, which no touchpoint names" in each for each in scored["warnings"])


def test_the_delivery_has_the_files_the_dictionary_and_the_versions(credited: Path) -> None:
    folder = delivery(credited)
    assert pl.read_parquet(folder / "channel_credit.parquet").equals(credit(credited))
    plain = pl.read_csv(folder / "channel_credit.csv")
    assert plain.columns == credit(credited).columns
    french = pl.read_csv(folder / "channel_credit_fr.csv", separator=";", decimal_comma=True)
    assert french.columns[:3] == ["Canal", "Modèle", "Conversions"]
    assert set(french["Modèle"]) == {catalogue.settings_class(name).label.fr for name in MODELS}
    words = pl.read_csv(folder / "data_dictionary.csv", infer_schema=False).filter(pl.col("view") == "channel_credit")
    assert words["column"].to_list() == credit(credited).columns
    assert words.filter(pl.col("column") == "cost")["null_means_fr"].item().startswith("le coût du canal n’est pas connu")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    behind = {each["model"]: each for each in manifest["channel_credit"]["models"]}
    assert {name: each["version"] for name, each in behind.items()} == dict.fromkeys(MODELS, "1")
    assert behind[LINEAR]["totals"]["conversions"] > behind[LINEAR]["totals"]["unattributed"] > 0
    assert set(manifest["run"]["model_runs"]) == set(MODELS)
    assert any(entry["name"].endswith("/channel_credit") for entry in manifest["inputs"])
    assert {"cost_without_touch", "no_scores_of_customers"} <= {remark["code"] for remark in manifest["remarks"]}
    assert any(each.startswith("The credit of 5 channels by 3 models is in") for each in result(credited, DeliverFiles)["sentences"])


def test_the_workbooks_show_credit_and_totals(credited: Path) -> None:
    book = delivery(credited) / "channel_credit.xlsx"
    totals = pl.read_excel(book, sheet_name="Totaux", engine="calamine")
    whole = record(credited)["models"][LINEAR]["totals"][0]
    assert totals["Conversions d’aucun canal"][0] == pytest.approx(whole["unattributed"])
    assert len(pl.read_excel(book, sheet_name="Crédit des canaux", engine="calamine")) == len(credit(credited))
    summary = pl.read_excel(delivery(credited) / "customers_scored.xlsx", sheet_name="Synthèse", engine="calamine", has_header=False)
    assert "Crédit des canaux, tous modèles côte à côte" in {cell for column in summary for cell in column}


def test_a_budget_scenario_is_written_and_adds_up(credited: Path) -> None:
    plan = result(credited, PlanBudget)
    rows = pl.read_parquet(credited / plan["paths"]["parquet"])
    moved = rows.filter(pl.col("refused_because").is_null())
    assert moved["best_spend"].sum() == pytest.approx(moved["spend"].sum(), abs=0.05)
    assert moved["best_spend"].sum() == pytest.approx(plan["details"]["total_per_week"], abs=0.05)
    assert set(moved["channel"]) == {"email", "leaflet", "search", "social"}
    assert rows.filter(pl.col("channel") == "tv").select("basis", "refused_because").row(0) == ("refused", "no_value")
    assert plan["metrics"]["gain"] > 0
    assert plan["warnings"][0].startswith("This is a scenario, not a forecast")
    assert plan["details"]["model"] == LINEAR


def test_without_a_known_cost_there_is_no_budget(credited: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    enter(credited, tmp_path, monkeypatch)
    made = credited_company.credited_company()
    company.write_company(tmp_path / "place" / "out" / "default", made | {"costs": made["costs"].clear()})
    (tmp_path / "place" / "out" / "default" / "tables" / "touchpoints.parquet").unlink()
    made["touchpoints"].drop("cost").write_parquet(tmp_path / "place" / "out" / "default" / "tables" / "touchpoints.parquet")
    with pytest.raises(TableError, match=r"the cost of no channel is known. Map the cost of touchpoints"):
        PlanBudget.parse(model="linear").run()
    table = pl.read_parquet(ScoreCustomers.parse().run().paths["channel_credit"])
    assert table["cost"].null_count() == table["cost_per_conversion"].null_count() == table["return_on_spend"].null_count() == len(table)


def test_named_models_alone_are_shown(credited: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    enter(credited, tmp_path, monkeypatch)
    scored = ScoreCustomers.parse(models=(LINEAR,)).run()
    assert pl.read_parquet(scored.paths["channel_credit"])["model"].unique().to_list() == [LINEAR]
    everything = ScoreCustomers.parse(models=(ALL,)).run()
    assert pl.read_parquet(everything.paths["channel_credit"])["model"].n_unique() == 3
    with pytest.raises(ParameterError, match=r"attribution\.shapley has no champion that credits channels"):
        ScoreCustomers.parse(models=("attribution.shapley",)).run()
    with pytest.raises(ParameterError, match=r"affinity\.rules gives no scores of customers"):
        ScoreCustomers.parse(models=("affinity.rules",)).run()


def test_credit_of_other_days_and_of_other_journeys_is_said(credited: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    enter(credited, tmp_path, monkeypatch)
    FitModel.parse(model=FIRST, as_of="2025-05-31", settings={"lookback_days": 7}, force=True, reason="a test", figures=False).run()
    later = ScoreCustomers.parse().run()
    assert any("The credit of channels is that of journeys up to 2025-05-31" in each for each in later.warnings)
    assert any("were fitted to different days or with different settings of journeys" in each for each in later.warnings)
    earlier = ScoreCustomers.parse(as_of="2025-05-31").run()
    assert any("includes journeys up to 2025-06-30, after 2025-05-31" in each for each in earlier.warnings)
    then = ScoreCustomers.parse(as_of="2025-05-31", hindsight=False).run()
    assert then.details["models"] == {FIRST: "2"}


def test_a_model_that_cannot_be_fitted_is_named_and_the_others_go_on(
    credited: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    enter(credited, tmp_path, monkeypatch)
    fitted = "relkit.models.attribution.first_touch.FirstTouch.fit"
    monkeypatch.setattr(fitted, lambda *_, **__: (_ for _ in ()).throw(FitError("there are no times.", where=FIRST)))
    made = FitModel.parse(model=ALL, settings={"models": "linear,first_touch"}, holdout_days=0).run()
    assert set(made.details["fits"]) == {LINEAR}
    assert made.details["failed"] == {FIRST: f"{FIRST}: there are no times."}
    assert f"{FIRST} could not be fitted: there are no times." in made.warnings
    with pytest.raises(FitError, match=r"none of its models could be fitted\. attribution\.first_touch: there are no times"):
        FitModel.parse(model=ALL, settings={"models": "first_touch"}, holdout_days=0).run()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"lookback": 3}, "unknown setting 'lookback'; did you mean 'lookback_days'"),
        ({"models": "linear,shaply"}, "unknown model 'attribution.shaply'; did you mean 'attribution.shapley'"),
        ({"lookback_days": -1}, "lookback_days is -1"),
        ({"models": "first_touch", "per_run": True}, "unknown setting 'per_run'"),
    ],
)
def test_invalid_settings_are_refused_before_anything_runs(settings: dict, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        FitModel.parse(model=ALL, settings=settings).verify()


def test_without_a_fit_the_command_is_named(workplace: Path) -> None:
    company.write_company(workplace / "out" / "default", credited_company.credited_company(20), last_day=date(2025, 6, 30))
    with pytest.raises(ParameterError, match=r"No model of attribution has a version.*relkit fit attribution.all"):
        ScoreCustomers.parse().run()
    with pytest.raises(ParameterError, match=r"no model that credits channels has a champion.*relkit fit attribution.all"):
        PlanBudget.parse().run()
    with pytest.raises(ParameterError, match=r"attribution.linear has no champion.*relkit fit attribution.linear"):
        PlanBudget.parse(model="linear").run()


def enter(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copy a working directory and enter it."""
    shutil.copytree(folder, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
