"""relkit score: champions, customers scored, files written."""

from __future__ import annotations

import json
import pickle
import shutil
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import modelled_company as company
import polars as pl
import pytest
from made_once import inside
from score_records import made

from relkit.errors import ParameterError, TableError
from relkit.jobs.fit_model import FitModel
from relkit.jobs.score_customers import ScoreCustomers
from relkit.models import storage
from relkit.scores.score_table import SCORE_TABLE, check_scores, wide
from relkit.tracking import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from made_once import MadeOnce

    from relkit.jobs.base import Result

pytestmark = pytest.mark.usefixtures("plain_fits")


def score(**more):
    job = ScoreCustomers.parse(**more)
    job.verify()
    return job.run()


def table(result) -> pl.DataFrame:
    return pl.read_parquet(result.paths["scores"])


@pytest.fixture(scope="module")
def scored(modelled: Path, made_once: MadeOnce) -> Path:
    """Return the working directory of all models after `relkit score`, whose result is result.pickle."""

    def make(folder: Path) -> None:
        shutil.copytree(modelled, folder, dirs_exist_ok=True)
        with inside(folder):
            (folder / "result.pickle").write_bytes(pickle.dumps(score()))

    return made_once("scored", make)


@pytest.fixture
def result(scored: Path) -> Iterator[Result]:
    """Enter that directory and return the result, to be read."""
    with inside(scored):
        yield pickle.loads((scored / "result.pickle").read_bytes())


def test_the_champions_score_everybody_they_can(result):
    scores = table(result)
    assert result.paths["scores"].as_posix() == "out/default/scores/2025-06-30/scores.parquet"
    assert check_scores(made(scores)).frame.columns == list(SCORE_TABLE.names)
    buyers, running = 250, company.contracts()["ended_on"].null_count()
    both = company.contracts().filter(pl.col("ended_on").is_null(), pl.col("customer_id").str.starts_with("B")).height
    holders = company.contracts().filter(pl.col("ended_on").is_null())["customer_id"]
    days = company.transactions().group_by("customer_id").agg(pl.col("occurred_at").dt.date().n_unique())
    once = days.filter(pl.col("occurred_at") == 1, ~pl.col("customer_id").is_in(holders.implode())).height
    assert min(both, once) > 0
    assert result.counts["scores"] == {
        "churn_probability_90d": running,
        "contract_residual_value_24m": running,
        "expected_order_value": buyers,
        "expected_orders_90d": buyers,
        "expected_remaining_months_24m": running,
        "future_margin_24m": buyers + running - both,
        "order_probability_90d": buyers,
        "p_alive": buyers - both - once,
    }
    assert result.counts["customers"] == buyers + running - both
    assert result.warnings == ()
    assert result.details["models"] == {"lifetime_value.bg_nbd": "1", "lifetime_value.gamma_gamma": "1", "survival.cox": "1"}


def test_every_row_names_model_version_and_training_day(result):
    behind = table(result).select("score", "model", "version", "trained_as_of").unique().sort("score").rows()
    day, orders, value = date(2025, 6, 30), "lifetime_value.bg_nbd", "lifetime_value.gamma_gamma"
    assert behind == [
        ("churn_probability_90d", "survival.cox", "1", day),
        ("contract_residual_value_24m", "survival.cox", "1", day),
        ("expected_order_value", value, "1", day),
        ("expected_orders_90d", orders, "1", day),
        ("expected_remaining_months_24m", "survival.cox", "1", day),
        ("future_margin_24m", f"{orders}+{value}+survival.cox", "1+1+1", day),
        ("order_probability_90d", orders, "1", day),
        ("p_alive", orders, "1", day),
    ]


def test_the_scores_are_those_of_the_saved_model(result):
    scores = wide(table(result))
    from relkit.features.purchases import purchase_summary
    from relkit.tables.table_set import TableSet

    tables = TableSet.open(Path("out") / "default" / "tables")
    fitted = storage.load(registry.saved_folder(registry.champion("lifetime_value.bg_nbd")))
    expected = fitted.score(purchase_summary(tables, tables.as_of())).select("customer_id", "expected_orders_90d")
    assert scores.select("customer_id", "expected_orders_90d").drop_nulls().equals(expected)


def test_the_probability_of_an_order_is_that_which_the_holdout_calibrated(result):
    """By every route: the registry, what MLflow serves, and the job; for contract holders too."""
    from relkit.features.purchases import purchase_summary
    from relkit.tables.table_set import TableSet
    from relkit.tracking.served_model import ServedModel

    given = table(result).filter(score="order_probability_90d")
    tables = TableSet.open(Path("out") / "default" / "tables")
    people = purchase_summary(tables, tables.as_of()).sort("customer_id")
    champion = registry.champion("lifetime_value.bg_nbd")
    fitted = registry.load(champion)
    found = fitted.order_calibration
    assert (found.days, found.calibrated_from, found.customers) == (90, date(2024, 12, 30), 250)
    expected = fitted.order_probability(people, 90)
    assert given.sort("customer_id")["value"].to_list() == expected.tolist()
    served_model = ServedModel()
    served_model.load_context(SimpleNamespace(artifacts={"fitted": str(registry.saved_folder(champion))}))
    served = served_model.predict(None, people, {})
    assert served["order_probability_90d"].to_list() == expected.tolist()
    behind = json.loads(result.paths["models"].read_text())["order_probability_90d"]
    assert behind["judged_on"] == "the 90 days after 2024-12-30"
    assert (behind["calibrated"], behind["holds"]) == (found.changes, found.judged.holds)
    assert behind["interval_level"] == 0.95


def test_models_json_leads_back_to_the_runs(result):
    models = json.loads(result.paths["models"].read_text())
    assert sorted(models) == sorted(result.counts["scores"])
    version = registry.champion("survival.cox")
    assert models["churn_probability_90d"] == {
        "stem": "churn_probability",
        "unit": "days",
        "horizon": 90,
        "reason": "",
        "subject": "",
        "subject_id": "",
        "model": "survival.cox",
        "version": "1",
        "trained_as_of": "2025-06-30",
        "run_id": version.run_id,
        "metrics": {"survival.cox": {"name": "brier_score", "value": version.metric_value, "holdout": "2024-12-31 to 2025-06-30"}},
        "interval_level": 0.95,
    }
    margin = models["future_margin_24m"]
    assert (margin["margin_rate"], margin["margin_source"], margin["annual_discount_rate"]) == (0.4, "assumed", 0.1)
    assert (margin["contract_margin_source"], margin["interval_level"]) == ("assumed", 0.95)
    assert set(margin["metrics"]) == {"lifetime_value.bg_nbd", "lifetime_value.gamma_gamma", "survival.cox"}


def test_horizons_rates_and_margin_are_parameters(result, fitted_workplace):
    given = score(horizon_days=30, horizon_months=12, annual_discount_rate=0.0, margin_rate=0.2)
    assert set(given.counts["scores"]) == {
        "churn_probability_30d",
        "contract_residual_value_12m",
        "expected_order_value",
        "expected_orders_30d",
        "expected_remaining_months_12m",
        "future_margin_12m",
        "order_probability_30d",
        "p_alive",
    }
    assert given.metrics["mean_future_margin_12m"] < result.metrics["mean_future_margin_24m"]
    assert "The margin of the next 12 months is counted at 20.0% of sales (given), discounted at 0% a year." in given.sentences


def test_why_contracts_are_at_risk_stands_beside_their_scores(fitted_workplace):
    result = score()
    reasons = pl.read_parquet(result.paths["reasons"])
    holders = table(result).filter(pl.col("score") == "churn_probability_90d")["customer_id"]
    assert len(reasons) > 0
    assert set(reasons["customer_id"]) <= set(holders)
    assert reasons["rank"].max() <= 3
    assert reasons["version"].unique().to_list() == ["1"]
    score(models=("lifetime_value.bg_nbd",))
    assert not result.paths["reasons"].exists()


def test_kaplan_meier_scores_where_cox_has_no_champion(checked):
    FitModel.parse(model="survival.kaplan_meier").run()
    result = score()
    assert result.details["models"] == {"survival.kaplan_meier": "1"}
    orders, value = result.sentences[-2:]
    none = "lifetime_value.bg_nbd has no champion to score with, nor has a model that gives the same scores."
    assert orders == f"{none} Run relkit fit lifetime_value.bg_nbd first."
    assert value == "lifetime_value.gamma_gamma has no champion to score with. Run relkit fit lifetime_value.gamma_gamma first."


def test_kaplan_meier_scores_where_cox_lacks_its_columns(fitted_workplace):
    company.write_company(fitted_workplace / "out" / "default", {"contracts": company.contracts().drop("monthly_amount")})
    result = score()
    assert result.details["models"] == {"survival.kaplan_meier": "1"}
    assert any("column 'monthly_amount' is missing" in text and "survival.kaplan_meier scores instead" in text for text in result.warnings)


def test_a_champion_asked_for_by_name_that_lacks_its_columns_says_what_to_do(fitted_workplace):
    company.write_company(fitted_workplace / "out" / "default", {"contracts": company.contracts().drop("monthly_amount")})
    with pytest.raises(
        TableError, match=r"survival.cox: the champion, version 1, cannot score these data: .*relkit fit survival.cox --force"
    ):
        score(models=("survival.cox",))


def test_a_model_that_scores_no_customer_cannot_be_asked_for():
    with pytest.raises(ParameterError, match=r"affinity\.rules gives no scores of customers"):
        ScoreCustomers.parse(models=("affinity.rules",)).verify()
    ScoreCustomers.parse(models=("attribution.linear", "attribution.all")).verify()  # they credit channels


def test_two_models_asked_for_by_name_give_both_scores(fitted_workplace):
    result = score(models=("survival.cox", "survival.kaplan_meier"))
    assert set(table(result)["model"]) == {"survival.cox", "survival.kaplan_meier"}
    assert json.loads(result.paths["models"].read_text())["churn_probability_90d"]["model"] == "survival.cox"


@pytest.mark.parametrize("name", ["lifetime_value.nbd", "lifetime_value.mbg_nbd", "lifetime_value.pareto_nbd"])
def test_any_model_of_purchases_scores_and_gives_a_margin(fitted_workplace, plain_fits, name):
    """Fitted alongside the BG/NBD it changes nothing; named, it gives the same scores under its own name."""
    FitModel.parse(model=name).run()
    assert name not in score().details["models"]
    result = score(models=(name, "lifetime_value.gamma_gamma"))
    scores = table(result)
    alive = set() if name == "lifetime_value.nbd" else {"p_alive"}
    assert set(scores.filter(model=name)["score"]) == {"expected_orders_90d", "order_probability_90d", *alive}
    never = f"{name}: in this model nobody ever stops buying, so that it cannot tell which customers still buy."
    assert (never in result.warnings) == (not alive)
    assert set(scores.filter(score="future_margin_24m")["model"]) == {f"{name}+lifetime_value.gamma_gamma"}
    assert scores.filter(score="p_alive")["value"].is_between(0, 1).all()


def test_no_champion_at_all_names_the_command(checked):
    with pytest.raises(
        ParameterError, match=r"lifetime_value.bg_nbd has no champion to score with, nor .*. Run relkit fit lifetime_value.bg_nbd first"
    ):
        score()


def test_a_model_asked_for_by_name_must_have_a_champion(checked):
    with pytest.raises(ParameterError, match=r"score: survival.cox has no champion to score with. Run relkit fit survival.cox first"):
        score(models=("survival.cox",))


def test_an_unknown_model_is_refused():
    with pytest.raises(ParameterError, match=r"score: unknown model 'survival.cocks'; did you mean 'survival.cox'"):
        ScoreCustomers.parse(models=("survival.cocks",)).verify()


def test_a_model_whose_table_is_absent_is_skipped_with_a_sentence(fitted_workplace):
    (fitted_workplace / "out" / "default" / "tables" / "contracts.parquet").unlink()
    company.write_company(fitted_workplace / "out" / "default", {"transactions": company.transactions()})
    result = score()
    assert "survival.cox: the data have no contracts table, so it gives no scores." in result.sentences
    days = company.transactions().group_by("customer_id").agg(pl.col("occurred_at").dt.date().n_unique())
    assert result.counts["scores"]["p_alive"] == (days["occurred_at"] > 1).sum() < 250
    assert result.counts["scores"]["order_probability_90d"] == 250


def test_nothing_to_score_with_is_a_skip(fitted_workplace):
    company.write_company(fitted_workplace / "out" / "default", {"customers": pl.DataFrame({"customer_id": ["a"]})})
    result = score()
    assert "lifetime_value.bg_nbd: the data have no transactions table, so it gives no scores." in result.skipped
    assert not (fitted_workplace / "out" / "default" / "scores").exists()


def test_a_day_without_running_contracts_is_reported(fitted_workplace):
    result = score(as_of="2022-12-31")
    assert result.skipped.endswith(
        "lifetime_value.bg_nbd: there are no customers to score as of 2022-12-31. "
        "lifetime_value.gamma_gamma: there are no customers to score as of 2022-12-31. "
        "survival.cox: there are no contracts to score as of 2022-12-31. "
        "uplift.stacked: the data have no assignments table, so it gives no scores. "
        "attribution: the data have no touchpoints table, so channels are given no credit."
    )


def test_a_contract_that_lacks_a_value_has_no_score_and_is_counted(fitted_workplace):
    given = company.contracts()
    first = given.filter(pl.col("ended_on").is_null())["contract_id"][0]
    lacking = given.with_columns(monthly_amount=pl.when(pl.col("contract_id") != first).then("monthly_amount"))
    company.write_company(fitted_workplace / "out" / "default", {"contracts": lacking})
    result = score()
    running = given["ended_on"].null_count()
    assert result.counts["scores"] == {
        "churn_probability_90d": running - 1,
        "contract_residual_value_24m": running - 1,
        "expected_remaining_months_24m": running - 1,
        "future_margin_24m": running - 1,
    }
    assert result.warnings == (
        f"survival.cox: 1 of {running} contracts lack a value that it must know, and have no score.",
        "1 customer without future margin: of 1 running contract the monthly margin, or a value that survival.cox must know, is not known.",
    )


def test_scores_of_the_past_with_a_model_of_today_are_warned_of(fitted_workplace):
    result = score(as_of="2025-03-31", models=("lifetime_value.bg_nbd",))
    assert result.warnings == (
        "lifetime_value.bg_nbd version 1 was trained as of 2025-06-30, after 2025-03-31: it knows what happened then.",
    )
    assert result.paths["scores"].parent.name == "2025-03-31"


def test_scores_as_of_a_day_after_the_data_are_warned_of(fitted_workplace):
    result = score(as_of="2025-07-20", models=("lifetime_value.bg_nbd",))
    assert result.warnings == ("The data end on 2025-06-30: nothing is known of the 20 days up to 2025-07-20.",)


def test_a_champion_of_another_programme_does_not_score(fitted_workplace):
    with pytest.raises(ParameterError, match=r"lifetime_value.bg_nbd has no champion to score with. Run relkit fit"):
        score(programme="loyalty", out=fitted_workplace / "out" / "default", models=("lifetime_value.bg_nbd",))


def test_without_a_margin_there_is_no_future_margin(fitted_workplace):
    company.write_company(fitted_workplace / "out" / "default", {"transactions": company.transactions()}, assumed_margin_rate=None)
    result = score()
    assert "future_margin_24m" not in result.counts["scores"]
    assert result.warnings == ("No margin is known, so there is no future margin: declare assumed_margin_rate, or give --margin-rate.",)


def test_contract_holders_have_a_margin_ahead_in_the_same_column(result):
    margins = table(result).filter(score="future_margin_24m")
    holders = company.contracts().filter(pl.col("ended_on").is_null())["customer_id"].unique()
    of_holders = margins.filter(pl.col("customer_id").is_in(holders.implode()))
    assert len(of_holders) == len(holders)
    assert of_holders["value"].min() > 0
    assert margins["lower"].null_count() == margins["upper"].null_count() == 0
    assert ((margins["lower"] <= margins["value"]) & (margins["value"] <= margins["upper"])).all()


def test_who_does_both_has_both_parts(scored, result, fitted_workplace):
    scores = pl.read_parquet(scored / result.paths["scores"])
    margins, residual = (wide(scores.filter(score=name)) for name in ("future_margin_24m", "contract_residual_value_24m"))
    apart = {}
    for name, kept in (("bought", "transactions"), ("held", "contracts")):
        company.write_company(fitted_workplace / "out" / "default", {kept: getattr(company, kept)()}, history_starts_on=company.FIRST)
        (fitted_workplace / "out" / "default" / "tables" / f"{'contracts' if kept == 'transactions' else 'transactions'}.parquet").unlink()
        apart[name] = wide(table(score()).filter(score="future_margin_24m")).rename({"future_margin_24m": name})
    both = margins.join(apart["bought"], on="customer_id").join(apart["held"], on="customer_id")
    assert residual["contract_residual_value_24m"].to_list() == pytest.approx(apart["held"]["held"].to_list())
    assert len(both) > 0
    assert both["future_margin_24m"].to_list() == pytest.approx((both["bought"] + both["held"]).to_list())


def test_margin_without_end_stands_beside_that_of_the_horizon(fitted_workplace):
    result = score(endless=True)
    scores = wide(table(result)).drop_nulls("future_margin_endless")
    assert result.counts["scores"]["future_margin_endless"] == result.counts["scores"]["future_margin_24m"]
    assert (scores["future_margin_endless"] >= scores["future_margin_24m"] * (1 - 1e-9)).all()
    assert any(warning.startswith("future_margin_endless: ") and "the largest age seen" in warning for warning in result.warnings)
    assert json.loads(result.paths["models"].read_text())["future_margin_endless"]["annual_discount_rate"] == 0.1
    life = scores.drop_nulls("expected_remaining_months_endless")
    assert len(life) == result.counts["scores"]["expected_remaining_months_24m"]
    assert (life["expected_remaining_months_endless"] >= life["expected_remaining_months_24m"]).all()


def test_margin_without_end_must_be_discounted():
    with pytest.raises(ParameterError, match=r"annual_discount_rate is 0; it must be above 0 if margin is counted without end"):
        ScoreCustomers.parse(endless=True, annual_discount_rate=0).verify()


def test_intervals_can_be_left_out(fitted_workplace):
    result = score(intervals=False)
    assert table(result)["lower"].null_count() == len(table(result))
    assert "interval_level" not in json.loads(result.paths["models"].read_text())["p_alive"]


def test_without_a_model_of_contracts_their_holders_have_no_margin(fitted_workplace):
    result = score(models=("lifetime_value.bg_nbd", "lifetime_value.gamma_gamma"))
    holders = company.contracts().filter(pl.col("ended_on").is_null())["customer_id"].unique()
    margins = table(result).filter(score="future_margin_24m")
    assert margins.filter(pl.col("customer_id").is_in(holders.implode())).is_empty()
    sentence = f"{len(holders)} customers without future margin: they hold a contract, and no model of contracts scored."
    assert sentence in result.warnings


def test_bills_among_the_transactions_are_not_counted_twice(fitted_workplace):
    company.write_company(fitted_workplace / "out" / "default", history_starts_on=company.FIRST, contract_bills_in_transactions=True)
    result = score()
    assert result.counts["scores"]["future_margin_24m"] == 250
    margins = table(result).filter(score="future_margin_24m")
    assert margins["model"].unique().to_list() == ["lifetime_value.bg_nbd+lifetime_value.gamma_gamma"]


def test_another_champion_is_another_state(fitted_workplace, monkeypatch):
    job = ScoreCustomers.parse()
    before = job.state()
    assert job.state() == before
    FitModel.parse(model="survival.kaplan_meier").run()
    after = job.state()
    assert after != before
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{fitted_workplace}/other.db")
    assert job.state() not in {before, after}
    assert job.inputs()[0].as_posix() == "out/default/tables/facts.json"


def test_scores_are_replaced_whole(fitted_workplace):
    first = score()
    before = first.paths["scores"].read_bytes()
    again = score()
    assert again.paths["scores"].read_bytes() == before
    left = sorted(p.name for p in again.paths["scores"].parent.iterdir())
    assert left == ["models.json", "reasons.parquet", "remarks.json", "scores.parquet"]


def test_the_runs_of_all_models_hold_plots_and_no_customer(modelled):
    """Nothing in the registry names a customer or a contract."""
    plots = {p.name for p in (modelled / "mlruns" / "artifacts").rglob("*.png")}
    assert {"frequency_histogram.png", "cumulative_purchases.png", "spend_distribution.png", "survival.png", "hazard_ratios.png"} <= plots
    ids = {id_.encode() for id_ in [*company.transactions()["customer_id"].unique(), *company.contracts()["contract_id"]]}
    for file in (modelled / "mlruns").rglob("*"):
        if file.is_file() and file.suffix != ".png":
            data = file.read_bytes()
            assert not [id_ for id_ in ids if id_ in data], file
