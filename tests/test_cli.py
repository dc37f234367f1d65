"""The command line: flags from fields, one message and an exit code for every fault, JSON for scripts."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import toy_jobs
from pydantic import Field

from relkit import cli, running
from relkit.cli import ALGEBRA_THREADS, main, run
from relkit.jobs.base import Result
from relkit.progress import Progress, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cli, "COMMANDS", toy_jobs.COMMANDS)
    monkeypatch.setattr(running, "COMMANDS", toy_jobs.COMMANDS)
    monkeypatch.chdir(tmp_path)
    Path("number.in").write_text("21")


def test_a_command_prints_a_short_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "number.in"]) == 0
    assert capsys.readouterr().out == "Copied a number.\nwarning: It is a toy.\n  number  out/default/number.txt\n"


def test_json_is_the_only_thing_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", "number.in"])
    capsys.readouterr()
    assert run(["double", "--times", "3", "--json"]) == 0
    shown = capsys.readouterr()
    result = json.loads(shown.out)
    assert (result["parameters"], result["log_likelihood"]) == ({"times": 3, "share": 0.25}, -1.5)
    assert result["paths"] == {"doubled": "out/default/doubled.txt"}
    assert "noise of a library" in shown.err


def test_parameters_are_shown_to_people_too(capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", "number.in"])
    run(["double"])
    assert "  times  2\n  share  0.2500\nlog-likelihood -1.5000\n" in capsys.readouterr().out


@pytest.mark.parametrize(("argv", "expected"), [([], (True, False)), (["--no-kept"], (False, False)), (["--added"], (True, True))])
def test_what_is_on_is_turned_off_by_its_own_flag(monkeypatch: pytest.MonkeyPatch, argv: list[str], expected: tuple[bool, bool]) -> None:
    class Switches(toy_jobs.Double):
        kept: bool = Field(default=True, description="On by default.")
        added: bool = Field(default=False, description="Off by default.")

        def run(self, progress: Progress = quiet) -> Result:
            progress("switched")
            seen.append((self.kept, self.added))
            return Result(job="double")

    seen: list[tuple[bool, bool]] = []
    monkeypatch.setattr(toy_jobs, "Double", Switches)
    assert run(["double", *argv]) == 0
    assert seen == [expected]


def test_what_is_off_has_no_flag_to_turn_it_off() -> None:
    assert run(["double", "--no-json"]) == 2


def test_the_programme_names_the_output_folder() -> None:
    run(["check", "number.in", "--programme", "spring"])
    assert Path("out/spring/number.txt").is_file()


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["chek"], 2, "unknown command 'chek'; did you mean 'check'? Known: check, double"),
        (["double", "--tmes", "3"], 2, "Unknown option: --tmes. Did you mean --times?"),
        (["double", "--times", "many"], 2, 'Invalid value for --times: unable to convert "many" into int.'),
        (["double", "--times", "0"], 2, "double: times is 0: input should be greater than 0"),
        (["check"], 2, "requires an argument"),
        (["check", "number.in", "twice"], 2, "'twice' is one word too many. relkit check --help lists what it takes."),
        (["double", "--settings", "a=1"], 2, "Write each by its name: --settings.NAME VALUE."),
        (["double", "--mode", "denied"], 2, "out/default: Permission denied. Check the path, the rights and the space left"),
        (["check", "number.in", "--as-of", "1997-13-45"], 2, "as_of: '1997-13-45' is neither a date nor an instant."),
        (["check", "nothing"], 2, "nothing: there is no such file."),
        (["double", "--mode", "fail"], 1, "double: it does not fit."),
        (["double", "--mode", "bug"], 1, "double: it broke down, ZeroDivisionError: division by zero. The trace is in out/default/runs/"),
        (["double", "--mode", "panic"], 1, "double: it broke down, Panic: out-of-range date. The trace is in out/default/runs/"),
        (["double", "--mode", "crash"], 2, "double: the disk is full. Make room"),
        (["double", "--mode", "invalid"], 2, "mode: mode is invalid."),
        (["check", "number.in", "--programme", "../x"], 2, "programme is '../x'"),
    ],
)
def test_a_fault_is_one_line_and_an_exit_code(argv: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(argv) == code
    shown = capsys.readouterr()
    assert shown.err.startswith("relkit: ")
    assert message in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""


@pytest.mark.parametrize(
    ("argv", "job", "code"),
    [
        (["double", "--mode", "fail", "--json"], "double", 1),
        (["double", "twice", "many", "--json"], "double twice", 2),
        (["--json", "dubble"], "relkit", 2),
    ],
)
def test_a_fault_too_is_one_object_for_scripts(argv: list[str], job: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(argv) == code
    shown = capsys.readouterr()
    result = json.loads(shown.out)
    assert (result["job"], result["passed"], result["details"]) == (job, False, {"exit_code": code})
    assert shown.err == f"relkit: {result['sentences'][0]}\n"


def test_a_reader_that_stops_reading_is_no_fault() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    lines = ("import sys", "sys.path.insert(0, sys.argv.pop(1))", "import toy_jobs", "from relkit import cli")
    program = "\n".join((*lines, "cli.COMMANDS = toy_jobs.COMMANDS", "cli.main()"))
    command = [sys.executable, "-c", program, str(Path(__file__).parent), "check", "number.in"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_help_is_folded_once(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert run(["run", "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    first = next(i for i, line in enumerate(lines) if "--set " in line)
    assert max(map(len, lines)) <= 60
    assert lines[first + 1].startswith("    ")


@pytest.mark.parametrize(("mode", "message"), [("skip", "There is nothing to double."), ("refuse", "The number is odd.")])
def test_a_job_that_says_no_exits_with_1(mode: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["double", "--mode", mode]) == 1
    assert message in capsys.readouterr().out


def test_a_pipeline_shows_its_steps_with_their_times(capsys: pytest.CaptureFixture[str]) -> None:
    Path("toy.yaml").write_text("steps:\n  - check\n  - double: {mode: fail}\n")
    assert run(["run", "toy.yaml", "--data", "number.in"]) == 1
    shown = capsys.readouterr()
    assert "[ 1/2] done" in shown.err
    assert "[ 2/2] FAILED" in shown.err
    assert "Finished and kept: check." in shown.out


def test_a_setting_reaches_one_step() -> None:
    Path("toy.yaml").write_text("steps:\n  - check\n  - double\n")
    assert run(["run", "toy.yaml", "--data", "number.in", "--set", "double.times=4"]) == 0
    assert Path("out/default/doubled.txt").read_text() == "84"


def test_an_interruption_is_reported(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(toy_jobs.Double, "run", interrupt)
    assert run(["double"]) == 130
    assert "stopped" in capsys.readouterr().err


def test_help_lists_every_command_and_flag(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    assert "double: Double the number." in capsys.readouterr().out
    assert run(["double", "--help"]) == 0
    assert "--times INT: Factor. [default: 2]" in capsys.readouterr().out


def test_a_terminal_sees_a_line_that_renews_itself(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    run(["check", "number.in"])
    assert "… copying  50%" in capsys.readouterr().err


@pytest.fixture
def thawed() -> Iterator[None]:
    """Give back to the garbage collection what a command that has ended took from it."""
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("thawed")
def test_main_exits_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["relkit", "double", "--mode", "skip"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1


@pytest.mark.usefixtures("thawed")
@pytest.mark.parametrize(("before", "after"), [(None, "1"), ("4", "4")])
def test_a_command_gives_linear_algebra_one_thread_by_default(before: str | None, after: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALGEBRA_THREADS, before or "")
    if before is None:
        monkeypatch.delenv(ALGEBRA_THREADS)
    monkeypatch.setattr(sys, "argv", ["relkit", "double", "--mode", "skip"])
    with pytest.raises(SystemExit):
        main()
    assert os.environ[ALGEBRA_THREADS] == after


def test_the_trace_of_a_breakdown_is_kept() -> None:
    run(["double", "--mode", "bug"])
    assert "ZeroDivisionError: division by zero" in Path("out/default/runs/double.log").read_text()
