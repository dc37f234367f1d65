"""relkit fit: the holdout, the promotion, skipped and refused fits."""

from __future__ import annotations

import json
import pickle
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import modelled_company as company
import polars as pl
import pytest
from light_mlflow import lighten
from made_once import entered, inside

from relkit.errors import FitError, ParameterError, PeriodError, TableError
from relkit.families.bindings import diagnostic_figures
from relkit.features.purchase_days import purchase_days
from relkit.jobs.fit_model import FitModel
from relkit.jobs.score_customers import ScoreCustomers
from relkit.models import storage
from relkit.models.base import edge_of
from relkit.models.lifetime_value.bg_nbd import BgNbd
from relkit.periods import AsOf
from relkit.tracking import embedded, registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from made_once import MadeOnce

    from relkit.jobs.base import Result

BG_NBD = "lifetime_value.bg_nbd"
FEW = "Forecast totals were compared with what came at one past day only: their bounds rest mostly on the errors usual in other shops."

pytestmark = pytest.mark.usefixtures("plain_fits")


def fit(model=BG_NBD, **more):
    job = FitModel.parse(model=model, **more)
    job.verify()
    return job.run()


@pytest.fixture(scope="module")
def first_fit(made_once: MadeOnce, empty_store: Path) -> Path:
    """Return a working directory after a first fit; result.pickle is its result."""

    def make(folder: Path) -> None:
        with entered(folder, empty_store) as patch:
            lighten(patch)
            patch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
            company.write_company(folder / "out" / "default", history_starts_on=company.FIRST)
            (folder / "result.pickle").write_bytes(pickle.dumps(fit()))

    return made_once("first_fit", make)


@pytest.fixture
def result(first_fit: Path) -> Iterator[Result]:
    """Enter that directory and return the result, to be read."""
    with inside(first_fit):
        yield pickle.loads((first_fit / "result.pickle").read_bytes())


@pytest.fixture
def drawn(plain_fits, monkeypatch):
    """Draw the plots, unlike the other tests."""
    monkeypatch.setattr("relkit.families.bindings.diagnostic_figures", diagnostic_figures)


def test_a_first_fit_is_judged_registered_and_promoted(result):
    assert (result.job, result.passed, result.skipped) == ("fit", True, None)
    assert list(result.parameters) == ["r", "alpha", "a", "b"]
    assert result.log_likelihood < 0
    assert result.counts == {"rows": 250, "features": 250}
    assert [row["term"] for row in result.details["summary"]] == ["r", "alpha", "a", "b"]
    assert result.details | {"run_id": "", "summary": ""} == {
        "model": BG_NBD,
        "registered": BG_NBD,
        "summary": "",
        "version": "1",
        "run_id": "",
        "alias": "champion",
        "decision": "first version",
        "champion_before": None,
        "champion_metric_value": None,
        "as_of": "2025-06-30",
        "holdout": "2024-12-31 to 2025-06-30",
        "metric": "crps_repeat_purchases",
        "metric_value": result.metrics["crps_repeat_purchases"],
        "remarks": [
            FEW,
            (
                "16 of 250 customers may have been there before the data start; this model treats them as newcomers: they look newer than "
                "they are."
            ),
        ],
    }
    assert result.metrics["crps_repeat_purchases"] > 0
    assert result.warnings == ()
    assert result.sentences[0] == "lifetime_value.bg_nbd was fitted to 250 customers as of 2025-06-30."
    assert result.sentences[-1] == "It is version 1 and champion (first version)."
    assert (
        f"On the 182 days after 2024-12-30 its crps_repeat_purchases was {result.metrics['crps_repeat_purchases']:.6g}." in result.sentences
    )
    json.dumps(result.model_dump(mode="json"), allow_nan=False)


def test_the_registered_model_learnt_from_all_days_and_carries_the_metric_of_the_holdout(result):
    version = registry.champion(BG_NBD)
    assert version.as_of == date(2025, 6, 30)
    assert version.metric_value == result.metrics["crps_repeat_purchases"]
    assert not result.paths["model"].is_absolute()
    fitted = storage.load(result.paths["model"])
    assert fitted.info.as_of == date(2025, 6, 30)
    assert {"r": fitted.r, "alpha": fitted.alpha, "a": fitted.a, "b": fitted.b} == result.parameters


def test_the_holdout_teaches_the_probability_of_an_order(first_fit, result, checked):
    found = storage.load(first_fit / result.paths["model"]).order_calibration
    assert (found.days, found.calibrated_from, found.customers) == (90, date(2024, 12, 30), 250)
    assert result.metrics["calibration_error_of_order_probability"] == found.judged.mean_error
    assert result.metrics["calibration_error_of_own_order_probability"] == found.own.mean_error
    assert result.metrics["brier_90d_of_order_probability"] == found.judged.brier
    assert 0 < result.metrics["brier_of_own_order_probability"] < 0.25
    assert found.sentence in result.sentences
    # Fitted before the holdout and calibrated on the first 90 of its 182 days; a shorter holdout is used whole.
    short = fit(holdout_days=40)
    assert storage.load(short.paths["model"]).order_calibration.days == 40


def test_without_a_holdout_the_probability_is_the_model_s_own(checked):
    result = fit(holdout_days=0)
    assert storage.load(result.paths["model"]).order_calibration is None
    assert not [name for name in result.metrics if "order_probability" in name]


def test_golden_cdnow_through_the_job(workplace, real_data):
    """Fader, Hardie and Lee (2005), table 2, with digits on which methods agree: r, alpha, a, b and the log-likelihood."""
    mapping = Path(__file__).resolve().parents[2] / "pipelines" / "mappings" / "cdnow_sample.yaml"
    result = fit(data=real_data, mapping=mapping, as_of="1997-09-30")
    assert {name: round(value, 4) for name, value in result.parameters.items()} == {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
    assert round(result.log_likelihood, 4) == -9582.4292
    assert result.counts["rows"] == 2357
    assert result.details["holdout"] == "1997-07-03 to 1997-09-30"


@pytest.mark.parametrize(
    ("model", "terms", "log_likelihood"),
    [
        ("lifetime_value.nbd", ["r", "alpha"], -9763.6576),
        ("lifetime_value.mbg_nbd", ["r", "alpha", "a", "b"], -9582.1357),
        ("lifetime_value.pareto_nbd", ["r", "alpha", "s", "beta"], -9594.9762),
    ],
)
def test_other_models_of_purchases_through_the_job(workplace, real_data, model, terms, log_likelihood):
    """CDNOW, digits of independent maximisations; each is judged, drawn and registered as the BG/NBD is."""
    mapping = Path(__file__).resolve().parents[2] / "pipelines" / "mappings" / "cdnow_sample.yaml"
    result = fit(model=model, data=real_data, mapping=mapping, as_of="1997-09-30")
    assert list(result.parameters) == terms
    assert round(result.log_likelihood, 4) == log_likelihood
    assert result.metrics["crps_repeat_purchases"] > 0
    assert result.warnings == ()
    assert result.details["alias"] == "champion"


def test_a_model_that_reads_histories_is_fitted_judged_and_scores(fitted_workplace):
    """Opportunities of a fortnight, on customers simulated in continuous time: as near as the BG/NBD, within a tenth."""
    result = fit("lifetime_value.bg_bb", settings={"period_days": 14})
    assert list(result.parameters) == ["alpha", "beta", "gamma", "delta"]
    assert result.details["alias"] == "champion"
    assert result.metrics["crps_repeat_purchases"] < 1.1 * registry.champion(BG_NBD).metric_value
    scored = ScoreCustomers.parse(models=["lifetime_value.bg_bb"]).run()
    assert scored.passed


def test_a_champion_that_has_seen_the_holdout_is_refitted_before_it(fitted_workplace, monkeypatch):
    first = registry.champion(BG_NBD)
    fits, plain = [], BgNbd.fit
    monkeypatch.setattr(BgNbd, "fit", lambda *given, **named: fits.append(1) or plain(*given, **named))
    second = fit()
    assert len(fits) == 2, "with the same settings that fit is the one of the trial"
    assert second.details["champion_metric_value"] == first.metric_value
    assert (second.details["alias"], second.details["champion_before"]) == ("champion", "1")
    sentence = (
        "The champion, version 1, had learnt from days of this holdout, so its settings were fitted anew up to 2024-12-30 and judged on it."
    )
    assert sentence in second.sentences


def test_a_champion_that_has_not_is_judged_as_it_is(checked):
    fit(as_of="2024-06-30")
    second = fit()
    assert "The champion, version 1, was judged on the same days." in second.sentences
    assert second.details["champion_metric_value"] != second.metrics["crps_repeat_purchases"]


def test_a_version_that_is_worse_stays_challenger(fitted_workplace, monkeypatch):
    judge = BgNbd.judge
    monkeypatch.setattr(
        BgNbd,
        "judge",
        lambda self, fitted, *given: {k: v + (fitted.settings.period_days == 1) for k, v in judge(self, fitted, *given).items()},
    )
    result = fit(settings={"period_days": 1})
    assert result.details["alias"] == "challenger"
    assert "is worse than the champion's" in result.details["decision"]
    assert result.sentences[-1].endswith(
        '; version 1 stays champion. To promote it all the same: relkit models promote lifetime_value.bg_nbd 2 --reason "...".'
    )
    assert registry.champion(BG_NBD).version == "1"
    forced = fit(settings={"period_days": 1}, force=True, reason="parameters a day are asked for")
    assert forced.details["alias"] == "champion"
    assert registry.champion(BG_NBD).reason == "forced: parameters a day are asked for"


def test_without_a_holdout_a_later_version_is_not_promoted(fitted_workplace):
    result = fit(holdout_days=0)
    assert result.metrics == {}
    assert result.warnings == ()
    assert "It was not judged: no holdout was wanted." in result.sentences
    assert (result.details["alias"], result.details["holdout"]) == ("challenger", "")
    assert result.details["decision"] == "without a holdout it cannot be compared with the champion"


@pytest.mark.parametrize(("as_of", "days"), [("2025-09-30", 92), ("2026-12-31", 549)])
def test_days_after_the_data_judge_no_model(fitted_workplace, as_of, days):
    """Nobody buys on days without data, so the model with the lowest forecasts would win there."""
    unknown = f"The data end on 2025-06-30: nothing is known of the {days} days up to {as_of}."
    why = f"The holdout of 182 days up to {as_of} reaches past the data, which end on 2025-06-30, so the model was not judged."
    result = fit(as_of=as_of)
    assert result.warnings == (unknown, why)
    assert (result.metrics, result.details["holdout"], result.details["alias"]) == ({}, "", "challenger")
    assert result.details["decision"] == "without a holdout it cannot be compared with the champion"
    assert registry.champion(BG_NBD).version == "1"
    assert fit(as_of=as_of, holdout_days=0).warnings == (unknown,)
    forced = fit(as_of=as_of, force=True, reason="the feed is late")
    assert (forced.details["alias"], forced.warnings) == ("champion", (unknown, why))


def test_the_last_day_of_the_data_still_judges(checked):
    assert fit(as_of="2025-06-30").metrics["crps_repeat_purchases"] > 0


def test_a_holdout_of_any_length_can_be_asked_for(checked):
    assert fit(holdout_days=90).details["holdout"] == "2025-04-02 to 2025-06-30"


def test_a_short_history_gives_a_short_holdout(checked):
    assert fit(as_of="2023-12-31").details["holdout"] == "2023-09-02 to 2023-12-31"


def test_a_history_too_short_for_a_holdout_is_reported(workplace):
    lines = company.transactions()
    first = company.FIRST
    company.write_company(workplace / "out" / "default", {"transactions": lines}, history_starts_on=company.LAST, first_day=first)
    result = fit()
    assert result.warnings == ("The history of 0 days is too short for a holdout, so the model was not judged.",)
    assert result.details["alias"] == "champion"


def test_too_little_before_the_holdout_is_a_warning_and_no_failure(checked):
    result = fit("survival.kaplan_meier", as_of="2023-04-30", holdout_days=110)
    assert result.warnings[0].startswith("It could not be judged on the 110 days after 2023-01-10: survival.kaplan_meier: none of the")
    assert result.details["alias"] == "champion"
    assert result.metrics == {}


def test_too_little_to_fit_at_all_is_refused(checked):
    with pytest.raises(FitError, match=r"lifetime_value"):
        fit(as_of="2023-01-02", holdout_days=0)


def test_a_champion_that_cannot_be_judged_is_reported_and_stays(fitted_workplace):
    company.write_company(
        fitted_workplace / "out" / "default", {"contracts": company.contracts().drop("monthly_amount")}, history_starts_on=company.FIRST
    )
    result = fit("survival.cox")
    assert result.details["alias"] == "challenger"
    assert result.details["decision"] == "the champion could not be judged on this holdout"
    assert any(
        "The champion, version 1, could not be judged: survival.cox: column 'monthly_amount' is missing" in s for s in result.sentences
    )


def test_contracts_are_fitted_with_the_covariates_that_can_be_used(checked):
    result = fit("survival.cox")
    assert list(result.parameters) == ["monthly_amount", "pays_by_direct_debit"]
    assert result.metrics["brier_score"] > 0
    assert result.sentences[0] == "survival.cox was fitted to 250 contracts as of 2025-06-30."


def test_covariates_can_be_named_as_text(checked):
    assert list(fit("survival.cox", settings={"covariates": "pays_by_direct_debit"}).parameters) == ["pays_by_direct_debit"]


def test_a_model_whose_table_is_absent_is_skipped(workplace):
    company.write_company(workplace / "out" / "default", {"transactions": company.transactions()})
    result = fit("survival.cox")
    assert result.skipped == "survival.cox: the data have no contracts table, from which it learns."
    assert registry.versions() == []


def test_a_regression_without_covariates_is_skipped(workplace):
    plain = company.contracts().drop("monthly_amount", "payment_method").filter(pl.col("customer_id").is_unique())
    company.write_company(workplace / "out" / "default", {"contracts": plain})
    result = fit("survival.cox")
    assert result.skipped == (
        "survival.cox: the contracts have no covariates that it could use (complete, and not the same for all). "
        "Name some with --settings.covariates A,B, or fit a model that needs none."
    )


def test_customers_of_before_the_data_are_counted(result):
    assert any("customers may have been there before the data start" in sentence for sentence in result.sentences)


def test_plots_that_cannot_be_drawn_are_a_warning(checked, monkeypatch):
    def cannot(*_, **__):
        raise TableError("nothing to draw.")

    monkeypatch.setattr("relkit.families.bindings.diagnostic_figures", cannot)
    assert fit().warnings == ("The diagnostic plots could not be drawn: nothing to draw.",)


def test_raw_tables_are_checked_first(workplace):
    company.transactions().write_parquet(workplace / "transactions.parquet")
    result = fit(data=workplace / "transactions.parquet")
    assert result.details["alias"] == "champion"
    assert (workplace / "out" / "default" / "tables" / "facts.json").is_file()


def test_raw_tables_that_do_not_pass_are_not_fitted(workplace):
    lines = company.transactions().with_columns(net_amount=pl.lit(None, pl.Float64))
    lines.write_parquet(workplace / "transactions.parquet")
    result = fit(data=workplace / "transactions.parquet")
    assert (result.job, result.passed) == ("fit", False)


def test_no_tables_at_all_says_what_to_run(workplace):
    with pytest.raises(TableError, match=r"there are no validated tables here. Run relkit check DATA first"):
        fit()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": "lifetime_value.bgnbd"}, r"fit: unknown model 'lifetime_value.bgnbd'; did you mean 'lifetime_value.bg_nbd'"),
        ({"force": True}, r"fit: force needs a reason; it is kept with the version. Give --reason"),
        ({"settings": {"period_day": 7}}, r"unknown setting 'period_day'; did you mean 'period_days'"),
        ({"settings": {"period_days": -7}}, r"period_days is -7"),
        ({"model": "survival.cox", "settings": {"tie": "efron"}}, r"unknown setting 'tie'; did you mean 'ties'"),
        ({"holdout_days": -1}, r"holdout_days is -1"),
    ],
)
def test_errors_are_detected_before_anything_runs(given, message):
    with pytest.raises(ParameterError, match=message):
        FitModel.parse(**({"model": BG_NBD} | given)).verify()


def test_good_settings_of_a_model_with_required_ones_pass():
    FitModel.parse(model="survival.cox", settings={"ties": "breslow"}).verify()


def test_a_holdout_longer_than_the_history_is_refused(checked):
    with pytest.raises(PeriodError, match=r"a holdout of 2000 days before 2025-06-30 leaves nothing to learn from"):
        fit(holdout_days=2000)


def test_a_step_is_decided_by_tables_raw_files_and_store(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "stores.csv").write_text("store_id\na\n")
    job = FitModel.parse(model=BG_NBD, out=tmp_path, data=tmp_path)
    assert job.inputs() == (tmp_path / "tables" / "facts.json", tmp_path / "stores.csv")
    assert FitModel.parse(model=BG_NBD, out=tmp_path).inputs() == (tmp_path / "tables" / "facts.json",)
    assert job.state() == ""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://tracking.example.org")
    assert job.state() == "https://tracking.example.org"


def test_a_server_keeps_the_saved_model(checked, monkeypatch):
    monkeypatch.setattr(registry, "saved_folder", lambda _: None)
    assert fit().paths == {}
    assert embedded.current().database is not None


def test_another_programme_has_its_own_champion(fitted_workplace):
    result = fit(programme="loyalty", out=fitted_workplace / "out" / "default")
    assert (result.details["model"], result.details["registered"], result.details["version"]) == (BG_NBD, f"loyalty.{BG_NBD}", "1")
    assert result.details["champion_before"] is None
    assert registry.champion(BG_NBD).programme == "default"


@pytest.mark.parametrize(
    ("model", "settings", "terms"),
    [
        ("shifted_beta_geometric", {"tolerance_days": 0}, ["alpha", "beta"]),
        (
            "beta_discrete_weibull",
            {"tolerance_days": 0, "covariates": "pays_by_direct_debit"},
            ["gamma", "delta", "c", "pays_by_direct_debit"],
        ),
    ],
)
def test_a_model_of_customer_value_may_learn_from_contracts(checked, drawn, model, settings, terms):
    """Its family reads purchases; it reads contracts, is judged on their ends, and scores them as the survival models do."""
    from relkit.jobs.score_customers import ScoreCustomers

    name = f"lifetime_value.{model}"
    result = fit(name, settings=settings)
    assert not any("could not be drawn" in warning for warning in result.warnings)
    assert {"retention.png", "calibration.png"} <= {path.name for path in checked.rglob("plots/*.png")}, (
        "retention of what was learnt, calibration of what was judged"
    )
    assert result.sentences[0].endswith(" contracts as of 2025-06-30.")
    assert list(result.parameters) == terms
    assert 0 < result.metrics["brier_score"] < 0.25
    assert result.details["alias"] == "champion"
    scores = pl.read_parquet(ScoreCustomers.parse(models=(name,)).run().paths["scores"])
    given = ("churn_probability_90d", "future_margin_24m", "expected_remaining_months_24m", "contract_residual_value_24m")
    assert set(scores["score"]) == set(given)
    churn, margin, months, residual = (scores.filter(pl.col("score") == score).drop_nulls("value") for score in given)
    assert churn["value"].is_between(0, 1).all()
    assert len(margin) > 0
    assert set(margin["customer_id"]) <= set(churn["customer_id"]), "no model of orders scored: what lies ahead is of contracts"
    assert (margin["value"] > 0).all()
    assert months["value"].is_between(0, 24).all()
    alone = residual.join(margin, on="customer_id", how="semi", maintain_order="left")
    assert alone["value"].equals(margin["value"]), "of who only holds a contract it is the whole margin"


def test_who_lacks_a_number_is_set_aside_by_fit_and_score_alike(workplace):
    """The year of birth is never known for all: customers without it are excluded from fit, judging and scores, and counted."""
    from relkit.jobs.score_customers import ScoreCustomers

    sold = company.transactions()
    ids = sold["customer_id"].unique().sort()
    who = pl.DataFrame({"customer_id": ids, "birth_year": [1950, 1960, None, 1980, 1990] * (len(ids) // 5)})
    company.write_company(workplace / "out" / "default", {"transactions": sold, "customers": who}, history_starts_on=company.FIRST)
    result = fit("lifetime_value.bg_nbd", settings={"purchase_covariates": "birth_year"})
    assert "50 of 250 customers have no birth_year: they were left out of the fit, and will have no score." in result.warnings
    assert (result.counts["rows"], result.counts["features"]) == (200, 200)
    assert result.metrics["crps_repeat_purchases"] > 0
    assert not any("could not be drawn" in warning for warning in result.warnings)
    scored = ScoreCustomers.parse(models=["lifetime_value.bg_nbd"]).run()
    assert pl.read_parquet(scored.paths["scores"])["customer_id"].n_unique() == 200
    assert any("50 of 250 customers lack a value" in warning for warning in scored.warnings)
    again = fit("lifetime_value.bg_nbd", settings={"purchase_covariates": "birth_year"})
    assert any("settings were fitted anew" in text for text in again.sentences), "the champion is judged on those it can know as well"
    company.write_company(
        workplace / "out" / "default",
        {"transactions": sold, "customers": who.with_columns(birth_year=pl.lit(None, pl.Int64))},
        history_starts_on=company.FIRST,
    )
    with pytest.raises(TableError, match=r"none of the 250 customers has a birth_year\. Drop birth_year from the covariates"):
        fit("lifetime_value.bg_nbd", settings={"purchase_covariates": "birth_year"})


def test_a_contract_without_a_number_that_was_asked_for_is_set_aside(workplace):
    amount = pl.when(pl.int_range(pl.len()) % 10 > 0).then(pl.col("monthly_amount"))
    held = company.contracts().with_columns(monthly_amount=amount)
    company.write_company(workplace / "out" / "default", {"contracts": held}, history_starts_on=company.FIRST)
    result = fit("survival.cox", settings={"covariates": "monthly_amount"})
    assert any("contracts have no monthly_amount: they were left out of the fit" in warning for warning in result.warnings)
    assert 0 < result.counts["rows"] == result.counts["features"]
    assert result.metrics["brier_score"] > 0


def test_covariates_of_the_customers_table_are_learnt_judged_and_scored(workplace):
    from relkit.jobs.score_customers import ScoreCustomers

    sold = company.transactions()
    ids = sold["customer_id"].unique().sort()
    who = pl.DataFrame({"customer_id": ids, "country": ["FR", "FR", "BE", None, "CH"] * (len(ids) // 5)})
    company.write_company(workplace / "out" / "default", {"transactions": sold, "customers": who}, history_starts_on=company.FIRST)
    both = {"purchase_covariates": "country", "lifetime_covariates": "country", "same_effect": "country"}
    result = fit("lifetime_value.pareto_nbd", settings=both)
    assert list(result.parameters) == ["r", "alpha", "s", "beta", "both.country=BE", "both.country=CH"]
    assert "50 of 250 customers have no country; they count as FR, the reference." in result.sentences
    assert result.metrics["crps_repeat_purchases"] > 0
    scored = pl.read_parquet(ScoreCustomers.parse(models=["lifetime_value.pareto_nbd"]).run().paths["scores"])
    assert scored["customer_id"].n_unique() == 250
    assert "country" not in scored.columns
    with pytest.raises(ParameterError, match="nobody leaves"):
        fit("lifetime_value.nbd", settings={"lifetime_covariates": "country"})


@pytest.mark.parametrize(
    "model", [f"survival.{name}" for name in ("weibull_aft", "log_normal_aft", "log_logistic_aft", "piecewise_exponential")]
)
def test_models_of_contracts_with_parameters_are_fitted_judged_and_score(checked, model):
    result = fit(model)
    assert {"monthly_amount", "pays_by_direct_debit"} <= set(result.parameters)
    assert result.metrics["brier_score"] > 0
    scored = ScoreCustomers.parse(models=(model,)).run()
    table = pl.read_parquet(scored.paths["scores"]).filter(score="churn_probability_90d")
    assert set(table["model"]) == {model}
    assert table["value"].is_between(0, 1).all()
    assert (table["lower"] <= table["value"]).all()
    assert (table["value"] <= table["upper"]).all()


def test_prices_that_changed_are_covariates_of_the_days_they_held(workplace):
    """The price rises on the 100th day: the fit uses pieces of contracts, and each contract is scored in its current state."""
    from relkit.jobs.score_customers import ScoreCustomers

    first = company.contracts()
    later = first.filter(pl.col("ended_on").fill_null(company.LAST) - pl.col("valid_from") > pl.duration(days=100))
    raised = later.with_columns(pl.col("valid_from").dt.offset_by("100d"), monthly_amount=(pl.col("monthly_amount") * 1.2).round(2))
    versions = {"contracts": pl.concat([first, raised])}
    company.write_company(workplace / "out" / "default", versions, history_starts_on=company.FIRST)
    result = fit("survival.cox_time_varying")
    n = len(first) + len(later)
    assert result.sentences[0] == f"survival.cox_time_varying was fitted to {n:,} periods of contracts as of 2025-06-30."
    assert set(result.parameters) == {"monthly_amount", "pays_by_direct_debit"}
    assert 0 < result.metrics["brier_score"] < 0.25
    assert not result.warnings
    scored = ScoreCustomers.parse(models=("survival.cox_time_varying",)).run()
    scores = pl.read_parquet(scored.paths["scores"])
    running = first["ended_on"].null_count()
    assert {"churn_probability_90d", "future_margin_24m"} <= set(scores["score"])
    assert scores.filter(score="churn_probability_90d")["customer_id"].n_unique() == running == scored.counts["scores"]["future_margin_24m"]


def test_a_fit_within_the_day_reads_nothing_of_the_rest_of_it(workplace, monkeypatch):
    """Neither the fit nor its plots use facts after the instant; the registered model keeps the instant."""
    sold = company.transactions()
    evening = AsOf.end_of(company.LAST).cutoff - timedelta(hours=2)
    late = sold.with_columns(occurred_at=pl.when(pl.int_range(pl.len()) < 40).then(evening).otherwise("occurred_at"))
    late = late.filter((pl.col("occurred_at").dt.date() < company.LAST) | (pl.col("occurred_at") == evening))
    tables = company.write_company(workplace / "out" / "default", {"transactions": late}, history_starts_on=company.FIRST)
    noon = f"{company.LAST}T12:00"
    shown = []
    monkeypatch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, purchases, **__: shown.append(purchases) or {})
    fit(as_of=noon, holdout_days=0)
    edge = edge_of(registry.load_champion(BG_NBD).info, tables.facts.business_zone)
    assert edge == tables.as_of(noon) != tables.as_of(str(company.LAST))
    (purchases,) = shown
    assert purchases["day"].max() < company.LAST
    assert purchase_days(tables, tables.as_of(str(company.LAST)))["day"].max() == company.LAST
