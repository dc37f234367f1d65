"""relkit fit survival.auto: candidates of contracts, the choice, and the model used for scores afterwards."""

from __future__ import annotations

import json
import pickle
from datetime import timedelta
from typing import TYPE_CHECKING

import modelled_company as company
import polars as pl
import pytest
from light_mlflow import lighten
from made_once import entered, inside

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.jobs.build_features import BuildFeatures
from relkit.jobs.choice import read_choice
from relkit.jobs.choose_model import picked
from relkit.jobs.fit_model import FitModel
from relkit.jobs.report_material import ReportMaterial
from relkit.jobs.score_customers import ScoreCustomers
from relkit.models import catalogue
from relkit.models.survival.cox import Cox
from relkit.models.survival.family import CONTRACTS
from relkit.tables.table_set import TableSet
from relkit.tracking import registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from made_once import MadeOnce

    from relkit.jobs.base import Result

AUTO = "survival.auto"
SHORT = {"candidates": "survival.cox,survival.kaplan_meier,survival.weibull_aft", "replicates": "40"}

pytestmark = pytest.mark.usefixtures("plain_fits")


def fit(model=AUTO, *, figures=False, **more):
    job = FitModel.parse(model=model, figures=figures, **more)
    job.verify()
    return job.run()


def compared(**settings):
    """Return the rows of the comparison that `fit` would make, without keeping a model."""
    job = FitModel.parse(model=AUTO, settings=SHORT | settings)
    found = picked(job.request(TableSet.open(job.out_dir / "tables")))
    return found.comparison.table.to_dicts()


@pytest.fixture(scope="module")
def short(made_once: MadeOnce, empty_store: Path) -> Path:
    """Return a working directory after a choice among three models, with its figure; result.pickle is its result."""

    def make(folder: Path) -> None:
        with entered(folder, empty_store) as patch:
            lighten(patch)
            patch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
            company.write_company(folder / "out" / "default", history_starts_on=company.FIRST)
            (folder / "result.pickle").write_bytes(pickle.dumps(fit(settings=SHORT, figures=True)))

    return made_once("short_survival", make)


@pytest.fixture
def result(short: Path) -> Iterator[Result]:
    """Enter that directory and return the result, to be read."""
    with inside(short):
        yield pickle.loads((short / "result.pickle").read_bytes())


def of_contracts(place, frame):
    return company.write_company(place / "out" / "default", {"contracts": frame}, history_starts_on=company.FIRST)


def test_the_best_is_chosen_registered_and_scores(checked):
    reported = []
    result = FitModel.parse(model=AUTO, settings=SHORT, figures=False).run(lambda what, done=None: reported.append((what, done)))
    chosen, choice = result.details["model"], result.details["choice"]
    assert chosen in SHORT["candidates"]
    assert [row["model"] for row in choice["comparison"]] == SHORT["candidates"].split(",")
    assert choice["failed"] == {}
    assert choice["reason"].startswith(f"{chosen} was chosen: ")
    assert result.sentences[0].endswith("customers and the 182 days after the calibration (95 % intervals):")
    row = next(row for row in choice["comparison"] if row["model"] == chosen)
    for name in ("brier_score", "integrated_brier_score", "uno_c", "ici"):
        assert result.metrics[name] == pytest.approx(row[name]), name
    json.dumps(result.model_dump(mode="json"), allow_nan=False)
    assert registry.chosen_models() == (chosen,)
    assert list(ScoreCustomers.parse().run().details["models"]) == [chosen]
    shares = [done for _, done in reported]
    assert shares == sorted(shares)
    assert reported[0][0] == "survival.cox: fitted up to 2024-12-30"


def test_the_run_keeps_the_comparison_and_no_customer(short):
    (table,) = short.glob("mlruns/artifacts/*/artifacts/model_comparison.csv")
    frames = [pl.read_csv(table.parent / f"model_{name}.csv") for name in ("comparison", "comparison_groups", "comparison_course")]
    assert all(frame["model"].unique(maintain_order=True).to_list() == SHORT["candidates"].split(",") for frame in frames)
    assert frames[1]["customers"].min() >= 10
    assert (table.parent / "plots" / "model_comparison.png").stat().st_size > 10_000
    written = "".join(path.read_text() for path in table.parent.glob("model_*.csv"))
    assert "K0" not in written
    assert "A0" not in written


def test_a_candidate_that_cannot_be_fitted_is_named_with_its_reason(checked, monkeypatch):
    def failing(self, features, *, as_of):
        raise NotEnoughEventsError("too few ends.", where="survival.cox")

    monkeypatch.setattr(Cox, "fit", failing)
    result = fit(settings=SHORT)
    assert result.details["choice"]["failed"] == {"survival.cox": "survival.cox: too few ends."}
    assert "survival.cox could not be judged: survival.cox: too few ends." in result.sentences


def test_without_covariates_the_baseline_is_left(workplace):
    of_contracts(workplace, company.contracts().drop("monthly_amount", "payment_method").unique("customer_id"))
    result = fit(settings=SHORT)
    assert result.details["model"] == "survival.kaplan_meier"
    assert "the contracts have no covariates that it could use" in result.details["choice"]["failed"]["survival.cox"]


def test_without_a_holdout_or_covariates_the_first_that_fits_is_taken(workplace):
    of_contracts(workplace, company.contracts().drop("monthly_amount", "payment_method").unique("customer_id"))
    result = fit(settings=SHORT, holdout_days=0)
    assert result.details["model"] == "survival.kaplan_meier"
    assert "was taken without a comparison" in result.details["choice"]["reason"]


def test_settings_go_to_the_candidates_that_have_them(checked):
    assert {row["model"]: row["parameters"] for row in compared(covariates="monthly_amount")} == {
        "survival.cox": 1,
        "survival.kaplan_meier": 0,
        "survival.weibull_aft": 3,
    }
    result = fit(settings={"candidates": "survival.cox", "covariates": "monthly_amount"})
    assert list(result.parameters) == ["monthly_amount"]


def test_contracts_that_never_change_need_no_model_of_changes(workplace):
    names = {"candidates": "survival.cox,survival.cox_time_varying", "replicates": "20"}
    frame = company.contracts()
    of_contracts(workplace, frame)
    assert "so it is survival.cox" in fit(settings=names).details["choice"]["failed"]["survival.cox_time_varying"]
    raised = frame.with_columns(valid_from=pl.col("started_on") + timedelta(days=200), monthly_amount=pl.col("monthly_amount") * 1.2)
    of_contracts(workplace, pl.concat([frame, raised]).with_columns(recorded_at=pl.col("valid_from").cast(pl.Datetime("us", "UTC"))))
    choice = fit(settings=names).details["choice"]
    assert choice["failed"] == {}
    assert choice["comparison"][0]["log_score"] != choice["comparison"][1]["log_score"]


def test_candidates_are_models_that_score_contracts():
    assert set(catalogue.candidates(AUTO)) <= set(catalogue.models_of(CONTRACTS))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"covariate": "x"}, "unknown setting 'covariate'; did you mean 'covariates'"),
        ({"candidates": "survival.coxx"}, "unknown candidate 'survival.coxx'; did you mean 'survival.cox'"),
        ({"candidates": "survival.kaplan_meier", "covariates": "x"}, "unknown setting 'covariates'"),
        ({"penalty": "-1"}, "penalty is -1"),
    ],
)
def test_invalid_settings_are_refused_before_anything_runs(settings, message):
    with pytest.raises(ParameterError, match=message):
        read_choice(AUTO, settings)
    with pytest.raises(ParameterError, match=message):
        FitModel.parse(model=AUTO, settings=settings).verify()


def test_the_report_shows_the_comparison_where_there_was_one(checked):

    fit("survival.cox")
    fit(settings=SHORT | {"candidates": "survival.kaplan_meier,survival.weibull_aft"})
    BuildFeatures.parse().run()
    ScoreCustomers.parse().run()
    material = ReportMaterial.read(language="fr")
    shown = material.model_choice(material.scorer("survival"))
    assert [row[0] for row in shown.candidates().cells()] == ["survival.kaplan_meier", "survival.weibull_aft"]
    assert "Quel modèle" in shown._repr_html_()
    assert not material.model_choice("survival.cox").exists


def test_where_all_had_ended_before_the_holdout_nothing_is_compared(workplace):
    frame = company.contracts().drop_nulls("ended_on")
    early = frame.filter(pl.col("ended_on") < company.LAST - timedelta(days=200))
    of_contracts(workplace, early)
    reason = fit(settings=SHORT).details["choice"]["reason"]
    assert reason.startswith("Nothing could be judged on the 182 days after 2024-12-30: ")
    assert reason.endswith("was taken without a comparison: it is the first candidate that could be fitted.")


def test_one_number_has_one_name_in_the_table_and_in_the_line_of_the_fit(result):
    shown = {row["model"]: row for row in result.details["choice"]["comparison"]}[result.details["model"]]
    heading = result.sentences[1]
    assert "integrated Brier score" in heading
    assert "Brier score on the last day" in heading
    (line,) = [sentence for sentence in result.sentences if "(brier_score)" in sentence]
    assert line.endswith(f"its Brier score on the last day (brier_score) was {result.metrics['brier_score']:.6g}.")
    for name in ("integrated_brier_score", "brier_score"):
        assert shown[name] == pytest.approx(result.metrics[name], rel=1e-9), name


def test_a_model_behind_another_says_so_in_fit_and_scores(workplace):
    of_contracts(workplace, company.contracts(2_000))
    fit(settings=SHORT | {"candidates": "survival.weibull_aft,survival.kaplan_meier"})
    named = fit("survival.kaplan_meier")
    (sentence,) = [sentence for sentence in named.sentences if "clearly ahead" in sentence]
    assert sentence.startswith("survival.weibull_aft is clearly ahead of survival.kaplan_meier on the customers that judged both: ")
    scored = ScoreCustomers.parse(models=["survival.kaplan_meier"]).run()
    assert any("clearly ahead of survival.kaplan_meier" in warning for warning in scored.warnings)
    assert "fait nettement mieux que survival.kaplan_meier" in scored.paths["remarks"].read_text()
    assert not any("clearly ahead" in warning for warning in ScoreCustomers.parse().run().warnings)
