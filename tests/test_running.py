"""Pipelines: verified before they run, resumed, and stopped in order."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import toy_jobs

from relkit import jobs, running
from relkit.errors import ParameterError, PeriodError
from relkit.running import RunPipeline, job_class, read_pipeline, step_key


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "COMMANDS", toy_jobs.COMMANDS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "number.in").write_text("21")
    return tmp_path


def pipeline(folder: Path, *steps: str) -> Path:
    path = folder / "toy.yaml"
    path.write_text("name: toy\nsteps:\n" + "".join(f"  - {step}\n" for step in steps))
    return path


def job(folder: Path, *steps: str, **given: object) -> RunPipeline:
    return RunPipeline.parse(pipeline=pipeline(folder, *steps), data=folder / "number.in", out=folder / "out", **given)


def statuses(result: running.Result) -> list[str]:
    return [step["status"] for step in result.details["steps"]]


def test_runs_the_steps_in_order_and_gathers_what_they_did(folder: Path) -> None:
    result = job(folder, "check", "double").run()
    assert statuses(result) == ["done", "done"]
    assert (folder / "out/doubled.txt").read_text() == "42"
    assert set(result.paths) == {"number", "doubled"}
    assert result.counts == {"check": {"copies": 1}}
    assert result.warnings == ("It is a toy.",)


def test_what_finished_is_not_run_again(folder: Path) -> None:
    job(folder, "check", "double").run()
    written = (folder / "out/doubled.txt").stat().st_mtime_ns
    assert statuses(job(folder, "check", "double").run()) == ["kept", "kept"]
    assert (folder / "out/doubled.txt").stat().st_mtime_ns == written


def test_a_changed_input_runs_its_step_and_those_that_read_its_output(folder: Path) -> None:
    job(folder, "check", "double").run()
    (folder / "number.in").write_text("5")
    assert statuses(job(folder, "check", "double").run()) == ["done", "done"]
    assert (folder / "out/doubled.txt").read_text() == "10"


def test_a_changed_parameter_runs_only_its_step(folder: Path) -> None:
    job(folder, "check", "double").run()
    assert statuses(job(folder, "check", "double", settings=("double.times=3",)).run()) == ["kept", "done"]
    assert (folder / "out/doubled.txt").read_text() == "63"


def test_a_parameter_is_set_for_all_steps_of_a_command_or_for_one_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "fits.yaml"
    path.write_text("name: fits\nsteps:\n  - fit: {model: lifetime_value.nbd}\n  - fit: {model: attribution.all}\n")
    given = ("fit.holdout_days=90", "fit attribution.all.holdout_days=30", "fit attribution.all.settings.conversion=first_order")
    monkeypatch.setattr(running, "COMMANDS", jobs.COMMANDS)
    nbd, credit = (step.job for step in read_pipeline(path, {}, given)[1])
    assert (nbd.holdout_days, nbd.settings) == (90, {})
    assert (credit.holdout_days, credit.settings) == (30, {"conversion": "first_order"})
    with pytest.raises(ParameterError, match=r"'fit attribution\.all' does not set a parameter"):
        read_pipeline(path, {}, ("fit attribution.all",))


def test_a_step_whose_output_was_removed_runs_again(folder: Path) -> None:
    job(folder, "check", "double").run()
    (folder / "out/doubled.txt").unlink()
    assert statuses(job(folder, "check", "double").run()) == ["kept", "done"]


def test_a_step_whose_output_another_run_has_replaced_runs_again(folder: Path) -> None:
    job(folder, "check", "double").run()
    (folder / "other.in").write_text("5")
    RunPipeline.parse(pipeline=pipeline(folder, "check"), data=folder / "other.in", out=folder / "out").run()
    assert (folder / "out/number.txt").read_text() == "5"
    job(folder, "check", "double").run()
    assert (folder / "out/number.txt").read_text() == "21"
    (folder / "out/doubled.txt").write_text("7")
    assert statuses(job(folder, "check", "double").run()) == ["kept", "done"]
    assert (folder / "out/doubled.txt").read_text() == "42"


def test_restart_runs_everything(folder: Path) -> None:
    job(folder, "check", "double").run()
    assert statuses(job(folder, "check", "double", restart=True).run()) == ["done", "done"]


def test_a_new_version_of_relkit_runs_everything(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job(folder, "check", "double").run()
    monkeypatch.setattr(running, "__version__", "99")
    assert statuses(job(folder, "check", "double").run()) == ["done", "done"]


def test_a_skipped_step_says_why_and_the_rest_goes_on(folder: Path) -> None:
    result = job(folder, "check", "double: {mode: skip}", "double").run()
    assert statuses(result) == ["done", "skipped", "done"]
    assert result.details["steps"][1]["message"] == "There is nothing to double."


@pytest.mark.parametrize(
    ("mode", "status", "message"),
    [
        ("refuse", "refused", "The number is odd"),
        ("fail", "failed", "double: it does not fit"),
        ("crash", "failed", r"double: the disk is full\. Make room"),
        ("panic", "failed", r"double: it broke down, Panic: out-of-range date\. The trace is in .*toy\.log"),
    ],
)
def test_a_step_that_fails_stops_the_pipeline_and_says_what_finished(folder: Path, mode: str, status: str, message: str) -> None:
    result = job(folder, "check", f"double: {{mode: {mode}}}", "double").run()
    assert statuses(result) == ["done", status]
    assert not result.passed
    assert result.details["exit_code"] == 1
    assert "Finished and kept: check." in result.sentences
    assert "Not run: double #2." in result.sentences
    assert re.search(message, result.sentences[0])


def test_the_trace_of_a_crash_is_kept(folder: Path) -> None:
    job(folder, "check", "double: {mode: bug}").run()
    assert "ZeroDivisionError: division by zero" in (folder / "out/runs/toy.log").read_text()


def test_an_unreadable_input_is_wrong_use(folder: Path) -> None:
    wrong = RunPipeline.parse(pipeline=pipeline(folder, "check"), data=folder / "nothing", out=folder / "out")
    assert wrong.run().details["exit_code"] == 2


def test_an_impossible_period_is_wrong_use(folder: Path) -> None:
    result = job(folder, "check", "double: {mode: period}").run()
    assert result.details["exit_code"] == 2
    assert result.sentences[0] == "double failed: as_of: nothing is known then."
    with pytest.raises(PeriodError, match=r"toy\.yaml, line 3, column 5: as_of: 'soon' is neither a date nor an instant"):
        job(folder, "check", as_of="2020-01-01").model_copy(update={"as_of": "soon"}).verify()


def test_a_refusal_is_reported_without_the_whole_account(folder: Path) -> None:
    (folder / "number.odd").write_text("21")
    reported: list[str] = []
    refused = RunPipeline.parse(pipeline=pipeline(folder, "check"), data=folder / "number.odd", out=folder / "out")
    result = refused.run(lambda what, *_: reported.append(what))
    assert result.sentences[0] == "check refused: It is odd."
    assert "Read it." in reported[-1]


def test_a_warning_of_two_steps_is_reported_once(folder: Path) -> None:
    assert job(folder, "check", "check").run().warnings == ("It is a toy.",)


def test_steps_of_one_command_have_their_own_labels(folder: Path) -> None:
    _, steps = read_pipeline(pipeline(folder, "double", "double: {times: 3}", "double twice: {times: 4}"), {})
    assert [step.label for step in steps] == ["double", "double #2", "double twice 4"]


def test_the_step_wins_over_what_all_steps_share(folder: Path) -> None:
    path = pipeline(folder, "check: {as_of: 2020-01-01}", "check")
    _, steps = read_pipeline(path, {"data": folder, "as_of": "2021-01-01"})
    assert [step.job.as_of for step in steps] == ["2020-01-01", "2021-01-01"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("chek", r"toy\.yaml, line 3, column 5: unknown step 'chek'; did you mean 'check'"),
        ("double: {tmes: 3}", r"line 3, column 5: double: unknown parameter 'tmes'; did you mean 'times'"),
        ("double: {times: 0}", "times is 0: input should be greater than 0"),
        ("double: {mode: invalid}", "line 3, column 5: mode: mode is invalid"),
        ("double: [3]", "a step is a command, or a command with its parameters"),
        ("{double: {}, check: {}}", "a step is a command, or a command with its parameters"),
    ],
)
def test_a_wrong_step_is_reported_before_anything_runs(folder: Path, step: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        RunPipeline.parse(pipeline=pipeline(folder, step), data=folder / "number.in", out=folder / "out").verify()
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps: check", "a pipeline file has a name and a list of steps"),
        ("name: ../toy\nsteps: [check]", r"line 1, column 1: '\.\./toy' cannot be the name of a pipeline"),
        ("name: toy\nsteps: []", "line 2, column 1: it has no step"),
        ("steps:\n  - run: {pipeline: toy.yaml}", "line 2, column 5: run runs a pipeline and cannot be a step of one"),
        ("steps:\n  - check", "line 2, column 5: check: data is missing; it is required"),
        ("nam: toy\nsteps: [check]", "line 1, column 1: unknown key 'nam'; did you mean 'name'"),
        ("steps: [check", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_pipeline(folder: Path, text: str, message: str) -> None:
    path = folder / "toy.yaml"
    path.write_text(text)
    with pytest.raises(ParameterError, match=message):
        read_pipeline(path, {})


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("double", "does not set a parameter"),
        ("dubble.times=3", "unknown step 'dubble'; did you mean 'double'"),
        ("times=3", "does not set"),
    ],
)
def test_a_setting_that_reaches_no_step(folder: Path, setting: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        read_pipeline(pipeline(folder, "double"), {}, (setting,))


def test_one_part_of_what_is_declared_by_name_can_be_set(folder: Path) -> None:
    file = pipeline(folder, "double: {settings: {a: 1, b: 2}}")
    _, steps = read_pipeline(file, {}, ("double.settings.b=3", "double.settings.c=4", "double.times=5"))
    job = steps[-1].job
    assert (job.settings, job.times) == ({"a": 1, "b": "3", "c": "4"}, 5)  # type: ignore[attr-defined]
    with pytest.raises(ParameterError, match="mode has no parts, so b cannot be set"):
        read_pipeline(pipeline(folder, "double: {mode: work}"), {}, ("double.mode.b=3",))


def test_the_key_follows_the_bytes_of_a_folder(folder: Path) -> None:
    many = folder / "many"
    many.mkdir()
    (many / "a").write_text("1")
    before = step_key(toy_jobs.Check.parse(data=many))
    (many / "b").write_text("1")
    assert step_key(toy_jobs.Check.parse(data=many)) != before


def test_every_command_leads_to_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    from relkit.jobs import COMMANDS

    for name, spec in COMMANDS.items():
        job_type = job_class(name)
        assert job_type.command == name
        assert set(spec.positional) <= set(job_type.model_fields)
        assert all(field.description for field in job_type.model_fields.values())


def test_a_damaged_memory_runs_everything(folder: Path) -> None:
    job(folder, "check").run()
    (folder / "out/runs/toy.json").write_text("{")
    assert statuses(job(folder, "check").run()) == ["done"]
    assert statuses(job(folder, "check").run()) == ["kept"]


def test_a_pipeline_is_found_by_its_name(tmp_path, monkeypatch):
    from relkit.running import find_pipeline

    monkeypatch.chdir(tmp_path)
    assert find_pipeline(Path("monthly_scoring")).name == "monthly_scoring.yaml"
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "weekly.yaml").write_text("steps: [check]")
    assert find_pipeline(Path("weekly")) == Path("pipelines/weekly.yaml")
    assert find_pipeline(Path("pipelines/weekly")) == Path("pipelines/weekly.yaml")
    assert find_pipeline(Path("pipelines/weekly.yaml")) == Path("pipelines/weekly.yaml")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.yml").touch()
    assert find_pipeline(tmp_path / "own" / "mine") == tmp_path / "own" / "mine.yml"
    (tmp_path / "monthly_scoring").mkdir()  # a folder of the name is no pipeline
    assert find_pipeline(Path("monthly_scoring")).name == "monthly_scoring.yaml"
    monkeypatch.chdir(tmp_path / "pipelines")
    assert find_pipeline(Path("weekly")) == Path("weekly.yaml")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match="unknown pipeline 'weakly'; did you mean 'weekly'"):
        find_pipeline(Path("weakly"))


@pytest.mark.parametrize("content", ["", "{", "[1]", "[" * 100_000, '{"check": 1}', '{"check": {}}', '{"check": {"key": NaN}}', "\x00"])
def test_a_damaged_ledger_is_as_if_nothing_had_run(folder: Path, content: str) -> None:
    job(folder, "check").run()
    ledger = folder / "out/runs/toy.json"
    known = json.loads(ledger.read_text())
    ledger.write_text(content)
    assert statuses(job(folder, "check").run()) == ["done"]
    for part in ("result", "seconds", "written"):
        ledger.write_text(json.dumps({"check": {name: value for name, value in known["check"].items() if name != part}}))
        assert statuses(job(folder, "check").run()) == ["done"]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("check: {5: 1}", r"line \d+, column \d+: check: unknown parameter '5'"),
        ("check: {null: 1}", "unknown parameter 'null'"),
        ("check: {as_of: {a: 1}}", "as_of is"),
        ("check: [1]", "a step is a command, or a command with its parameters"),
        ("{check: {}, double: {}}", "a step is a command, or a command with its parameters"),
        ("5", "a step is a command, or a command with its parameters"),
        ("5: {}", "unknown step '5'"),
        ("", "a step is a command, or a command with its parameters"),
    ],
)
def test_a_step_that_is_no_step_is_refused_with_its_line(folder: Path, step: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        job(folder, step).verify()


@pytest.mark.parametrize("content", ["steps: {}\n", "steps:\n", "- check\n", "name: 5\n", "5\n", ""])
def test_a_file_without_a_list_of_steps_is_refused(folder: Path, content: str) -> None:
    (folder / "toy.yaml").write_text(content)
    with pytest.raises(ParameterError, match="a pipeline file has a name and a list of steps"):
        RunPipeline.parse(pipeline=folder / "toy.yaml").verify()
