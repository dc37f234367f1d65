"""The base of all jobs: a frozen record of parameters with `run() -> Result`.

The command line makes its flags from the fields; pipeline files and a notebook's parameters cell use
the same names. Only pydantic and the standard library are imported here and at the top of any job's
module; a job imports the rooms it needs inside `run`.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator

from relkit.cards import Card, shown
from relkit.commands import DEFAULT_PROGRAMME, Place, at_work, command
from relkit.errors import ParameterError
from relkit.extremes import extremes
from relkit.locks import held
from relkit.masking import masked_deep
from relkit.progress import Progress, in_notebook, quiet
from relkit.workplace import only_programme, programmes, workplace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Result(BaseModel):
    """The outcome of a job, for people (`sentences`) and for scripts (all of it, as one JSON object)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    job: str
    passed: bool = True
    skipped: str | None = None
    """One sentence on why there was nothing to do (a table is missing); None if the job ran."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Estimated parameters of a fitted model."""
    log_likelihood: float | None = None
    metrics: dict[str, float | None] = Field(default_factory=dict)
    counts: dict[str, Any] = Field(default_factory=dict)
    paths: dict[str, Path] = Field(default_factory=dict)
    """Files and folders written. The keys are stable names; every path exists when the job has ended."""
    warnings: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    details: dict[str, Any] = Field(default_factory=dict)
    """Anything else a script may need (model versions, the chosen as-of date)."""

    @field_validator("skipped", "warnings", "sentences", "details", "counts", mode="after")
    @classmethod
    def _without_secrets(cls, value: Any) -> Any:
        """Mask the secrets of addresses, whoever wrote them: a result is printed, kept in ledgers and shown on pages."""
        return masked_deep(value)

    def _repr_html_(self) -> str:
        """Return the card for a notebook: sentences, warnings, estimates, figures and paths."""
        summary = self.details.get("summary") or [{"term": name, "estimate": value} for name, value in self.parameters.items()]
        card = Card(f"relkit {self.job}", (self.skipped,) if self.skipped else self.sentences)
        card = card.warned(self.warnings).with_rows("Estimates", summary)
        likelihood = {} if self.log_likelihood is None else {"log_likelihood": self.log_likelihood}
        card = card.with_facts("Figures", {**likelihood, **self.metrics}).with_facts("Counts", self.counts)
        return shown(card.with_facts("Written", self.paths))


class Job(BaseModel):
    """Base class of jobs and their common parameters; subclasses add theirs, set `command` and define `run`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    command: ClassVar[str] = ""
    """Its name on the command line and in pipeline files."""
    reads: ClassVar[str] = ""
    """The folder of an earlier job that this one needs; empty for a command that may start a programme."""

    writes: ClassVar[bool] = True
    """True if it writes to its folder, or reads files that another command may replace meanwhile: then it holds the folder's lock."""
    asks_registry: ClassVar[bool] = False
    """True if it reads or writes the registry of models."""

    programme: str = Field(default="default", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description="Programme id; names the output folder.")
    out: Path | None = Field(default=None, description="Output root. Default: ./out/<programme>.")
    wait: float = Field(
        default=60.0, ge=0, exclude=True, description="Seconds to wait for another command that is at work in the same folder."
    )

    _taken: str = PrivateAttr(default="")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Wrap `run`, so that the commands it prints are complete and a notebook shows its progress."""
        super().__init_subclass__(**kwargs)
        if "run" in cls.__dict__:
            cls.run = _in_its_place(cls.__dict__["run"])  # type: ignore[method-assign]

    @property
    def out_dir(self) -> Path:
        """The output root, default applied."""
        return self.out if self.out is not None else workplace() / "out" / self.programme

    @classmethod
    def parse(cls, **parameters: Any) -> Self:
        """Return the job, from its parameters.

        Raises:
            ParameterError: a parameter is unknown (the nearest known one is named), missing or out of range.
            PeriodError: as_of is neither a date nor an instant.

        A job that reads the output of earlier ones takes the only programme there is, if none is named and there is no `default`.
        """
        known = {name: field.alias or name for name, field in cls.model_fields.items()}
        for name in parameters:
            if name not in known:
                raise ParameterError.unknown("parameter", name, known.values(), where=cls.command)
        taken = cls._only_programme(parameters)
        try:
            job = cls(**parameters, **({"programme": taken} if taken else {}))
        except ValidationError as error:
            raise ParameterError(_problems(error), where=cls.command) from error
        if problems := [problem for name in known for problem in extremes(known[name], getattr(job, name))]:
            raise ParameterError("; ".join(problems) + ".", where=cls.command)
        if (as_of := getattr(job, "as_of", None)) is not None:
            from relkit.periods import AsOf

            AsOf.parse(as_of)  # an invalid date is reported before anything runs
        job._taken = taken
        return job

    @classmethod
    def _only_programme(cls, given: dict[str, Any]) -> str:
        """Return the only programme there is, for a job that needs one and names none; empty if the default one is meant."""
        named = any(given.get(name) is not None for name in ("programme", "out", "data"))
        if not cls.reads or named or (workplace() / "out" / DEFAULT_PROGRAMME).is_dir() or not programmes():
            return ""
        try:
            return only_programme(cls.reads)
        except ParameterError as error:
            example = cls._typed(given, (programmes(cls.reads) or programmes())[0])
            raise ParameterError(error.what, where=cls.command, remedy=f"Name one, as in: {example}") from error

    @classmethod
    def _typed(cls, given: dict[str, Any], programme: str) -> str:
        """Return the command as typed, with a programme."""
        from relkit.jobs import COMMANDS

        spec = COMMANDS.get(cls.command)
        words = [str(given[name]) for name in (spec.positional if spec else ()) if name in given]
        return command(cls.command, *words, programme=programme, as_of=given.get("as_of"))

    def place(self) -> Place:
        """Return the programme, folder and day of the job, for the commands that it prints."""
        usual = workplace() / "out" / self.programme
        is_usual = self.out is None or self.out.resolve() == usual.resolve()
        return Place(programme=self.programme, out=None if is_usual else self.out, as_of=getattr(self, "as_of", None))

    def must_be_there(self) -> None:
        """Refuse a programme that does not exist, naming those that do."""
        if not self.reads or self.out is not None or getattr(self, "data", None) is not None or self.out_dir.is_dir():
            return
        if known := programmes():
            raise ParameterError.unknown("programme", self.programme, known, where=self.command)

    def inputs(self) -> tuple[Path, ...]:
        """Return the files and folders whose contents determine the result."""
        return ()

    def state(self) -> str:
        """Return whatever else determines the result but is in no file (a champion's version, say)."""
        return ""

    def verify(self) -> None:
        """Raise for errors that can be detected before anything runs (a model or notebook that does not exist)."""

    def run(self, progress: Progress = quiet) -> Result:
        """Do the work."""
        raise NotImplementedError

    @property
    def shares(self) -> bool:
        """True if others that share the lock of the folder may hold it at the same time."""
        return False

    @contextmanager
    def alone(self, progress: Progress) -> Iterator[tuple[str, ...]]:
        """Hold the lock of the folder, and yield sentences on what was left there by commands that were stopped.

        Raises:
            StorageError: another command is at work there; the message names it.
        """
        from relkit.jobs.leftovers import swept

        if not self.writes or (self.reads and not self.out_dir.is_dir()):
            yield swept(None, asks_server=self.asks_registry)
            return
        with held(self.out_dir, f"relkit {self.command}", seconds=self.wait, shared=self.shares, progress=progress) as first:
            yield swept(None if self.shares else self.out_dir, asks_server=self.asks_registry) if first else ()

    @classmethod
    def let_go(cls) -> None:
        """Release what the runs of this job share in one process, after the last of them; nothing by default."""


def _problems(error: ValidationError) -> str:
    parts = []
    for problem in error.errors(include_url=False):
        name = ".".join(str(p) for p in problem["loc"])
        if problem["type"] == "missing":
            parts.append(f"{name} is missing; it is required")
            continue
        parts.append(f"{name} is {problem.get('input')!r}: {problem['msg'][:1].lower()}{problem['msg'][1:]}")
    return "; ".join(parts) + "."


def _in_its_place(run: Callable[..., Result]) -> Callable[..., Result]:
    """Return `run` with its commands complete, its programme looked up, and its progress shown in a notebook."""

    @wraps(run)
    def placed(job: Job, progress: Progress = quiet) -> Result:
        with at_work(job.place()), in_notebook(progress) as shown_progress:
            job.must_be_there()
            with job.alone(shown_progress) as swept:
                result = run(job, shown_progress)
        if swept:
            result = result.model_copy(update={"sentences": (*swept, *result.sentences)})
        if not job._taken:  # noqa: SLF001 set by parse
            return result
        among = f" with {job.reads}" if len(programmes()) > 1 else ""
        sentence = f"Programme {job.programme}, the only one{among} in {job.out_dir.parent}."
        return result.model_copy(update={"sentences": (sentence, *result.sentences)})

    return placed
