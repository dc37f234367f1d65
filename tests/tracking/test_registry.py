"""Versions, aliases and lineage, on a store on disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from matplotlib.figure import Figure

import relkit
from relkit.errors import ParameterError, StorageError
from relkit.models.base import HoldoutMetric
from relkit.periods import AsOf, Holdout
from relkit.remarks import Remark
from relkit.tracking import embedded, registry, runs

BRIER = HoldoutMetric(name="brier_score", direction="lower")
SPLIT = Holdout.before(AsOf.parse("2025-06-30"), days=90)


def drawn() -> Figure:
    figure = Figure()
    figure.add_subplot().plot([0, 1], [1, 0])
    return figure


def logged(fitted, **given):
    return registry.log_model(
        fitted,
        tables="ab" * 32,
        metric=BRIER,
        metrics={"brier_score": 0.12, "concordance": float("nan")},
        holdout=SPLIT,
        figures={"survival": drawn()},
        **given,
    )


@pytest.fixture
def store(workplace: Path) -> Path:
    return workplace / "mlruns"


def served(uri: str):
    """Load as a colleague would who has MLflow and knows nothing of relkit."""
    import mlflow

    before = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(embedded.current().uri)
    try:
        return mlflow.pyfunc.load_model(uri)
    finally:
        mlflow.set_tracking_uri(None)
        if before is not None:
            os.environ["MLFLOW_TRACKING_URI"] = before


def test_a_version_carries_its_lineage(store, fitted):
    version = logged(fitted)
    assert (version.name, version.version, version.aliases) == ("survival.cox", "1", ())
    assert version.as_of == date(2025, 6, 30)
    assert (version.metric, version.metric_value, version.metric_direction) == ("brier_score", 0.12, "lower")
    assert version.holdout == "2025-04-02 to 2025-06-30"
    assert version.fingerprint == fitted.info.fingerprint
    assert version.tables == "ab" * 32
    assert version.programme == "default"
    assert version.relkit_version == relkit.__version__
    assert not version.is_champion


def test_a_version_says_in_words_what_it_is(store, fitted):
    short = Remark("short_history", "The history is short.", "L’historique est court.")
    version = logged(fitted, programme="loyalty", remarks=[short], unit="contracts")
    from mlflow.tracking import MlflowClient

    client = MlflowClient(embedded.current().uri)
    made = client.get_model_version(version.name, version.version)
    head, _, listed = made.description.partition("\n\nTo know:\n\n")
    assert head == (
        "Cox regression: the probability that a contract ends, and what makes ends come sooner. "
        "Fitted to 60 contracts of programme loyalty, with the facts known on 2025-06-30. "
        "Judged on the 90 days after 2025-04-01, which it had not seen, the Brier score of its probabilities on the last day was "
        "0.12 (0 is perfect, 0.25 is a coin tossed for everybody); it was then fitted again with all days."
    )
    assert listed.splitlines() == [f"- {remark.en}" for remark in (short, *fitted.info.remarks)]
    assert client.get_registered_model(version.name).description.startswith("Cox regression: ")
    plain = {"programme": "loyalty", "as_of": "2025-06-30", "data_fingerprint": fitted.info.fingerprint, "family": "survival"}
    run = client.get_run(version.run_id).data.tags
    assert plain.items() <= made.tags.items()
    assert plain.items() <= run.items()
    assert run["mlflow.note.content"] == made.description
    assert registry.kept_remarks(version) == (short, *fitted.info.remarks)
    assert "CUST-" not in made.description


def test_a_version_without_a_holdout_has_no_metric(store, fitted):
    version = registry.log_model(fitted)
    assert (version.metric, version.metric_value, version.holdout) == (None, None, "")


def test_the_run_holds_settings_metrics_and_plots(store, fitted):
    version = logged(fitted, params={"holdout_days": 90})
    from mlflow.tracking import MlflowClient

    client = MlflowClient(embedded.current().uri)
    run = client.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["settings.ties"] == "efron"
    assert run.data.params["holdout_days"] == "90"
    assert run.data.metrics["brier_score"] == 0.12
    assert run.data.metrics["estimate/monthly_amount"] == pytest.approx(fitted.coefficients[0])
    assert "concordance" not in run.data.metrics
    assert run.data.tags["data_fingerprint"] == fitted.info.fingerprint
    assert {f.path for f in client.list_artifacts(version.run_id, "plots")} == {"plots/survival.png"}
    assert {f.path for f in client.list_artifacts(version.run_id)} == {"plots", "summary.csv", "remarks.json"}


def test_the_first_champion_is_loaded_by_relkit(store, fitted, running):
    assert registry.champion("survival.cox") is None
    version = logged(fitted)
    promoted = registry.promote("survival.cox", version.version, reason="first version")
    assert promoted.is_champion
    assert promoted.reason == "first version"
    assert registry.champion("survival.cox") == promoted
    assert registry.load_champion("survival.cox").score(running).equals(fitted.score(running))


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_the_champion_is_loaded_by_mlflow_alone(store, fitted, running, kind):
    registry.promote("survival.cox", logged(fitted).version, reason="first version")
    model = served("models:/survival.cox@champion")
    given = running.to_pandas() if kind == "pandas" else running
    scores = model.predict(given, params={"horizon_days": 30})
    assert type(scores) is type(given)
    expected = fitted.score(running, horizon_days=30)
    assert pl.DataFrame(scores).equals(expected)
    assert "churn_probability_90d" in model.predict(given).columns


def test_a_served_model_names_the_column_that_is_missing(store, fitted, running):
    registry.promote("survival.cox", logged(fitted).version, reason="first version")
    model = served("models:/survival.cox@champion")
    with pytest.raises(ValueError, match=r"column 'monthly_amount' is missing"):
        model.predict(running.drop("monthly_amount"))


def test_the_logged_model_states_its_parameters_and_requirements(store, fitted):
    registry.promote("survival.cox", logged(fitted).version, reason="first version")
    model = served("models:/survival.cox@champion")
    assert model.metadata.signature.params.to_dict()[0] | {"shape": None} == {
        "name": "horizon_days",
        "default": 90,
        "shape": None,
        "type": "long",
    }
    inputs = {column.name: (column.type.name, column.required) for column in model.metadata.signature.inputs}
    assert inputs["monthly_amount"] == ("double", True)
    assert inputs["event"] == ("boolean", False)
    assert [column.name for column in model.metadata.signature.outputs] == ["customer_id", "churn_probability_90d", "hazard_ratio"]
    [requirements] = store.rglob("requirements.txt")
    assert f"relkit=={relkit.__version__}" in requirements.read_text()


def test_nothing_is_pickled_and_nothing_is_personal(store, fitted, spells):
    logged(fitted)
    files = [f for f in (store / "artifacts").rglob("*") if f.is_file()]
    assert {f.suffix for f in files} <= {"", ".json", ".npy", ".parquet", ".py", ".yaml", ".txt", ".csv", ".png"}
    assert any(f.name == "model.json" for f in files)
    for file in [*files, store / "mlflow.db"]:
        data = file.read_bytes()
        assert not data.startswith(b"\x80"), f"{file} looks like a pickle"
        assert b"CUST-" not in data, f"{file} holds a customer id"
        assert b"input_example" not in data or file.suffix == ".db"
        assert str(Path(relkit.__file__).parent).encode() not in data, f"{file} holds a path of this machine"


def test_a_moved_store_still_loads(store, fitted, running, workplace, monkeypatch):
    registry.promote("survival.cox", logged(fitted).version, reason="first version")
    elsewhere = workplace / "another place" / "é"
    elsewhere.mkdir(parents=True)
    shutil.move(store, elsewhere / "mlruns")
    monkeypatch.chdir(elsewhere)
    assert registry.load_champion("survival.cox").score(running).equals(fitted.score(running))
    assert served("models:/survival.cox@champion").predict(running).equals(fitted.score(running))
    second = logged(fitted)
    assert second.version == "2"
    assert Path(registry._local(second.source)).is_relative_to(elsewhere)


def test_champion_and_challenger(store, fitted):
    first, second = logged(fitted), logged(fitted)
    registry.promote("survival.cox", first.version, reason="first version")
    challenged = registry.challenge("survival.cox", second.version, reason="worse")
    assert (challenged.aliases, challenged.reason) == (("challenger",), "worse")
    promoted = registry.promote("survival.cox", second.version, reason="the campaign needs it")
    assert promoted.aliases == ("champion",)
    newest, oldest = registry.versions("survival.cox")
    assert (newest.version, newest.aliases, oldest.aliases) == ("2", ("champion",), ())
    assert registry.versions() == [newest, oldest]
    assert registry.champion_versions() == {"survival.cox": "2"}


def test_a_promotion_needs_a_reason(store, fitted):
    version = logged(fitted)
    with pytest.raises(ParameterError, match=r"reason: a reason is needed"):
        registry.promote("survival.cox", version.version, reason=" ")


def test_an_unknown_model_is_refused_with_the_nearest(store, fitted):
    logged(fitted)
    with pytest.raises(ParameterError, match=r"unknown registered model 'survival.cocks'; did you mean 'survival.cox'"):
        registry.versions("survival.cocks")


def test_an_unknown_version_is_refused_with_those_there_are(store, fitted):
    logged(fitted)
    with pytest.raises(ParameterError, match=r"survival.cox: unknown version '7'. Known: 1."):
        registry.promote("survival.cox", 7, reason="a try")


def test_a_model_without_champion_says_how_to_make_one(store):
    with pytest.raises(ParameterError, match=r"survival.cox has no champion. Run relkit fit survival.cox first"):
        registry.load_champion("survival.cox")


def test_a_registered_model_of_another_maker_is_not_taken_for_ours(store, fitted):
    logged(fitted)
    from mlflow.tracking import MlflowClient

    client = MlflowClient(embedded.current().uri, registry_uri=embedded.current().uri)
    client.create_registered_model("someone_elses")
    client.create_model_version("someone_elses", str(store / "artifacts"))
    assert [v.name for v in registry.versions()] == ["survival.cox"]


def test_a_fit_that_cannot_be_saved_leaves_a_failed_run_and_no_version(store, fitted, monkeypatch):
    def broken(*_):
        raise StorageError("the disk is full.")

    monkeypatch.setattr("relkit.models.storage.save", broken)
    with pytest.raises(StorageError, match="the disk is full"):
        logged(fitted)
    from mlflow.tracking import MlflowClient

    client = MlflowClient(embedded.current().uri)
    experiment = client.get_experiment_by_name("relkit")
    assert [run.info.status for run in client.search_runs([experiment.experiment_id])] == ["FAILED"]
    assert registry.versions() == []


def test_mlflow_says_nothing_and_leaves_the_process_as_it_was(store, fitted, capfd, caplog):
    before = dict(os.environ)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        logged(fitted)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    assert not caplog.records
    assert {k: v for k, v in os.environ.items() if before.get(k) != v and k != "GIT_PYTHON_REFRESH"} == {}


@pytest.fixture
def as_if_on_a_server(monkeypatch):
    """Make relkit take the store for a server: nothing is read past MLflow's client, and files are downloaded."""
    uri = embedded.current().uri

    def answer():
        embedded.relocate(embedded.Store(uri=uri, database=Path(uri.removeprefix("sqlite:///"))))
        monkeypatch.setattr(embedded, "current", lambda: embedded.Store(uri=uri, database=None))
        monkeypatch.setattr(registry, "_local", lambda _: None)

    return answer


def test_a_server_is_asked_through_mlflow(store, fitted, running, as_if_on_a_server):
    registry.promote("survival.cox", logged(fitted).version, reason="first version")
    as_if_on_a_server()
    assert registry.champion_versions() == {"survival.cox": "1"}
    version = registry.champion("survival.cox")
    assert registry.saved_folder(version) is None
    assert registry.load(version).score(running).equals(fitted.score(running))


def test_a_server_is_given_the_id_of_the_model(store, fitted, as_if_on_a_server):
    """It refuses the address of the files; test_server.py registers on a real one."""
    as_if_on_a_server()
    with runs.connected() as client, runs.logged_run(client, fitted, runs.Record()) as written:
        pass
    assert written.source == f"models:/{written.model_id}"


def test_git_commit_is_that_of_the_working_directory(workplace):
    assert registry.git_commit() == ""
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    assert len(registry.git_commit()) == 40


def test_git_may_be_absent(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert registry.git_commit() == ""


def test_reading_the_champions_does_not_load_mlflow(store, fitted):
    registry.promote("survival.cox", logged(fitted).version, reason="first version")
    code = "import sys; from relkit.tracking import registry; print(registry.champion_versions(), 'mlflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "{'survival.cox': '1'} False\n"


def test_each_programme_has_its_own_champion(store: Path, fitted) -> None:
    ours, theirs = logged(fitted), logged(fitted, programme="loyalty")
    assert (theirs.name, theirs.model, theirs.version) == ("loyalty.survival.cox", "survival.cox", "1")
    registry.promote(ours.name, ours.version, reason="first version")
    assert registry.champion_versions("loyalty") == {}
    registry.promote(theirs.name, theirs.version, reason="first version")
    assert registry.champion_versions("loyalty") == {"survival.cox": "1"} == registry.champion_versions()
    assert registry.champion("loyalty.survival.cox").programme == "loyalty"


def test_the_version_in_use_on_a_day_knows_nothing_later(store, fitted) -> None:
    from dataclasses import replace

    def trained(day: date):
        return logged(replace(fitted, info=replace(fitted.info, as_of=day)))

    name = "survival.cox"
    assert registry.known_by(name, fitted.info.as_of) is None
    june, march, february = trained(fitted.info.as_of), trained(date(2025, 3, 31)), trained(date(2025, 2, 28))
    registry.promote(name, june.version, reason="first")
    assert registry.known_by(name, date(2025, 1, 31)) is None
    assert registry.known_by(name, date(2025, 4, 30)).version == march.version  # none was champion, so the newest
    registry.promote(name, february.version, reason="used in March")
    registry.promote(name, june.version, reason="used from July on")
    assert registry.known_by(name, date(2025, 4, 30)).version == february.version
    assert registry.known_by(name, fitted.info.as_of).version == june.version
