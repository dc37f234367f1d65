"""What a job is: a frozen record of parameters with `run() -> Result`.

The command line makes its flags from the fields, a pipeline file and a notebook's parameters cell use
the same names. Only pydantic and the standard library are imported here and at the top of any job's
module; a job imports the rooms it needs inside `run`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from relkit.errors import ParameterError
from relkit.progress import Progress, quiet
from relkit.workplace import workplace


class Result(BaseModel):
    """What a job did, for people (`sentences`) and for scripts (all of it, as one JSON object)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    job: str
    passed: bool = True
    skipped: str | None = None
    """One sentence saying why there was nothing to do (a table is absent); None when the job ran."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Estimated parameters of a fitted model."""
    log_likelihood: float | None = None
    metrics: dict[str, float | None] = Field(default_factory=dict)
    counts: dict[str, Any] = Field(default_factory=dict)
    paths: dict[str, Path] = Field(default_factory=dict)
    """What was written. The keys are stable names; every path exists when the job has ended."""
    warnings: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    details: dict[str, Any] = Field(default_factory=dict)
    """Anything else that a script may want (model versions, the as-of date that was chosen)."""


class Job(BaseModel):
    """The parameters that every job has; subclasses add theirs, set `command` and define `run`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    command: ClassVar[str] = ""
    """Its name on the command line and in pipeline files."""

    programme: str = Field(default="default", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description="Programme id; names the output folder.")
    out: Path | None = Field(default=None, description="Output root. Default: ./out/<programme>.")

    @property
    def out_dir(self) -> Path:
        """The output root, default applied."""
        return self.out if self.out is not None else workplace() / "out" / self.programme

    @classmethod
    def parse(cls, **parameters: Any) -> Self:
        """Return the job.

        Raises:
            ParameterError: a parameter is unknown (the nearest known one is named), missing or out of range.
            PeriodError: as_of is neither a date nor an instant.
        """
        known = {name: field.alias or name for name, field in cls.model_fields.items()}
        for name in parameters:
            if name not in known:
                raise ParameterError.unknown("parameter", name, known.values(), where=cls.command)
        try:
            job = cls(**parameters)
        except ValidationError as error:
            raise ParameterError(_said(error), where=cls.command) from error
        if (as_of := getattr(job, "as_of", None)) is not None:
            from relkit.periods import AsOf

            AsOf.parse(as_of)  # a date that cannot be is told before anything runs
        return job

    def inputs(self) -> tuple[Path, ...]:
        """Return the files and folders whose bytes decide the result."""
        return ()

    def state(self) -> str:
        """Return what else decides the result and is not in a file (a champion's version, say)."""
        return ""

    def verify(self) -> None:
        """Raise for whatever can be seen to be wrong before anything runs (a model or notebook that does not exist)."""

    def run(self, progress: Progress = quiet) -> Result:
        """Do the work."""
        raise NotImplementedError


def _said(error: ValidationError) -> str:
    parts = []
    for problem in error.errors(include_url=False):
        name = ".".join(str(p) for p in problem["loc"])
        if problem["type"] == "missing":
            parts.append(f"{name} is missing, which it cannot do without")
            continue
        parts.append(f"{name} is {problem.get('input')!r}: {problem['msg'][:1].lower()}{problem['msg'][1:]}")
    return "; ".join(parts) + "."
