"""Running of jobs and pipelines: the one code path of command line, pipelines and notebooks.

A pipeline file names its steps by command, with the parameters of the command line:

    name: monthly_scoring
    steps:
      - check
      - fit: {model: lifetime_value.bg_nbd}

Every step is parsed and verified before the first one runs. A step that finished is kept when the
pipeline is run again: its key is the hash of job, parameters, relkit version, input bytes and state,
and it is valid only while everything it wrote still exists. A step that fails stops the pipeline; finished
steps are kept.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from relkit import __version__
from relkit.boundary import STOPS, refusal
from relkit.declarations import read_declaration
from relkit.errors import ParameterError, PeriodError, RelkitError
from relkit.jobs import COMMANDS
from relkit.jobs.base import Job, Result
from relkit.json_text import json_text
from relkit.permissions import owner_alone
from relkit.progress import Progress, quiet
from relkit.workplace import workplace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Status = Literal["done", "kept", "skipped", "refused", "failed"]
PIPELINES = Path("pipelines")
SHARED = ("programme", "as_of", "language", "private")
"""Parameters of `run` that are passed to every step that has them."""
NO_STEPS = ("run", "demo")
"""Commands that run pipelines themselves."""
POINTERS = frozenset({"latest"})
"""Keys of paths that later runs change by design."""
RAW = ("data", "mapping")
"""Parameters of `run` only for the step that reads raw tables."""


@dataclass(frozen=True)
class Step:
    """One step of a pipeline: its label, unique in the file, and the job."""

    label: str
    job: Job


@dataclass(frozen=True)
class StepOutcome:
    """The outcome of a step.

    Attributes:
        label: the step.
        status: done, kept (finished earlier with the same inputs), skipped (nothing to do), refused (ran and did not pass) or failed.
        seconds: wall time of the run that did the work.
        result: the result of the job; None if it failed.
        message: one line on a failure.
        exit_code: exit code of the command after a failure.
    """

    label: str
    status: Status
    seconds: float
    result: Result | None
    message: str = ""
    exit_code: int = 0


def job_class(command: str, *, where: str = "") -> type[Job]:
    """Return the job behind a command, importing only its module."""
    if command not in COMMANDS:
        raise ParameterError.unknown("step", command, COMMANDS, where=where)
    spec = COMMANDS[command]
    found: type[Job] = getattr(import_module(spec.module), spec.job)
    return found


def read_pipeline(path: Path, shared: Mapping[str, Any], settings: Iterable[str] = ()) -> tuple[str, list[Step]]:
    """Return the pipeline's name and its steps, all parsed and verified, or raise one ParameterError.

    Args:
        path: the pipeline file.
        shared: parameters for every step that has them and does not set them itself.
        settings: texts like `fit.holdout_days=90`, which set one parameter of the steps of that command, or one part of a parameter
            declared by name, `score.offer.budget=5000`; `fit attribution.all.holdout_days=90` sets it for the step of that name alone.
    """
    declared = read_declaration(path)
    content = declared.value
    if not isinstance(content, dict) or not isinstance(content.get("steps"), list):
        remedy = "See pipelines/monthly_scoring.yaml."
        raise ParameterError("a pipeline file has a name and a list of steps.", where=str(path), remedy=remedy)
    for key in content:
        if key not in {"name", "description", "steps"}:
            raise ParameterError.unknown("key", str(key), ("name", "description", "steps"), where=declared.at(key))
    if not content["steps"]:
        raise ParameterError("it has no step.", where=declared.at("steps"), remedy="Write `- check`, the first step of most pipelines.")
    name = str(content.get("name") or path.stem)
    if re.fullmatch(r"[\w][\w .-]*", name) is None:
        remedy = "Use letters, digits, _ and -: files are named after it."
        raise ParameterError(f"{name!r} cannot be the name of a pipeline.", where=declared.at("name"), remedy=remedy)
    overrides = _overrides(settings, [_name_of(raw, declared.at("steps", i)) for i, raw in enumerate(content["steps"])])
    steps = [_step(raw, shared, overrides, declared.at("steps", i)) for i, raw in enumerate(content["steps"])]
    return name, _labelled(steps)


def find_pipeline(path: Path) -> Path:
    """Return the pipeline file at a path, whose ending may be left out, or the one of that name in pipelines/, here or in the checkout.

    Raises:
        ParameterError: there is none of that name; the message lists the existing ones.
    """
    for there in (path, *(path.with_name(f"{path.name}{ending}") for ending in (".yaml", ".yml"))):
        if there.is_file():
            return there
    if path.parent not in (Path(), PIPELINES):
        return path
    folders = (PIPELINES, workplace() / PIPELINES, Path(__file__).parents[1] / PIPELINES)
    known = {file.stem: file for folder in reversed(folders) for file in sorted(folder.glob("*.y*ml"))}
    name = path.name.removesuffix(".yaml").removesuffix(".yml")
    if name in known:
        return known[name]
    raise ParameterError.unknown("pipeline", str(path), known, where="run")


def _name_of(raw: Any, where: str) -> tuple[str, dict[str, Any]]:
    if isinstance(raw, str):
        return raw, {}
    if isinstance(raw, dict) and len(raw) == 1:
        name, parameters = next(iter(raw.items()))
        if parameters is None or isinstance(parameters, dict):
            return str(name), dict(parameters or {})
    remedy = "Write `- check` or `- fit: {model: NAME}`."
    raise ParameterError("a step is a command, or a command with its parameters.", where=where, remedy=remedy)


def _step(raw: Any, shared: Mapping[str, Any], overrides: Mapping[str, dict[str, str]], where: str) -> Step:
    name, parameters = _name_of(raw, where)
    if name in NO_STEPS:
        raise ParameterError(f"{name} runs a pipeline and cannot be a step of one.", where=where, remedy="Write its steps instead.")
    job_type = job_class(name, where=where)
    absent = () if job_type.command == "check" else RAW
    common = {key: value for key, value in shared.items() if key in job_type.model_fields and key not in absent and value is not None}
    try:
        given = overrides.get(name, {}) | overrides.get(_label(name, parameters), {})
        job = job_type.parse(**_overridden({**common, **parameters}, given))
        job.verify()
    except (ParameterError, PeriodError) as error:
        raise type(error)(error.what, where=f"{where}: {error.where}" if error.where else where, remedy=error.remedy) from error
    return Step(label=" ".join([name, *(str(getattr(job, f)) for f in COMMANDS[name].positional if f in parameters)]), job=job)


def _labelled(steps: list[Step]) -> list[Step]:
    """Number the steps that would share a label."""
    seen: dict[str, int] = {}
    named = []
    for step in steps:
        seen[step.label] = seen.get(step.label, 0) + 1
        label = step.label if seen[step.label] == 1 else f"{step.label} #{seen[step.label]}"
        named.append(Step(label=label, job=step.job))
    return named


def _label(name: str, parameters: Mapping[str, Any]) -> str:
    """Return a command with its positional parameters, as far as a step declares them."""
    fields = COMMANDS[name].positional if name in COMMANDS else ()
    return " ".join([name, *(str(parameters[field]) for field in fields if field in parameters)])


def _overrides(settings: Iterable[str], steps: list[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, str]]:
    """Return the parameters set, by command or label of a step; of several that fit, the longest counts."""
    commands = [name for name, _ in steps]
    labels = sorted({*commands, *(_label(*step) for step in steps)}, key=len, reverse=True)
    found: dict[str, dict[str, str]] = {}
    for text in settings:
        target, equals, value = text.partition("=")
        step = next((label for label in labels if target.startswith(f"{label}.")), target.partition(".")[0])
        parameter = target.removeprefix(step).removeprefix(".")
        if not (equals and parameter):
            remedy = "Write STEP.PARAMETER=VALUE, e.g. score.horizon_days=180."
            raise ParameterError(f"{text!r} does not set a parameter.", where="--set", remedy=remedy)
        if step not in labels:
            raise ParameterError.unknown("step", step, commands, where="--set")
        found.setdefault(step, {})[parameter] = value
    return found


def _overridden(parameters: dict[str, Any], overrides: Mapping[str, str]) -> dict[str, Any]:
    """Return the parameters of a step with those of `--set` in their place; `offer.budget` replaces one part of `offer`."""
    made = dict(parameters)
    for name, value in overrides.items():
        outer, dot, inner = name.partition(".")
        if not dot:
            made[name] = value
            continue
        whole = made.get(outer) or {}
        if not isinstance(whole, dict):
            raise ParameterError(f"{outer} has no parts, so {inner} cannot be set.", where="--set", remedy=f"Write {outer}=VALUE.")
        made[outer] = {**whole, inner: value}
    return made


def run_steps(name: str, steps: list[Step], folder: Path, *, progress: Progress = quiet, restart: bool = False) -> Iterator[StepOutcome]:
    """Run the steps in order, yield the outcome of each, and stop after one that failed or was refused.

    Args:
        name: name of the pipeline, and of its state file.
        steps: from `read_pipeline`.
        folder: folder of the state file.
        progress: receives the progress of each job.
        restart: run finished steps again.
    """
    ledger = _Ledger(folder / f"{name}.json", forget=restart)
    for step in steps:
        key = step_key(step.job)
        outcome = ledger.kept(step.label, key) or _run(step, progress, folder / f"{name}.log")
        if outcome.status in {"done", "skipped"}:
            # A job may change its own inputs (a new champion, say), but never those of its key.
            ledger.record(step.label, key, outcome)
        yield outcome
        if outcome.status in {"failed", "refused"}:
            return


def _run(step: Step, progress: Progress, log: Path) -> StepOutcome:
    started = time.perf_counter()
    try:
        result = step.job.run(progress)
    except RelkitError as error:
        # An invalid file, mapping or period is wrong use; a later step that cannot do its work has failed.
        wrong_use = step.job.command == "check" or isinstance(error, PeriodError)
        code = error.exit_code if wrong_use else 1
        met = refusal(error, where=step.job.command)
        return StepOutcome(step.label, "failed", time.perf_counter() - started, None, str(met), code)
    except STOPS:
        raise
    except BaseException as error:  # noqa: BLE001  any error of a step ends the pipeline cleanly, a panic of a compiled library too
        message = str(refusal(error, where=step.job.command, log=log))
        return StepOutcome(step.label, "failed", time.perf_counter() - started, None, message, 1)
    seconds = time.perf_counter() - started
    if result.skipped:
        return StepOutcome(step.label, "skipped", seconds, result, result.skipped)
    if not result.passed:
        why = result.details.get("refusals") or result.sentences
        return StepOutcome(step.label, "refused", seconds, result, " ".join(why), 1)
    return StepOutcome(step.label, "done", seconds, result)


def step_key(job: Job) -> str:
    """Return the hash of everything that determines the result of a job."""
    digest = hashlib.sha256()
    parts = [type(job).__name__, job.model_dump_json(), __version__, job.state()]
    digest.update("\0".join(parts).encode())
    for path in job.inputs():
        digest.update(f"{path}\0{_digest(path)}\0".encode())
    return digest.hexdigest()


class _Ledger:
    """Finished steps, in a JSON file that is replaced atomically."""

    def __init__(self, path: Path, *, forget: bool) -> None:
        self.path = path
        self.entries: dict[str, Any] = {}
        if path.is_file() and not forget:
            with suppress(ValueError, RecursionError):  # a damaged file is ignored: every step runs again
                found = json.loads(path.read_text(encoding="utf-8"))
                self.entries = found if isinstance(found, dict) else {}

    def kept(self, label: str, key: str) -> StepOutcome | None:
        """Return the earlier outcome if its key and outputs are unchanged."""
        entry = self.entries.get(label)
        if not isinstance(entry, dict) or entry.get("key") != key:
            return None
        try:
            result, seconds = Result.model_validate(entry["result"]), float(entry["seconds"])
        except (KeyError, TypeError, ValueError):  # a damaged entry, as if the step had never run
            return None
        if entry.get("written") != _written(result):
            return None
        return StepOutcome(label, "skipped" if result.skipped else "kept", seconds, result, result.skipped or "")

    def record(self, label: str, key: str, outcome: StepOutcome) -> None:
        assert outcome.result is not None
        result = outcome.result.model_dump(mode="json")
        self.entries[label] = {"key": key, "seconds": round(outcome.seconds, 3), "result": result, "written": _written(outcome.result)}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f".{self.path.name}.part")
        fresh.write_text(json_text(self.entries, indent=1) + "\n", encoding="utf-8")
        fresh.replace(self.path)


def _written(result: Result) -> dict[str, str]:
    """Return a digest of each output of a job, so that outputs replaced by another run since are detected.

    A pointer to the newest delivery moves on by design: it only has to exist.
    """
    return {key: str(path.exists()) if key in POINTERS else _digest(path) for key, path in result.paths.items()}


def _digest(path: Path) -> str:
    """Return the sha256 of a file, or of the names and bytes of a folder's files; empty if there is none."""
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
        if not file.is_file():
            return ""
        digest.update(str(file.relative_to(path)).encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


class RunPipeline(Job):
    """Run the steps of a pipeline file; finished steps are not run again."""

    command: ClassVar[str] = "run"

    pipeline: Path = Field(description="The pipeline file (YAML), or the name of one in pipelines/.")
    data: str | Path | None = Field(default=None, description="Folder (or file, or SQL URL) with the raw tables.")
    mapping: Path | None = Field(default=None, description="Mapping file. Default: DATA/mapping.yaml when there is one.")
    as_of: str | None = Field(default=None, description="Date (whole business day) or instant. Default: the last in the data.")
    language: Literal["en", "fr"] = Field(default="en", description="Language of reports and headers.")
    settings: tuple[str, ...] = Field(
        default=(),
        alias="set",
        description="STEP.PARAMETER=VALUE, one parameter of one step (fit, or 'fit survival.cox'); repeatable.",
    )
    restart: bool = Field(default=False, description="Run again what finished earlier.")
    private: bool = Field(default=False, description="Let nobody else on this machine read what is written: files 0600, folders 0700.")

    def verify(self) -> None:
        """Parse and verify every step."""
        self.steps()

    def steps(self) -> tuple[str, list[Step]]:
        """Return the pipeline's name and its verified steps."""
        shared = {name: getattr(self, name) for name in (*SHARED, *RAW)} | {"out": self.out_dir}
        return read_pipeline(find_pipeline(self.pipeline), shared, self.settings)

    def run(self, progress: Progress = quiet) -> Result:
        """Run the steps in order and return the results of all."""
        with owner_alone(wanted=self.private):
            return self._run_all(progress)

    def _run_all(self, progress: Progress) -> Result:
        name, steps = self.steps()
        started = time.perf_counter()
        outcomes = []
        try:
            for outcome in run_steps(name, steps, self.out_dir / "runs", progress=progress, restart=self.restart):
                outcomes.append(outcome)
                progress(f"{_reported(outcome, len(outcomes), len(steps))}\n", len(outcomes) / len(steps))
        finally:
            for job in {type(step.job) for step in steps}:
                job.let_go()
        return _summary(name, steps, outcomes, time.perf_counter() - started)


MARKS: dict[Status, str] = {"done": "done   ", "kept": "kept   ", "skipped": "skipped", "refused": "REFUSED", "failed": "FAILED "}


def _reported(outcome: StepOutcome, number: int, of: int) -> str:
    """Return the line on the outcome of a step and, below it, the sentences of the job."""
    seconds = "       " if outcome.status == "kept" else f"{outcome.seconds:5.1f} s"
    message = f"  {outcome.message}" if outcome.message else ""
    below = outcome.result.sentences if outcome.result and outcome.status in {"done", "refused"} else ()
    return "\n".join(
        [f"[{number:>2}/{of}] {MARKS[outcome.status]} {seconds}  {outcome.label}{message}", *(f"{'':26}{line}" for line in below)]
    )


def _summary(name: str, steps: list[Step], outcomes: list[StepOutcome], seconds: float) -> Result:
    """Return one result for the whole pipeline, with the result of each step in its details."""
    results = [outcome.result for outcome in outcomes if outcome.result is not None]
    last = outcomes[-1]
    stopped = last.status in {"failed", "refused"}
    return Result(
        job="run",
        passed=not stopped,
        counts={outcome.label: outcome.result.counts for outcome in outcomes if outcome.result and outcome.result.counts},
        paths=_paths(outcomes),
        warnings=tuple(dict.fromkeys(warning for result in results for warning in result.warnings)),
        sentences=(*(_stop(steps, outcomes) if stopped else ()), _tally(name, outcomes, seconds), *_made(results)),
        details={
            "pipeline": name,
            "exit_code": last.exit_code,
            "seconds": round(seconds, 1),
            "steps": [_record(outcome) for outcome in outcomes],
        },
    )


def _stop(steps: list[Step], outcomes: list[StepOutcome]) -> list[str]:
    """Return the sentences on where the pipeline stopped, what finished and what did not run."""
    last = outcomes[-1]
    finished = [outcome.label for outcome in outcomes if outcome.status in {"done", "kept", "skipped"}]
    not_run = [step.label for step in steps[len(outcomes) :]]
    sentences = [f"{last.label} {last.status}: {last.message}", f"Finished and kept: {', '.join(finished) or 'nothing'}."]
    return sentences + ([f"Not run: {', '.join(not_run)}."] if not_run else [])


def _tally(name: str, outcomes: list[StepOutcome], seconds: float) -> str:
    """Return the number of steps by status, as a sentence."""
    ends = Counter(outcome.status for outcome in outcomes)
    return f"{name}: {', '.join(f'{number} {status}' for status, number in ends.items())} in {seconds:.1f} s."


SHOWN = ("customers_scored", "customers_scored_xlsx", "data_dictionary_csv", "page")
"""Keys of the paths that people open, in addition to quarantine."""


def _made(results: list[Result]) -> list[str]:
    """Return the lines on the files that people open."""
    found = [str(p) for result in results for key, p in result.paths.items() if key in SHOWN or key.startswith("quarantine")]
    return ["Made:", *(f"  {path}" for path in found)] if found else []


def _paths(outcomes: list[StepOutcome]) -> dict[str, Path]:
    """Return all paths by key; keys shared by several steps include the step's parameter, `model lifetime_value.bg_nbd`."""
    found = [
        (key, outcome.label.partition(" ")[2], path) for outcome in outcomes if outcome.result for key, path in outcome.result.paths.items()
    ]
    shared = {key for key, times in Counter(key for key, _, _ in found).items() if times > 1}
    return {f"{key} {own}" if key in shared and own else key: path for key, own, path in found}


def _record(outcome: StepOutcome) -> dict[str, Any]:
    result = outcome.result.model_dump(mode="json") if outcome.result else None
    return {
        "step": outcome.label,
        "status": outcome.status,
        "seconds": round(outcome.seconds, 2),
        "message": outcome.message,
        "result": result,
    }
